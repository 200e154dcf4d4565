// What an addon becomes to JavaScript: the object of its exports, or what registration returns in its place, and how it
// is disposed of. By which names and with which imports an addon registers is in node_api_load.spec.mjs.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import wasmport from '../index.js'
import { check, thrown } from './helpers.mjs'

const { load, loadSync } = wasmport

const signatures = {
  napi_create_int32: '(param i32 i32 i32) (result i32)',
  napi_create_function: '(param i32 i32 i32 i32 i32 i32) (result i32)',
  napi_set_named_property: '(param i32 i32 i32 i32) (result i32)',
  napi_object_freeze: '(param i32 i32) (result i32)',
}

/** An addon that imports some functions, and whose registration has this body: (env $e, exports $x) → value. */
const addon = (functions, body, more = '') => `(module
  ${functions.map(name => `(import "napi" "${name}" (func $${name} ${signatures[name]}))`).join('\n  ')}
  (memory (export "memory") 1) (table (export "__indirect_function_table") 2 funcref) (data (i32.const 16) "name\\00")
  (func (export "malloc") (param i32) (result i32) (i32.const 4096)) (func (export "free") (param i32)) ${more}
  (func (export "napi_register_wasm_v1") (param $e i32) (param $x i32) (result i32) ${body}))`

/** Sets `exports.name` to 42, and returns nothing. */
const setsName = addon(['napi_create_int32', 'napi_set_named_property'], `
  (drop (call $napi_create_int32 (local.get $e) (i32.const 42) (i32.const 64)))
  (drop (call $napi_set_named_property (local.get $e) (local.get $x) (i32.const 16) (i32.load (i32.const 64))))
  (i32.const 0)`)

test('each load is another addon, with exports of its own', async () => {
  const [one, other] = [loadSync(setsName), await load(setsName)]
  assert.deepEqual({ ...one }, { name: 42 })
  assert.deepEqual({ ...other }, { name: 42 })
  assert.notEqual(one, other)
})

test('it is disposed of by a property of the exports that does not show', () => {
  const exports = loadSync(setsName)
  assert.deepEqual(Object.keys(exports), ['name'])
  const { enumerable, value } = Object.getOwnPropertyDescriptor(exports, Symbol.dispose)
  assert.deepEqual([enumerable, typeof value], [false, 'function'])
})

test('or of the function that is returned in their place', () => {
  const made = loadSync(addon(['napi_create_function'], `
    (drop (call $napi_create_function (local.get $e) (i32.const 16) (i32.const 4) (i32.const 1) (i32.const 0) (i32.const 64)))
    (i32.load (i32.const 64))`, '(func $f (param i32 i32) (result i32) (i32.const 0)) (elem (i32.const 1) $f)'))
  assert.deepEqual([typeof made, made.name, made()], ['function', 'name', undefined])
  made[Symbol.dispose]()
  check(thrown(made), Error, { code: 'ERR_WASMPORT_DISPOSED' })
})

test('exports that are frozen have no such property', () => {
  const frozen = loadSync(addon(['napi_object_freeze'], '(drop (call $napi_object_freeze (local.get $e) (local.get $x))) (i32.const 0)'))
  assert.ok(Object.isFrozen(frozen))
  assert.deepEqual(Reflect.ownKeys(frozen), [])
})

test('what registers by name comes first', () => {
  const more = '(global $n (mut i32) (i32.const 40)) ' + ['b', 'a'].map(name => `(func (export "__napi_register__${name}")
    (global.set $n (i32.add (global.get $n) (i32.const 1))))`).join(' ')
  const body = '(drop (call $napi_create_int32 (local.get $e) (global.get $n) (i32.const 64))) (i32.load (i32.const 64))'
  assert.equal(loadSync(addon(['napi_create_int32'], body, more)), 42)
})
