// Loading an addon: how its imports are found, how it registers, what the program gets, and how it ends.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { load, loadSync } from '../index.js'
import { head, cjs, needs, passes } from './fixtures/hooks.mjs'
import { assemble, project } from './fixtures/project.mjs'
import './fixtures/scratch.mjs'
import { check, thrown } from './helpers.mjs'

const file = fileURLToPath(new URL('guests/napi/addon.wasm', import.meta.url))
const dispose = Symbol.dispose ?? Symbol.for('nodejs.dispose')

/** An addon in text: it exports the function of table entry 1 under the name "f", or what `register` does. */
const addon = ({
  from = 'napi', name = 'napi_register_wasm_v1', imports = '', memory = '(memory (export "memory") 1)', more = '', callback = '(i32.const 0)',
  register = `
    (drop (call $create_function (local.get 0) (i32.const 8) (i32.const 1) (i32.const 1) (i32.const 0) (i32.const 64)))
    (drop (call $set (local.get 0) (local.get 1) (i32.const 8) (i32.load (i32.const 64))))
    (local.get 1)`,
} = {}) => assemble(`(module
  (import "${from}" "napi_create_function" (func $create_function (param i32 i32 i32 i32 i32 i32) (result i32)))
  (import "${from}" "napi_set_named_property" (func $set (param i32 i32 i32 i32) (result i32)))
  (import "${from}" "napi_create_int32" (func $create_int32 (param i32 i32 i32) (result i32)))
  ${imports}
  ${memory}
  (table (export "__indirect_function_table") 3 funcref)
  (elem (i32.const 1) $callback)
  (data (i32.const 8) "f\\00")
  (func $callback (param i32 i32) (result i32) ${callback})
  (func (export "${name}") (param i32 i32) (result i32) ${register})
  ${more})`)

const answer = `
  (drop (call $create_int32 (local.get 0) (i32.const 42) (i32.const 64)))
  (i32.load (i32.const 64))`

describe('imports', () => {
  for (const from of ['napi', 'env', 'emnapi']) {
    test(`Node-API from "${from}"`, async () => {
      assert.equal((await load(addon({ from, callback: answer }))).f(), 42)
    })
  }

  test('what the program gives for them goes first, name by name', async () => {
    const calls = []
    const imports = { env: { napi_create_int32: (...args) => calls.push(args) && 9, other: () => 7 } }
    const bytes = addon({
      from: 'env', imports: '(import "env" "other" (func $other (result i32)))',
      callback: '(drop (call $create_int32 (local.get 0) (call $other) (i32.const 64))) (i32.const 0)',
    })
    assert.equal((await load(bytes, { imports })).f(), undefined)
    assert.deepEqual(calls, [[1, 7, 64]])
    check(thrown(() => loadSync(bytes)), WebAssembly.LinkError, { importModule: 'env', importName: 'other' })
  })

  test('a memory that it imports is made as it is declared, shared or not', async () => {
    for (const type of ['1', '1 4', '1 4 shared']) {
      const ns = await load(addon({ memory: `(import "env" "memory" (memory ${type})) (export "memory" (memory 0))`, callback: answer }))
      assert.equal(ns.f(), 42, type)
    }
  })

  test('a function that Node-API has not is named, with the version that there is', () => {
    const bytes = addon({ imports: '(import "napi" "napi_make_coffee" (func))' })
    check(thrown(() => loadSync(bytes)), WebAssembly.LinkError, { code: 'ERR_WASMPORT_LINK', importName: 'napi_make_coffee' }, 'version 9')
  })

  test('a private function of emnapi that is not known is named, with the versions that are', () => {
    const bytes = addon({ imports: '(import "env" "_emnapi_brew" (func))' })
    check(thrown(() => loadSync(bytes)), WebAssembly.LinkError, { importName: '_emnapi_brew' }, 'emnapi', '1.0 to 1.11', '2.0')
  })

  test('who does not trust a module gives it no Node-API', async () => {
    const error = await load(file, { nodeApi: false }).catch(error => error)
    check(error, WebAssembly.LinkError, { code: 'ERR_WASMPORT_LINK', importModule: 'env' }, 'nodeApi is false')
    check(thrown(() => loadSync(file, { nodeApi: false })), WebAssembly.LinkError, { code: 'ERR_WASMPORT_LINK' })
    check(thrown(() => loadSync(file, { nodeApi: 0 })), TypeError, { code: 'ERR_WASMPORT_OPTION' }, '"nodeApi"', 'a boolean')
    assert.equal(loadSync('(module (func (export "f") (result i32) i32.const 3))', { nodeApi: false }).f(), 3)
    const napi = Object.fromEntries(['napi_create_function', 'napi_set_named_property', 'napi_create_int32'].map(name => [name, () => 0]))
    assert.throws(() => loadSync(addon({ register: '(i32.const 0)' }), { nodeApi: false, imports: { env: napi } }), { importModule: 'napi' })
  })

  test('a function of another type is refused', () => {
    const bytes = addon({ imports: '(import "napi" "napi_get_undefined" (func (param i64 i32) (result i32)))' })
    check(thrown(() => loadSync(bytes)), WebAssembly.LinkError, { importName: 'napi_get_undefined' }, '(i32, i32) -> (i32)')
  })

  test('a result that the declaration leaves out, or has too much, is no matter', async () => {
    const imports = '(import "napi" "napi_get_undefined" (func (param i32 i32)))'
    assert.equal((await load(addon({ imports, callback: answer }))).f(), 42)
  })
})

