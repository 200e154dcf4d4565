// The class WASI beside that of Node: the same use of both has the same outcome, errors included, except where a test
// here says that it differs, and how.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { inspect } from 'node:util'
import { runInNewContext } from 'node:vm'
import { WASI as NodeWASI } from 'node:wasi'
import { WebAssembly as Wasmtime, WASI } from '../index.js'
import { scratch } from './fixtures/scratch.mjs'
import { api, check, child, thrown } from './helpers.mjs'

const V8 = globalThis.WebAssembly
const version = 'preview1'
const memoryOf = engine => new engine.Memory({ initial: 1 })
const memory = memoryOf(V8)
const nothing = () => {}

/** What a call returns, or the class, code and message of what it throws. */
function outcome(call) {
  try {
    return { returned: call() }
  } catch (error) {
    return { class: error.constructor.name, name: error.name, code: error.code, message: error.message }
  }
}

/** Node had no finalizeBindings before 24, and until then an object that failed to start had started. */
const recent = NodeWASI.prototype.finalizeBindings !== undefined
const since24 = !recent && 'Node 24 and newer'

/** Checks that a use of both classes has the same outcome. `what` says in a failure which one it was. */
function same(use, what) {
  const [ours, theirs] = [WASI, NodeWASI].map(Class => outcome(() => use(Class)))
  assert.deepEqual(ours, theirs, `${inspect(what, { depth: 0 })}: ${inspect(ours)} is not ${inspect(theirs)}`)
}

const odd = [
  undefined, null, true, 0, 1.5, -1, NaN, Infinity, -0, 2 ** 31, 2 ** 40, -(2 ** 40), 10n,
  'text', '', 'it\'s', 'x\ny', 'x'.repeat(28), 'x'.repeat(200), Symbol('s'),
  [], ['a'], {}, Object.create(null), new Map(), new Date(0), /x/, nothing, () => {}, class Named {}, new String('text'), new Number(1),
]

/** Checks it for each value that an argument could have. */
function sameForAll(use) {
  for (const value of odd) same(Class => use(Class, value), value)
}

describe('the constructor', () => {
  test('given anything', () => sameForAll((Class, value) => void new Class(value)))

  for (const key of ['version', 'args', 'env', 'stdin', 'stdout', 'stderr', 'returnOnExit']) {
    test(`given anything as ${key}`, () => sameForAll((Class, value) => void new Class({ version, [key]: value })))
  }

  test('given anything as preopens', () => {
    sameForAll((Class, value) => {
      // One with entries is one of directories that are not there: see below.
      const entries = typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length > 0
      if (!entries) new Class({ version, preopens: value })
    })
  })

  test('knows both versions, and no name that every object has', () => {
    const names = ['preview1', 'unstable', 'preview0', 'toString', '__proto__', 'constructor']
    for (const name of names) same(Class => void new Class({ version: name }), name)
  })

  test('looks at the options in the same order', () => {
    const bad = { version: 1, args: 1, env: 1, preopens: 1, stdin: 'a', stdout: 'b', stderr: 'c', returnOnExit: 'd' }
    const keys = Object.keys(bad)
    // Each time the first that is bad is put right, and the next has its turn.
    for (let n = 0; n <= keys.length; n++) {
      const options = { version, ...Object.fromEntries(keys.slice(n).map(key => [key, bad[key]])) }
      same(Class => void new Class(options), options)
    }
    assert.match(outcome(() => new WASI({ ...bad, version })).message, /options\.args/)
  })

  test('ignores what it does not know', () => same(Class => void new Class({ version, bindings: {}, unknown: 1 })))

  test('makes strings of what arguments and variables are', () => {
    same(Class => void new Class({ version, env: { A: Symbol('s') } }))
    for (const Class of [WASI, NodeWASI]) {
      const args = [1, null, Symbol('s'), { toString: () => 'object' }]
      const wasi = new Class({ version, args, env: { A: 1, B: undefined, C: null, D: '', 2: 'first' } })
      const memory = memoryOf(V8)
      wasi.initialize({ exports: { memory } })
      assert.deepEqual(strings(wasi, memory, 'args'), ['1', 'null', 'Symbol(s)', 'object'])
      assert.deepEqual(strings(wasi, memory, 'environ'), ['2=first', 'A=1', 'C=null', 'D='])
    }
  })

  test('needs new', () => same(Class => Class({ version })))
})

