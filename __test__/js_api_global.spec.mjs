// WebAssembly.Global.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { WebAssembly } from 'wasmport'
import { exportsOf } from './fixtures/assemble.mjs'
import { growth } from './fixtures/leaks.mjs'
import { refuses, thrown } from './helpers.mjs'

const { Global, LinkError } = WebAssembly
const builtin = globalThis.WebAssembly

const option = { code: 'ERR_WASMPORT_OPTION' }
const value = { code: 'ERR_WASMPORT_VALUE' }
const { f, g } = exportsOf('(module (func (export "f") (result i32) i32.const 1) (func (export "g")))')

describe('new WebAssembly.Global', () => {
  const cases = {
    i32: [[undefined, 0], [null, 0], ['0x1f', 31], [4294967295, -1], [-1.9, -1], [true, 1], [{ valueOf: () => 5 }, 5], [NaN, 0]],
    i64: [[undefined, 0n], [5n, 5n], ['12', 12n], [2n ** 63n, -(2n ** 63n)], [false, 0n], [{ valueOf: () => 6n }, 6n]],
    f32: [[undefined, 0], [0.1, Math.fround(0.1)], ['1e3', 1000], [1e300, Infinity], [-0, -0], [null, 0]],
    f64: [[undefined, 0], [0.1, 0.1], ['x', NaN], [-0, -0], [-Infinity, -Infinity]],
    externref: [[undefined, undefined], [null, null], [5, 5], ['text', 'text'], [f, f], [Global, Global], [7n, 7n], [-0, -0]],
    anyfunc: [[undefined, null], [null, null], [f, f]],
  }
  for (const [type, values] of Object.entries(cases)) {
    test(`of ${type} has the value that it is given, converted, or the default`, () => {
      const descriptor = { value: type, mutable: true }
      const initial = new Global(descriptor).value
      assert.equal(initial, values[0][1])
      for (const [given, expected] of values) {
        const global = new Global(descriptor, given)
        assert.ok(Object.is(global.value, expected), `${String(given)} became ${String(global.value)}`)
        assert.ok(Object.is(global.valueOf(), expected))
        // Set, an undefined is a value like any other.
        if (given === undefined) continue
        const other = new Global(descriptor)
        other.value = given
        assert.ok(Object.is(other.value, expected))
      }
    })
  }

  test('makes an object of its class that says its type, which a constructor takes', () => {
    const global = new Global({ value: 'anyfunc' })
    assert.equal(Object.getPrototypeOf(global), Global.prototype)
    assert.equal(Object.prototype.toString.call(global), '[object WebAssembly.Global]')
    assert.deepEqual(global.type(), { mutable: false, value: 'funcref' })
    for (const type of ['i32', 'i64', 'f32', 'f64', 'externref', 'funcref']) {
      const full = { mutable: true, value: type }
      assert.deepEqual(new Global(full).type(), full)
      assert.deepEqual(new Global(new Global({ value: type, mutable: 0 }).type()).type(), { mutable: false, value: type })
    }
    assert.equal(new Global({ value: 'i64' }, 4n) + 1n, 5n)
  })

  test('reads the descriptor, then the value', () => {
    const log = []
    const members = { value: { toString() { log.push('value!'); return 'i32' } }, mutable: true }
    const descriptor = new Proxy(members, { get(target, key) { log.push(key); return target[key] } })
    assert.equal(new Global(descriptor, { valueOf() { log.push('v!'); return 3 } }).value, 3)
    assert.deepEqual(log, ['mutable', 'value', 'value!', 'v!'])
  })

  test('refuses what is no type, and values that are not of it', () => {
    for (const wrong of [undefined, null, 5, 'i32', {}, { mutable: true }]) refuses(() => new Global(wrong), TypeError, option, 'descriptor')
    for (const type of ['i33', '', 'I32', null, 5, 'void']) refuses(() => new Global({ value: type }), TypeError, option, 'descriptor.value', "'i32'", "'externref'")
    refuses(() => new Global(), TypeError, option, '"descriptor" is missing')
    for (const wrong of [5, null, 1.5]) assert.throws(() => new Global({ value: 'i64' }, wrong), TypeError)
    assert.throws(() => new Global({ value: 'i64' }, 'x'), SyntaxError)
    for (const wrong of [5n, Symbol('1')]) assert.throws(() => new Global({ value: 'i32' }, wrong), TypeError)
    for (const wrong of [() => {}, {}, 5, '']) refuses(() => new Global({ value: 'anyfunc' }, wrong), TypeError, value, 'funcref')
    assert.throws(() => new Global({ value: 'v128' }), TypeError)
    assert.throws(() => new Global({ value: 'exnref' }), TypeError)
    assert.throws(() => Global({ value: 'i32' }), TypeError)
    const mine = new Error('mine')
    assert.equal(thrown(() => new Global({ value: 'f64' }, { valueOf() { throw mine } })), mine)
  })

  test('can be subclassed, and imported all the same', () => {
    class Counter extends Global {
      constructor(start) { super({ value: 'i32', mutable: true }, start) }
      next() { return ++this.value }
    }
    const counter = new Counter(4)
    const { n, get } = exportsOf('(module (import "m" "n" (global (mut i32))) (export "n" (global 0)) (func (export "get") (result i32) (global.get 0)))', { m: { n: counter } })
    assert.equal(n, counter)
    assert.equal(n.next(), 5)
    assert.equal(get(), 5)
  })
})

