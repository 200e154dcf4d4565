// Loading: the namespace object, and the plan by which a module is started.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { describe, test } from 'node:test'
import { inspect, load, loadSync, run, runSync } from '../index.js'
import { bare, init } from './fixtures/init.mjs'
import { growth } from './fixtures/leaks.mjs'
import './fixtures/scratch.mjs'
import { api, check, refuses, thrown } from './helpers.mjs'

/** Waits for a promise to be rejected and checks the error. */
async function rejects(promise, ...expected) {
  check(await promise.then(value => assert.fail(`resolved to ${value}`), error => error), ...expected)
}

describe('the namespace object', () => {
  const text = `(module
    (memory (export "memory") 1) (table (export "table") 2 funcref)
    (global (export "fixed") i32 (i32.const 7)) (global (export "big") i64 (i64.const -1))
    (global $live (export "live") (mut i32) (i32.const 1))
    (func (export "next") (result i32) (global.set $live (i32.add (global.get $live) (i32.const 1))) (global.get $live)))`

  test('is like that of an ES module', () => {
    const namespace = loadSync(text)
    assert.equal(Object.getPrototypeOf(namespace), null)
    assert.equal(Object.prototype.toString.call(namespace), '[object Module]')
    assert.ok(!Object.isExtensible(namespace))
    assert.deepEqual(Object.keys(namespace), ['big', 'fixed', 'live', 'memory', 'next', 'table'])
    assert.ok('next' in namespace && !('toString' in namespace))
  })

  test('cannot be changed', () => {
    const namespace = loadSync(text)
    for (const name of ['next', 'fixed', 'live', 'new', Symbol.toStringTag, Symbol.dispose]) {
      refuses(() => { namespace[name] = 1 }, TypeError, {})
      refuses(() => Object.defineProperty(namespace, name, { value: 1 }), TypeError, {})
      if (name !== 'new') refuses(() => delete namespace[name], TypeError, {})
    }
    refuses(() => Object.setPrototypeOf(namespace, {}), TypeError, {})
    assert.deepEqual([namespace.fixed, namespace.live], [7, 1])
  })

  test('shows what is exported: functions and objects, values, and mutable globals as they are now', () => {
    const namespace = loadSync(text)
    assert.deepEqual([namespace.fixed, namespace.big, namespace.live], [7, -1n, 1])
    assert.equal(namespace.next(), 2)
    assert.equal(namespace.live, 2)
    assert.equal({ ...namespace }.live, 2)
    assert.equal(namespace.next, namespace.next)
    assert.equal(namespace.memory.buffer.byteLength, 65536)
    assert.equal(namespace.table.length, 2)
  })

  test('is sorted by code units, whatever the names', async () => {
    const names = ['b', 'a', 'B', '', '10', '9', 'é', '\uffff', '\u{10000}', '__proto__', 'constructor', '"quoted" \\']
    const exports = names.map((name, index) => `(func (export "${name.replace(/["\\]/g, '\\$&')}") (result i32) (i32.const ${index}))`)
    const namespace = await load(`(module ${exports.join('\n')})`)
    // Names that are array indices come first in any object; the others are in order.
    assert.deepEqual(Object.keys(namespace), ['9', '10', ...names.filter(name => !/^\d+$/.test(name)).sort()])
    for (const [index, name] of names.entries()) assert.equal(namespace[name](), index, name)
    assert.equal(Object.getPrototypeOf(namespace), null)
  })

  test('has a hidden Symbol.dispose, which frees the instance', () => {
    const namespace = loadSync(text)
    const { next } = namespace
    assert.deepEqual(Object.getOwnPropertySymbols({ ...namespace }), [])
    namespace[Symbol.dispose]()
    refuses(next, Error, { code: 'ERR_WASMPORT_DISPOSED' })
    refuses(() => namespace.live, Error, { code: 'ERR_WASMPORT_DISPOSED' })
    namespace[Symbol.dispose]()
  })

  test('loads of one module have an instance each', async () => {
    const all = await Promise.all(Array.from({ length: 10 }, () => load(text)))
    for (const { next } of all) assert.equal(next(), 2)
  })
})

