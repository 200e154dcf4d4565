// How an addon registers: by which export it is asked, what becomes its namespace, from where it imports Node-API.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import wasmport, { WebAssembly } from '../index.js'
import { project } from './fixtures/project.mjs'
import { check, refuses, thrown } from './helpers.mjs'

const { load, loadSync } = wasmport

const parts = `(memory (export "memory") 1) (table (export "__indirect_function_table") 2 funcref)
  (func (export "malloc") (param i32) (result i32) (i32.const 4096)) (func (export "free") (param i32))
  (data (i32.const 16) "name\\00") (data (i32.const 32) "\\ff\\ff\\ff\\ff")`

const signatures = {
  napi_create_int32: '(param i32 i32 i32) (result i32)',
  napi_create_object: '(param i32 i32) (result i32)',
  napi_create_function: '(param i32 i32 i32 i32 i32 i32) (result i32)',
  napi_set_named_property: '(param i32 i32 i32 i32) (result i32)',
  napi_throw_error: '(param i32 i32 i32) (result i32)',
  napi_object_freeze: '(param i32 i32) (result i32)',
  napi_module_register: '(param i32)',
}

/** An addon that imports some functions, and registers by an export with this body: (env $e, exports $x) → value. */
const addon = (functions, body, { module = 'napi', entry = 'napi_register_wasm_v1', more = '' } = {}) => `(module
  ${functions.map(name => `(import "${module}" "${name}" (func $${name} ${signatures[name]}))`).join('\n  ')}
  ${parts} ${more}
  (func (export "${entry}") (param $e i32) (param $x i32) (result i32) ${body}))`

/** Sets `exports.name` to 42. */
const setsName = `(drop (call $napi_create_int32 (local.get $e) (i32.const 42) (i32.const 64)))
  (drop (call $napi_set_named_property (local.get $e) (local.get $x) (i32.const 16) (i32.load (i32.const 64))))`
const forName = ['napi_create_int32', 'napi_set_named_property']

describe('the namespace', () => {
  test('is the object of the exports, if nothing is returned', async () => {
    const text = addon(forName, `${setsName} (i32.const 0)`)
    assert.deepEqual({ ...loadSync(text) }, { name: 42 })
    assert.deepEqual({ ...await load(text) }, { name: 42 })
    assert.deepEqual({ ...loadSync(addon(forName, `${setsName} (local.get $x)`)) }, { name: 42 })
  })

  test('or what is returned in its place', () => {
    const one = '(drop (call $napi_create_int32 (local.get $e) (i32.const 7) (i32.const 64))) (i32.load (i32.const 64))'
    assert.equal(loadSync(addon(['napi_create_int32'], one)), 7)
    const made = loadSync(addon(['napi_create_function'], `(drop (call $napi_create_function
      (local.get $e) (i32.const 16) (i32.const 4) (i32.const 1) (i32.const 0) (i32.const 64))) (i32.load (i32.const 64))`,
    { more: '(func $f (param i32 i32) (result i32) (i32.const 0)) (elem (i32.const 1) $f)' }))
    assert.deepEqual([typeof made, made.name, made()], ['function', 'name', undefined])
    made[Symbol.dispose]()
    check(thrown(made), Error, { code: 'ERR_WASMPORT_DISPOSED' })
  })

  test('is disposed of by a property that does not show', () => {
    const namespace = loadSync(addon(forName, `${setsName} (i32.const 0)`))
    assert.deepEqual(Object.keys(namespace), ['name'])
    const { enumerable, value } = Object.getOwnPropertyDescriptor(namespace, Symbol.dispose)
    assert.deepEqual([enumerable, typeof value], [false, 'function'])
  })

  test('may be frozen, and then has none', () => {
    const frozen = loadSync(addon(['napi_object_freeze'], '(drop (call $napi_object_freeze (local.get $e) (local.get $x))) (i32.const 0)'))
    assert.ok(Object.isFrozen(frozen))
    assert.deepEqual(Reflect.ownKeys(frozen), [])
  })

  test('of each load is another', () => {
    const text = addon(forName, `${setsName} (i32.const 0)`)
    assert.notEqual(loadSync(text), loadSync(text))
  })
})

