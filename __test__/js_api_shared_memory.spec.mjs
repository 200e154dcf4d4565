// WebAssembly.Memory with { shared: true }: a SharedArrayBuffer over the memory itself,
// which takes Linux.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, test } from 'node:test'
import { WebAssembly, readMemory, writeMemory } from 'wasmport'
import { exportsOf } from './fixtures/assemble.mjs'
import { growth } from './fixtures/leaks.mjs'
import { api, child, refuses, startWorker, thrown } from './helpers.mjs'

const { LinkError, Memory } = WebAssembly

const page = 65536
const shared = () => new Memory({ initial: 1, maximum: 4, shared: true })

const guest = `(module (import "m" "memory" (memory 1 4 shared)) (export "memory" (memory 0))
  (func (export "load") (param i32) (result i32) (i32.load (local.get 0)))
  (func (export "add") (param i32 i32) (result i32) (i32.atomic.rmw.add (local.get 0) (local.get 1)))
  (func (export "wait") (param i32 i32 i64) (result i32) (memory.atomic.wait32 (local.get 0) (local.get 1) (local.get 2)))
  (func (export "notify") (param i32) (result i32) (memory.atomic.notify (local.get 0) (i32.const 1)))
  (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0))))`
const join = memory => exportsOf(guest, { m: { memory } })

const skip = process.platform !== 'linux'

describe('the buffer', { skip }, () => {
  test('is a frozen SharedArrayBuffer, one until the memory grows', () => {
    const memory = shared()
    const { buffer } = memory
    assert.ok(buffer instanceof SharedArrayBuffer)
    assert.ok(Object.isFrozen(buffer))
    assert.equal(buffer.byteLength, page)
    assert.equal(memory.buffer, buffer)
    assert.deepEqual(memory.type(), { minimum: 1, maximum: 4, shared: true, address: 'i32' })
  })

  test('shows the memory itself, both ways', () => {
    const memory = shared()
    const numbers = new Int32Array(memory.buffer)
    assert.ok(numbers.every(number => number === 0))
    numbers[0] = 5
    const { load, add, memory: exported } = join(memory)
    assert.equal(exported, memory)
    assert.deepEqual([load(0), add(0, 3), numbers[0], Atomics.add(numbers, 0, 2), load(0)], [5, 5, 8, 8, 10])
    numbers[page / 4 - 1] = -1
    assert.equal(load(page - 4), -1)
  })

  test('stays as it is when the memory grows, over the same bytes', () => {
    const memory = shared()
    const { grow, load } = join(memory)
    const old = memory.buffer
    const numbers = new Int32Array(old)
    assert.equal(memory.grow(1), 1)
    assert.deepEqual([old.byteLength, memory.buffer === old, memory.buffer.byteLength], [page, false, 2 * page])
    assert.equal(grow(1), 2)
    assert.equal(memory.buffer.byteLength, 3 * page)
    assert.equal(memory.buffer, memory.buffer)
    const grown = new Int32Array(memory.buffer)
    grown[0] = 99
    grown[grown.length - 1] = 7
    assert.deepEqual([numbers[0], load(0), load(3 * page - 4)], [99, 99, 7])
    refuses(() => memory.grow(2), RangeError, { code: 'ERR_WASMPORT_MEMORY' })
    assert.equal(grow(2), -1)
  })

  test('of a memory that an instance exports', () => {
    const { memory, load } = exportsOf('(module (memory (export "memory") 1 2 shared) (func (export "load") (result i32) (i32.load (i32.const 8))))')
    new Int32Array(memory.buffer)[2] = 4
    assert.equal(load(), 4)
    assert.equal(memory.type().shared, true)
  })
})

describe('readMemory and writeMemory', () => {
  test('copy, with no buffer made and with one', () => {
    const memory = shared()
    const { load, add, grow } = join(memory)
    writeMemory(memory, 4, Uint8Array.of(1, 2, 0, 0))
    assert.equal(load(4), 0x201)
    add(8, 0x0403)
    assert.deepEqual(readMemory(memory, 4n, 6), Uint8Array.of(1, 2, 0, 0, 3, 4))
    assert.equal(grow(1), 1)
    writeMemory(memory, 2 * page - 1, Uint8Array.of(9))
    assert.deepEqual(readMemory(memory, 2 * page - 1, 1), Uint8Array.of(9))
    for (const use of [() => readMemory(memory, 2 * page, 1), () => writeMemory(memory, 2 * page - 1, new Uint8Array(2))]) {
      refuses(use, RangeError, { code: 'ERR_WASMPORT_VALUE' }, '131072')
    }
    if (skip) return
    const bytes = new Uint8Array(memory.buffer)
    assert.deepEqual([bytes[4], bytes[2 * page - 1]], [1, 9])
    // From the memory itself, overlapping.
    writeMemory(memory, 5, bytes.subarray(4, 10))
    assert.deepEqual([...bytes.subarray(4, 12)], [1, 1, 2, 0, 0, 3, 4, 0])
  })
})

