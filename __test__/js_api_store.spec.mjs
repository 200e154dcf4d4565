// Which store an object is in: that one object stands for one thing wherever it is
// seen, that stores are joined where they must be, and functions bridged between them.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { WebAssembly } from 'wasmport'
import { compile, exportsOf } from './fixtures/assemble.mjs'
import { growth } from './fixtures/leaks.mjs'
import { assemble } from './fixtures/project.mjs'
import { api, child, refuses, thrown } from './helpers.mjs'

const { Global, Instance, LinkError, Memory, RuntimeError, Table, Tag } = WebAssembly

const all = `(module
  (type $t (func (param i32) (result i32)))
  (func $f (export "f") (param i32) (result i32) (i32.add (local.get 0) (global.get $n)))
  (export "same f" (func $f))
  (memory (export "memory") 1) (table (export "table") 2 funcref)
  (global $n (export "n") (mut i32) (i32.const 1)) (global $g (export "g") (mut funcref) (ref.null func))
  (global (export "const") i32 (i32.const 7)) (tag (export "tag") (param i32))
  (func (export "get") (result funcref) (table.get (i32.const 0)))
  (func (export "set") (param funcref) (table.set (i32.const 0) (local.get 0)) (global.set $g (local.get 0)))
  (func (export "call") (param i32) (result i32) (call_indirect (type $t) (local.get 0) (i32.const 0)))
  (elem (i32.const 1) $f))`

/** Exports all that it imports again. */
const again = `(module
  (import "m" "f" (func $f (param i32) (result i32))) (import "m" "memory" (memory 1)) (import "m" "table" (table 2 funcref))
  (import "m" "n" (global (mut i32))) (import "m" "g" (global (mut funcref))) (import "m" "const" (global i32)) (import "m" "tag" (tag (param i32)))
  (export "f" (func 0)) (export "memory" (memory 0)) (export "table" (table 0))
  (export "n" (global 0)) (export "g" (global 1)) (export "const" (global 2)) (export "tag" (tag 0))
  (func (export "call") (param i32) (result i32) (call $f (local.get 0))))`

const names = ['f', 'memory', 'table', 'n', 'g', 'const', 'tag']

describe('one thing is one object', () => {
  test('exported twice', () => {
    const exports = exportsOf(all)
    assert.equal(exports['same f'], exports.f)
    const pairs = exportsOf(`(module (memory (export "a") (export "b") 1) (table (export "c") (export "d") 1 funcref)
      (global (export "e") (export "f") i32 (i32.const 1)) (tag (export "g") (export "h")))`)
    for (const [one, other] of ['ab', 'cd', 'ef', 'gh']) assert.equal(pairs[one], pairs[other])
  })

  test('a function that a table, a global or a call gives', () => {
    const { f, table, g, set, get } = exportsOf(all)
    assert.equal(table.get(1), f)
    set(f)
    assert.deepEqual([table.get(0) === f, g.value === f, get() === f], [true, true, true])
    const inner = table.get(1)
    assert.equal(inner.name, f.name)
    const { t } = exportsOf('(module (table (export "t") 2 funcref) (elem (i32.const 0) $f $f) (func $f))')
    assert.equal(t.get(0), t.get(1))
  })

  test('imported by another instance and exported again', () => {
    const m = exportsOf(all)
    const second = exportsOf(again, { m })
    const third = exportsOf(again, { m: second })
    for (const name of names) {
      assert.equal(second[name], m[name], name)
      assert.equal(third[name], m[name], name)
    }
    assert.equal(third.call(1), 2)
  })

  test('made by JS, imported and exported again', () => {
    const m = {
      f: exportsOf(all).f,
      memory: new Memory({ initial: 1 }),
      table: new Table({ element: 'anyfunc', initial: 2 }),
      n: new Global({ value: 'i32', mutable: true }, 5),
      g: new Global({ value: 'anyfunc', mutable: true }),
      const: new Global({ value: 'i32' }, 6),
      tag: new Tag({ parameters: ['i32'] }),
    }
    const second = exportsOf(again, { m })
    for (const name of names) assert.equal(second[name], m[name], name)
  })

  test('an immutable global in another store too', () => {
    const constant = exportsOf(all).const
    const { c, m } = exportsOf('(module (import "a" "const" (global i32)) (import "b" "memory" (memory 1)) (export "c" (global 0)) (export "m" (memory 0)))',
      { a: { const: constant }, b: exportsOf(all) })
    assert.equal(c, constant)
    assert.equal(c.value, 7)
    assert.ok(m instanceof Memory)
  })

  test('a JS function becomes another function for each import, which exports share', () => {
    const f = () => 1
    const make = () => exportsOf('(module (import "m" "f" (func $a)) (import "m" "f" (func $b)) (table (export "t") 2 funcref) (elem (i32.const 0) $a $b) (export "a" (func $a)) (export "a2" (func $a)) (export "b" (func $b)))', { m: { f } })
    const { a, a2, b, t } = make()
    assert.equal(a, a2)
    assert.notEqual(a, f)
    assert.deepEqual([t.get(0) === a, t.get(1) === b], [true, true])
    assert.notEqual(make().a, a)
  })

  test('two instances of a module have nothing in common', () => {
    const module = compile(all)
    const one = new Instance(module).exports
    const other = new Instance(module).exports
    for (const name of names) assert.notEqual(one[name], other[name], name)
    one.n.value = 5
    new Uint8Array(one.memory.buffer)[0] = 5
    assert.equal(other.n.value, 1)
    assert.equal(new Uint8Array(other.memory.buffer)[0], 0)
  })
})