describe('registration', () => {
  for (const module of ['napi', 'env', 'emnapi']) {
    test(`with functions from ${module}`, () => assert.equal(loadSync(addon(forName, `${setsName} (i32.const 0)`, { module })).name, 42))
  }

  for (const entry of ['napi_register_wasm_v1', 'napi_register_module_v1', '_napi_register']) {
    test(`by ${entry}`, () => assert.equal(loadSync(addon(forName, `${setsName} (i32.const 0)`, { entry })).name, 42))
  }

  test('after what registers by name', () => {
    const more = '(global $n (mut i32) (i32.const 0)) (func (export "__napi_register__b") (global.set $n (i32.add (global.get $n) (i32.const 1))))'
    const text = addon(forName, `(drop (call $napi_create_int32 (local.get $e) (global.get $n) (i32.const 64))) (i32.load (i32.const 64))`, { more })
    assert.equal(loadSync(text), 1)
  })

  test('that throws fails to load, with what it threw', () => {
    const throws = '(drop (call $napi_throw_error (local.get $e) (i32.const 0) (i32.const 16))) (i32.const 0)'
    refuses(() => loadSync(addon(['napi_throw_error'], throws)), Error, { message: 'name' })
  })

  test('that traps fails to load', () => {
    refuses(() => loadSync(addon(['napi_create_object'], '(unreachable)')), WebAssembly.RuntimeError, { trap: 'unreachable-code-reached' })
  })

  const asks = version => ({ more: `(func (export "node_api_module_get_api_version_v1") (result i32) (i32.const ${version}))` })
  for (const version of [1, 8, 9]) {
    test(`for version ${version}`, () => assert.equal(loadSync(addon(forName, `${setsName} (i32.const 0)`, asks(version))).name, 42))
  }
  test('for a version that is not there yet is refused', () => {
    refuses(() => loadSync(addon(forName, `${setsName} (i32.const 0)`, asks(10))), WebAssembly.LinkError,
      { code: 'ERR_WASMPORT_UNSUPPORTED' }, 'Node-API 10', 'NAPI_VERSION=9')
  })

  test('of old is a trap that says how it is done', () => {
    refuses(() => loadSync(addon(['napi_module_register'], '(call $napi_module_register (i32.const 0)) (i32.const 0)')),
      WebAssembly.RuntimeError, {}, 'napi_module_register', 'napi_register_wasm_v1')
  })
})

describe('with the hooks, no driver file is needed', () => {
  const files = {
    'addon.wasm': addon(forName, `${setsName} (i32.const 0)`),
    'require.cjs': "console.log(require('./addon.wasm').name, require('./addon.wasm') === require('./addon.wasm'))",
    'import.mjs': "import * as all from './addon.wasm'\nimport { name } from './addon.wasm'\nconsole.log(all.name, name)",
  }
  for (const [file, expected] of [['require.cjs', '42 true'], ['import.mjs', '42 42']]) {
    test(file, () => {
      const { stdout, stderr, status } = project(files).node(['--import', 'wasmport/register', file])
      assert.deepEqual([stdout.trim(), status], [expected, 0], stderr)
    })
  }
})

test('a function that Node-API does not have is an import that is not there', () => {
  const text = `(module (import "napi" "napi_create_int32" (func (param i32 i32 i32) (result i32)))
    (import "napi" "napi_create_dinosaur" (func (param i32) (result i32))) ${parts}
    (func (export "napi_register_wasm_v1") (param i32 i32) (result i32) (i32.const 0)))`
  refuses(() => loadSync(text), WebAssembly.LinkError, {}, 'napi_create_dinosaur')
})

test('a function of Node-API with another type is refused', () => {
  const text = `(module (import "napi" "napi_create_int32" (func (param i32 i64 i32) (result i32))) ${parts}
    (func (export "napi_register_wasm_v1") (param i32 i32) (result i32) (i32.const 0)))`
  refuses(() => loadSync(text), WebAssembly.LinkError, {}, 'napi_create_int32')
})

test('what the user gives stands in the place of a function of the host', () => {
  const calls = []
  const imports = { napi: { napi_create_int32: (...args) => { calls.push(args[1]); return 9 } } }
  loadSync(addon(forName, `${setsName} (i32.const 0)`), { imports })
  assert.deepEqual(calls, [42])
})