/** The strings of args_get or environ_get, called from here. */
function strings({ wasiImport }, memory, kind) {
  assert.equal(wasiImport[`${kind}_sizes_get`](0, 4), 0)
  assert.equal(wasiImport[`${kind}_get`](1024, 8192), 0)
  const view = new DataView(memory.buffer)
  return Array.from({ length: view.getUint32(0, true) }, (_, index) => {
    const rest = Buffer.from(memory.buffer, view.getUint32(1024 + 4 * index, true))
    return rest.subarray(0, rest.indexOf(0)).toString()
  })
}

describe('the object', () => {
  test('has the methods, and the functions by the same names', () => {
    const [ours, theirs] = [WASI, NodeWASI].map(Class => new Class({ version }))
    assert.deepEqual(Object.keys(ours.wasiImport).sort(), Object.keys(theirs.wasiImport).sort())
    for (const name of Object.getOwnPropertyNames(NodeWASI.prototype)) {
      assert.equal(WASI.prototype[name].length, NodeWASI.prototype[name].length, name)
    }
    assert.equal(WASI.name, NodeWASI.name)
  })

  test('gives the import object for its version', () => {
    for (const [version, module] of [['preview1', 'wasi_snapshot_preview1'], ['unstable', 'wasi_unstable']]) {
      for (const Class of [WASI, NodeWASI]) {
        const wasi = new Class({ version })
        assert.deepEqual(Object.keys(wasi.getImportObject()), [module])
        assert.equal(wasi.getImportObject()[module], wasi.wasiImport)
      }
    }
  })

  test('refuses calls of its functions until it has a memory', () => {
    const calls = { fd_write: [1, 0, 0, 0], args_get: [0, 0], sched_yield: [], clock_time_get: [0, 0n, 0] }
    for (const [name, args] of Object.entries(calls)) same(Class => new Class({ version }).wasiImport[name](...args), name)
  })

  test('can be extended, and start goes through finalizeBindings', { skip: since24 }, () => {
    for (const Base of [WASI, NodeWASI]) {
      const calls = []
      class Derived extends Base {
        finalizeBindings(instance, ...rest) {
          calls.push(instance)
          super.finalizeBindings(instance, ...rest)
        }
      }
      const instance = { exports: { memory, _start: nothing } }
      assert.equal(new Derived({ version }).start(instance), 0)
      assert.deepEqual(calls, [instance])
    }
  })
})

const methods = recent ? ['start', 'initialize', 'finalizeBindings'] : ['start', 'initialize']
for (const method of methods) {
  describe(method, () => {
    const called = (Class, ...args) => new Class({ version })[method](...args)
    /** An instance for which the method succeeds. */
    const good = memory => ({ exports: method === 'start' ? { memory, _start: nothing } : { memory } })

    test('given anything', () => {
      sameForAll((Class, value) => called(Class, value))
      sameForAll((Class, value) => called(Class, { exports: value }))
    })

    test('of an instance with anything as its memory or start function', () => {
      sameForAll((Class, value) => called(Class, { exports: { memory: value, _start: nothing } }))
      sameForAll((Class, value) => called(Class, { exports: { memory, _start: value } }))
      sameForAll((Class, value) => called(Class, { exports: { memory, _initialize: value } }))
      sameForAll((Class, value) => called(Class, { exports: { memory, _start: nothing, _initialize: value } }))
      sameForAll((Class, value) => called(Class, { exports: { memory, _start: value, _initialize: nothing } }))
    })

    test('is once', () => {
      for (const again of methods) {
        same(Class => {
          const wasi = new Class({ version })
          wasi[method](good(memory))
          wasi[again](good(memory))
        }, again)
      }
    })

    test('can be tried again where its arguments were refused', { skip: since24 }, () => {
      for (const refused of [undefined, {}, { exports: {} }]) {
        same(Class => {
          const wasi = new Class({ version })
          outcome(() => wasi[method](refused))
          return wasi.initialize({ exports: { memory } })
        }, refused)
      }
    })

    test('takes a memory of either engine, shared ones and those of other contexts', () => {
      const shared = { initial: 1, maximum: 2, shared: true }
      const memories = {
        'of V8': memoryOf(V8),
        'of Wasmtime': memoryOf(Wasmtime),
        'of V8, shared': new V8.Memory(shared),
        'of Wasmtime, shared': new Wasmtime.Memory(shared),
        'of another context': memoryOf(runInNewContext('WebAssembly')),
      }
      for (const [which, memory] of Object.entries(memories)) {
        const wasi = new WASI({ version, args: ['given'] })
        wasi[method](good(memory))
        assert.deepEqual(strings(wasi, memory, 'args'), ['given'], which)
      }
    })
  })
}