describe('registration', () => {
  test('the namespace is what it returns', async () => {
    const number = `(drop (call $create_int32 (local.get 0) (i32.const 5) (i32.const 64))) (i32.load (i32.const 64))`
    assert.equal(await load(addon({ register: number })), 5)
    const func = `(drop (call $create_function (local.get 0) (i32.const 8) (i32.const 1) (i32.const 1) (i32.const 0) (i32.const 64)))
      (i32.load (i32.const 64))`
    const ns = await load(addon({ register: func, callback: answer }))
    assert.equal(ns(), 42)
    ns[dispose]()
  })

  test('or the exports that it was given, if it returns none', async () => {
    const register = `
      (drop (call $create_function (local.get 0) (i32.const 8) (i32.const 1) (i32.const 1) (i32.const 0) (i32.const 64)))
      (drop (call $set (local.get 0) (local.get 1) (i32.const 8) (i32.load (i32.const 64))))
      (i32.const 0)`
    assert.equal((await load(addon({ register, callback: answer }))).f(), 42)
  })

  test('by any of the names that there have been', async () => {
    for (const name of ['napi_register_module_v1', '_napi_register']) {
      assert.equal((await load(addon({ name, callback: answer }))).f(), 42)
    }
  })

  test('what it throws, or traps with, is what load throws, and nothing of it is left', async () => {
    const trap = await load(addon({ register: 'unreachable' })).catch(error => error)
    check(trap, WebAssembly.RuntimeError, { code: 'ERR_WASMPORT_TRAP', trap: 'unreachable-code-reached' })
    const error = await load(addon({
      imports: '(import "napi" "napi_throw_error" (func $throw (param i32 i32 i32) (result i32)))',
      register: '(drop (call $throw (local.get 0) (i32.const 0) (i32.const 8))) (i32.const 0)',
    })).catch(error => error)
    check(error, Error, { message: 'f' })
  })

  test('a version of Node-API that there is not yet', () => {
    const more = '(func (export "node_api_module_get_api_version_v1") (result i32) (i32.const 99))'
    check(thrown(() => loadSync(addon({ more }))), WebAssembly.LinkError, { code: 'ERR_WASMPORT_UNSUPPORTED' }, '99', 'NAPI_VERSION=9')
    const known = '(func (export "node_api_module_get_api_version_v1") (result i32) (i32.const 8))'
    assert.equal(loadSync(addon({ more: known, callback: answer })).f(), 42)
  })
})

describe('a call', () => {
  test('that traps throws, and the addon can be called again', () => {
    const ns = loadSync(addon({ callback: `(if (i32.eq (local.get 1) (i32.const -1)) (then unreachable)) unreachable` }))
    for (let round = 0; round < 3; round++) check(thrown(() => ns.f()), WebAssembly.RuntimeError, { code: 'ERR_WASMPORT_TRAP' })
  })

  test('a handle that it made up is undefined', () => {
    for (const handle of [1, -1, 0x1000001, 0x7fffffff]) {
      assert.equal(loadSync(addon({ callback: `(i32.const ${handle})` })).f(), undefined)
    }
  })

  test('a handle of a call that is over is not one of this call', () => {
    // It returns what the call before it made.
    const ns = loadSync(addon({ callback: `(local i32) (local.set 2 (i32.load (i32.const 128)))
      (drop (call $create_int32 (local.get 0) (i32.const 1) (i32.const 128))) (local.get 2)` }))
    assert.deepEqual([ns.f(), ns.f(), ns.f()], [undefined, undefined, undefined])
  })

  test('a callback that is no function of the table throws when it is called', () => {
    for (const [entry, what] of [[0, 'no function'], [2, 'no function'], [99, 'no function']]) {
      const register = `
        (drop (call $create_function (local.get 0) (i32.const 8) (i32.const 1) (i32.const ${entry || 2}) (i32.const 0) (i32.const 64)))
        (i32.load (i32.const 64))`
      check(thrown(() => loadSync(addon({ register }))()), WebAssembly.RuntimeError, { code: 'ERR_WASMPORT_TRAP' }, what)
    }
  })

  test('another environment than its own is an invalid argument', () => {
    const ns = loadSync(addon({ register: `(call $create_int32 (i32.const 77) (i32.const 1) (i32.const 64)) (drop)
      (drop (call $create_int32 (local.get 0) (call $create_int32 (i32.const 77) (i32.const 1) (i32.const 64)) (i32.const 64)))
      (i32.load (i32.const 64))` }))
    assert.equal(ns, 1)
  })
})

