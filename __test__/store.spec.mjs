// Who holds a store: re-entrancy, exceptions through it, the stack, and its end.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { loadSync } from 'wasmport'
import { root } from './fixtures/project.mjs'
import { check, child, inWorker, refuses, thrown } from './helpers.mjs'

/** A module that calls JS, with what JS may do to its store meanwhile. */
const guest = `(module
  (import "js" "down" (func $down (param i32) (result i32)))
  (memory (export "memory") 1)
  (global $g (export "g") (mut i32) (i32.const 0))
  (func $enter (export "enter") (param i32) (result i32) (local $before i32)
    (local.set $before (memory.size))
    (global.set $g (i32.add (global.get $g) (i32.const 1)))
    (i32.store (i32.mul (local.get 0) (i32.const 4)) (local.get 0))
    (i32.add (call $down (local.get 0)) (i32.load (i32.mul (local.get 0) (i32.const 4)))))
  (func (export "grow") (result i32) (memory.grow (i32.const 1)))
  (func (export "trap") unreachable)
  (func (export "get") (result i32) (global.get $g)))`

describe('re-entrancy', () => {
  test('50 levels of JS and WebAssembly, growing, reading and trapping the same store on the way', () => {
    const levels = 50
    const buffers = new Set()
    const ns = loadSync(guest, {
      imports: {
        js: {
          down(level) {
            assert.equal(ns.g, level + 1)
            assert.equal(ns.get(), level + 1)
            const before = ns.memory.buffer
            buffers.add(before)
            assert.equal(new Int32Array(before)[level], level)
            check(thrown(() => ns.trap()), WebAssembly.RuntimeError, { code: 'ERR_WASMPORT_TRAP' })
            assert.equal(level % 2 ? ns.grow() : ns.memory.grow(1), level + 1)
            assert.equal(before.byteLength, 0)
            const result = level + 1 < levels ? ns.enter(level + 1) : 0
            new Int32Array(ns.memory.buffer)[level] += 1000
            return result
          },
        },
      },
    })
    // Each level adds its number, and the thousand that JS adds behind its back.
    assert.equal(ns.enter(0), (levels * (levels - 1)) / 2 + 1000 * levels)
    assert.equal(buffers.size, levels)
    assert.equal(ns.g, levels)
    assert.equal(ns.memory.buffer.byteLength, (levels + 1) << 16)
  })

  test('what JS throws comes out of every level as the same value', () => {
    for (const value of [new Error('mine'), { any: 'object' }, 'text', undefined, null, Symbol('s'), 0]) {
      const seen = []
      const ns = loadSync(guest, {
        imports: {
          js: {
            down(level) {
              if (level === 20) throw value
              try {
                return ns.enter(level + 1)
              } catch (error) {
                seen.push(error)
                throw error
              }
            },
          },
        },
      })
      assert.equal(thrown(() => ns.enter(0)), value)
      assert.equal(seen.length, 20)
      assert.ok(seen.every(error => Object.is(error, value)))
      assert.equal(ns.get(), 21, 'the store is usable')
    }
  })

  test('an exception caught inside an import leaves the outer call running', () => {
    const ns = loadSync(guest, {
      imports: {
        js: {
          down(level) {
            if (level > 0) throw new Error('inner')
            assert.throws(() => ns.enter(1), /inner/)
            assert.throws(() => ns.trap(), WebAssembly.RuntimeError)
            return 7
          },
        },
      },
    })
    assert.equal(ns.enter(0), 7)
  })

  test('two stores call each other', () => {
    const order = []
    const down = (name, other) => level => {
      order.push(name + level)
      return level < 9 ? other().enter(level + 1) : 0
    }
    const a = loadSync(guest, { imports: { js: { down: down('a', () => b) } } })
    const b = loadSync(guest, { imports: { js: { down: down('b', () => a) } } })
    assert.equal(a.enter(0), 45)
    assert.equal(order.join(' '), 'a0 b1 a2 b3 a4 b5 a6 b7 a8 b9')
    assert.deepEqual([a.g, b.g], [5, 5])
  })

  test('a module can be loaded inside an import, also into the same store', () => {
    const ns = loadSync(guest, {
      imports: {
        js: {
          down() {
            const inner = loadSync(
              '(module (import "a" "memory" (memory 1)) (func (export "poke") (i32.store (i32.const 0) (i32.const 77))))',
              { imports: { a: ns } },
            )
            inner.poke()
            return 1
          },
        },
      },
    })
    assert.equal(ns.enter(0), 78)
  })
})

