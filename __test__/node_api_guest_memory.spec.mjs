// What Node-API reads from and writes to the memory of a guest: texts at its very end, and what is left there for the
// guest to read. Chapters as a whole are in the specs of their names.

import assert from 'node:assert/strict'
import { copyFileSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import wasmport, { WebAssembly } from '../index.js'
import { check, thrown } from './helpers.mjs'
import { status, wasmOf } from './fixtures/node-api.mjs'
import { scratch } from './fixtures/scratch.mjs'

const { loadSync } = wasmport
const AUTO = -1
const END = 65_536

const declared = {
  napi_create_int64: 'i32 i64 i32', napi_create_string_utf8: 'i32 i32 i32 i32', napi_create_string_utf16: 'i32 i32 i32 i32',
  napi_get_value_string_utf16: 'i32 i32 i32 i32 i32', napi_adjust_external_memory: 'i32 i64 i32', napi_create_bigint_words: 'i32 i32 i32 i32 i32',
}
const imported = Object.entries(declared)
  .map(([name, types]) => `(import "napi" "${name}" (func $${name} (param ${types}) (result i32)))`).join('\n')

/** Registers a guest that carries out `body`, and gives what it leaves as a handle at address 8. */
const run = (body, kind = '1') => loadSync(`(module ${imported}
  (memory (export "memory") ${kind}) (data (i32.const 32) "\\c3\\a4\\e2\\82\\ac\\f0\\9f\\98\\80") (data (i32.const ${END - 4}) "last")
  (func (export "napi_register_wasm_v1") (param $env i32) (param $exports i32) (result i32)
    (local $status i32)
    ${body}
    (i32.load (i32.const 8))))`)

const call = (name, ...args) => `(call $${name} (local.get $env) ${args.map(arg => typeof arg === 'string' ? arg : `(i32.const ${arg})`).join(' ')})`
/** The status of a call, after others. */
const statusOf = (expression, before = '', kind) => run(`${before} (local.set $status ${expression})
  (drop ${call('napi_create_int64', '(i64.extend_i32_u (local.get $status))', 8)})`, kind)

for (const [what, kind] of Object.entries({ own: '1', shared: '1 1 shared' })) {
  describe(`texts in a memory that is ${what}`, () => {
    const text = `(drop ${call('napi_create_string_utf8', 32, AUTO, 12)})`

    test('are the same there and back', () => {
      assert.equal(run(`${text}
        (drop ${call('napi_get_value_string_utf16', '(i32.load (i32.const 12))', 128, AUTO, 0)})
        (drop ${call('napi_create_string_utf16', 128, AUTO, 8)})`, kind), 'ä€😀')
      assert.equal(run(`(drop ${call('napi_create_string_utf8', END - 4, 4, 8)})`, kind), 'last')
      assert.equal(run(`(drop ${call('napi_create_string_utf16', 32, 4, 8)})`, kind), Buffer.from('ä€😀').toString('utf16le', 0, 8))
      // Code units may be at any address.
      assert.equal(run(`(drop ${call('napi_create_string_utf16', 33, 4, 8)})`, kind), Buffer.from('ä€😀').toString('utf16le', 1, 9))
    })

    test('end in the memory, or are refused', () => {
      const cases = [
        [END - 4, AUTO, status.invalid_arg], [END - 4, 4, status.ok], [END - 4, 5, status.invalid_arg], [END, 0, status.ok],
        [END, 1, status.invalid_arg], [END, AUTO, status.invalid_arg], [-1, AUTO, status.invalid_arg], [-1, 1, status.invalid_arg],
        [32, 2 ** 31 - 1, status.invalid_arg], [32, -2, status.invalid_arg], [0, 0, status.ok], [0, AUTO, status.invalid_arg], [0, 1, status.invalid_arg],
      ]
      for (const [at, length, expected] of cases) {
        assert.equal(statusOf(call('napi_create_string_utf8', at, length, 8), '', kind), expected, `${at}, ${length}`)
      }
    })

    test('are written where there is room for as many units as is said', () => {
      // Four code units, and the NUL.
      const cases = [
        [END - 10, AUTO, status.ok], [END - 8, AUTO, status.invalid_arg], [END - 8, 4, status.ok], [END - 8, 5, status.invalid_arg],
        [END - 8, -2, status.invalid_arg], [129, 8, status.invalid_arg], [END, 0, status.ok], [END + 2, 0, status.invalid_arg],
      ]
      for (const [at, size, expected] of cases) {
        const written = call('napi_get_value_string_utf16', '(i32.load (i32.const 12))', at, size, 16)
        assert.equal(statusOf(written, text, kind), expected, `${at}, ${size}`)
      }
    })

    test('that are words of a BigInt end there too', () => {
      for (const [at, count, expected] of [[END - 8, 1, status.ok], [END - 8, 2, status.invalid_arg], [END, 0, status.ok], [64, -1, status.invalid_arg]]) {
        assert.equal(statusOf(call('napi_create_bigint_words', 0, count, at, 8), '', kind), expected, `${at}, ${count}`)
      }
    })
  })
}

test('memory that is accounted for is no more than a memory can be, and goes with the addon', () => {
  const sum = () => run(`(drop ${call('napi_adjust_external_memory', '(i64.const 0)', 16)})
    (drop ${call('napi_create_int64', '(i64.load (i32.const 16))', 8)})`)
  const guest = loadSync(wasmOf('environment'))
  const before = sum()
  const near = (bytes, text) => assert.ok(Math.abs(sum() - before - bytes) < 2 ** 28, `${text}: ${sum() - before}`)
  guest.napi_adjust_external_memory(0, 2 ** 30)
  near(2 ** 30, 'said')
  guest.napi_adjust_external_memory(0, Number.MAX_SAFE_INTEGER)
  near(2 ** 32, 'exaggerated')
  guest.napi_adjust_external_memory(0, -Number.MAX_SAFE_INTEGER)
  near(0, 'taken back')
  guest.napi_adjust_external_memory(0, 2 ** 31)
  guest[Symbol.dispose]()
  near(0, 'disposed of')
})

describe('the name of the file', () => {
  test('is a URL for every name of a file', () => {
    const names = ['a b', 'é', '100%', 'x^y', '[1]', '😀', ...process.platform === 'win32' ? [] : ['a#b?c', '"<|>', 'back\\slash', 'new\nline', '`{}~']]
    for (const name of names) {
      const path = join(scratch(), `${name}.wasm`)
      copyFileSync(wasmOf('environment'), path)
      const [result, url] = loadSync(path).file_name(0)
      assert.equal(result, status.ok)
      assert.equal(fileURLToPath(url), path)
    }
  })
  test('is empty where there is none', () => assert.deepEqual(loadSync(readFileSync(wasmOf('environment'))).file_name(0), [status.ok, '']))
})

test('a module that registers as native ones once did is told how it can', () => {
  const error = thrown(() => loadSync(`(module (import "env" "napi_module_register" (func $register (param i32)))
    (memory (export "memory") 1) (func (export "_initialize") (call $register (i32.const 64))))`))
  check(error, WebAssembly.RuntimeError, { code: 'ERR_WASMPORT_TRAP' }, 'napi_module_register', 'napi_register_wasm_v1')
})
