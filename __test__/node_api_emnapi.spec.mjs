// The private functions of emnapi, of both of its versions: guests/emnapi/emnapi.c uses them as emnapi's own C does.

import assert from 'node:assert/strict'
import { AsyncLocalStorage } from 'node:async_hooks'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import wasmport from '../index.js'
import { assemble } from './fixtures/project.mjs'
import { check, child, spawn, thrown } from './helpers.mjs'

const path = version => fileURLToPath(new URL(`guests/emnapi/emnapi-${version}.wasm`, import.meta.url))

/** The guest of a version. `deleted` is told of the end of an environment that is the guest's own. */
const guest = (version, deleted = () => {}) => wasmport.loadSync(path(version), { imports: { env: { deleted } } })

/** A function, and a promise for what it is called with. */
function called() {
  let tell
  const promise = new Promise(resolve => { tell = resolve })
  return { call: tell, promise }
}

for (const version of [1, 2]) {
  test(`emnapi ${version}: it is told the version that it was linked against, and what the host can do`, () => {
    const addon = guest(version)
    assert.equal(addon.runtimeVersion(), { 1: 1_011_003, 2: 2_000_000 }[version])
    // Weak references, BigInt, asynchronous hooks, on the main thread, which may wait.
    assert.equal(addon.features(), 1111)
  })

  test(`emnapi ${version}: the last error is kept where the guest's own C looks for it`, () => {
    const addon = guest(version)
    const [failed, last, cleared, set, lastOfGuest] = [6, 6, 0, 18, 18]
    assert.equal(addon.lastErrors('no number'), failed + last * 100 + cleared * 1e4 + set * 1e6 + lastOfGuest * 1e8)
    const [, ...succeeded] = [0, 0, 0, 18, 18]
    assert.equal(addon.lastErrors(1), succeeded[0] * 100 + succeeded[2] * 1e6 + succeeded[3] * 1e8)
  })

  test(`emnapi ${version}: a function is made for the guest's own C`, () => {
    const made = guest(version).createFunction(40)
    assert.equal(made.name, 'made')
    assert.equal(made(2), 42)
  })

  test(`emnapi ${version}: Node's version and the name of the file`, () => {
    const addon = guest(version)
    const [major, minor, patch] = process.versions.node.split('.').map(Number)
    assert.equal(addon.nodeVersion(), major * 1e6 + minor * 1e3 + patch)
    const name = addon.fileName(1024)
    assert.ok(name.endsWith(`emnapi-${version}.wasm`), name)
    assert.equal(addon.fileName(-1), Buffer.byteLength(name))
    assert.equal(addon.fileName(6), name.slice(0, 5))
    assert.equal(addon.fileName(1), '')
  })

  test(`emnapi ${version}: the time is that of JavaScript, and goes on`, () => {
    const addon = guest(version)
    const before = addon.now()
    assert.ok(Math.abs(before - Date.now()) < 60_000, `${before}`)
    assert.ok(addon.now() >= before)
  })

  test(`emnapi ${version}: what the guest gives to the event loop is called in turns of its own, in order`, async () => {
    const addon = guest(version)
    const seen = []
    const last = called()
    for (const [send, number] of [['sendJs', 1], ['setImmediateOf', 2], ['nextTick', 3], ['sendJs', 4]]) {
      addon[send](value => {
        seen.push(value)
        if (value === 4) last.call()
      }, number)
    }
    assert.deepEqual(seen, [])
    await last.promise
    assert.deepEqual(seen, [1, 2, 3, 4])
  })

  test(`emnapi ${version}: a finalizer is called at once`, () => {
    const seen = []
    guest(version).finalizeWith(value => seen.push(value), 7)
    assert.deepEqual(seen, [7])
  })

  test(`emnapi ${version}: what is thrown in an immediate is an uncaught exception`, () => {
    const { status, stdout, stderr } = spawn(`
      const addon = loadSync(${JSON.stringify(path(version))}, { imports: { env: { deleted() {} } } })
      process.on('uncaughtException', error => console.log('uncaught', error.message))
      process.on('warning', warning => console.log(warning.name, warning.code))
      addon.setImmediateOf(() => { throw new Error('of an immediate') }, 1)
      addon.sendJs(() => { throw new Error('of a call') }, 1)
    `)
    assert.equal(status, 0, stderr)
    assert.deepEqual(stdout.trim().split('\n').sort(), ['DeprecationWarning DEP0168', 'uncaught of an immediate'])
  })

  test(`emnapi ${version}: with Node's option no exception is lost`, () => {
    const text = child(`
      const addon = loadSync(${JSON.stringify(path(version))}, { imports: { env: { deleted() {} } } })
      process.on('uncaughtException', error => console.log('uncaught', error.message))
      addon.sendJs(() => { throw new Error('of a call') }, 1)
      addon.setImmediateOf(() => {}, 1)
    `, { flags: ['--force-node-api-uncaught-exceptions-policy'] })
    assert.equal(text, 'uncaught of a call')
  })

  test(`emnapi ${version}: the event loop runs for as long as the guest waits, and for what it sends itself`, () => {
    const text = child(`
      const addon = loadSync(${JSON.stringify(path(version))}, { imports: { env: { deleted() {} } } })
      addon.setImmediateOf(() => console.log('immediate'), 1)
      addon.wait()
      addon.wait()
      // One too many is as good as none.
      setTimeout(() => { console.log('kept'); addon.waited(); addon.waited(); addon.waited() }, 50).unref()
      setTimeout(() => console.log('kept too long'), 20_000).unref()
    `)
    assert.equal(text, 'immediate\nkept')
  })

  test(`emnapi ${version}: an async context is that in which it was made`, async () => {
    const addon = guest(version)
    const storage = new AsyncLocalStorage()
    const later = called()
    storage.run('the one', () => addon.laterInContext(value => later.call([value, storage.getStore()]), 5))
    assert.deepEqual(await later.promise, [5, 'the one'])
  })

  test(`emnapi ${version}: what is thrown in an async context is uncaught or warned of, and the guest goes on`, () => {
    const text = child(`
      const addon = loadSync(${JSON.stringify(path(version))}, { imports: { env: { deleted() {} } } })
      process.on('warning', warning => console.log(warning.code))
      addon.laterInContext(() => { throw new Error('lost') }, 1)
      addon.setImmediateOf(() => console.log('went on'), 1)
    `)
    assert.deepEqual(text.split('\n').sort(), ['DEP0168', 'went on'])
  })

  test(`emnapi ${version}: napi_make_callback takes the context that the guest's own napi_async_init has made`, () => {
    const seen = []
    const result = guest(version).makeCallback(function (value) { return seen.push(value) && 'result' }, 'argument')
    assert.equal(result, 'result')
    assert.deepEqual(seen, ['argument'])
  })

  test(`emnapi ${version}: a trap in a callback is an error of the call that led to it`, () => {
    const error = thrown(() => guest(version).trapInModule())
    check(error, WebAssembly.RuntimeError, { code: 'ERR_WASMPORT_TRAP' }, 'unreachable')
  })

  test(`emnapi ${version}: a scope that is not open, or a thread that crashed, ends the call`, () => {
    const addon = guest(version)
    check(thrown(() => addon.closeWrongScope()), WebAssembly.RuntimeError, { code: 'ERR_WASMPORT_TRAP' }, 'handle scope')
    check(thrown(() => addon.unwind()), WebAssembly.RuntimeError, { code: 'ERR_WASMPORT_TRAP' }, 'a thread of the addon has crashed')
    assert.equal(addon.createFunction(1)(2), 3)
  })

  test(`emnapi ${version}: before the end the guest may settle what it owes, and what it has sent is called`, () => {
    const addon = guest(version)
    const seen = []
    addon.sendJs(() => seen.push('sent'), 1)
    addon.onPrepare(() => {
      seen.push('prepared')
      // The addon still works, and may be disposed of once only.
      assert.equal(addon.createFunction(1)(1), 2)
      addon[Symbol.dispose]()
      addon.sendJs(() => seen.push('sent meanwhile'), 1)
    })
    addon[Symbol.dispose]()
    assert.deepEqual(seen, ['prepared', 'sent', 'sent meanwhile'])
    check(thrown(() => addon.now()), Error, { code: 'ERR_WASMPORT_DISPOSED' })
    addon[Symbol.dispose]()
    assert.equal(seen.length, 3)
  })
}

