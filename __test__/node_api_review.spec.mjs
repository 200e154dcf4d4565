// Guests that use Node-API where it is not theirs, or in the midst of something of the host's: the process goes on, and
// no value of JavaScript's is seen after its scope has ended.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import wasmport, { WebAssembly } from '../index.js'
import { thrown } from './helpers.mjs'
import { status } from './fixtures/node-api.mjs'

const { loadSync } = wasmport

const words = count => 'i32 '.repeat(count)
const imports = functions => Object.entries(functions).map(([name, count]) =>
  `(import "napi" "${name}" (func $${name} (param ${words(count)}) (result i32)))`).join('\n')

/** A guest with `body`, of which registration returns a function that calls `$callback`, which is to be in `body`. */
const guest = (functions, body, { memory = '(memory (export "memory") 1)', malloc = '(i32.const 4096)' } = {}) => `(module
  ${imports({ napi_create_function: 6, ...functions })}
  ${body.imports ?? ''}
  ${memory}
  (table (export "__indirect_function_table") 4 funcref) (elem (i32.const 1) $callback ${body.table ?? ''})
  (func (export "malloc") (param i32) (result i32) ${malloc}) (func (export "free") (param i32))
  ${body.functions}
  (func (export "napi_register_wasm_v1") (param i32 i32) (result i32)
    ${body.registers ?? ''}
    (drop (call $napi_create_function (local.get 0) (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 128)))
    (i32.load (i32.const 128))))`

/** Each makes something that would be there after the scope of JavaScript's that it is in. */
const makers = {
  napi_create_object: { functions: { napi_create_object: 2 }, call: '(call $napi_create_object (i32.const 1) (i32.const 64))' },
  napi_open_handle_scope: { functions: { napi_open_handle_scope: 2 }, call: '(call $napi_open_handle_scope (i32.const 1) (i32.const 64))' },
}
const returnsIt = '(func $callback (param i32 i32) (result i32) (i32.load (i32.const 64)))'

for (const [name, { functions, call }] of Object.entries(makers)) {
  test(`${name} is refused before registration`, () => {
    const text = guest(functions, { functions: `${returnsIt} (func (export "_initialize") (drop ${call}))` })
    const error = thrown(() => loadSync(text))
    assert.ok(error instanceof WebAssembly.RuntimeError)
    assert.match(error.message, new RegExp(name))
  })
  test(`${name} is refused in a function that JavaScript got by reference, also while Node-API calls another one`, () => {
    let given, during
    const made = loadSync(guest({ ...functions, napi_run_script: 3 }, {
      imports: '(import "test" "give" (func $give (param funcref))) (import "test" "during" (func $during))',
      functions: `(elem declare func $make) (func $make (result i32) ${call})
        (func $callback (param i32 i32) (result i32) (call $during) (i32.load (i32.const 64)))`,
      registers: '(call $give (ref.func $make))',
    }), { imports: { test: { give: func => given = func, during: () => during = thrown(given) } } })
    const calls = () => assert.ok(thrown(given) instanceof WebAssembly.RuntimeError)
    calls()
    assert.equal(made(), undefined)
    assert.ok(during instanceof WebAssembly.RuntimeError)
    calls()
  })
  test(`${name} in malloc ends with malloc`, () => {
    const text = guest({ ...functions, napi_get_node_version: 2 }, {
      functions: `(func $callback (param i32 i32) (result i32)
        (drop (call $napi_get_node_version (local.get 0) (i32.const 72))) (i32.load (i32.const 64)))`,
    }, { malloc: `(drop ${call}) (i32.const 4096)` })
    const made = loadSync(text)
    // A scope that is left open is an error, a value that has ended none.
    if (name === 'napi_create_object') assert.equal(made(), undefined)
    else assert.match(thrown(made).message, /1 scope\(s\) open/)
  })
}

test('malloc cannot close a scope around the call that needs memory', () => {
  const made = loadSync(guest({ napi_open_handle_scope: 2, napi_close_handle_scope: 2, napi_run_script: 3, napi_create_string_utf8: 4,
    napi_get_buffer_info: 4, napi_create_int32: 3 }, {
    functions: `(data (i32.const 512) "new Uint8Array(100).fill(7)") (global $closed (mut i32) (i32.const -1))
      (func $callback (param i32 i32) (result i32)
        (drop (call $napi_open_handle_scope (local.get 0) (i32.const 64)))
        (drop (call $napi_create_string_utf8 (local.get 0) (i32.const 512) (i32.const 27) (i32.const 72)))
        (drop (call $napi_run_script (local.get 0) (i32.load (i32.const 72)) (i32.const 76)))
        (drop (call $napi_get_buffer_info (local.get 0) (i32.load (i32.const 76)) (i32.const 80) (i32.const 84)))
        (drop (call $napi_close_handle_scope (local.get 0) (i32.load (i32.const 64))))
        (drop (call $napi_create_int32 (local.get 0)
          (i32.add (i32.mul (global.get $closed) (i32.const 1000)) (i32.load8_u (i32.load (i32.const 80)))) (i32.const 88)))
        (i32.load (i32.const 88)))`,
  }, { malloc: '(global.set $closed (call $napi_close_handle_scope (i32.const 1) (i32.load (i32.const 64)))) (i32.const 4096)' }))
  assert.equal(made(), status.handle_scope_mismatch * 1000 + 7)
})

