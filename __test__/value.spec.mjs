// Values and calls, in both directions.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { loadSync } from 'wasmport'
import { check, refuses, thrown } from './helpers.mjs'

const types = ['i32', 'i64', 'f32', 'f64']

/** A module that hands a value of a type out and in: `out` through a call, `in` through an import. */
function mirror(type) {
  const received = []
  let answer
  const ns = loadSync(
    `(module
      (import "js" "f" (func $f (param ${type}) (result ${type})))
      (func (export "same") (param ${type}) (result ${type}) (local.get 0))
      (func (export "ask") (param ${type}) (result ${type}) (call $f (local.get 0))))`,
    { imports: { js: { f: value => { received.push(value); return answer } } } },
  )
  return {
    same: ns.same,
    /** What the import got for `value`, and what the call returned for `reply`. */
    ask(value, reply) {
      answer = reply
      const result = ns.ask(value)
      return { got: received.pop(), result }
    },
  }
}

const object = value => ({ valueOf: () => value })

describe('numbers', () => {
  const cases = {
    i32: [
      [0, 0], [-1, -1], [2147483647, 2147483647], [2147483648, -2147483648], [4294967296, 0], [4294967297, 1],
      [1e20, 1661992960], [-1e20, -1661992960], [1.9, 1], [-1.9, -1], [-0, 0], [NaN, 0], [Infinity, 0], [-Infinity, 0],
      ['7', 7], ['0x10', 16], ['seven', 0], ['', 0], [true, 1], [null, 0], [undefined, 0], [object(5), 5],
      [[8], 8], [{}, 0], [object('9'), 9], [new Date(3), 3],
    ],
    i64: [
      [0n, 0n], [-1n, -1n], [2n ** 63n - 1n, 2n ** 63n - 1n], [2n ** 63n, -(2n ** 63n)], [2n ** 64n, 0n],
      [2n ** 64n + 5n, 5n], [-(2n ** 63n) - 1n, 2n ** 63n - 1n], [2n ** 200n + 3n, 3n], [-(2n ** 200n) - 3n, -3n],
      ['12', 12n], ['-0x1', null], ['0x1f', 31n], ['', 0n], [true, 1n], [false, 0n], [object(6n), 6n], [object('7'), 7n],
    ],
    f32: [
      [1.5, 1.5], [0.1, Math.fround(0.1)], [1e300, Infinity], [-1e300, -Infinity], [1e-300, 0], [-0, -0], [NaN, NaN],
      [16777217, 16777216], [3.4028235e38, 3.4028234663852886e38], [1.401298464324817e-45, 1.401298464324817e-45],
      ['2.5', 2.5], [undefined, NaN], [null, 0], [object(0.5), 0.5],
    ],
    f64: [
      [0.1, 0.1], [-0, -0], [NaN, NaN], [Infinity, Infinity], [5e-324, 5e-324], [2 ** 53 + 2, 2 ** 53 + 2],
      [Number.MAX_VALUE, Number.MAX_VALUE], ['1e3', 1000], [undefined, NaN], [true, 1], [object(-2.25), -2.25],
    ],
  }
  for (const type of types) {
    const { same, ask } = mirror(type)
    const sample = type === 'i64' ? 1n : 1
    test(`${type}: JS values become the number that WebAssembly's JS API says`, () => {
      for (const [value, expected] of cases[type]) {
        if (expected === null) {
          assert.throws(() => same(value), SyntaxError)
          assert.throws(() => ask(sample, value), SyntaxError)
        } else {
          assert.ok(Object.is(same(value), expected), `${String(value)} went in, ${same(value)} came out, not ${expected}`)
          const { got, result } = ask(expected, value)
          assert.ok(Object.is(got, expected), `an import got ${got} for ${expected}`)
          assert.ok(Object.is(result, expected), `an import's ${String(value)} came out as ${result}, not ${expected}`)
        }
      }
    })
    test(`${type}: what has no number is a TypeError, thrown through`, () => {
      const mistakes = [Symbol('s'), object(Symbol('s')), ...(type === 'i64' ? [1, undefined, null, object(1)] : [1n, object(1n)])]
      for (const value of mistakes) {
        assert.throws(() => same(value), TypeError, String(value))
        assert.throws(() => ask(sample, value), TypeError, String(value))
      }
      const mine = new Error('mine')
      const hostile = { valueOf() { throw mine } }
      assert.equal(thrown(() => same(hostile)), mine)
      assert.equal(thrown(() => ask(sample, hostile)), mine)
      assert.ok(Object.is(same(sample), sample), 'the instance works on')
    })
    test(`${type}: a missing argument is undefined, further ones are dropped`, () => {
      if (type === 'i64') assert.throws(() => same(), TypeError)
      else assert.ok(Object.is(same(), type === 'i32' ? 0 : NaN))
      assert.equal(same(sample, Symbol('dropped')), sample)
    })
  }

  test('arguments are converted in order, before the call, and conversions may call back in', () => {
    const order = []
    const seen = value => ({ valueOf() { order.push(value); return ns.add(value, 0) } })
    const ns = loadSync('(module (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))')
    assert.equal(ns.add(seen(1), seen(2)), 3)
    assert.deepEqual(order, [1, 2])
  })

  test('an import is called with `this` undefined and exactly its parameters', () => {
    'use strict'
    const calls = []
    function f(...args) { calls.push([this, args]) }
    loadSync(
      '(module (import "js" "f" (func $f (param i32))) (import "js" "g" (func $g)) (start $s) (func $s (call $f (i32.const 4)) (call $g)))',
      { imports: { js: { f, g: f } } },
    )
    assert.deepEqual(calls, [[undefined, [4]], [undefined, []]])
  })
})

