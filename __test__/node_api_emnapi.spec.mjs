// The private functions of emnapi, of both of its versions: guests/emnapi/emnapi.c uses them as emnapi's own C does.

import assert from 'node:assert/strict'
import { AsyncLocalStorage } from 'node:async_hooks'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import wasmport from '../index.js'
import { addon as packaged } from './fixtures/addons.mjs'
import { assemble } from './fixtures/project.mjs'
import { check, child, spawn, thrown } from './helpers.mjs'

// It has all of emnapi in it, whose asynchronous work is done by threads that the guest makes.
const argon2 = packaged('@node-rs/argon2-wasm32-wasi/argon2.wasm32-wasi.wasm')

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

  test(`emnapi ${version}: a view of each type is one of the guest's memory, and stays so when that grows`, () => {
    const addon = guest(version)
    const types = [
      Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array, Float32Array, Float64Array,
      BigInt64Array, BigUint64Array,
    ]
    for (const [type, Type] of types.entries()) {
      const view = addon.view(type, 16)
      assert.equal(view.constructor, Type)
      assert.deepEqual(new Uint8Array(view.buffer, view.byteOffset, view.byteLength), Uint8Array.from(Array(16).keys()))
      assert.equal(view.length, 16 / Type.BYTES_PER_ELEMENT)
    }
    const view = addon.view(-1, 16)
    assert.ok(view instanceof DataView)
    assert.equal(view.byteLength, 16)
    const buffer = addon.view(-2, 16)
    assert.ok(Buffer.isBuffer(buffer))
    assert.equal(buffer[7], 7)

    addon.grow()
    buffer[7] = 77
    assert.equal(addon.byteAt(7), 77)
    assert.equal(view.getUint8(7), 77)
    // Bytes that are no whole element are left out, and a pointer that is NULL has none.
    assert.equal(addon.view(5, 7).length, 1)
    assert.deepEqual([addon.view(12, 1), addon.view(-3, 1)], [1, 1])
    // Node of late knows this type, and Node-API with it.
    const half = addon.view(11, 16)
    assert.ok(half === 1 || half.length === 8, `${half}`)
  })

  test(`emnapi ${version}: a view beyond the memory is refused`, () => {
    const addon = guest(version)
    assert.equal(addon.viewOutside(8).length, 8)
    check(thrown(() => addon.viewOutside(9)), RangeError, { code: 'ERR_WASMPORT_VALUE' }, 'no 9 bytes')
    check(thrown(() => addon.viewOutside(-1)), RangeError, {}, '4294967295')
  })

  test(`emnapi ${version}: the finalizer of a view is called once nobody has its bytes`, () => {
    const text = child(`
      const addon = loadSync(${JSON.stringify(path(version))}, { imports: { env: { deleted() {} } } })
      let kept = addon.view(1, 8).subarray(2)
      for (let n = 0; n < 10; n++) addon.view(1, 8)
      const turn = () => new Promise(resolve => setTimeout(resolve, 5))
      ;(async () => {
        for (let n = 0; n < 200 && addon.finalizedViews() < 10; n++) { gc(); await turn() }
        console.log(addon.finalizedViews(), kept[0])
        kept = undefined
        for (let n = 0; n < 200 && addon.finalizedViews() < 11; n++) { gc(); await turn() }
        console.log(addon.finalizedViews())
      })()
    `, { flags: ['--expose-gc'] })
    assert.equal(text, '10 2\n11')
  })

  test(`emnapi ${version}: the guest is told where it has bytes, and gets no copy by asking`, () => {
    const addon = guest(version)
    // 1 for the bytes that are its own and 2 for others, 10 for memory of its own, 100 for a copy.
    assert.equal(addon.address(addon.view(1, 8)), 11)
    assert.equal(addon.address(addon.view(-1, 8)), 11)
    assert.equal(addon.address(addon.view(1, 8).buffer), 11)
    assert.equal(addon.address(addon.view(1, 8).subarray(2)), 12)
    for (const unknown of [new ArrayBuffer(4), new Uint8Array(3), Buffer.alloc(0)]) assert.equal(addon.address(unknown), 0)
    const copied = new Uint8Array(3)
    addon.sync(copied, () => {}, 0, 3)
    assert.equal(addon.address(copied), 102)
    assert.equal(addon.address(copied.buffer), 102)
    assert.equal(addon.address(5), -1)
  })

  test(`emnapi ${version}: bytes are copied to the guest and back when it says so`, () => {
    const addon = guest(version)
    const bytes = new Uint8Array([1, 2, 3, 4])
    const seen = []
    const statuses = addon.sync(bytes, () => {
      seen.push([...bytes])
      bytes[0] = 9
    }, 1, 2)
    assert.equal(statuses, 0)
    // Ours are in step at each call anyway.
    assert.deepEqual(seen, [[1, 2, 3, 4], [10, 3, 4, 5]])
    assert.deepEqual([...bytes], [9, 3, 4, 5])
    // An offset, or a length, beyond the end.
    assert.deepEqual([addon.sync(bytes, () => {}, 5, 0), addon.sync(bytes, () => {}, 1, 4)], [1, 1])
    assert.equal(addon.sync(bytes, () => {}, 4, 0), 0)
  })

  test(`emnapi ${version}: what the guest has no copy of cannot be copied`, () => {
    const addon = guest(version)
    assert.equal(addon.syncValue(5), 1)
    assert.equal(addon.syncValue({}), 1)
    assert.equal(addon.syncValue(addon.view(1, 8)), 0)
    check(thrown(() => addon.syncValue(new Uint8Array(3))), Error, { code: 'ERR_WASMPORT_VALUE' }, 'no pointer')
  })

  test(`emnapi ${version}: a guest that makes up pointers, handles and callbacks gets a status, or traps`, () => {
    const text = child(`
      const addon = loadSync(${JSON.stringify(path(version))}, { imports: { env: { deleted() {} } } })
      process.on('uncaughtException', error => console.log('uncaught ' + error.code))
      const outcomes = []
      for (let n = 0; n < 24; n++) {
        try {
          outcomes.push(addon.hostile(n))
        } catch (error) {
          outcomes.push(error.code)
        }
      }
      console.log(outcomes.join(' '))
      // It still works.
      console.log(addon.createFunction(1)(2))
    `)
    const trap = 'ERR_WASMPORT_TRAP'
    const [outcomes, works, uncaught] = text.split('\n')
    assert.deepEqual(outcomes.split(' '), [
      trap, trap, '0', trap, trap, '-1', '1', '1', '1', '1', '1', trap, trap, trap, '1', '1', '1', '1', '1', '1', '1', '1', '1', '-1',
    ])
    assert.deepEqual([works, uncaught], ['3', `uncaught ${trap}`])
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

test('emnapi 2: an environment that is nowhere in the memory harms nobody, and there must be memory for one', () => {
  const module = environment => assemble(`(module
    (import "napi" "napi_create_string_utf8" (func $text (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (func (export "emnapi_create_env") (result i32) (i32.const ${environment}))
    (func (export "emnapi_delete_env") (param i32))
    (func (export "napi_register_wasm_v1") (param i32 i32) (result i32)
      ;; A status that is noted, and then a value.
      (drop (call $text (local.get 0) (i32.const 1) (i32.const 0) (i32.const 0)))
      (drop (call $text (local.get 0) (i32.const 1) (i32.const 0) (i32.const 16)))
      (i32.load (i32.const 16))))`)
  assert.equal(wasmport.loadSync(module(0x7ffffff0)), '')
  check(thrown(() => wasmport.loadSync(module(0))), RangeError, { code: 'ERR_WASMPORT_MEMORY' }, 'environment')
})

test('emnapi 2: asynchronous work is done on as many threads as there may be, and refused where there may be none', async () => {
  const one = wasmport.loadSync(argon2, { wasi: { maxThreads: 1 } })
  const hashes = await Promise.all(['a', 'b', 'c'].map(password => one.hash(password)))
  assert.deepEqual(hashes.map(hash => hash.startsWith('$argon2id$')), [true, true, true])
  const text = child(`
    const none = loadSync(${JSON.stringify(argon2)}, { wasi: { maxThreads: 0 } })
    for (const attempt of [1, 2]) {
      try {
        none.hash('password')
      } catch (error) {
        console.log(attempt, error.code, error.message.includes('wasi.maxThreads'))
      }
    }
    console.log(none.verifySync(none.hashSync('password'), 'password'))
  `)
  assert.equal(text, '1 ERR_WASMPORT_TRAP true\n2 ERR_WASMPORT_TRAP true\ntrue')
})

test('emnapi 2: the threads of its pool end with the addon', { skip: process.platform !== 'linux' && 'needs /proc' }, () => {
  const text = child(`
    const count = () => require('node:fs').readdirSync('/proc/self/task').length
    ;(async () => {
      const addon = await load(${JSON.stringify(argon2)})
      const before = count()
      await addon.hash('password')
      console.log(count() - before)
      addon[Symbol.dispose]()
      for (let n = 0; n < 1000 && count() > before; n++) await new Promise(resolve => setTimeout(resolve, 20))
      console.log(count() - before)
    })()
  `, { env: { ...process.env, UV_THREADPOOL_SIZE: '3' } })
  assert.equal(text, '3\n0')
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
