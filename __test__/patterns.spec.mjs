// docs/patterns.md says nothing that no test shows: each row names one that exists, each section can be written, and
// each link leads to a heading.

import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { inspect } from '../index.js'
import { passes } from './fixtures/hooks.mjs'
import { project } from './fixtures/project.mjs'

const text = readFileSync(new URL('../docs/patterns.md', import.meta.url), 'utf8')
const tables = text.split('\n').filter(line => line.startsWith('| ')).map(line => line.slice(2, -2).split(' | '))
const toolchains = tables.filter(([first, ...rest]) => rest.length > 1 && first !== 'toolchain')

const exists = path => existsSync(new URL(path, import.meta.url))

/** What a spec calls its tests. */
function titles(file) {
  const spec = readFileSync(new URL(`${file}.spec.mjs`, import.meta.url), 'utf8')
  return [...spec.matchAll(/\b(?:describe|test)\((['"`])(.*?)\1, /g)].map(([, , title]) => title)
}

describe('every row', () => {
  for (const row of toolchains) {
    test(row[0], () => {
      assert.equal(row.length, 6)
      // "file: words of a title; of another", the file being the one before where it is not said.
      let file
      for (const part of row.at(-1) === '–' ? [] : row.at(-1).split('; ')) {
        const [, named, words] = /^(?:(\w+): )?(.*)$/.exec(part)
        if (named === 'glue') {
          assert.ok(exists(`fixtures/glue/${words}`), words)
          continue
        }
        // What is before a colon may be of the title as well.
        const isFile = named !== undefined && exists(`${named}.spec.mjs`)
        if (isFile) file = named
        const title = isFile ? words : part
        assert.ok(titles(file).some(known => known.includes(title)), `no test of ${file} is called "${title}"`)
      }
    })
  }
})

describe('every section can be given to a module that has these exports', () => {
  for (const [, heading, json] of text.matchAll(/^### (.*)\n[^]*?^```json\n([^]*?)^```$/gm)) {
    test(heading, () => {
      const given = JSON.parse(json)
      const steps = given.steps ?? []
      const names = new Set([...steps.map(({ select }) => select.export), ...(given.run ? [given.run.export] : [])])
      const made = project({
        'in.wasm': `(module (memory (export "memory") 1) ${[...names].map(name => `(func (export "${name}"))`).join(' ')})`,
        'section.json': json,
      })
      passes(made, ['node_modules/wasmport/bin/wasmport.js', 'init', 'set', 'in.wasm', 'section.json', '-o', 'out.wasm'])
      const { plan, origin } = inspect(join(made.dir, 'out.wasm'))
      assert.deepEqual(Object.keys(origin).filter(part => origin[part] === 'section').sort(), Object.keys(given).sort())
      if (given.bind) assert.deepEqual(plan.bind, given.bind)
      if (given.hide) assert.deepEqual(plan.hide, given.hide)
      if (given.steps) {
        assert.deepEqual(plan.steps, steps.map(step => ({ args: 'none', result: 'ignore', if_missing: 'error', ...step })))
      }
      if (given.run !== undefined) {
        assert.deepEqual(plan.run, given.run && { args: 'none', instance: 'same', result: 'none', ...given.run })
      }
    })
  }
})

test('every link leads to a heading, every heading of a section is linked', () => {
  const anchor = heading => heading.toLowerCase().replace(/[^a-z0-9 -]/g, '').replaceAll(' ', '-')
  const linked = new Set([...text.matchAll(/\]\(#(.*?)\)/g)].map(([, target]) => target))
  const headings = [...text.matchAll(/^### (.*)$/gm)].map(([, heading]) => anchor(heading))
  assert.deepEqual([...linked].sort(), headings.sort())
  assert.notEqual(headings.length, 0)
})
