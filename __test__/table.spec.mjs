// Table objects.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { loadSync, WebAssembly as ours } from 'wasmport'
import { refuses, thrown } from './helpers.mjs'

const code = 'ERR_WASMPORT_VALUE'

describe('of functions', () => {
  const make = () => loadSync(`(module
    (type $none (func (result i32)))
    (table (export "table") 3 6 funcref)
    (elem (i32.const 0) func $one $two)
    (func $one (export "one") (result i32) i32.const 1)
    (func $two (export "two") (result i32) i32.const 2)
    (func (export "call") (param i32) (result i32) (call_indirect (type $none) (local.get 0)))
    (func (export "size") (result i32) (table.size 0))
    (func (export "grow") (param i32) (result i32) (table.grow 0 (ref.null func) (local.get 0))))`)

  test('get, set and length', () => {
    const { table, one, two, call } = make()
    assert.equal(table.length, 3)
    assert.deepEqual([table.get(0), table.get(1), table.get(2)], [one, two, null])
    table.set(2, one)
    assert.equal(table.get(2), one)
    assert.equal(call(2), 1)
    table.set(0, two)
    assert.equal(call(0), 2)
    table.set(0, null)
    assert.equal(table.get(0), null)
    table.set(1)
    assert.equal(table.get(1), null)
    assert.equal(thrown(() => call(1)).trap, 'indirect-call-to-null')
  })

  test('grow, from both sides', () => {
    const { table, one, grow, size, call } = make()
    assert.equal(table.grow(1), 3)
    assert.equal(table.get(3), null)
    assert.equal(table.grow(1, one), 4)
    assert.equal(table.get(4), one)
    assert.equal(call(4), 1)
    assert.equal(size(), 5)
    assert.equal(grow(1), 5)
    assert.equal(table.length, 6)
    refuses(() => table.grow(1), RangeError, { code }, '1')
    assert.equal(table.grow(0), 6)
  })

  test('indices outside are RangeErrors, and no indices TypeErrors', () => {
    const { table } = make()
    for (const index of [3, 4, 2 ** 32 - 1]) {
      refuses(() => table.get(index), RangeError, { code }, String(index))
      refuses(() => table.set(index, null), RangeError, { code }, String(index))
    }
    for (const index of [-1, 2 ** 32, NaN, undefined, {}, Infinity, 1n, Symbol('s')]) {
      assert.throws(() => table.get(index), TypeError)
      assert.throws(() => table.set(index, null), TypeError)
      assert.throws(() => table.grow(index), TypeError)
    }
    assert.equal(table.length, 3)
  })

  test('only functions of WebAssembly go in', () => {
    const { table } = make()
    for (const value of [() => {}, 1, {}, undefined]) {
      refuses(() => table.set(0, value), TypeError, { code })
      refuses(() => table.grow(1, value), TypeError, { code })
    }
    assert.equal(table.length, 3)
  })

  test('functions of another store go in, come out as themselves and are called', () => {
    const { table, call } = make()
    const other = make()
    table.set(2, other.two)
    assert.equal(table.get(2), other.two)
    assert.equal(call(2), 2)
    assert.equal(table.grow(2, other.one), 3)
    assert.deepEqual([table.get(3), table.get(4)], [other.one, other.one])
    assert.equal(call(4), 1)
    table.set(0, other.grow)
    assert.equal(thrown(() => call(0)).trap, 'bad-signature')
    other[Symbol.dispose]()
    assert.equal(table.get(2), other.two)
    refuses(() => call(2), Error, { code: 'ERR_WASMPORT_DISPOSED' })
    assert.equal(call(1), 2)
  })

  test('a host function stays itself when a module of its type comes into the store', () => {
    const t = new ours.Table({ element: 'anyfunc', initial: 2 })
    const f = new ours.Function({ parameters: ['i64', 'f32', 'f64', 'f32'], results: [] }, () => {})
    loadSync('(module (import "a" "t" (table 1 funcref)))', { imports: { a: { t } } })
    t.set(0, f)
    assert.equal(t.get(0), f)
    const { again } = loadSync(
      `(module (import "a" "t" (table 1 funcref)) (import "a" "f" (func $f (param i64 f32 f64 f32)))
        (elem (i32.const 1) $f) (export "again" (func $f)))`,
      { imports: { a: { t, f } } },
    )
    assert.deepEqual([t.get(0), t.get(1), again], [f, f, f])
  })

  test('a typed table takes functions of its type alone', () => {
    const { table, right, wrong } = loadSync(`(module (type $t (func (param i32) (result i32)))
      (table (export "table") 1 (ref null $t))
      (func (export "right") (type $t) (local.get 0)) (func (export "wrong")))`)
    table.set(0, right)
    assert.equal(table.get(0), right)
    const other = loadSync('(module (func (export "right") (param i32) (result i32) (i32.const 6)) (func (export "wrong") (param i64) (result i32) (i32.const 7)))')
    for (const value of [wrong, other.wrong]) refuses(() => table.set(0, value), TypeError, { code })
    assert.equal(table.get(0)(5), 5)
    table.set(0, other.right)
    assert.equal(table.get(0), other.right)
  })
})