test('emnapi 2: the guest deletes its environment at the end', () => {
  const deleted = []
  const addon = guest(2, whether => deleted.push(whether))
  assert.deepEqual(deleted, [])
  addon[Symbol.dispose]()
  assert.deepEqual(deleted, [1])
})

test('a function of emnapi that no known version has is named', () => {
  const bytes = assemble(`(module
    (import "env" "_emnapi_of_the_future" (func))
    (import "napi" "napi_get_undefined" (func (param i32 i32) (result i32)))
    (func (export "napi_register_wasm_v1") (param i32 i32) (result i32) (local.get 1)))`)
  const error = thrown(() => wasmport.loadSync(bytes))
  check(error, WebAssembly.LinkError, { code: 'ERR_WASMPORT_LINK' }, '_emnapi_of_the_future', 'emnapi', '1.11', '2.0')
})

test('a function of emnapi with a type that no version gives it is refused', () => {
  const bytes = assemble(`(module
    (import "env" "_emnapi_create_function" (func (param i32) (result i32)))
    (import "napi" "napi_get_undefined" (func (param i32 i32) (result i32)))
    (func (export "napi_register_wasm_v1") (param i32 i32) (result i32) (local.get 1)))`)
  const error = thrown(() => wasmport.loadSync(bytes))
  check(error, WebAssembly.LinkError, { code: 'ERR_WASMPORT_LINK' }, '_emnapi_create_function')
})