describe('functions between stores', () => {
  test('keep their identity as arguments, in tables and in globals, both ways', () => {
    const a = exportsOf(all)
    const b = exportsOf(all)
    a.n.value = 10
    b.set(a.f)
    assert.equal(b.call(1), 11)
    assert.deepEqual([b.get() === a.f, b.table.get(0) === a.f, b.g.value === a.f], [true, true, true])
    a.set(b.get())
    assert.deepEqual([a.get() === a.f, a.table.get(0) === a.f], [true, true])
    a.set(b.f)
    assert.equal(a.call(1), 2)
    assert.equal(a.get(), b.f)
    b.table.set(1, a.f)
    b.g.value = a.get()
    assert.deepEqual([b.table.get(1) === a.f, b.g.value === b.f], [true, true])
    b.table.grow(2, a.f)
    assert.equal(b.table.get(3), a.f)
  })

  test('keep their identity as imports', () => {
    const [a, b] = [exportsOf(all), exportsOf(all)]
    b.n.value = 100
    const c = exportsOf(`(module (import "a" "f" (func $a (param i32) (result i32))) (import "b" "f" (func $b (param i32) (result i32)))
      (export "a" (func $a)) (export "b" (func $b)) (func (export "c") (param i32) (result i32) (call $a (call $b (local.get 0)))))`, { a, b })
    assert.deepEqual([c.a === a.f, c.b === b.f, c.c(0)], [true, true, 101])
    // And through one more store.
    const d = exportsOf('(module (import "c" "b" (func $b (param i32) (result i32))) (import "m" "m" (memory 1)) (export "b" (func $b)))',
      { c, m: exportsOf('(module (memory (export "m") 1))') })
    assert.equal(d.b, b.f)
  })

  test('keep their identity in a store that had no function of their type', () => {
    const { f } = exportsOf('(module (func (export "f") (param i64 f32) (result i64) local.get 0))')
    const { m } = exportsOf('(module (memory (export "m") 1) (table (export "t") 1 funcref))')
    const c = exportsOf('(module (import "m" "m" (memory 1)) (import "m" "f" (func $f (param i64 f32) (result i64))) (export "f" (func $f)) (func (export "c") (result i64) (call $f (i64.const 5) (f32.const 1))))', { m: { m, f } })
    assert.equal(c.f, f)
    assert.equal(c.c(), 5n)
    const { t } = exportsOf('(module (table (export "t") 1 funcref))')
    t.set(0, f)
    assert.equal(t.get(0), f)
    exportsOf('(module (import "m" "t" (table 1 funcref)) (type $t (func (param i64 f32) (result i64))) (func (export "c") (drop (call_indirect (type $t) (i64.const 1) (f32.const 1) (i32.const 0)))))', { m: { t } }).c()
    assert.equal(t.get(0), f)
  })

  test('carry traps, exceptions and JS values', () => {
    const thrower = exportsOf(`(module (import "m" "f" (func $f (param externref) (result externref)))
      (func (export "trap") unreachable) (func (export "pass") (param externref) (result externref) (call $f (local.get 0))))`,
    { m: { f(value) { if (value === mine) throw mine; return value } } })
    const mine = new Error('mine')
    const other = exportsOf(`(module (import "a" "trap" (func $trap)) (import "a" "pass" (func $pass (param externref) (result externref))) (import "b" "memory" (memory 1))
      (func (export "trap") (call $trap)) (func (export "pass") (param externref) (result externref) (call $pass (local.get 0))))`, { a: thrower, b: exportsOf(all) })
    refuses(other.trap, RuntimeError, { code: 'ERR_WASMPORT_TRAP', trap: 'unreachable-code-reached' })
    assert.equal(thrown(() => other.pass(mine)), mine)
    const object = {}
    assert.equal(other.pass(object), object)
  })

  test('call each other back and forth', () => {
    const text = `(module (type $t (func (param i32) (result i32))) (table (export "t") 1 funcref)
      (func (export "f") (param i32) (result i32)
        (if (result i32) (local.get 0)
          (then (i32.add (local.get 0) (call_indirect (type $t) (i32.sub (local.get 0) (i32.const 1)) (i32.const 0))))
          (else (i32.const 0)))))`
    const [a, b] = [exportsOf(text), exportsOf(text)]
    a.t.set(0, b.f)
    b.t.set(0, a.f)
    assert.equal(a.f(100), 5050)
    assert.equal(a.t.get(0), b.f)
  })

  test('have types that are checked', () => {
    const { f } = exportsOf(all)
    const { m } = exportsOf('(module (memory (export "m") 1))')
    for (const imports of ['(import "m" "f" (func (param i64)))', '(import "m" "m" (memory 1)) (import "m" "f" (func (param i64)))']) {
      refuses(() => exportsOf(`(module ${imports})`, { m: { m, f } }), LinkError, { code: 'ERR_WASMPORT_LINK', importName: 'f' }, 'function (i64) -> ()', 'function (i32) -> (i32)')
    }
  })
})