describe('many arguments and results', () => {
  for (const count of [1, 6, 7, 8, 9, 16, 17, 40]) {
    test(`${count} of mixed types`, () => {
      const list = Array.from({ length: count }, (_, n) => types[n % 4])
      const values = list.map((type, n) => (type === 'i64' ? BigInt(n) - 3n : type.startsWith('i') ? n - 3 : n + 0.5))
      const got = []
      const ns = loadSync(
        `(module
          (import "js" "f" (func $f (param ${list.join(' ')}) (result ${list.join(' ')})))
          (func (export "same") (param ${list.join(' ')}) (result ${list.join(' ')})
            ${list.map((_, n) => `local.get ${n}`).join(' ')})
          (func (export "ask") (param ${list.join(' ')}) (result ${list.join(' ')})
            ${list.map((_, n) => `local.get ${n}`).join(' ')} call $f))`,
        { imports: { js: { f: (...args) => { got.push(args); return count === 1 ? args[0] : args } } } },
      )
      const expected = count === 1 ? values[0] : values
      assert.deepEqual(ns.same(...values), expected)
      assert.deepEqual(ns.ask(...values), expected)
      assert.deepEqual(got, [values])
    })
    test(`${count} of references`, () => {
      const list = Array(count).fill('externref')
      const values = list.map((_, n) => ({ n }))
      const ns = loadSync(
        `(module (import "js" "f" (func $f (param ${list.join(' ')}) (result ${list.join(' ')})))
          (func (export "ask") (param ${list.join(' ')}) (result ${list.join(' ')})
            ${list.map((_, n) => `local.get ${n}`).join(' ')} call $f))`,
        { imports: { js: { f: (...args) => (count === 1 ? args[0] : args) } } },
      )
      const results = [ns.ask(...values)].flat()
      assert.equal(results.length, count)
      results.forEach((value, n) => assert.equal(value, values[n]))
    })
  }

  test('an import gives several results by any iterable', () => {
    let answer
    const { two } = loadSync(
      `(module (import "js" "f" (func $f (result i32 i64)))
        (func (export "two") (result i64 i32) (local i64 i32)
          call $f local.set 0 local.set 1 local.get 0 i64.const 1 i64.add local.get 1 i32.const 4 i32.add))`,
      { imports: { js: { f: () => answer } } },
    )
    const iterables = [
      [1, 2n], new Set([1, 2n]), new Map([[1, 2n]]).entries().next().value, (function* () { yield 1; yield 2n })(),
      { * [Symbol.iterator]() { yield '1'; yield '2' } },
    ]
    for (const iterable of iterables) {
      answer = iterable
      assert.deepEqual(two(), [3n, 5])
    }
    for (const [wrong, ...parts] of [[[1], 'js.f', '1', '2'], [[1, 2n, 3], 'js.f', '3', '2'], [[], 'js.f', '0']]) {
      answer = wrong
      refuses(two, TypeError, {}, ...parts)
    }
    for (const wrong of [undefined, null, 5, {}, [1, 2]]) {
      answer = wrong
      assert.throws(two, TypeError, String(wrong))
    }
    const mine = new Error('mine')
    answer = (function* () { yield 1; throw mine })()
    assert.equal(thrown(two), mine)
  })
})

