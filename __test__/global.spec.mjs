// Globals: immutable ones are values, mutable ones are live in the namespace.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { loadSync } from 'wasmport'
import { refuses } from './helpers.mjs'

const LINK = { code: 'ERR_WASMPORT_LINK' }

describe('exported', () => {
  test('immutable globals are their values', () => {
    const object = {}
    const ns = loadSync(
      `(module
        (import "js" "x" (global $x externref))
        (func $f (export "f"))
        (global (export "i32") i32 (i32.const -5)) (global (export "i64") i64 (i64.const -6))
        (global (export "f32") f32 (f32.const 0.1)) (global (export "f64") f64 (f64.const 0.1))
        (global (export "fn") funcref (ref.func $f)) (global (export "null") externref (ref.null extern))
        (export "x" (global $x)))`,
      { imports: { js: { x: object } } },
    )
    assert.deepEqual([ns.i32, ns.i64, ns.f32, ns.f64], [-5, -6n, Math.fround(0.1), 0.1])
    assert.equal(ns.fn, ns.f)
    assert.equal(ns.null, null)
    assert.equal(ns.x, object)
    assert.equal(Object.getOwnPropertyDescriptor(ns, 'i32').value, -5)
  })

  test('mutable globals are live and cannot be set through the namespace', () => {
    const ns = loadSync(`(module
      (global $n (export "n") (mut i32) (i32.const 1)) (global $b (export "b") (mut i64) (i64.const 1))
      (global $x (export "x") (mut externref) (ref.null extern)) (global $f (export "f") (mut funcref) (ref.null func))
      (func (export "set") (param i32 i64 externref funcref)
        (global.set $n (local.get 0)) (global.set $b (local.get 1)) (global.set $x (local.get 2)) (global.set $f (local.get 3))))`)
    assert.deepEqual([ns.n, ns.b, ns.x, ns.f], [1, 1n, null, null])
    const object = {}
    ns.set(2, 3n, object, ns.set)
    assert.deepEqual([ns.n, ns.b], [2, 3n])
    assert.equal(ns.x, object)
    assert.equal(ns.f, ns.set)
    assert.throws(() => { 'use strict'; ns.n = 9 }, TypeError)
    assert.equal(ns.n, 2)
    assert.deepEqual(Object.keys(ns), ['b', 'f', 'n', 'set', 'x'])
    assert.deepEqual({ ...ns }, { n: 2, b: 3n, x: object, f: ns.set, set: ns.set })
  })

  test('a v128 global loads, and is a TypeError to read', () => {
    for (const type of ['v128', '(mut v128)']) {
      const ns = loadSync(`(module (global (export "v") ${type} (v128.const i32x4 0 0 0 0)) (func (export "f") (result i32) (i32.const 7)))`)
      assert.equal(ns.f(), 7)
      assert.throws(() => ns.v, { name: 'TypeError', code: 'ERR_WASMPORT_VALUE', message: /v128/ })
    }
  })
})

describe('imported', () => {
  const get = type => `(module (import "js" "g" (global $g ${type})) (func (export "get") (result ${type}) (global.get $g)))`

  test('immutable ones take plain values', () => {
    const object = {}
    const cases = [
      ['i32', 7, 7], ['i32', -1.9, -1], ['i32', 2 ** 32 + 1, 1], ['i64', 2n ** 64n + 1n, 1n], ['f32', 0.1, Math.fround(0.1)], ['f64', NaN, NaN],
      ['f64', -0, -0], ['externref', object, object], ['externref', undefined, undefined], ['externref', null, null], ['funcref', null, null],
    ]
    for (const [type, value, expected] of cases) {
      const result = loadSync(get(type), { imports: { js: { g: value } } }).get()
      assert.ok(Object.is(result, expected), `${type} ${String(value)} became ${String(result)}`)
    }
  })

  test('values of the wrong type are LinkErrors that name what was expected and found', () => {
    const cases = [['i32', 1n, 'a BigInt'], ['i64', 1, 'a number'], ['f64', '1', 'a string'], ['i32', undefined, 'undefined'], ['f32', {}, 'an object']]
    for (const [type, value, found] of cases) {
      refuses(() => loadSync(get(type), { imports: { js: { g: value } } }), WebAssembly.LinkError,
        { ...LINK, importModule: 'js', importName: 'g', found }, 'js.g', type, found)
    }
    for (const value of [() => {}, 1]) {
      assert.throws(() => loadSync(get('funcref'), { imports: { js: { g: value } } }), error => error instanceof TypeError || error instanceof WebAssembly.LinkError)
    }
    assert.throws(() => loadSync('(module (import "js" "g" (global v128)))', { imports: { js: { g: 1 } } }), WebAssembly.LinkError)
  })

  test('mutable ones do not take plain values', () => {
    refuses(() => loadSync('(module (import "js" "g" (global (mut i32))))', { imports: { js: { g: 1 } } }), WebAssembly.LinkError,
      { ...LINK, found: 'a number' }, 'js.g', 'mutable')
  })
})

describe('between instances', () => {
  const maker = `(module (global $g (export "g") (mut i32) (i32.const 3)) (global (export "k") i32 (i32.const 8))
    (global (export "big") (mut i64) (i64.const 1)) (memory (export "m") 1)
    (func (export "set") (param i32) (global.set $g (local.get 0))))`

  test('a mutable global of a namespace links to the same global, in one store', () => {
    const a = loadSync(maker)
    const b = loadSync(
      `(module (import "a" "g" (global $g (mut i32))) (import "a" "k" (global $k i32)) (export "again" (global $g))
        (func (export "add") (global.set $g (i32.add (global.get $g) (global.get $k)))))`,
      { imports: { a } },
    )
    assert.equal(b.again, 3)
    b.add()
    assert.deepEqual([a.g, b.again], [11, 11])
    a.set(5)
    assert.deepEqual([a.g, b.again], [5, 5])
    b[Symbol.dispose]()
    refuses(() => a.g, Error, { code: 'ERR_WASMPORT_DISPOSED' })
  })

  test('of another type or mutability is a LinkError', () => {
    const a = loadSync(maker)
    for (const type of ['i32', '(mut i64)', '(mut f32)']) {
      refuses(() => loadSync(`(module (import "a" "g" (global ${type})))`, { imports: { a } }), WebAssembly.LinkError, LINK)
    }
    refuses(() => loadSync('(module (import "a" "k" (global (mut i32))))', { imports: { a } }), WebAssembly.LinkError, LINK)
  })

  test('of two stores cannot meet in one instance', () => {
    const [a, b] = [loadSync(maker), loadSync(maker)]
    refuses(() => loadSync('(module (import "a" "g" (global (mut i32))) (import "b" "g" (global (mut i32))))', { imports: { a, b } }),
      WebAssembly.LinkError, LINK, 'a.g', 'b.g', 'store')
    refuses(() => loadSync('(module (import "a" "g" (global (mut i32))) (import "b" "m" (memory 1)))', { imports: { a, b } }),
      WebAssembly.LinkError, LINK, 'a.g', 'b.m', 'store')
  })
})
