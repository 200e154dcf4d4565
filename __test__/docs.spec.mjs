// Every example in the documents that have some runs, and prints what the comments beside its console.log() say; links
// lead somewhere; and the functions and tests that docs/wasi.md names are there.

import assert from 'node:assert/strict'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { format } from 'node:util'
import { WebAssembly, inspect, load, readMemory, run, writeMemory } from 'wasmport'
import { assemble as wasm, root } from './fixtures/project.mjs'

const AsyncFunction = (async () => {}).constructor
const read = path => readFileSync(join(root, path), 'utf8')
const here = path => fileURLToPath(new URL(path, import.meta.url))

// What the examples do not say where it comes from.
const given = {
  WebAssembly, load, readMemory, run, wasm, writeMemory,
  app: join(root, 'examples/app'),
  threads: here('guests/threads/program.wasm'),
  tool: here('guests/command.wasm'),
}

for (const file of ['docs/js-api.md', 'docs/wasi.md']) {
  const examples = [...read(file).matchAll(/^##+ (.*)$|^```js\n([^]*?)^```$/gm)]
  let section
  for (const [, heading, example] of examples) {
    section = heading ?? section
    if (example === undefined) continue
    test(`${file}: an example of "${section}"`, { timeout: 120_000 }, async () => {
      const expected = [...example.matchAll(/console\.log\(.*\) \/\/ (.*)$/gm)].map(([, comment]) => comment)
      assert.notEqual(expected.length, 0)
      const printed = []
      const all = { ...given, console: { log: (...values) => printed.push(format(...values)) } }
      await new AsyncFunction(...Object.keys(all), `{${example}}`)(...Object.values(all))
      assert.deepEqual(printed, expected)
    })
  }

  test(`${file}: there are examples`, () => assert.ok(examples.some(([, , example]) => example !== undefined)))
}

/** The names by which GitHub lets links lead to the headings of a document. */
function anchors(text) {
  const headings = [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading]) => heading.replaceAll('`', ''))
  return headings.map(heading => heading.toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, '').replaceAll(' ', '-'))
}

const documents = ['README.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'RATIONALE.md', ...readdirSync(join(root, 'docs')).map(name => `docs/${name}`)]

test('links between the documents lead to something', () => {
  const dead = documents.flatMap(document => {
    const links = [...read(document).matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)/g)]
    return links.filter(([, path, anchor]) => {
      const target = path ? join(root, dirname(document), path) : join(root, document)
      return !existsSync(target) || (anchor && !anchors(readFileSync(target, 'utf8')).includes(anchor))
    }).map(([link]) => `${document}: ${link}`)
  })
  assert.deepEqual(dead, [])
})

test('docs/wasi.md lists every function of preview 1, with files that call it', () => {
  const rows = [...read('docs/wasi.md').matchAll(/^\| (`\w+_\w+`(?:, `\w+`)*) \|.*\| ([^|]*) \|$/gm)].map(([, ...cells]) =>
    cells.map(cell => [...cell.matchAll(/`([\w.]+)`/g)].map(([, name]) => name)))
  const table = rows.filter(([, files]) => files[0]?.endsWith('.c'))
  const functions = inspect(here('guests/wasi-c/functions.wasm')).imports.map(({ name }) => name)
  assert.deepEqual(table.flatMap(([names]) => names).sort(), functions.sort())
  for (const [names, files] of table) {
    for (const file of files) {
      const text = read(file.endsWith('.c') ? `__test__/guests/wasi-c/${file}` : `__test__/${file}.spec.mjs`)
      assert.ok(names.some(name => text.includes(name)), `${file} does not call ${names}`)
    }
  }
})

test('the tests that docs/wasi.md names are there', () => {
  const names = new Set([...read('docs/wasi.md').matchAll(/`(wasi(?:_(?!unstable|snapshot|thread_start)\w+)?)`/g)].map(([, name]) => name))
  assert.ok(names.size > 5)
  for (const name of names) assert.ok(existsSync(join(root, `__test__/${name}.spec.mjs`)), name)
})