describe('externref', () => {
  const held = []
  const ns = loadSync(
    `(module
      (import "js" "f" (func $f (param externref) (result externref)))
      (global $g (mut externref) (ref.null extern))
      (table $t (export "t") 2 externref)
      (func (export "same") (param externref) (result externref) (local.get 0))
      (func (export "ask") (param externref) (result externref) (call $f (local.get 0)))
      (func (export "keep") (param externref) (global.set $g (local.get 0)) (table.set $t (i32.const 1) (local.get 0)))
      (func (export "kept") (result externref) (global.get $g))
      (func (export "isNull") (param externref) (result i32) (ref.is_null (local.get 0))))`,
    { imports: { js: { f: value => { held.push(value); return value } } } },
  )
  const values = [
    {}, [], () => {}, class {}, Symbol('local'), Symbol.for('global'), Symbol.iterator, 'text', '', '\ud800 lone', 0, -0, 1.5, NaN, Infinity,
    2 ** 53, 10n, -(2n ** 100n), true, false, null, undefined, Promise.resolve(), new Proxy({}, {}), ns, ns.same, new Error('e'),
    Object.create(null), new WeakMap(), new Uint8Array(4), globalThis,
  ]
  for (const value of values) {
    test(`keeps the identity of ${typeof value} ${typeof value === 'object' ? Object.prototype.toString.call(value) : String(value)}`, () => {
      assert.ok(Object.is(ns.same(value), value))
      assert.ok(Object.is(ns.ask(value), value))
      assert.ok(Object.is(held.pop(), value))
      ns.keep(value)
      assert.ok(Object.is(ns.kept(), value))
      assert.ok(Object.is(ns.t.get(1), value))
      assert.equal(ns.isNull(value), value === null ? 1 : 0)
    })
  }

  test('a missing argument is undefined, which is not null', () => {
    assert.equal(ns.same(), undefined)
    assert.equal(ns.isNull(), 0)
  })

  test('many live and many dropped references keep apart', () => {
    const { set, get } = loadSync(
      `(module (table $t 5000 externref)
        (func (export "set") (param i32 externref) (table.set $t (local.get 0) (local.get 1)))
        (func (export "get") (param i32) (result externref) (table.get $t (local.get 0))))`,
    )
    const kept = Array.from({ length: 5000 }, (_, n) => ({ n }))
    for (let round = 0; round < 10; round++) {
      for (let n = 0; n < 5000; n++) set(n, n % 10 === 0 ? kept[n] : { round, n })
    }
    for (let n = 0; n < 5000; n++) {
      const value = get(n)
      if (n % 10 === 0) assert.equal(value, kept[n])
      else assert.deepEqual(value, { round: 9, n })
    }
  })

  test('a reference that may not be null refuses null', () => {
    const { f } = loadSync('(module (func (export "f") (param (ref extern)) (result (ref extern)) (local.get 0)))')
    assert.equal(f(undefined), undefined)
    refuses(() => f(null), TypeError, {}, 'null')
  })
})