// Each function of `names` tells its own number to the import, and what it was called with.
const told = (names, { section = '', params = {}, start = '' } = {}) => `(module
  (import "env" "log" (func $log (param i32 f64)))
  ${names.map((name, index) => `(func (export "${name}") ${params[name] ? `(param ${params[name]})` : ''}
    (call $log (i32.const ${index}) ${params[name]?.endsWith('f64') ? `(local.get ${params[name].split(' ').length - 1})` : '(f64.const -1)'}))`).join('\n')}
  ${start} ${section})`

/** The names of the functions that were called by a load. */
async function called(names, options) {
  const log = []
  const env = { log: (index, argument) => log.push(argument === -1 ? names[index] : `${names[index]} ${argument}`) }
  const namespace = await load(told(names, options), { imports: { env } })
  const before = log.length
  for (const name of names) assert.equal(typeof namespace[name], 'function')
  assert.equal(log.length, before)
  return log
}

describe('the inferred plan', () => {
  test('calls what initialises, once each, in this order', async () => {
    const all = ['__napi_register__b', 'hs_init', '__napi_register__a', '_initialize', '__wasm_call_ctors', '__wasi_unstable_reactor_start', 'other']
    assert.deepEqual(await called(all, { params: { hs_init: 'i32 i32' } }), ['_initialize', 'hs_init', '__napi_register__b', '__napi_register__a'])
    assert.deepEqual(await called(all.slice(4, 6)), ['__wasi_unstable_reactor_start'])
    assert.deepEqual(await called(['__wasm_call_ctors']), ['__wasm_call_ctors'])
    assert.deepEqual(await called(['hs_init', 'x'], { params: { hs_init: 'i32 i32' } }), ['hs_init'])
    assert.deepEqual(await called(['x']), [])
  })

  test('calls none whose signature is another', async () => {
    assert.deepEqual(await called(['_initialize', '__wasm_call_ctors', 'hs_init'], { params: { _initialize: 'i32', hs_init: 'i32' } }), ['__wasm_call_ctors'])
  })

  test('leaves constructors to _start where there is one', async () => {
    assert.deepEqual(await called(['__wasm_call_ctors', '_start']), [])
  })

  test('begins after the start function', async () => {
    const start = '(func $s (call $log (i32.const 1) (f64.const 0))) (start $s)'
    assert.deepEqual(await called(['_initialize', 'start'], { start }), ['start 0', '_initialize'])
  })

  test('gives zeros to hs_init', () => {
    const seen = []
    const text = `(module (import "env" "log" (func $log (param i32 i32))) (func (export "hs_init") (param i32 i32)
      (call $log (local.get 0) (local.get 1))))`
    loadSync(text, { imports: { env: { log: (...args) => seen.push(args) } } })
    assert.deepEqual(seen, [[0, 0]])
  })

  test('a step that fails fails the load', async () => {
    await rejects(load('(module (func $f (export "_initialize") unreachable))'), WebAssembly.RuntimeError, { code: 'ERR_WASMPORT_TRAP', trap: 'unreachable-code-reached' })
    refuses(() => loadSync('(module (func $f unreachable) (start $f))'), WebAssembly.RuntimeError, { code: 'ERR_WASMPORT_TRAP' })
    const reason = { any: 'value' }
    const imports = { env: { log() { throw reason } } }
    assert.equal(thrown(() => loadSync(told(['_initialize']), { imports })), reason)
    assert.equal(await load(told(['_initialize']), { imports }).catch(error => error), reason)
    assert.equal(thrown(() => loadSync(told([], { start: '(func $s (call $log (i32.const 1) (f64.const 0))) (start $s)' }), { imports })), reason)
  })
})