describe('stack', () => {
  const endless = '(module (func $r (export "r") (param i32) (result i32) (i32.add (i32.const 1) (call $r (local.get 0)))) (func (export "ok") (result i32) i32.const 5))'

  test('endless recursion in WebAssembly is a RangeError, and the instance works on', () => {
    const ns = loadSync(endless)
    for (let n = 0; n < 3; n++) {
      check(thrown(() => ns.r(0)), RangeError, { code: 'ERR_WASMPORT_STACK' }, 'Maximum call stack size exceeded')
      assert.equal(ns.ok(), 5)
    }
  })

  test('endless recursion through JS is a RangeError, and the instance works on', () => {
    const ns = loadSync(guest, { imports: { js: { down: level => ns.enter(level) } } })
    for (let n = 0; n < 3; n++) {
      check(thrown(() => ns.enter(0)), RangeError, {})
      assert.ok(ns.get() > 10)
    }
  })

  // Goes down as far as JS can, then tries everything at each level on the way up.
  const brink = `
    const bytes = new Uint8Array(1)
    const ns = loadSync(\`(module
      (import "js" "f" (func $f (result i32)))
      (import "js" "x" (func $x (param externref) (result externref)))
      (memory (export "memory") 1 60000)
      (table (export "table") 1 externref)
      (func $r (export "recurse") (call $r))
      (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
      (func (export "ask") (result i32) (call $f))
      (func (export "refer") (param externref) (result externref) (call $x (local.get 0)))
      (func (export "trap") unreachable))\`, { imports: { js: { f: () => 3, x: value => value } } })
    const module = n => '(module (import "a" "memory" (memory 1)) (func (export "f") (result i32) i32.const ' + n + '))'
    const attempts = {
      add: () => ns.add(1, 2), ask: () => ns.ask(), refer: () => ns.refer({}), trap: () => ns.trap(), recurse: () => ns.recurse(),
      buffer: () => ns.memory.grow(1) + ns.memory.buffer.byteLength, table: () => ns.table.set(0, ns.table.get(0)),
      load: () => loadSync(module(deepest - depth), { imports: { a: ns } }).f(),
      invalid: () => loadSync('(module (func (export "f") drop))'), missing: () => loadSync('/nowhere'), inspect: () => inspect(module(0)),
      run: () => runSync('(module (func (export "_start")))'),
    }
    const outcomes = {}
    let depth = 0, deepest = 0
    function dive() {
      depth++
      try {
        if (depth > 100000) return
        dive()
      } catch { deepest = Math.max(deepest, depth) }
      if (deepest - depth < 200) {
        for (const [name, attempt] of Object.entries(attempts)) {
          let outcome
          try { attempt(); outcome = 'ok' } catch (error) { outcome = error.code ?? error.name }
          (outcomes[name] ??= {})[outcome] = true
        }
      }
      depth--
    }
    dive()
    for (const attempt of Object.values(attempts)) {
      try { attempt() } catch { }
    }
    const sum = ns.add(20, 22)`

  // What each attempt may end with: it does its work, or says that the stack is too short.
  const allowed = {
    add: ['ok'], ask: ['ok'], refer: ['ok'], trap: ['ERR_WASMPORT_TRAP'], recurse: [], buffer: ['ok'], table: ['ok'], load: ['ok'],
    invalid: ['ERR_WASMPORT_COMPILE'], missing: ['ENOENT'], inspect: ['ok'], run: ['ok'],
  }
  function checkBrink({ sum, outcomes }) {
    assert.equal(sum, 42)
    for (const [name, seen] of Object.entries(outcomes)) {
      // A SyntaxError is what V8 makes of a regular expression that it has no stack to compile.
      const short = ['RangeError', 'ERR_WASMPORT_STACK', 'SyntaxError']
      const odd = Object.keys(seen).filter(outcome => ![...allowed[name], ...short].includes(outcome))
      assert.deepEqual(odd, [], name)
    }
    assert.deepEqual(Object.keys(outcomes).sort(), Object.keys(allowed).sort())
  }

  test('at the limit of the stack all that can be called is an error, never a crash: main thread', () => {
    checkBrink(JSON.parse(child(`${brink}; console.log(JSON.stringify({ sum, outcomes }))`)))
  })
  for (const resourceLimits of [{}, { stackSizeMb: 1 }, { stackSizeMb: 2 }, { stackSizeMb: 16 }]) {
    test(`the same in a worker with resourceLimits ${JSON.stringify(resourceLimits)}`, () => {
      const script = `const { Worker } = require('node:worker_threads')
        const code = ${JSON.stringify(`const { loadSync, runSync, inspect } = require('wasmport')\n${brink}\nrequire('node:worker_threads').parentPort.postMessage({ sum, outcomes })`)}
        const worker = new Worker(code, { eval: true, resourceLimits: ${JSON.stringify(resourceLimits)} })
        worker.on('message', message => console.log(JSON.stringify(message)))
        worker.on('error', error => { console.error(error); process.exitCode = 1 })`
      checkBrink(JSON.parse(child(script, { cwd: root })))
    })
  }

  test('a worker with a small stack runs calls, imports and re-entrancy', async () => {
    const { messages, error, code } = await inWorker(`
      let level = 0
      const ns = loadSync(${JSON.stringify(guest)}, { imports: { js: { down: n => n < 20 ? ns.enter(n + 1) : 0 } } })
      parentPort.postMessage(ns.enter(0))`, { resourceLimits: { stackSizeMb: 1 } })
    assert.equal(error, undefined)
    assert.deepEqual([code, messages], [0, [210]])
  })

  test('a worker whose stack is too small says what to do', () => {
    // In a process of its own: a thread may get the larger stack of one that has ended.
    const said = child(`const { Worker } = require('node:worker_threads')
      const code = ${JSON.stringify("require('wasmport').loadSync('(module)')")}
      const worker = new Worker(code, { eval: true, resourceLimits: { stackSizeMb: 0.5 } })
      worker.on('error', ({ name, code, message }) => console.log(name, code, message))`, { cwd: root })
    assert.match(said, /^RangeError ERR_WASMPORT_STACK .*stackSizeMb/)
  })
})