describe('objects that JS made', () => {
  const objects = () => ({
    memory: new Memory({ initial: 1 }),
    table: new Table({ element: 'anyfunc', initial: 2 }),
    n: new Global({ value: 'i32', mutable: true }, 3),
    x: new Global({ value: 'externref', mutable: true }),
    values: new Table({ element: 'externref', initial: 1 }),
    tag: new Tag({ parameters: ['i32'] }),
  })
  const guest = `(module
    (import "m" "memory" (memory 1)) (import "m" "table" (table 2 funcref)) (import "m" "n" (global $n (mut i32)))
    (import "m" "x" (global $x (mut externref))) (import "m" "values" (table $values 1 externref)) (import "m" "tag" (tag (param i32)))
    (type $t (func (param i32) (result i32)))
    (func (export "load") (param i32) (result i32) (i32.load8_u (local.get 0)))
    (func (export "n") (result i32) (global.get $n)) (func (export "x") (result externref) (global.get $x))
    (func (export "value") (result externref) (table.get $values (i32.const 0)))
    (func (export "call") (param i32) (result i32) (call_indirect (type $t) (local.get 0) (i32.const 0))))`
  const object = {}

  test('meet in an instance if nobody touched them', () => {
    const m = objects()
    const { load, n, x, value, call } = exportsOf(guest, { m })
    new Uint8Array(m.memory.buffer)[1] = 9
    m.x.value = object
    m.values.set(0, object)
    m.n.value++
    m.table.set(0, exportsOf(all).f)
    assert.deepEqual([load(1), n(), x() === object, value() === object, call(1)], [9, 4, true, true, 2])
  })

  // What glue does before it makes an instance: each with each.
  const touches = {
    'memory.buffer': m => { new Uint8Array(m.memory.buffer)[1] = 9 },
    'memory.grow': m => { m.memory.grow(1); new Uint8Array(m.memory.buffer)[1] = 9 },
    'table.set(null)': m => m.table.set(0, null),
    'table.grow': m => m.table.grow(2),
    'table.set(function)': m => m.table.set(0, exportsOf(all).f),
    'table.grow(function)': m => m.table.grow(2, exportsOf(all).f),
    'a global of an object': m => { m.x.value = object },
    'a table of objects': m => m.values.set(0, object),
    'a grown table of objects': m => m.values.grow(1, object),
  }
  const steps = Object.entries(touches)
  for (const [index, [one, first]] of steps.entries()) {
    test(`meet after ${one}, alone and with another`, () => {
      for (const [other, second] of steps.slice(index)) {
        const m = objects()
        first(m)
        second(m)
        const before = [m.x.value, m.values.get(0), m.table.get(0), m.table.length]
        const byte = `${one} ${other}`.includes('memory') ? 9 : 0
        const { x, value, load, call } = exportsOf(guest, { m })
        assert.deepEqual([m.x.value, m.values.get(0), m.table.get(0), m.table.length], before, other)
        assert.deepEqual([x(), value(), load(1), new Uint8Array(m.memory.buffer)[1]], [before[0], before[1], byte, byte], other)
        if (before[2] !== null) assert.equal(call(1), 2, other)
      }
    })
  }

  test('meet whatever others were made before', () => {
    const others = []
    for (let n = 0; n < 20; n++) {
      const m = objects()
      touches['memory.buffer'](m)
      touches['table.grow'](m)
      touches['a global of an object'](m)
      assert.equal(exportsOf(guest, { m }).x(), object, `after ${n} others`)
      for (let k = 0; k <= n; k++) {
        const other = new Memory({ initial: 1 })
        other.grow(1)
        others.push(other)
      }
    }
    assert.ok(others.every(({ buffer }) => buffer.byteLength === 131072))
  })

  test('are a LinkError together if instances of different stores use them already', () => {
    const [a, b] = [new Memory({ initial: 1 }), new Memory({ initial: 1 })]
    for (const memory of [a, b]) exportsOf('(module (import "m" "memory" (memory 1)))', { m: { memory } })
    refuses(() => exportsOf('(module (import "m" "a" (memory 1)) (import "m" "b" (memory 1)))', { m: { a, b } }), LinkError, { code: 'ERR_WASMPORT_LINK' }, 'different stores')
    assert.equal(a.grow(1), 1)
  })
})