describe('the init section', () => {
  const names = ['_initialize', 'a_1', 'a_2', 'b']

  test('its steps replace the inferred ones', async () => {
    const section = steps => ({ section: init({ steps }) })
    assert.deepEqual(await called(names, section([])), [])
    assert.deepEqual(await called(names, section([{ export: 'b' }, { prefix: 'a_' }, { export: 'b' }])), ['b', 'a_1', 'a_2', 'b'])
    assert.deepEqual(await called(names, section([{ export: 'missing', if_missing: 'skip' }, { export: 'a_2' }])), ['a_2'])
    const params = { b: 'i64 f32 i32 f64' }
    assert.deepEqual(await called(names, { params, ...section([{ export: 'b', args: 'zeros' }]) }), ['b 0'])
  })

  test('a section without steps leaves them inferred', async () => {
    assert.deepEqual(await called(names, { section: init({ binds: [] }) }), ['_initialize'])
  })

  test('hides exports, which are still there for the plan', async () => {
    const log = []
    const section = init({ hide: [{ export: 'b' }, { prefix: 'a_' }, { export: 'absent' }] })
    const namespace = loadSync(told(names, { section }), { imports: { env: { log: index => log.push(index) } } })
    assert.deepEqual(Object.keys(namespace), ['_initialize'])
    const hidden = init({ steps: [{ export: 'b' }], hide: [{ prefix: '' }] })
    assert.deepEqual(Object.keys(loadSync(told(names, { section: hidden }), { imports: { env: { log: index => log.push(index) } } })), [])
    assert.deepEqual(log, [0, 3])
  })

  test('a step that does not fit the exports is a LinkError', async () => {
    const steps = [{ export: 'missing' }, { prefix: 'missing' }, { export: 'm' }, { export: 'two' }]
    for (const step of steps) {
      const text = `(module (memory (export "m") 1) (func (export "two") (param i32 i32)) ${init({ steps: [step] })})`
      await rejects(load(text), WebAssembly.LinkError, { code: 'ERR_WASMPORT_LINK', file: '<text>' }, step.export ?? step.prefix)
    }
  })

  test('malformed, it is a CompileError with the offset', async () => {
    const cases = [
      ['no version', [[]], 15],
      ['unknown version', [[2]], 15],
      ['unknown sub-section', [[1, 9, 0]], 16],
      ['size past the end', [[1, 2, 5, 0]], 17],
      ['trailing bytes', [[1, 2, 2, 0, 0]], 19],
      ['repeated', [[1, 2, 1, 0, 2, 1, 0]], 19],
      ['out of order', [[1, 4, 1, 0, 2, 1, 0]], 19],
      ['unknown phase', [[1, 2, 7, 1, 3, 0, 1, 0x61, 0, 0, 0]], 19],
      ['no UTF-8', [[1, 4, 4, 1, 0, 1, 0xff]], 21],
    ]
    for (const [what, contents, offset] of cases) {
      for (const call of [loadSync, runSync, inspect]) {
        const error = thrown(() => call(bare(...contents)))
        check(error, WebAssembly.CompileError, { code: 'ERR_WASMPORT_COMPILE', file: '<bytes>' }, '<bytes>', 'init section')
        assert.equal(error.offset, offset, `${what}: ${error.message}`)
      }
      await rejects(load(bare(...contents)), WebAssembly.CompileError, { code: 'ERR_WASMPORT_COMPILE', offset })
    }
    const twice = thrown(() => loadSync(bare([1], [1])))
    check(twice, WebAssembly.CompileError, { code: 'ERR_WASMPORT_COMPILE' }, 'init')
    assert.ok(twice.offset >= 16 && twice.offset <= 23, `two sections: ${twice.offset}`)
    assert.deepEqual(Object.keys(loadSync(bare([1, 0x80, 2, 9, 9]))), [], 'what may be ignored is')
  })

  test('a Node-API addon is refused, by loading and by running, before anything of it runs', async () => {
    const plan = { binds: [{ service: 'napi' }], steps: [{ export: 'f', args: { service: 'napi' }, result: 'namespace' }] }
    const text = more => `(module (memory (export "memory") 1) (func $f (export "f") (param i32 i32) (result i32) unreachable)
      (func $start unreachable) (start $start) ${more} ${init(plan)})`
    const expected = [WebAssembly.LinkError, { code: 'ERR_WASMPORT_UNSUPPORTED', service: 'napi' }, '<text>', 'Node-API']
    const bound = { napi: { __wasm_bind() {} } }
    refuses(() => loadSync(text('')), WebAssembly.LinkError, { service: 'napi' })
    await rejects(run(text('(func (export "_start"))')), ...expected)
    refuses(() => loadSync(text('').replace('(start $start)', ''), { imports: bound }), ...expected)
  })
})