describe('of any values', () => {
  test('keeps them as they are', () => {
    const { table, get } = loadSync(`(module (table $t (export "table") 2 externref)
      (func (export "get") (param i32) (result externref) (table.get $t (local.get 0))))`)
    assert.equal(table.get(0), null)
    const values = [{}, () => {}, 'text', Symbol('s'), 1.5, -0, NaN, 10n, undefined, null, true, table]
    for (const value of values) {
      table.set(1, value)
      assert.ok(Object.is(table.get(1), value))
      assert.ok(Object.is(get(1), value))
    }
    table.set(1)
    assert.equal(table.get(1), undefined)
    assert.equal(table.grow(2, 'fill'), 2)
    assert.deepEqual([table.get(2), table.get(3)], ['fill', 'fill'])
    assert.equal(table.grow(1), 4)
    assert.equal(table.get(4), undefined)
  })
})

describe('between instances', () => {
  test('a table imported by another instance is the same table', () => {
    const a = loadSync('(module (table (export "t") 2 funcref) (func (export "f") (result i32) i32.const 1) (elem (i32.const 0) 0))')
    const b = loadSync(
      `(module (import "a" "t" (table 2 funcref)) (export "again" (table 0)) (type $r (func (result i32)))
        (func $g (export "g") (result i32) i32.const 2) (elem (i32.const 1) $g)
        (func (export "call") (param i32) (result i32) (call_indirect (type $r) (local.get 0))))`,
      { imports: { a } },
    )
    assert.equal(b.again, a.t)
    assert.equal(a.t.get(1), b.g)
    assert.deepEqual([b.call(0), b.call(1)], [1, 2])
    a.t.set(0, b.g)
    assert.equal(b.call(0), 2)
  })

  test('of two stores they cannot meet in one instance', () => {
    const table = () => loadSync('(module (table (export "t") 1 funcref) (memory (export "m") 1))')
    const [a, b] = [table(), table()]
    const both = '(module (import "a" "t" (table 1 funcref)) (import "b" "m" (memory 1)))'
    refuses(() => loadSync(both, { imports: { a, b } }), WebAssembly.LinkError, { code: 'ERR_WASMPORT_LINK' }, 'a.t', 'b.m', 'store')
    loadSync(both, { imports: { a, b: a } })
  })

  test('that are too small or of other elements are a LinkError', () => {
    const a = loadSync('(module (table (export "t") 1 5 funcref) (table (export "x") 1 externref))')
    const cases = ['(import "a" "t" (table 2 funcref))', '(import "a" "t" (table 1 4 funcref))', '(import "a" "x" (table 1 funcref))', '(import "a" "t" (table 1 externref))']
    for (const text of cases) {
      refuses(() => loadSync(`(module ${text})`, { imports: { a } }), WebAssembly.LinkError, { code: 'ERR_WASMPORT_LINK' }, 'a')
    }
    loadSync('(module (import "a" "t" (table 1 5 funcref)))', { imports: { a } })
  })
})

describe('the class', () => {
  test('is the Table of the WebAssembly that wasmport exports, and no other', () => {
    const { t } = loadSync('(module (table (export "t") 1 funcref))')
    assert.equal(Object.getPrototypeOf(t), ours.Table.prototype)
    assert.equal(t.constructor, ours.Table)
    assert.equal(t instanceof WebAssembly.Table, false)
    for (const name of ['get', 'set', 'grow']) assert.throws(() => t[name].call({}, 0), TypeError)
    assert.throws(() => { 'use strict'; t.length = 1 }, TypeError)
  })

  test('makes tables that are imported like those of a namespace', () => {
    const t = new ours.Table({ element: 'anyfunc', initial: 2 })
    const { again, f } = loadSync('(module (import "a" "t" (table 2 funcref)) (export "again" (table 0)) (func $f (export "f")) (elem (i32.const 1) $f))', { imports: { a: { t } } })
    assert.equal(again, t)
    assert.deepEqual([t.get(0), t.get(1)], [null, f])
  })
})
