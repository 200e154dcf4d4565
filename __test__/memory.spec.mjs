// Memory objects: views that follow growth, without copies.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { loadSync, WebAssembly as ours } from 'wasmport'
import { refuses } from './helpers.mjs'

const guest = `(module
  (import "js" "f" (func $f))
  (memory (export "memory") 1 4)
  (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
  (func (export "growThenCall") (param i32) (result i32) (drop (memory.grow (local.get 0))) (call $f) (memory.size))
  (func (export "load") (param i32) (result i32) (i32.load8_u (local.get 0)))
  (func (export "store") (param i32 i32) (i32.store8 (local.get 0) (local.get 1))))`

const make = (f = () => {}) => loadSync(guest, { imports: { js: { f } } })

describe('buffer', () => {
  test('is one ArrayBuffer until the memory grows', () => {
    const { memory, store } = make()
    const { buffer } = memory
    assert.ok(buffer instanceof ArrayBuffer)
    assert.equal(buffer.byteLength, 65536)
    store(0, 1)
    assert.equal(memory.buffer, buffer)
    memory.grow(1)
    assert.notEqual(memory.buffer, buffer)
    assert.equal(memory.buffer, memory.buffer)
  })

  test('shows the memory itself, both ways, at its edges too', () => {
    const { memory, load, store } = make()
    const bytes = new Uint8Array(memory.buffer)
    for (const at of [0, 1000, 65535]) {
      store(at, 200)
      assert.equal(bytes[at], 200)
      bytes[at] = 100
      assert.equal(load(at), 100)
    }
  })

  test('a new one has what the old one had, and zeros behind', () => {
    const { memory, load } = make()
    new Uint8Array(memory.buffer).fill(7)
    memory.grow(2)
    const bytes = new Uint8Array(memory.buffer)
    assert.equal(bytes.length, 3 << 16)
    assert.ok(bytes.subarray(0, 65536).every(byte => byte === 7))
    assert.ok(bytes.subarray(65536).every(byte => byte === 0))
    assert.equal(load(65535), 7)
  })

  test('is empty for an empty memory, and grows', () => {
    const { memory } = loadSync('(module (memory (export "memory") 0))')
    const empty = memory.buffer
    assert.equal(empty.byteLength, 0)
    assert.equal(memory.buffer, empty)
    assert.equal(memory.grow(1), 0)
    assert.equal(memory.buffer.byteLength, 65536)
    assert.notEqual(memory.buffer, empty)
  })

  test('several memories have several buffers', () => {
    const { a, b, growB } = loadSync(`(module (memory $a (export "a") 1) (memory $b (export "b") 2)
      (func (export "growB") (drop (memory.grow $b (i32.const 1)))))`)
    const [first, second] = [a.buffer, b.buffer]
    growB()
    assert.equal(a.buffer, first)
    assert.equal(first.byteLength, 65536)
    assert.equal(second.byteLength, 0)
    assert.equal(b.buffer.byteLength, 3 << 16)
  })

  test('a memory that is exported twice, or again by another instance, is one object', () => {
    const one = loadSync('(module (memory (export "x") (export "y") 1))')
    assert.equal(one.x, one.y)
    const two = loadSync('(module (import "one" "x" (memory 1)) (export "z" (memory 0)))', { imports: { one } })
    assert.equal(two.z, one.x)
  })
})