describe('the end', () => {
  test('a function of an addon that was disposed of says so', async () => {
    const ns = await load(file)
    assert.deepEqual(Object.keys(ns), ['answer'])
    ns[dispose]()
    ns[dispose]()
    check(thrown(() => ns.answer()), Error, { code: 'ERR_WASMPORT_DISPOSED' })
  })

  test('an addon may be disposed of by what it calls', () => {
    const ns = loadSync(addon({
      imports: `(import "napi" "napi_get_global" (func $global (param i32 i32) (result i32)))
        (import "napi" "napi_get_named_property" (func $get (param i32 i32 i32 i32) (result i32)))
        (import "napi" "napi_call_function" (func $call (param i32 i32 i32 i32 i32 i32) (result i32)))`,
      callback: `
        (drop (call $global (local.get 0) (i32.const 64)))
        (drop (call $get (local.get 0) (i32.load (i32.const 64)) (i32.const 8) (i32.const 68)))
        (drop (call $call (local.get 0) (i32.load (i32.const 64)) (i32.load (i32.const 68)) (i32.const 0) (i32.const 0) (i32.const 72)))
        ${answer}`,
    }))
    globalThis.f = () => ns[dispose]()
    try {
      assert.equal(ns.f(), 42)
    } finally {
      delete globalThis.f
    }
    check(thrown(() => ns.f()), Error, { code: 'ERR_WASMPORT_DISPOSED' })
  })
})

describe('with the hooks', () => {
  const bytes = readFileSync(file)

  test('import has its exports by name, and is the same as require', { skip: needs.requireOfModules }, () => {
    passes(project({
      'addon.wasm': bytes,
      'main.mjs': `${head}
        import addon, { answer } from './addon.wasm'
        import * as all from './addon.wasm'
        import { createRequire } from 'node:module'
        assert.equal(answer(), 42)
        assert.equal(addon.answer, answer)
        assert.equal(all.answer, answer)
        assert.equal(createRequire(import.meta.url)('./addon.wasm'), addon)`,
    }), 'main.mjs')
  })

  test('import by name on every Node', () => {
    passes(project({ 'addon.wasm': bytes, 'main.mjs': `${head} import { answer } from './addon.wasm'\nassert.equal(answer(), 42)` }), 'main.mjs')
  })

  test('require', () => {
    passes(project({
      'addon.wasm': bytes,
      'main.cjs': `${cjs} const addon = require('./addon.wasm')
        assert.deepEqual(Object.keys(addon), ['answer'])
        assert.equal(addon.answer(), 42)
        assert.equal(require('./addon.wasm'), addon)`,
    }), 'main.cjs')
  })

  test('an addon that throws as it registers throws where it is imported', () => {
    passes(project({
      'addon.wasm': addon({ register: 'unreachable' }),
      'main.mjs': `${head} await assert.rejects(import('./addon.wasm'), { code: 'ERR_WASMPORT_TRAP' })`,
    }), 'main.mjs')
  })

  test('in a worker it is another instance', () => {
    passes(project({
      'addon.wasm': bytes,
      'main.mjs': `${head}
        import { Worker, isMainThread } from 'node:worker_threads'
        import { once } from 'node:events'
        import { answer } from './addon.wasm'
        assert.equal(answer(), 42)
        if (isMainThread) for (let n = 0; n < 3; n++) assert.deepEqual(await once(new Worker(new URL(import.meta.url)), 'exit'), [0])`,
    }), 'main.mjs')
  })
})