describe('instances', { skip }, () => {
  test('share it, whatever stores they are in', () => {
    const memory = shared()
    const [a, b] = [join(memory), join(memory)]
    a.add(0, 4)
    assert.deepEqual([b.load(0), a.memory === b.memory], [4, true])
  })

  const others = {
    'a function': ['(func (export "x"))', '(func)'],
    'a table': ['(table (export "x") 1 funcref)', '(table 1 funcref)'],
    'a memory': ['(memory (export "x") 1)', '(memory 1)'],
    'a mutable global': ['(global (export "x") (mut i32) (i32.const 0))', '(global (mut i32))'],
  }
  for (const [what, [exported, imported]] of Object.entries(others)) {
    test(`import it with ${what} of another instance`, () => {
      const memory = shared()
      const other = exportsOf(`(module ${exported})`)
      const { m, x } = exportsOf(`(module (import "m" "memory" (memory 1 4 shared)) (import "o" "x" ${imported}) (export "m" (memory 0))
        (export "x" (${imported.match(/\w+/)[0]} ${what === 'a memory' ? 1 : 0})))`, { m: { memory }, o: other })
      assert.deepEqual([m === memory, x === other.x], [true, true])
    })
  }

  test('must want a shared one', () => {
    const error = thrown(() => exportsOf('(module (import "m" "memory" (memory 1 4)))', { m: { memory: shared() } }))
    assert.ok(error instanceof LinkError)
    assert.match(error.found, /shared/)
    const other = thrown(() => join(new Memory({ initial: 1, maximum: 4 })))
    assert.ok(other instanceof LinkError)
    assert.match(other.expected, /shared/)
  })
})

describe('threads', { skip }, () => {
  test('a worker that gets the buffer writes into the memory, and wakes this thread\'s waiters', async () => {
    const memory = shared()
    const { load, add } = join(memory)
    const numbers = new Int32Array(memory.buffer)
    const worker = startWorker(`
      const numbers = new Int32Array(workerData)
      Atomics.wait(numbers, 0, 0)
      Atomics.add(numbers, 1, 40)
      parentPort.postMessage(Atomics.load(numbers, 0))`, { workerData: memory.buffer })
    worker.once('online', () => {
      add(0, 5)
      Atomics.notify(numbers, 0)
    })
    const [[seen]] = await Promise.all([once(worker, 'message'), once(worker, 'exit')])
    assert.deepEqual([seen, load(4)], [5, 40])
  })

  test('WebAssembly waits, with a time limit', () => {
    const { wait, notify } = join(shared())
    assert.equal(wait(0, 1, -1n), 1) // another value is there
    assert.equal(wait(0, 0, 1_000_000n), 2) // nobody came
    assert.equal(notify(0), 0)
  })

  test('buffers outlive the worker that made the memory', () => {
    child(`
      const { Worker } = require('node:worker_threads')
      const { once } = require('node:events')
      const assert = require('node:assert')
      ;(async () => {
        const worker = new Worker(\`
          const { WebAssembly } = require(${JSON.stringify(api)})
          const memory = new WebAssembly.Memory({ initial: 1, maximum: 4, shared: true })
          const { buffer } = memory
          new Uint8Array(buffer)[7] = 77
          memory.grow(1)
          require('node:worker_threads').parentPort.postMessage([buffer, memory.buffer])\`, { eval: true })
        const [[[early, late]]] = await Promise.all([once(worker, 'message'), once(worker, 'exit')])
        for (let n = 0; n < 10; n++) { gc(); await new Promise(resolve => setImmediate(resolve)) }
        assert.deepStrictEqual([early.byteLength, late.byteLength, new Uint8Array(late)[7]], [65536, 131072, 77])
        new Uint8Array(late).fill(3)
        assert.strictEqual(new Uint8Array(early)[100], 3)
      })()`, { flags: ['--expose-gc'] })
  })
})

describe('2,000 shared memories that are dropped leave the resident size flat', { skip }, () => {
  const rounds = {
    'with a buffer': `
      const memory = new WebAssembly.Memory({ initial: 1, maximum: 4, shared: true })
      new Uint8Array(memory.buffer).fill(n)
      memory.grow(1)
      equal(new Uint8Array(memory.buffer).fill(n).length, 131072)`,
    'without': "equal(new WebAssembly.Memory({ initial: 1, maximum: 4, shared: true }).type().shared, true)",
  }
  for (const [what, round] of Object.entries(rounds)) {
    test(what, () => {
      const grown = growth('', round, 2000)
      assert.ok(grown < 20, `grew by ${grown} MiB`)
    })
  }
})