describe('tasks and disposal', () => {
  const module = `(module (import "host" "log" (func $log (param i32)))
    (func (export "a") (call $log (i32.const 1))) (func (export "b") (call $log (i32.const 2)))
    ${init({ steps: [{ export: 'a', phase: 'task' }, { export: 'b', phase: 'dispose' }] })})`
  const host = log => ({ imports: { host: { log: value => log.push(value) } } })

  test('load() resolves after the task steps; what they throw is its rejection', async () => {
    const log = []
    await load(module, host(log))
    assert.deepEqual(log, [1])
    const mine = new Error('mine')
    const failing = load(module, { imports: { host: { log() { throw mine } } } })
    assert.equal(await failing.catch(error => error), mine)
  })

  test('loadSync() leaves them to a task of their own', async () => {
    const log = []
    loadSync(module, host(log))
    assert.deepEqual(log, [])
    await new Promise(setImmediate)
    assert.deepEqual(log, [1])
  })

  test('disposal carries out its steps, once, and frees the store though one throws', async () => {
    const log = []
    const namespace = loadSync(module, host(log))
    await new Promise(setImmediate)
    namespace[Symbol.dispose]()
    namespace[Symbol.dispose]()
    assert.deepEqual(log, [1, 2])
    refuses(() => namespace.a(), Error, { code: 'ERR_WASMPORT_DISPOSED' })
    const mine = new Error('mine')
    const failing = loadSync(module, { imports: { host: { log(value) { if (value === 2) throw mine } } } })
    assert.equal(thrown(() => failing[Symbol.dispose]()), mine)
    refuses(() => failing.a(), Error, { code: 'ERR_WASMPORT_DISPOSED' })
  })

  test('disposal that disposes again, from within or as the process ends, is one', () => {
    const log = []
    let namespace
    namespace = loadSync(module, { imports: { host: { log(value) {
      log.push(value)
      namespace[Symbol.dispose]()
    } } } })
    namespace[Symbol.dispose]()
    assert.deepEqual(log, [2])
    const { stdout } = spawnSync(process.execPath, ['-e', `
      const { loadSync } = require(${JSON.stringify(api)})
      const namespace = loadSync(${JSON.stringify(module)}, { imports: { host: { log: value => console.log('log', value) } } })
      process.on('exit', () => namespace[Symbol.dispose]())`], { encoding: 'utf8' })
    assert.equal(stdout, 'log 1\nlog 2\n')
  })

  test('disposal within a dispose step leaves the store to the steps that follow', () => {
    const two = `(module (import "host" "log" (func $log (param i32)))
      (func (export "a") (call $log (i32.const 1))) (func (export "b") (call $log (i32.const 2)))
      ${init({ steps: [{ export: 'a', phase: 'dispose' }, { export: 'b', phase: 'dispose' }] })})`
    const log = []
    const namespace = loadSync(two, { imports: { host: { log(value) {
      log.push(value)
      namespace[Symbol.dispose]()
    } } } })
    namespace[Symbol.dispose]()
    assert.deepEqual(log, [1, 2])
    refuses(() => namespace.a(), Error, { code: 'ERR_WASMPORT_DISPOSED' })
  })

  test('a step that fails as the process ends keeps no other from its end', () => {
    const { stdout, stderr, status } = spawnSync(process.execPath, ['-e', `
      const { loadSync } = require(${JSON.stringify(api)})
      const load = name => loadSync(${JSON.stringify(module)}, { imports: { host: { log(value) {
        console.log(name, value)
        if (name === 'b' && value === 2) throw new Error('mine')
      } } } })
      globalThis.kept = [load('a'), load('b')]`], { encoding: 'utf8' })
    assert.equal(stdout, 'a 1\nb 1\nb 2\na 2\n')
    assert.match(stderr, /mine/)
    assert.notEqual(status, 0)
  })

  test('what was not disposed of is when the process ends', () => {
    const { stdout } = spawnSync(process.execPath, ['-e', `
      const { loadSync } = require(${JSON.stringify(api)})
      const imports = { host: { log: value => console.log('log', value) } }
      globalThis.kept = loadSync(${JSON.stringify(module)}, { imports })
      loadSync(${JSON.stringify(module)}, { imports })[Symbol.dispose]()`], { encoding: 'utf8' })
    // The disposed one has no task left to carry out: it is gone.
    assert.equal(stdout, 'log 2\nlog 1\nlog 2\n')
  })
})