describe('dispose', () => {
  const uses = ns => [() => ns.enter(0), () => ns.get(), () => ns.g, () => ns.memory.buffer, () => ns.memory.grow(1)]
  const make = down => loadSync(guest, { imports: { js: { down: down ?? (() => 0) } } })

  test('every use after it throws ERR_WASMPORT_DISPOSED; doing it twice is fine', () => {
    const ns = make()
    ns.enter(0)
    assert.equal(ns[Symbol.dispose](), undefined)
    for (const use of uses(ns)) refuses(use, Error, { code: 'ERR_WASMPORT_DISPOSED' }, 'disposed')
    ns[Symbol.dispose]()
    refuses(() => loadSync('(module (import "a" "memory" (memory 1)))', { imports: { a: ns } }), Error, { code: 'ERR_WASMPORT_DISPOSED' })
  })

  test('the same while somebody holds a buffer, which stays readable', () => {
    const ns = make()
    const { buffer } = ns.memory
    const view = new Uint8Array(buffer)
    view[5] = 99
    ns[Symbol.dispose]()
    // Who asks for the buffer again gets the same.
    for (const use of uses(ns)) {
      if (String(use).includes('buffer')) assert.equal(use(), buffer)
      else refuses(use, Error, { code: 'ERR_WASMPORT_DISPOSED' })
    }
    assert.equal(view.length, 65536)
    assert.equal(view[5], 99)
  })

  test('inside an import it waits for the outer call, and refuses new uses at once', () => {
    const errors = []
    const ns = make(() => {
      ns[Symbol.dispose]()
      ns[Symbol.dispose]()
      for (const use of uses(ns)) errors.push(thrown(use))
      return 5
    })
    assert.equal(ns.enter(3), 8)
    assert.deepEqual(errors.map(error => error.code), Array(5).fill('ERR_WASMPORT_DISPOSED'))
    for (const use of uses(ns)) refuses(use, Error, { code: 'ERR_WASMPORT_DISPOSED' })
  })

  test('inside an import it waits for the outer call that carries references, too', () => {
    const ns = loadSync(
      `(module (import "js" "f" (func $f (param externref) (result externref)))
        (func $same (export "same") (param externref) (result externref) (call $f (local.get 0)))
        (func (export "both") (param externref) (result externref funcref) (call $f (local.get 0)) (ref.func $same)))`,
      { imports: { js: { f: value => { ns[value](); return value } } } },
    )
    const [value, same] = ns.both(Symbol.dispose)
    assert.equal(value, Symbol.dispose)
    refuses(() => same({}), Error, { code: 'ERR_WASMPORT_DISPOSED' })
  })

  test('inside an import that then throws, and while an argument is converted', () => {
    const mine = new Error('mine')
    const thrower = make(() => { thrower[Symbol.dispose](); throw mine })
    assert.equal(thrown(() => thrower.enter(0)), mine)
    refuses(() => thrower.get(), Error, { code: 'ERR_WASMPORT_DISPOSED' })
    const ns = make()
    refuses(() => ns.enter({ valueOf() { ns[Symbol.dispose](); return 0 } }), Error, { code: 'ERR_WASMPORT_DISPOSED' })
  })

  test('tables, and functions of the instance that are held elsewhere', () => {
    const ns = loadSync('(module (table (export "t") 1 funcref) (elem (i32.const 0) $f) (func $f (result i32) i32.const 1))')
    const { t } = ns
    const f = t.get(0)
    const user = loadSync('(module (import "o" "f" (func $f (result i32))) (func (export "f") (result i32) (call $f)))', { imports: { o: { f } } })
    assert.equal(user.f(), 1)
    ns[Symbol.dispose]()
    for (const use of [f, user.f, () => t.get(0), () => t.length, () => t.set(0, null), () => t.grow(1)]) {
      refuses(use, Error, { code: 'ERR_WASMPORT_DISPOSED' })
    }
  })
})