describe('the value', () => {
  test('is the one that WebAssembly sees, both ways, for each type', () => {
    const object = {}
    const values = { i32: [1, -2], i64: [1n, -2n], f32: [0.5, -1.5], f64: [0.1, 1e300], externref: [object, 'text'], funcref: [f, null] }
    for (const [type, [first, second]] of Object.entries(values)) {
      const global = new Global({ value: type, mutable: true }, first)
      const guest = exportsOf(`(module (import "m" "g" (global $g (mut ${type}))) (export "g" (global $g))
        (func (export "get") (result ${type}) (global.get $g)) (func (export "set") (param ${type}) (global.set $g (local.get 0))))`, { m: { g: global } })
      assert.equal(guest.g, global)
      assert.equal(guest.get(), first, type)
      guest.set(second)
      assert.equal(global.value, second, type)
      global.value = first
      assert.equal(guest.get(), first, type)
    }
  })

  test('of an export is live, and set by assignment', () => {
    const { n, inc } = exportsOf('(module (global $n (export "n") (mut i64) (i64.const 1)) (func (export "inc") (global.set $n (i64.add (global.get $n) (i64.const 1)))))')
    inc()
    assert.equal(n.value, 2n)
    n.value = '40'
    inc()
    assert.equal(n.value, 41n)
    assert.throws(() => { n.value = 5 }, TypeError)
    assert.equal(n.value, 41n)
  })

  test('of an immutable global cannot be set', () => {
    const exported = exportsOf('(module (global (export "g") i32 (i32.const 3)))').g
    for (const global of [new Global({ value: 'i32' }, 3), exported]) {
      refuses(() => { global.value = 4 }, TypeError, value, 'immutable', 'mutable: true')
      refuses(() => { global.value = { valueOf: () => assert.fail('converted') } }, TypeError, value, 'immutable')
      assert.equal(global.value, 3)
    }
  })

  test('that was not given to the setter is undefined', () => {
    const { set } = Object.getOwnPropertyDescriptor(Global.prototype, 'value')
    const number = new Global({ value: 'f64', mutable: true }, 1)
    set.call(number)
    assert.ok(Number.isNaN(number.value))
    const any = new Global({ value: 'externref', mutable: true }, 1)
    set.call(any)
    assert.equal(any.value, undefined)
    assert.throws(() => set.call(new Global({ value: 'i64', mutable: true })), TypeError)
    assert.throws(() => set.call(new Global({ value: 'anyfunc', mutable: true })), TypeError)
  })

  test('that changes the global while it is converted is set last', () => {
    const global = new Global({ value: 'i32', mutable: true })
    global.value = { valueOf() { global.value = 7; return global.value + 1 } }
    assert.equal(global.value, 8)
  })

  test('that makes an instance join while it is converted is set in that', () => {
    const global = new Global({ value: 'i32', mutable: true }, 1)
    let guest
    const join = () => exportsOf('(module (import "m" "g" (global $g (mut i32))) (func (export "get") (result i32) (global.get $g)))', { m: { g: global } })
    global.value = { valueOf() { guest = join(); return 5 } }
    assert.deepEqual([global.value, guest.get()], [5, 5])
  })

  test('of a v128 is not for JS, and the module works', () => {
    const { v, lane } = exportsOf('(module (global $v (export "v") (mut v128) (v128.const i32x4 1 2 3 4)) (func (export "lane") (result i32) (i32x4.extract_lane 2 (global.get $v))))')
    assert.equal(lane(), 3)
    assert.throws(() => v.value, TypeError)
    assert.throws(() => { v.value = 1 }, TypeError)
    assert.throws(() => v.valueOf(), TypeError)
    assert.deepEqual(v.type(), { mutable: true, value: 'v128' })
  })
})

