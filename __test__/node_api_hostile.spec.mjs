// A guest that means harm, or is broken: wild pointers, handles, lengths, callbacks and numbers are statuses or traps.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import wasmport, { WebAssembly } from '../index.js'
import { child, thrown } from './helpers.mjs'
import { status, wasmOf } from './fixtures/node-api.mjs'
import { nodeApiFunctions } from '../scripts/fuzz/node-api/functions.mjs'
import { hostileGuest } from '../scripts/fuzz/node-api/guest.mjs'

const { loadSync } = wasmport
const functions = nodeApiFunctions()
const wild = [0, 1, 7, 64, 65_532, 65_536, 0x7fffffff, -2, -1]

test('wild arguments of every function are statuses, exceptions or traps, and the process goes on', () => {
  assert.ok(functions.length > 150)
  const [calls, refused] = JSON.parse(child(`
    process.on('uncaughtException', () => {})
    let calls = 0, refused = 0
    const text = ${JSON.stringify(hostileGuest(functions))}
    for (let index = 0; index < ${functions.length}; index++) for (const word of ${JSON.stringify(wild)}) for (const known of [0, 1, 2]) {
      let left = 1
      const test = {
        which: () => left-- > 0 ? index : -1,
        // As many of the first arguments as are known are right.
        word: (n, env, exports) => n === 0 && known > 0 ? env : n === 1 && known > 1 ? exports : word,
        loads: () => 0,
        status(_, code) { if (code !== 0) refused++ },
        place: address => address,
        interrupts: () => 0,
      }
      calls++
      try {
        loadSync(text, { imports: { test } })[Symbol.dispose]?.()
      } catch {
        refused++
      }
    }
    const one = loadSync(${JSON.stringify(wasmOf('values'))})
    if (one.napi_create_double(0, 1.5)[4] !== 1.5) throw new Error('another guest does not work any more')
    console.log(JSON.stringify([calls, refused]))
    process.exit()`))
  // Some of these are right by chance.
  assert.ok(refused > calls * 0.8, `${refused} of ${calls} were refused`)
})

describe('handles', () => {
  const lifetime = loadSync(wasmOf('lifetime'))
  test('of a call that is over are refused', () => {
    lifetime.keep_handle(0, { a: 1 })
    assert.equal(lifetime.use_kept_handle(0)[0], status.invalid_arg)
  })
  test('of a scope that is closed are refused, and so is the scope', () => {
    const report = lifetime.use_after_scope(0)
    assert.equal(report[0], status.invalid_arg)
    assert.notEqual(report.at(-1), status.ok)
  })
})

describe('callbacks', () => {
  const addon = callback => `(module
    (import "napi" "napi_create_function" (func $make (param i32 i32 i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1) (table (export "__indirect_function_table") 3 funcref) (elem (i32.const 1) $other $loops)
    (func (export "malloc") (param i32) (result i32) (i32.const 4096)) (func (export "free") (param i32))
    (func $other (param i64)) (func $loops (param i32 i32) (result i32) (i32.const -1))
    (func (export "napi_register_wasm_v1") (param i32 i32) (result i32)
      (drop (call $make (local.get 0) (i32.const 0) (i32.const 0) (i32.const ${callback}) (i32.const 0) (i32.const 64)))
      (i32.load (i32.const 64))))`
  const cases = { 'beyond the table': 12_345, 'at the end of all numbers': -1, 'of another type': 1 }
  for (const [what, callback] of Object.entries(cases)) {
    test(`${what} are traps`, () => {
      const made = loadSync(addon(callback))
      assert.equal(typeof made, 'function')
      assert.ok(thrown(made) instanceof WebAssembly.RuntimeError)
    })
  }
  test('that return what is no handle return undefined', () => assert.equal(loadSync(addon(2))(), undefined))
})