describe('growth detaches the buffer and all views at once', () => {
  const held = ({ memory }) => ({ buffer: memory.buffer, bytes: new Uint8Array(memory.buffer, 4), view: new DataView(memory.buffer) })
  function checkDetached({ buffer, bytes, view }) {
    assert.equal(buffer.byteLength, 0)
    assert.equal(bytes.length, 0)
    assert.equal(bytes[0], undefined)
    assert.throws(() => view.getInt8(0), TypeError)
  }

  test('from WebAssembly', () => {
    const ns = make()
    const views = held(ns)
    assert.equal(ns.grow(1), 1)
    checkDetached(views)
    assert.equal(ns.memory.buffer.byteLength, 2 << 16)
  })

  test('from JS', () => {
    const ns = make()
    const views = held(ns)
    assert.equal(ns.memory.grow(2), 1)
    checkDetached(views)
    assert.equal(ns.memory.buffer.byteLength, 3 << 16)
  })

  test('before an import can look, while a view is held', () => {
    let seen = 0
    const ns = make(() => {
      checkDetached(views)
      seen = ns.memory.buffer.byteLength
      views = held(ns)
      ns.memory.grow(1)
      checkDetached(views)
    })
    let views = held(ns)
    assert.equal(ns.growThenCall(1), 3)
    assert.equal(seen, 2 << 16)
  })

  test('in a call that throws or traps after it', () => {
    const ns = make(() => { throw new Error('mine') })
    const views = held(ns)
    assert.throws(() => ns.growThenCall(1), /mine/)
    checkDetached(views)
    const other = loadSync('(module (memory (export "memory") 1) (func (export "f") (drop (memory.grow (i32.const 1))) unreachable))')
    const more = held(other)
    assert.throws(() => other.f(), WebAssembly.RuntimeError)
    checkDetached(more)
  })

  test('by another instance that shares the memory', () => {
    const ns = make()
    const views = held(ns)
    const other = loadSync('(module (import "a" "memory" (memory 1 4)) (func (export "f") (drop (memory.grow (i32.const 1)))))', { imports: { a: ns } })
    other.f()
    checkDetached(views)
    assert.equal(ns.memory.buffer.byteLength, 2 << 16)
  })

  test('by a start function', () => {
    const ns = make()
    const views = held(ns)
    loadSync('(module (import "a" "memory" (memory 1 4)) (func $s (drop (memory.grow (i32.const 1)))) (start $s))', { imports: { a: ns } })
    checkDetached(views)
  })

  test('a growth that fails detaches nothing', () => {
    const ns = make()
    const { buffer, bytes } = held(ns)
    assert.equal(ns.grow(4), -1)
    refuses(() => ns.memory.grow(4), RangeError, {})
    assert.equal(ns.memory.buffer, buffer)
    assert.equal(bytes.length, 65532)
  })
})

describe('grow', () => {
  test('says how many pages there were', () => {
    const { memory } = make()
    assert.deepEqual([memory.grow(0), memory.grow(1), memory.grow(2)], [1, 1, 2])
  })

  test('beyond the maximum is a RangeError', () => {
    const { memory } = make()
    for (const delta of [4, 65536, 2 ** 32 - 1]) refuses(() => memory.grow(delta), RangeError, {}, String(delta))
    assert.equal(memory.grow(3), 1)
    refuses(() => memory.grow(1), RangeError, {})
  })

  test('by what is no number of pages is a TypeError', () => {
    const { memory } = make()
    for (const delta of [-1, 2 ** 32, NaN, Infinity, undefined, {}, 'x', 1n, Symbol('s')]) {
      assert.throws(() => memory.grow(delta), TypeError, String(delta))
    }
    assert.equal(memory.grow('1'), 1)
    assert.equal(memory.grow(1.9), 2)
  })
})

describe('the class', () => {
  test('is the Memory of the WebAssembly that wasmport exports, and no other', () => {
    const { memory } = make()
    assert.equal(Object.getPrototypeOf(memory), ours.Memory.prototype)
    assert.equal(memory.constructor, ours.Memory)
    assert.equal(memory instanceof WebAssembly.Memory, false)
    assert.equal(Object.prototype.hasOwnProperty.call(memory, 'buffer'), false)
    assert.throws(() => { 'use strict'; memory.buffer = 1 }, TypeError)
    const { get } = Object.getOwnPropertyDescriptor(memory.constructor.prototype, 'buffer')
    for (const receiver of [{}, new WebAssembly.Memory({ initial: 1 }), undefined, 1]) assert.throws(() => get.call(receiver), TypeError)
    const { table } = loadSync('(module (table (export "table") 1 funcref))')
    assert.throws(() => get.call(table), TypeError)
  })

  test('makes memories that are imported like those of a namespace', () => {
    const memory = new ours.Memory({ initial: 1, maximum: 4 })
    const early = memory.buffer
    const source = '(module (import "a" "memory" (memory 1 4)) (export "again" (memory 0)) (func (export "store") (param i32 i32) (i32.store8 (local.get 0) (local.get 1))))'
    const { again, store } = loadSync(source, { imports: { a: { memory } } })
    assert.equal(again, memory)
    store(5, 6)
    assert.equal(new Uint8Array(memory.buffer)[5], 6)
    assert.ok(early === memory.buffer || early.byteLength === 0)
  })
})