describe('commands', () => {
  const counter = `(module (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32))) (memory (export "memory") 1)
    (global $n (export "n") (mut i32) (i32.const 0)) (func (export "_start"))
    (func (export "count") (param i32) (result i32) (global.set $n (i32.add (global.get $n) (local.get 0))) (global.get $n)))`

  test('show their functions alone, with name and length', () => {
    const namespace = loadSync(counter)
    assert.deepEqual(Object.keys(namespace), ['_start', 'count'])
    assert.deepEqual([namespace.count.name, namespace.count.length], ['count', 1])
    assert.equal(namespace[Symbol.toStringTag], 'Module')
    assert.ok(Object.isFrozen(namespace))
  })

  test('each call is in an instance of its own, which leaves no memory behind', () => {
    const { count } = loadSync(counter)
    assert.deepEqual([count(2), count(3)], [2, 3])
    const setup = `const { count } = require(${JSON.stringify(api)}).loadSync(${JSON.stringify(counter)})`
    const grown = growth(setup, 'equal(count(1), 1)', 10_000)
    assert.ok(grown < 8, `grew by ${grown.toFixed(1)} MiB`)
  })

  test('what is wrong with the imports is said by load()', () => {
    const text = counter.replace('(memory', '(import "host" "f" (func)) (memory')
    refuses(() => loadSync(text), WebAssembly.LinkError, { importModule: 'host', importName: 'f' })
    refuses(() => loadSync(text, { imports: { host: { f: 1 } } }), WebAssembly.LinkError, { importModule: 'host', importName: 'f' })
  })

  test('disposed of, they are not called', () => {
    const namespace = loadSync(counter)
    namespace[Symbol.dispose]()
    refuses(() => namespace.count(1), Error, { code: 'ERR_WASMPORT_DISPOSED' })
  })
})

describe('bind', () => {
  const module = (binds, { memory = '(memory (export "memory") 1)', steps } = {}) => `(module
    (import "host" "len" (func $len (param i32) (result i32)))
    ${memory} (table (export "table") 3 funcref) (data (i32.const 8) "hello\\00")
    (func (export "early") (drop (call $len (i32.const 8))))
    (func (export "length") (result i32) (call $len (i32.const 8)))
    ${init({ binds, steps })})`

  /** A host function that reads its caller's memory. */
  function host(log = []) {
    let memory
    return {
      log,
      __wasm_bind(given) {
        assert.equal(this.log, log, 'is called as a method')
        memory = given.memory
        log.push(given)
      },
      len: at => {
        log.push('len')
        const bytes = new Uint8Array(memory.buffer, at)
        return bytes.indexOf(0)
      },
    }
  }

  test('gives the memory, table and exports to a service of JS, before anything is called', async () => {
    const service = host()
    const text = module([{ service: 'host', table: 'table' }], { steps: [{ export: 'early' }] })
    const namespace = await load(text, { imports: { host: service } })
    const [given, then, ...rest] = service.log
    assert.deepEqual([then, rest], ['len', []], 'bound, then the step, and no more')
    assert.equal(given.memory, namespace.memory)
    assert.equal(given.table, namespace.table)
    // As the JS API has them: all, hidden ones included.
    assert.deepEqual(Object.keys(given.exports), ['memory', 'table', 'early', 'length'])
    assert.equal(given.exports.length, namespace.length)
    assert.equal(namespace.length(), 5)
  })

  test('gives the memory that is named, and no table that is not', () => {
    const memory = '(memory (export "first") 1) (memory (export "second") 2)'
    for (const [name, pages] of [['first', 1], ['second', 2]]) {
      const service = host()
      loadSync(module([{ service: 'host', memory: name }], { memory }), { imports: { host: service } })
      assert.equal(service.log.length, 1)
      assert.equal(service.log[0].memory.buffer.byteLength, pages * 65536)
      assert.equal(service.log[0].table, undefined)
    }
  })

  test('gives a memory that is imported', () => {
    const service = host()
    const { memory } = loadSync('(module (memory (export "memory") 1))')
    const text = `(module (import "host" "len" (func $len (param i32) (result i32))) (import "env" "m" (memory 1)) (data (i32.const 8) "abc\\00")
      (func (export "length") (result i32) (call $len (i32.const 8))) ${init({ binds: [{ service: 'host' }] })})`
    assert.equal(loadSync(text, { imports: { host: service, env: { m: memory } } }).length(), 3)
    assert.equal(service.log[0].memory, memory)
  })

  test('of several services goes in order', () => {
    const log = []
    const service = name => ({ __wasm_bind: () => log.push(name), len: () => 0 })
    const binds = [{ service: 'b' }, { service: 'host' }, { service: 'a' }]
    loadSync(module(binds), { imports: { a: service('a'), host: service('host'), b: service('b') } })
    assert.deepEqual(log, ['b', 'host', 'a'])
  })

  test('says which memory WASI gets', () => {
    const text = `(module (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
      (memory (export "memory") 1) (memory $s (export "second") 1)
      (data (memory $s) (i32.const 0) "\\10\\00\\00\\00\\07\\00\\00\\00") (data (memory $s) (i32.const 16) "second\\n")
      (func (export "_start") (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))
      ${init({ binds: [{ service: 'wasi_snapshot_preview1', memory: 'second' }] })})`
    assert.equal(runSync(text, { stdout: 'pipe' }).stdout.toString(), 'second\n')
  })

  test('to a service that nothing provides is a LinkError that says what to do', async () => {
    const text = module([{ service: 'other' }])
    const len = () => 0
    for (const more of [{}, { other: {} }, { other: { __wasm_bind: 1 } }]) {
      const expected = [WebAssembly.LinkError, { code: 'ERR_WASMPORT_LINK', service: 'other' }, "'other'", '__wasm_bind']
      refuses(() => loadSync(text, { imports: { host: { len }, ...more } }), ...expected)
      await rejects(load(text, { imports: { host: { len }, ...more } }), ...expected)
    }
  })

  test('to a memory or table that is not there is a LinkError', () => {
    for (const bind of [{ memory: 'missing' }, { table: 'missing' }, { memory: 'table' }, { table: 'memory' }]) {
      refuses(() => loadSync(module([{ service: 'host', ...bind }]), { imports: { host: host() } }), WebAssembly.LinkError,
        { code: 'ERR_WASMPORT_LINK' }, bind.memory ?? bind.table)
    }
  })

  test('fails the load with what the service throws', async () => {
    const reason = new Error('no')
    const imports = { host: { len: () => 0, __wasm_bind() { throw reason } } }
    assert.equal(thrown(() => loadSync(module([{ service: 'host' }]), { imports })), reason)
    assert.equal(await load(module([{ service: 'host' }]), { imports }).catch(error => error), reason)
  })
})