describe('a conflict of stores', () => {
  const two = '(module (import "m" "a" (memory 1)) (import "n" "b" (memory 1)) (export "a" (memory 0)) (export "b" (memory 1)))'
  const own = compile('(module (memory (export "m") 1) (table (export "t") 1 funcref) (global (export "g") (mut i32) (i32.const 0)) (func (export "f")))')

  test('is a LinkError that names both and says what to do', () => {
    const a = new Instance(own).exports
    const b = new Instance(own).exports
    refuses(() => exportsOf(two, { m: { a: a.m }, n: { b: b.m } }), LinkError, { code: 'ERR_WASMPORT_LINK' },
      'm.a', 'n.b', 'different stores', '{ store }')
    const others = {
      '(import "n" "x" (table 1 funcref))': b.t,
      '(import "n" "x" (global (mut i32)))': b.g,
    }
    for (const [text, x] of Object.entries(others)) {
      refuses(() => exportsOf(`(module (import "m" "a" (memory 1)) ${text})`, { m: { a: a.m }, n: { x } }), LinkError, {}, 'm.a', 'n.x', 'different stores')
    }
  })

  test('is gone if they share one by { store }', async () => {
    const first = new Instance(own)
    const stores = [first, first.exports.m, first.exports.t, first.exports.g, first.exports.f]
    for (const store of stores) {
      const second = new Instance(own, {}, { store })
      assert.notEqual(second.exports.m, first.exports.m)
      const both = exportsOf(two, { m: { a: first.exports.m }, n: { b: second.exports.m } })
      assert.deepEqual([both.a === first.exports.m, both.b === second.exports.m], [true, true])
    }
    const late = await WebAssembly.instantiate(own, {}, { store: first })
    assert.equal(exportsOf(two, { m: { a: first.exports.m }, n: { b: late.exports.m } }).b, late.exports.m)
  })

  test('{ store } may be an object that is in none yet, which then has one', () => {
    for (const store of [new Memory({ initial: 1 }), new Table({ element: 'anyfunc', initial: 1 }), new Global({ value: 'i32', mutable: true })]) {
      const first = new Instance(own, {}, { store })
      const second = new Instance(own, {}, { store })
      assert.equal(exportsOf(two, { m: { a: first.exports.m }, n: { b: second.exports.m } }).b, second.exports.m)
    }
  })

  test('{ store } is a conflict itself where imports are of another', () => {
    const a = new Instance(own).exports
    const imports = compile('(module (import "m" "a" (memory 1)))')
    refuses(() => new Instance(imports, { m: { a: a.m } }, { store: new Instance(own) }), LinkError,
      { code: 'ERR_WASMPORT_LINK', importModule: 'm', importName: 'a' }, 'another store')
    assert.ok(new Instance(imports, { m: { a: a.m } }, { store: a.t }))
  })

  test('{ store } must have one', () => {
    for (const store of [null, 5, 'x', {}, () => {}, [], new globalThis.WebAssembly.Memory({ initial: 1 })]) {
      refuses(() => new Instance(own, {}, { store }), TypeError, { code: 'ERR_WASMPORT_OPTION' }, '"store"')
    }
    for (const options of [undefined, null, {}, { store: undefined }]) assert.ok(new Instance(own, {}, options))
  })
})