test('finalizeBindings with a memory that is given', { skip: since24 }, () => {
  sameForAll((Class, value) => new Class({ version }).finalizeBindings({ exports: {} }, value))
  sameForAll((Class, value) => new Class({ version }).finalizeBindings({ exports: { memory } }, { memory: value }))
  sameForAll((Class, value) => new Class({ version }).finalizeBindings(value, { memory }))
})

describe('differs from Node on purpose:', () => {
  test('what cannot be opened is an error of the file system, with its path', () => {
    const dir = scratch({ file: '' })
    for (const [host, code] of [['missing', 'ENOENT'], ['file', 'ENOTDIR']]) {
      const preopens = { '/': join(dir, host) }
      check(thrown(() => new NodeWASI({ version, preopens })), Error, { code: `UVWASI_${code}` })
      check(thrown(() => new WASI({ version, preopens })), Error, { code, path: join(dir, host) })
    }
    check(thrown(() => new NodeWASI({ version, stdin: 9999 })), Error, { code: 'UVWASI_EBADF' })
    check(thrown(() => new WASI({ version, stdin: 9999 })), Error, { code: 'EBADF' }, 'stdin')
  })

  test('a directory may be { path, readonly }, and nothing else that is an object', () => {
    const preopens = { '/': new URL('file:///') }
    check(thrown(() => new NodeWASI({ version, preopens })), Error, { code: 'UVWASI_ENOENT' })
    check(thrown(() => new WASI({ version, preopens })), TypeError, { code: 'ERR_WASMPORT_OPTION' }, 'options.preopens["/"]')
  })

  test('its own options are checked like those of load()', () => {
    const bad = { cwd: 1, clocks: 'now', random: -1, network: 'all' }
    for (const [key, value] of Object.entries(bad)) {
      check(thrown(() => new WASI({ version, [key]: value })), TypeError, { code: 'ERR_WASMPORT_OPTION' }, `options.${key}`)
    }
  })

  test('the functions convert what they are given as WebAssembly does', () => {
    const bound = Class => {
      const wasi = new Class({ version })
      wasi.initialize({ exports: { memory } })
      return wasi.wasiImport
    }
    const [ours, theirs] = [bound(WASI), bound(NodeWASI)]
    assert.deepEqual([ours.clock_time_get('0', 0n, 8.9), theirs.clock_time_get('0', 0n, 8.9)], [0, 28])
    check(thrown(() => ours.clock_time_get(0, 0, 8)), TypeError, { code: 'ERR_WASMPORT_VALUE' }, 'BigInt')
    assert.equal(theirs.clock_time_get(0, 0, 8), 28)
  })

  test('arguments with holes do not abort the process', () => {
    // eslint-disable-next-line no-sparse-arrays
    const wasi = new WASI({ version, args: ['a', , 'b'] })
    const memory = memoryOf(V8)
    wasi.initialize({ exports: { memory } })
    assert.deepEqual(strings(wasi, memory, 'args'), ['a', 'undefined', 'b'])
  })

  test('nothing warns that it is no sandbox', () => {
    const script = name => `const { WASI } = require(${JSON.stringify(name)}); new WASI({ version: 'preview1' })`
    const warnings = name => `process.on('warning', warning => console.log(warning.name)); ${script(name)}`
    assert.equal(child(warnings('node:wasi')), 'ExperimentalWarning')
    assert.equal(child(warnings(api)), '')
  })
})