test('a component is refused, and is known as one', async () => {
  for (const source of ['(component)', Buffer.from([0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0])]) {
    for (const call of [load, run]) await rejects(call(source), Error, { code: 'ERR_WASMPORT_UNSUPPORTED' }, 'component')
    for (const call of [loadSync, runSync]) refuses(() => call(source), Error, { code: 'ERR_WASMPORT_UNSUPPORTED' }, 'component')
    assert.equal(inspect(source).kind, 'component')
  }
})

test('imports are checked before anything of the module is called', () => {
  const log = []
  const env = { log: index => log.push(index) }
  const text = told(['_initialize'], { start: '(func $s (call $log (i32.const 0) (f64.const 0))) (start $s)' })
  const missing = text.replace('(module', '(module (import "other" "memory" (memory 2))')
  const small = loadSync('(module (memory (export "memory") 1))')
  const expected = { code: 'ERR_WASMPORT_LINK', importModule: 'other', importName: 'memory' }
  refuses(() => loadSync(missing, { imports: { env } }), WebAssembly.LinkError, expected, 'other.memory')
  refuses(() => loadSync(missing, { imports: { env, other: { memory: 1 } } }), WebAssembly.LinkError, expected, 'other.memory')
  refuses(() => loadSync(missing, { imports: { env, other: small } }), WebAssembly.LinkError, expected, 'other.memory')
  const wasi = '(module (import "wasi_snapshot_preview1" "fd_close" (func (param i64))))'
  refuses(() => loadSync(wasi), WebAssembly.LinkError, { code: 'ERR_WASMPORT_LINK', importName: 'fd_close' }, 'fd_close')
  assert.deepEqual(log, [])
  loadSync(text, { imports: { env } })
  assert.deepEqual(log, [0, 0])
})