test('any one object keeps all that it needs, however much is collected', () => {
  child(`
    const { WebAssembly } = require(${JSON.stringify(api)})
    const equal = require('node:assert').strictEqual
    const module = new WebAssembly.Module(Buffer.from('${assemble(all).toString('hex')}', 'hex'))
    const second = new WebAssembly.Module(Buffer.from('${assemble(again).toString('hex')}', 'hex'))
    function make() {
      const m = new WebAssembly.Instance(module).exports
      m.n.value = 40
      m.set(m.f)
      new Uint8Array(m.memory.buffer)[0] = 40
      return m
    }
    function bridged() {
      const m = make()
      m.set(make().f)
      return m
    }
    function late() {
      const m = { f: make().f, memory: new WebAssembly.Memory({ initial: 1 }), table: new WebAssembly.Table({ element: 'anyfunc', initial: 2 }),
        n: new WebAssembly.Global({ value: 'i32', mutable: true }, 40), g: new WebAssembly.Global({ value: 'anyfunc', mutable: true }),
        const: new WebAssembly.Global({ value: 'i32' }), tag: new WebAssembly.Tag({ parameters: ['i32'] }) }
      const { call } = new WebAssembly.Instance(second, { m }).exports
      m.table.set(0, call)
      m.g.value = call
      new Uint8Array(m.memory.buffer)[0] = 40
      return m
    }
    const kept = {
      f: make().f, memory: make().memory, buffer: make().memory.buffer, table: make().table, n: make().n, g: make().g, exports: make(),
      bridgedTable: bridged().table, bridgedCall: bridged().call, bridgedGlobal: bridged().g,
      lateMemory: late().memory, lateTable: late().table, lateGlobal: late().n, lateFunction: late().g,
      bound: make().f.bind(null, 1), instance: new WebAssembly.Instance(module),
    }
    const first = buffer => new Uint8Array(buffer)[0]
    function check() {
      equal(kept.f(1), 41)
      equal(first(kept.memory.buffer), 40)
      equal(first(kept.buffer), 40)
      equal(kept.table.get(0)(1), 41)
      equal(kept.n.value, 40)
      equal(kept.g.value(1), 41)
      equal(kept.exports.call(1), 41)
      equal(kept.bridgedTable.get(0)(1), 41)
      equal(kept.bridgedCall(1), 41)
      equal(kept.bridgedGlobal.value(1), 41)
      equal(first(kept.lateMemory.buffer), 40)
      equal(kept.lateTable.get(0)(1), 41)
      equal(kept.lateGlobal.value, 40)
      equal(kept.lateFunction.value(1), 41)
      equal(kept.bound(), 41)
      equal(kept.instance.exports.f(1), 2)
    }
    const t = kept.table.get(0)
    ;(async () => {
      for (let n = 0; n < 5; n++) {
        for (let k = 0; k < 5; k++) { gc(); await new Promise(resolve => setImmediate(resolve)) }
        for (let k = 0; k < 50; k++) { make(); bridged(); late() }
        check()
        equal(kept.table.get(0), t)
      }
    })()`, { flags: ['--expose-gc'] })
})