describe('funcref', () => {
  const ns = loadSync(
    `(module
      (type $binary (func (param i32 i32) (result i32)))
      (import "js" "f" (func $f (param funcref) (result funcref)))
      (import "js" "plain" (func $plain (param i32 i32) (result i32)))
      (table (export "table") 4 funcref)
      (elem (i32.const 0) func $add $plain)
      (elem declare func $add)
      (func $add (export "add") (export "plus") (type $binary) (i32.add (local.get 0) (local.get 1)))
      (func (export "other") (result i32) i32.const 1)
      (func (export "same") (param funcref) (result funcref) (local.get 0))
      (func (export "ask") (param funcref) (result funcref) (call $f (local.get 0)))
      (func (export "give") (result funcref) (ref.func $add))
      (func (export "apply") (param (ref null $binary)) (result i32) (call_ref $binary (i32.const 3) (i32.const 4) (local.get 0)))
      (func (export "applied") (param (ref $binary)) (result i32) (call_ref $binary (i32.const 5) (i32.const 6) (local.get 0))))`,
    { imports: { js: { f: value => value, plain: (a, b) => a * b } } },
  )

  test('one function is one object wherever it is seen', () => {
    assert.equal(ns.add, ns.plus)
    assert.equal(ns.give(), ns.add)
    assert.equal(ns.same(ns.add), ns.add)
    assert.equal(ns.ask(ns.add), ns.add)
    assert.equal(ns.table.get(0), ns.add)
    assert.equal(ns.table.get(0), ns.table.get(0))
    assert.equal(ns.table.get(1), ns.table.get(1))
    assert.notEqual(ns.other, ns.add)
    assert.equal(ns.same(null), null)
    assert.equal(ns.table.get(2), null)
  })

  test('also in another instance of the store that imports and re-exports it', () => {
    const again = loadSync(
      `(module (import "a" "table" (table $t 1 funcref)) (import "a" "add" (func $add (param i32 i32) (result i32)))
        (export "sum" (func $add)) (export "table" (table $t))
        (func (export "put") (table.set $t (i32.const 3) (ref.func $add))) (elem declare func $add))`,
      { imports: { a: ns } },
    )
    assert.equal(again.sum, ns.add)
    assert.equal(again.table, ns.table)
    again.put()
    assert.equal(ns.table.get(3), ns.add)
    assert.equal(ns.same(again.sum), ns.add)
  })

  test('an imported JS function in a table is a function that calls it', () => {
    assert.equal(ns.table.get(1)(6, 7), 42)
    assert.equal(ns.same(ns.table.get(1)), ns.table.get(1))
  })

  test('functions are named by their index and have the length of their parameters', () => {
    const described = [ns.add, ns.other, ns.same, ns.table.get(1)].map(({ name, length }) => [name, length])
    assert.deepEqual(described, [['2', 2], ['3', 0], ['4', 1], ['1', 2]])
  })

  test('what is no exported function is a TypeError that says so', () => {
    for (const value of [() => {}, Math.max, class {}, {}, 0, undefined, 'add', Symbol('s'), new Proxy(ns.add, {}), ns.add.bind(null)]) {
      refuses(() => ns.same(value), TypeError, { code: 'ERR_WASMPORT_VALUE' }, 'func')
    }
    refuses(() => ns.same(), TypeError, { code: 'ERR_WASMPORT_VALUE' }, 'undefined')
    const v8 = new WebAssembly.Instance(new WebAssembly.Module(Uint8Array.of(
      0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 7, 5, 1, 1, 102, 0, 0, 10, 4, 1, 2, 0, 11))).exports.f
    refuses(() => ns.same(v8), TypeError, { code: 'ERR_WASMPORT_VALUE' })
  })

  test('an import that returns none is a TypeError out of the call', () => {
    const { ask } = loadSync(
      '(module (import "js" "f" (func $f (result funcref))) (func (export "ask") (result funcref) (call $f)))',
      { imports: { js: { f: () => () => {} } } },
    )
    refuses(ask, TypeError, { code: 'ERR_WASMPORT_VALUE' })
  })

  test('a function of another store is one object too: as an argument, a result, in a table', () => {
    const other = loadSync('(module (func (export "f") (param i32 i32) (result i32) (i32.sub (local.get 0) (local.get 1))))')
    assert.equal(ns.same(other.f), other.f)
    assert.equal(ns.ask(other.f), other.f)
    assert.equal(ns.apply(other.f), -1)
    assert.equal(ns.applied(other.f), -1)
    ns.table.set(3, other.f)
    assert.equal(ns.table.get(3), other.f)
    ns.table.set(3, null)
    const user = loadSync(
      '(module (import "o" "f" (func $f (param i32 i32) (result i32))) (func (export "f") (result i32) (call $f (i32.const 9) (i32.const 2))))',
      { imports: { o: other } },
    )
    assert.equal(user.f(), 7)
  })

  test('a function of another store keeps its errors, and what it was disposed of with', () => {
    const mine = new Error('mine')
    const other = loadSync(
      `(module (import "js" "f" (func $throw)) (func (export "throws") (param i32 i32) (result i32) (call $throw) (i32.const 0))
        (func (export "traps") (param i32 i32) (result i32) unreachable))`,
      { imports: { js: { f() { throw mine } } } },
    )
    assert.equal(thrown(() => ns.apply(other.throws)), mine)
    refuses(() => ns.apply(other.traps), WebAssembly.RuntimeError, { code: 'ERR_WASMPORT_TRAP', trap: 'unreachable-code-reached' })
    other[Symbol.dispose]()
    refuses(() => ns.apply(other.traps), Error, { code: 'ERR_WASMPORT_DISPOSED' })
    assert.equal(ns.apply(ns.add), 7)
  })

  test('typed references take functions of their type alone', () => {
    assert.equal(ns.apply(ns.add), 7)
    assert.equal(ns.apply(ns.table.get(1)), 12)
    assert.equal(ns.applied(ns.add), 11)
    const other = loadSync('(module (func (export "f") (param i64)))')
    for (const f of [ns.other, other.f]) refuses(() => ns.apply(f), TypeError, { code: 'ERR_WASMPORT_VALUE' })
    refuses(() => ns.applied(null), TypeError, { code: 'ERR_WASMPORT_VALUE' })
    check(thrown(() => ns.apply(null)), WebAssembly.RuntimeError, { code: 'ERR_WASMPORT_TRAP' })
  })
})

describe('v128 has no JS value', () => {
  test('it can be exported and imported, and calls are TypeErrors', () => {
    let called = false
    const ns = loadSync(
      `(module
        (import "js" "f" (func $f (param v128)))
        (import "js" "g" (func $g (result v128)))
        (func (export "takes") (param i32 v128))
        (func (export "gives") (result v128) (v128.const i32x4 1 2 3 4))
        (func (export "passes") (call $f (v128.const i32x4 1 2 3 4)))
        (func (export "gets") (drop (call $g)))
        (func (export "fine") (result i32) (i32x4.extract_lane 2 (v128.const i32x4 1 2 3 4))))`,
      { imports: { js: { f: () => { called = true }, g: () => { called = true } } } },
    )
    for (const name of ['takes', 'gives', 'passes', 'gets']) refuses(() => ns[name](1, 2), TypeError, {}, 'v128')
    assert.equal(called, false)
    assert.equal(ns.fine(), 3)
  })
})