test('a name that is longer than any string is refused', () => {
  const pages = 2 ** 29 / 65_536 + 2
  const seen = []
  loadSync(guest({ napi_get_named_property: 4, napi_throw_error: 3 }, {
    imports: '(import "test" "seen" (func $seen (param i32)))',
    functions: '(func $callback (param i32 i32) (result i32) (i32.const 0))',
    registers: `(memory.fill (i32.const 65536) (i32.const 97) (i32.const ${2 ** 29}))
      (call $seen (call $napi_get_named_property (local.get 0) (local.get 1) (i32.const 65536) (i32.const 64)))
      (call $seen (call $napi_throw_error (local.get 0) (i32.const 0) (i32.const 65536)))`,
  }, { memory: `(memory (export "memory") ${pages})` }), { imports: { test: { seen: code => seen.push(code) } } })
  assert.deepEqual(seen, [status.generic_failure, status.generic_failure])
})

test('a fatal error is told with a message that lies where the memory has grown', () => {
  const text = guest({}, {
    imports: '(import "napi" "napi_fatal_error" (func $fatal (param i32 i32 i32 i32)))',
    functions: '(func $callback (param i32 i32) (result i32) (i32.const 0))',
    registers: `(drop (memory.grow (i32.const 1))) (i32.store (i32.const 65600) (i32.const 0x21776f4e))
      (call $fatal (i32.const 0) (i32.const 0) (i32.const 65600) (i32.const -1))`,
  })
  assert.match(thrown(() => loadSync(text)).message, /Now!$/)
})

test('a function that returns nothing is not one that returns a reference', () => {
  const sized = (...bytes) => [bytes.length, ...bytes]
  const text = name => sized(...Buffer.from(name))
  // (func (param i32) (result (ref 0))), where 0 is (func (result i32)), and a result of a number, which C may declare.
  const module = result => Buffer.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0,
    1, ...sized(2, 0x60, 0, 1, 0x7f, 0x60, 1, 0x7f, 1, ...result),
    2, ...sized(1, ...text('env'), ...text('_emnapi_env_ref'), 0, 1)])
  assert.match(thrown(() => loadSync(module([0x64, 0]))).message, /_emnapi_env_ref.*expected a function/s)
  assert.ok(loadSync(module([0x7f])))
})

test('a completion that comes after the memory of another namespace was disposed of is told, and does no harm', async t => {
  const other = loadSync('(module (memory (export "memory") 2))')
  const addon = loadSync(guest({ napi_create_async_work: 7, napi_queue_async_work: 2, napi_cancel_async_work: 2, napi_get_buffer_info: 4,
    napi_get_cb_info: 6, napi_create_string_utf8: 4, napi_create_int32: 3 }, {
    table: '$execute $complete',
    functions: `(func $execute (param i32 i32)) (func $complete (param i32 i32 i32))
      (func $callback (param i32 i32) (result i32)
        (i32.store (i32.const 64) (i32.const 1))
        (drop (call $napi_get_cb_info (local.get 0) (local.get 1) (i32.const 64) (i32.const 68) (i32.const 0) (i32.const 0)))
        (drop (call $napi_get_buffer_info (local.get 0) (i32.load (i32.const 68)) (i32.const 72) (i32.const 76)))
        (drop (call $napi_create_string_utf8 (local.get 0) (i32.const 800) (i32.const 1) (i32.const 92)))
        (drop (call $napi_create_async_work (local.get 0) (i32.const 0) (i32.load (i32.const 92)) (i32.const 2) (i32.const 3) (i32.const 0) (i32.const 80)))
        (drop (call $napi_queue_async_work (local.get 0) (i32.load (i32.const 80))))
        (drop (call $napi_create_int32 (local.get 0) (call $napi_cancel_async_work (local.get 0) (i32.load (i32.const 80))) (i32.const 84)))
        (i32.load (i32.const 84)))`,
  }, { memory: '(import "other" "memory" (memory 1))' }), { imports: { other } })
  assert.equal(addon(new Uint8Array(1000)), status.ok)
  // The test runner has one of its own.
  const listeners = process.listeners('uncaughtException')
  process.removeAllListeners('uncaughtException')
  t.after(() => listeners.forEach(listener => process.on('uncaughtException', listener)))
  const uncaught = new Promise(resolve => process.once('uncaughtException', resolve))
  other[Symbol.dispose]()
  assert.equal((await uncaught).code, 'ERR_WASMPORT_DISPOSED')
  assert.equal(thrown(addon).code, 'ERR_WASMPORT_DISPOSED')
})