describe('10,000 rounds leave the resident size flat', () => {
  const bytes = assemble(all).toString('hex')
  const second = assemble(again).toString('hex')
  const setup = `
    const module = new WebAssembly.Module(Buffer.from('${bytes}', 'hex'))
    const second = new WebAssembly.Module(Buffer.from('${second}', 'hex'))
    const make = () => new WebAssembly.Instance(module).exports`
  const rounds = {
    'of instances that join each other': `
      const m = make()
      const other = new WebAssembly.Instance(second, { m }).exports
      new Uint8Array(other.memory.buffer).fill(1)
      equal(other.f, m.f)`,
    'of two stores with functions of each other': `
      const [a, b] = [make(), make()]
      a.set(b.f); b.set(a.f)
      new Uint8Array(a.memory.buffer).fill(1)
      equal(a.call(1) + b.call(1), 4)
      equal(a.get(), b.f)`,
    'of objects of JS that an instance joins': `
      const m = { f: make().f, memory: new WebAssembly.Memory({ initial: 1 }), table: new WebAssembly.Table({ element: 'anyfunc', initial: 2 }),
        n: new WebAssembly.Global({ value: 'i32', mutable: true }), g: new WebAssembly.Global({ value: 'anyfunc', mutable: true }),
        const: new WebAssembly.Global({ value: 'i32' }), tag: new WebAssembly.Tag({ parameters: ['i32'] }) }
      new Uint8Array(m.memory.buffer).fill(1)
      const other = new WebAssembly.Instance(second, { m }).exports
      m.table.set(0, other.call)
      equal(other.table.get(0)(4), 5)`,
    'of instantiations that fail': `
      const memory = new WebAssembly.Memory({ initial: 1 })
      new Uint8Array(memory.buffer).fill(1)
      try { new WebAssembly.Instance(second, { m: { ...make(), memory, tag: 5 } }); throw 0 } catch (error) { equal(error.name, 'LinkError') }`,
  }
  for (const [what, round] of Object.entries(rounds)) {
    test(what, () => {
      const grown = growth(setup, round, 10000)
      assert.ok(grown < 25, `grew by ${grown} MiB`)
    })
  }

  test('where one function of a store that stays is bridged into each', () => {
    const grown = growth(`${setup}; const { f } = make()`, `
      const b = make()
      b.set(f)
      new Uint8Array(b.memory.buffer).fill(1)
      equal(b.get(), f)`, 10000)
    assert.ok(grown < 25, `grew by ${grown} MiB`)
  })
})
