// Every example in docs/js-api.md runs, and prints what the comments beside its console.log() say.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { format } from 'node:util'
import { WebAssembly, readMemory, writeMemory } from 'wasmport'
import { assemble as wasm } from './fixtures/project.mjs'

const AsyncFunction = (async () => {}).constructor
const text = readFileSync(new URL('../docs/js-api.md', import.meta.url), 'utf8')
const examples = [...text.matchAll(/^## (.*)$|^```js\n([^]*?)^```$/gm)]

let section
for (const [, heading, example] of examples) {
  section = heading ?? section
  if (example === undefined) continue
  test(`an example of "${section}"`, async () => {
    const expected = [...example.matchAll(/console\.log\(.*\) \/\/ (.*)$/gm)].map(([, comment]) => comment)
    assert.notEqual(expected.length, 0)
    const printed = []
    const given = { WebAssembly, readMemory, writeMemory, wasm, console: { log: (...values) => printed.push(format(...values)) } }
    await new AsyncFunction(...Object.keys(given), example)(...Object.values(given))
    assert.deepEqual(printed, expected)
  })
}

test('there are examples', () => assert.ok(section !== undefined && examples.some(([, , example]) => example !== undefined)))
