// docs/node-api.md: its examples run and print what it says, its addon is made of the C that it shows by the command that
// it shows, and the functions and tests that it names are there.

import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { inspect } from '../index.js'
import { addon as packaged } from './fixtures/addons.mjs'
import { hooks, passes } from './fixtures/hooks.mjs'
import { project, root } from './fixtures/project.mjs'

const read = path => readFileSync(join(root, path), 'utf8')
const text = read('docs/node-api.md')
const blocks = language => [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\`$`, 'gm'))].map(([, block]) => block)

const words = readFileSync(join(root, 'examples/addon/words.wasm'))
const packages = ['@node-rs/crc32-wasm32-wasi', '@node-rs/argon2-wasm32-wasi']

/** A project of one who follows the document. */
function follower(files) {
  const made = project({
    ...files,
    'words.wasm': words,
    'node_modules/words/words.wasm': words,
    'node_modules/words/package.json': blocks('json')[0],
  })
  for (const name of packages) {
    const place = join(made.dir, 'node_modules', name)
    mkdirSync(dirname(place), { recursive: true })
    symlinkSync(packaged(name), place, 'junction')
  }
  return made
}

for (const [n, example] of blocks('js').entries()) {
  test(`example ${n + 1}: ${example.split('\n', 1)[0]}`, { timeout: 120_000 }, () => {
    const expected = [...example.matchAll(/console\.log\(.*\) \/\/ (.*)$/gm)].map(([, comment]) => comment)
    assert.notEqual(expected.length, 0)
    const main = example.startsWith('import ') ? 'main.mjs' : 'main.cjs'
    const printed = passes(follower({ [main]: example }), [...hooks, main])
    assert.deepEqual(printed.trimEnd().split('\n'), expected)
  })
}

test('examples/addon/words.wasm is made of the C that is shown, by the command that is shown', () => {
  const [shown] = blocks('c')
  assert.equal(shown, read('examples/addon/words.c'))
  const command = blocks('sh').find(block => block.includes('words.c')).match(/^python3[^]*/m)[0]
  assert.ok(read('examples/addon/build.sh').includes(command))
  const { imports, exports } = inspect(join(root, 'examples/addon/words.wasm'))
  const called = new Set(shown.match(/\bnapi_\w+(?=\()/g))
  assert.deepEqual(new Set(imports.map(({ module, name }) => `${module}.${name}`)), new Set([...called].map(name => `napi.${name}`)))
  for (const [, name] of command.matchAll(/--export=(\w+)/g)) assert.ok(exports.some(other => other.name === name), name)
})

const statuses = ['napi_invalid_arg', 'napi_generic_failure', 'napi_no_external_buffers_allowed']
const isSpec = name => existsSync(join(root, `__test__/${name}.spec.mjs`))

test('the functions that it names are there', () => {
  const provided = new Set(createRequire(import.meta.url)('../lib/binding.cjs').nodeApiFunctions())
  const named = new Set([...text.matchAll(/`((?:napi|node_api)_\w+)`/g)].map(([, name]) => name))
  const exported = ['napi_register_wasm_v1', 'napi_register_module_v1', 'node_api_module_get_api_version_v1']
  const functions = [...named].filter(name => !exported.includes(name) && !statuses.includes(name) && !isSpec(name))
  assert.deepEqual(functions.filter(name => !provided.has(name)), [])
  assert.ok(functions.length > 5)
})

test('each chapter has a test, which calls what is said to differ', () => {
  const rows = [...text.matchAll(/^\|[^|]*\|([^|]*)\| (`node_api_.*`) \|$/gm)]
  assert.ok(rows.length > 10)
  for (const [, differs, cell] of rows) {
    const specs = cell.match(/\w+/g)
    for (const name of specs) assert.ok(isSpec(name), name)
    const guests = specs.map(name => `__test__/guests/node-api/${name.replace('node_api_', '')}.c`)
    const texts = [...specs.map(name => `__test__/${name}.spec.mjs`), ...guests.filter(path => existsSync(join(root, path)))].map(read)
    for (const [, name] of differs.matchAll(/`((?:napi|node_api)_\w+)`/g)) {
      assert.ok(statuses.includes(name) || texts.some(text => text.includes(name)), `${specs} lack ${name}`)
    }
  }
})