describe('an imported global', () => {
  test('gives its value to initial values, sizes and offsets of the module', () => {
    const base = new Global({ value: 'i32' }, 8)
    const { memory, copy } = exportsOf('(module (import "m" "base" (global i32)) (memory (export "memory") 1) (data (global.get 0) "A") (global (export "copy") i32 (global.get 0)))', { m: { base } })
    assert.equal(new Uint8Array(memory.buffer)[8], 65)
    assert.equal(copy.value, 8)
    assert.notEqual(copy, base)
  })

  test('must be of the type, and mutable if the import is', () => {
    const guest = type => global => exportsOf(`(module (import "m" "g" (global ${type})))`, { m: { g: global } })
    guest('(mut i32)')(new Global({ value: 'i32', mutable: true }))
    refuses(() => guest('(mut i32)')(new Global({ value: 'i32' })), LinkError, { code: 'ERR_WASMPORT_LINK' }, 'a mutable global of type i32', 'an immutable global of type i32')
    refuses(() => guest('i32')(new Global({ value: 'i32', mutable: true })), LinkError, {}, 'a mutable global')
    refuses(() => guest('i32')(new Global({ value: 'i64' })), LinkError, {}, 'i64')
    refuses(() => guest('(mut funcref)')(new Global({ value: 'externref', mutable: true })), LinkError, {}, 'externref')
  })

  test('can be imported by many instances, which share it', () => {
    const global = new Global({ value: 'i32', mutable: true }, 1)
    const make = () => exportsOf('(module (import "m" "g" (global $g (mut i32))) (func (export "double") (global.set $g (i32.mul (global.get $g) (i32.const 2)))))', { m: { g: global } })
    for (const { double } of [make(), make(), make()]) double()
    assert.equal(global.value, 8)
  })
})

test('methods and accessors refuse other receivers', () => {
  const { get, set } = Object.getOwnPropertyDescriptor(Global.prototype, 'value')
  for (const wrong of [undefined, null, 5, {}, Global.prototype, new builtin.Global({ value: 'i32' }), g]) {
    for (const use of [get, set, Global.prototype.valueOf, Global.prototype.type]) {
      refuses(() => use.call(wrong, 1), TypeError, option, 'Receiver is not a WebAssembly.Global')
    }
  }
})

describe('10,000 globals that are dropped leave the resident size flat', () => {
  const rounds = {
    'of values that hold the global': `
      const global = new WebAssembly.Global({ value: 'externref', mutable: true }, new Uint8Array(10000))
      equal(global.value.length, 10000)
      global.value = [global, new Uint8Array(10000)]
      equal(global.value[0], global)`,
    'of numbers': `
      const global = new WebAssembly.Global({ value: 'i64', mutable: true }, 5n)
      global.value += 1n
      equal(global.value, 6n)`,
  }
  for (const [what, round] of Object.entries(rounds)) {
    test(what, () => {
      const grown = growth('', round, 10000)
      assert.ok(grown < 20, `grew by ${grown} MiB`)
    })
  }

  test('one that gets another value each time', () => {
    const grown = growth("const global = new WebAssembly.Global({ value: 'externref', mutable: true })", `
      global.value = new Uint8Array(20000)
      equal(global.value.length, 20000)`, 10000)
    assert.ok(grown < 40, `grew by ${grown} MiB`)
  })
})
