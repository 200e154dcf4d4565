// A guest that means harm, or is broken: wild pointers, handles, lengths, callbacks and numbers are statuses or traps.

import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { describe, test } from 'node:test'
import { symbols } from 'node-api-headers'
import wasmport, { WebAssembly } from '../index.js'
import { child, thrown } from './helpers.mjs'
import { status, wasmOf } from './fixtures/node-api.mjs'

const { inspect, loadSync } = wasmport

/** The types of the functions of Node-API, as the guests import them. */
function types() {
  const found = new Map()
  const guests = new URL('guests/', import.meta.url)
  for (const directory of readdirSync(guests).filter(name => name.startsWith('node-api'))) {
    for (const name of readdirSync(new URL(`${directory}/`, guests)).filter(name => name.endsWith('.wasm'))) {
      const { imports } = inspect(new URL(`${directory}/${name}`, guests))
      for (const { name, kind, type } of imports) if (kind === 'function') found.set(name, type)
    }
  }
  return [...symbols.v9.js_native_api_symbols, ...symbols.v9.node_api_symbols].flatMap(name => found.has(name) ? [[name, found.get(name)]] : [])
}

const functions = types()
const wat = list => list.length > 0 ? ` ${list.join(' ')}` : ''

/**
 * A guest of which registration calls one function, JavaScript says which, with words that JavaScript gives. The words
 * for the first two parameters may be the environment and the exports.
 */
const guest = `(module
  (import "test" "which" (func $which (result i32)))
  (import "test" "word" (func $word (param i32 i32 i32) (result i32)))
  (import "test" "status" (func $status (param i32)))
  ${functions.map(([name, { parameters, results }]) =>
    `(import "napi" "${name}" (func $${name} (param${wat(parameters)}) (result${wat(results)})))`).join('\n  ')}
  (memory (export "memory") 1 2)
  (table (export "__indirect_function_table") ${functions.length + 1} funcref)
  (elem (i32.const 1) ${functions.map(([name]) => `$call_${name}`).join(' ')})
  (type $call (func (param $e i32) (param $x i32)))
  (func (export "malloc") (param i32) (result i32) (i32.const 1024)) (func (export "free") (param i32))
  ${functions.map(([name, { parameters, results }]) => `(func $call_${name} (type $call)
    (call $${name}${parameters.map((type, n) => {
      const word = `(call $word (i32.const ${n}) (local.get 0) (local.get 1))`
      return ` ${{ i32: word, i64: `(i64.extend_i32_s ${word})`, f64: `(f64.convert_i32_s ${word})` }[type]}`
    }).join('')})
    ${results.length > 0 ? 'call $status' : ''})`).join('\n  ')}
  (func (export "napi_register_wasm_v1") (param i32 i32) (result i32)
    (call_indirect (type $call) (local.get 0) (local.get 1) (call $which)) (i32.const 0)))`

const wild = [0, 1, 7, 64, 65_532, 65_536, 0x7fffffff, -2, -1]

test('wild arguments of every function are statuses, exceptions or traps, and the process goes on', () => {
  assert.ok(functions.length > 100)
  const [calls, refused] = JSON.parse(child(`
    process.on('uncaughtException', () => {})
    const names = ${JSON.stringify(functions.map(([name]) => name))}
    let calls = 0, refused = 0
    const text = ${JSON.stringify(guest)}
    for (const [index, name] of names.entries()) for (const word of ${JSON.stringify(wild)}) for (const known of [0, 1, 2]) {
      const test = {
        which: () => index + 1,
        // As many of the first arguments as are known are right.
        word: (n, env, exports) => n === 0 && known > 0 ? env : n === 1 && known > 1 ? exports : word,
        status(code) { if (code !== 0) refused++ },
      }
      calls++
      try {
        loadSync(text, { imports: { test } })[Symbol.dispose]?.()
      } catch (error) {
        if (!(error instanceof Error || Object(error) === error)) throw new Error(name + ' threw ' + error)
        refused++
      }
    }
    const one = loadSync(${JSON.stringify(wasmOf('values'))})
    if (one.napi_create_double(0, 1.5)[4] !== 1.5) throw new Error('another guest does not work any more')
    console.log(JSON.stringify([calls, refused]))
    process.exit()`, { flags: ['--expose-gc'] }))
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
