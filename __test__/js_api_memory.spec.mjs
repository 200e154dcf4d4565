// WebAssembly.Memory.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { WebAssembly, loadSync, readMemory, writeMemory } from 'wasmport'
import { exportsOf } from './fixtures/assemble.mjs'
import { growth } from './fixtures/leaks.mjs'
import { refuses, thrown } from './helpers.mjs'

const { Memory } = WebAssembly
const builtin = globalThis.WebAssembly

const page = 65536
const range = { code: 'ERR_WASMPORT_MEMORY' }

const guest = `(module
  (import "js" "f" (func $f))
  (import "js" "memory" (memory 0))
  (export "memory" (memory 0))
  (func (export "size") (result i32) (memory.size))
  (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
  (func (export "growThenCall") (param i32) (drop (memory.grow (local.get 0))) (call $f))
  (func (export "load") (param i32) (result i32) (i32.load8_u (local.get 0)))
  (func (export "store") (param i32 i32) (i32.store8 (local.get 0) (local.get 1))))`

/** A memory of JS and an instance that imports it. */
function make(descriptor = { initial: 1 }, f = () => {}) {
  const memory = new Memory(descriptor)
  return { memory, ...exportsOf(guest, { js: { memory, f } }) }
}

describe('new WebAssembly.Memory', () => {
  test('has zeros, of the size that is asked for', () => {
    for (const initial of [0, 1, 3]) {
      const memory = new Memory({ initial })
      const bytes = new Uint8Array(memory.buffer)
      assert.equal(bytes.length, initial * page)
      assert.ok(bytes.every(byte => byte === 0))
      assert.ok(memory.buffer instanceof ArrayBuffer)
      assert.equal(Object.getPrototypeOf(memory), Memory.prototype)
      assert.equal(Object.prototype.toString.call(memory), '[object WebAssembly.Memory]')
    }
  })

  test('type() gives its limits now, which a constructor takes', () => {
    assert.deepEqual(new Memory({ initial: 1 }).type(), { minimum: 1, shared: false, address: 'i32' })
    const memory = new Memory({ initial: 1, maximum: 5 })
    memory.grow(2)
    const type = { minimum: 3, maximum: 5, shared: false, address: 'i32' }
    assert.deepEqual(memory.type(), type)
    assert.deepEqual(new Memory(memory.type()).type(), type)
    assert.deepEqual(new Memory({ initial: 0, maximum: 65536 }).type(), { minimum: 0, maximum: 65536, shared: false, address: 'i32' })
  })

  test('reads the descriptor in order, converting each member before the next', () => {
    const log = []
    const number = (name, value) => ({ valueOf() { log.push(`${name}!`); return value } })
    const members = { shared: false, maximum: number('maximum', '2'), initial: number('initial', 1.9), address: { toString() { log.push('address!'); return 'i32' } } }
    const memory = new Memory(new Proxy(members, { get(target, key) { log.push(key); return target[key] } }))
    assert.deepEqual(log.filter(key => key !== 'minimum'), ['address', 'address!', 'initial', 'initial!', 'maximum', 'maximum!', 'shared'])
    assert.deepEqual(memory.type(), { minimum: 1, maximum: 2, shared: false, address: 'i32' })
  })

  test('refuses what is no size', () => {
    for (const size of [-1, 2 ** 32, NaN, Infinity, 'x', {}, Symbol('1'), 1n]) {
      assert.throws(() => new Memory({ initial: size }), TypeError, String(size))
      assert.throws(() => new Memory({ initial: 0, maximum: size }), TypeError, String(size))
    }
    for (const none of [null, -0.9, '', []]) assert.equal(new Memory({ initial: none }).buffer.byteLength, 0)
    for (const wrong of [undefined, null, 5, 'x', {}, { maximum: 1 }, { initial: 1, minimum: 1 }, { initial: 1, address: 'i16' }]) {
      refuses(() => new Memory(wrong), TypeError, { code: 'ERR_WASMPORT_OPTION' }, 'descriptor')
    }
    refuses(() => new Memory(), TypeError, {}, '"descriptor" is missing')
    refuses(() => new Memory({ initial: 65537 }), RangeError, range, '65537', '65536 pages')
    refuses(() => new Memory({ initial: 0, maximum: 65537 }), RangeError, range, '65537')
    refuses(() => new Memory({ initial: 2, maximum: 1 }), RangeError, range, 'initial 2', 'maximum 1')
    assert.throws(() => Memory({ initial: 1 }), TypeError)
    refuses(() => new Memory({ initial: 1, shared: true }), TypeError, { code: 'ERR_WASMPORT_OPTION' }, 'maximum')
    const mine = new Error('mine')
    assert.equal(thrown(() => new Memory({ get initial() { throw mine } })), mine)
  })

  test('can be subclassed, and imported all the same', () => {
    class Heap extends Memory {
      constructor() { super({ initial: 1 }) }
      get bytes() { return new Uint8Array(this.buffer) }
    }
    const heap = new Heap()
    const { memory, store } = exportsOf(guest, { js: { memory: heap, f() {} } })
    assert.equal(memory, heap)
    store(5, 6)
    assert.equal(heap.bytes[5], 6)
  })
})

describe('the buffer', () => {
  test('is one object until the memory grows', () => {
    const { memory, store, load } = make()
    const { buffer } = memory
    assert.equal(memory.buffer, buffer)
    const bytes = new Uint8Array(buffer)
    store(1, 200)
    assert.equal(bytes[1], 200)
    bytes[page - 1] = 7
    assert.equal(load(page - 1), 7)
    assert.equal(memory.buffer, buffer)
    assert.equal(make({ initial: 1 }).memory.buffer === buffer, false)
  })

  test('is detached by growth from JS; the new one has the same bytes, and zeros behind', () => {
    const { memory, load } = make({ initial: 1, maximum: 4 })
    const old = new Uint8Array(memory.buffer).fill(9)
    const { buffer } = memory
    assert.equal(memory.grow(2), 1)
    assert.equal(old.length, 0)
    assert.equal(buffer.byteLength, 0)
    assert.notEqual(memory.buffer, buffer)
    const bytes = new Uint8Array(memory.buffer)
    assert.equal(bytes.length, 3 * page)
    assert.deepEqual([bytes[0], bytes[page - 1], bytes[page], bytes[3 * page - 1]], [9, 9, 0, 0])
    assert.equal(load(page - 1), 9)
  })

  test('is detached by growth from WebAssembly', () => {
    const { memory, grow, size } = make()
    const { buffer } = memory
    assert.equal(grow(1), 1)
    assert.equal(buffer.byteLength, 0)
    assert.equal(memory.buffer.byteLength, 2 * page)
    assert.equal(size(), 2)
  })

  test('is right inside an import while a view is held', () => {
    let seen
    const { memory, growThenCall } = make({ initial: 1 }, () => {
      seen.push(view.length, memory.buffer.byteLength, memory.buffer === memory.buffer)
      held = new Uint8Array(memory.buffer)
      seen.push(memory.grow(1), held.length, memory.buffer.byteLength)
    })
    let held
    let view = new Uint8Array(memory.buffer)
    seen = []
    growThenCall(1)
    assert.deepEqual(seen, [0, 2 * page, true, 2, 0, 3 * page])
    view = new Uint8Array(memory.buffer)
    seen = []
    growThenCall(0)
    assert.deepEqual(seen.slice(1), [3 * page, true, 3, 0, 4 * page])
  })

  test('of each of several memories grows alone', () => {
    const { a, b, growA } = exportsOf('(module (memory $a (export "a") 1) (memory $b (export "b") 2) (func (export "growA") (drop (memory.grow $a (i32.const 1)))))')
    const before = [a.buffer, b.buffer]
    growA()
    assert.equal(before[0].byteLength, 0)
    assert.equal(a.buffer.byteLength, 2 * page)
    assert.equal(b.buffer, before[1])
    assert.equal(b.buffer.byteLength, 2 * page)
  })

  test('is another one after growth by 0 from JS, which counts as growth', () => {
    const { memory } = make()
    const old = new Uint8Array(memory.buffer).fill(3)
    const { buffer } = memory
    assert.equal(memory.grow(0), 1)
    assert.equal(old.length, 0)
    assert.notEqual(memory.buffer, buffer)
    assert.equal(memory.buffer.byteLength, page)
    assert.equal(new Uint8Array(memory.buffer)[100], 3)
  })

  test('stays if growth fails', () => {
    const { memory, grow } = make({ initial: 1, maximum: 2 })
    const { buffer } = memory
    refuses(() => memory.grow(2), RangeError, range, 'grow by 2 pages')
    assert.equal(grow(2), -1)
    assert.equal(memory.buffer, buffer)
    assert.equal(buffer.byteLength, page)
  })

  test('of no pages is an object like any other', () => {
    const memory = new Memory({ initial: 0 })
    const { buffer } = memory
    assert.equal(buffer.byteLength, 0)
    assert.equal(memory.buffer, buffer)
    assert.equal(memory.grow(1), 0)
    assert.notEqual(memory.buffer, buffer)
    assert.equal(memory.buffer.byteLength, page)
    const never = new Memory({ initial: 0, maximum: 0 })
    assert.equal(never.buffer, never.buffer)
    refuses(() => never.grow(1), RangeError, range)
  })

  test('can be had of 4 GiB', () => {
    const memory = new Memory({ initial: 0 })
    assert.equal(memory.grow(65536), 0)
    assert.equal(memory.buffer.byteLength, 2 ** 32)
    new Uint8Array(memory.buffer)[2 ** 32 - 1] = 5
    assert.equal(new Uint8Array(memory.buffer, 2 ** 32 - 1)[0], 5)
    refuses(() => memory.grow(1), RangeError, range)
  })

  // Node 20 detaches external buffers, and has nothing to forbid it with.
  const major = Number(process.versions.node.split('.')[0])
  test('cannot be transferred by structuredClone', { skip: major < 22 }, () => {
    const { memory } = make()
    const { buffer } = memory
    assert.throws(() => structuredClone(buffer, { transfer: [buffer] }), { name: 'DataCloneError' })
    assert.equal(memory.buffer, buffer)
    assert.equal(buffer.byteLength, page)
  })

  test('that was transferred somehow is replaced by one over the memory as it is', () => {
    const { memory, store, load } = make()
    store(3, 33)
    const { buffer } = memory
    try { buffer.transfer ? buffer.transfer() : structuredClone(buffer, { transfer: [buffer] }) } catch {}
    assert.equal(memory.buffer.byteLength, page)
    assert.equal(new Uint8Array(memory.buffer)[3], 33)
    new Uint8Array(memory.buffer)[4] = 44
    assert.equal(load(4), 44)
  })
})

describe('grow', () => {
  test('returns the size before, and works before and after the memory is imported', () => {
    const early = new Memory({ initial: 1, maximum: 10 })
    assert.equal(early.grow(1), 1)
    const { size, grow } = exportsOf(guest, { js: { memory: early, f() {} } })
    assert.equal(size(), 2)
    assert.equal(grow(1), 2)
    assert.equal(early.grow(2), 3)
    assert.equal(size(), 5)
    assert.equal(early.buffer.byteLength, 5 * page)
  })

  test('that makes an instance join while its argument is converted', () => {
    const memory = new Memory({ initial: 1 })
    let joined
    memory.grow({ valueOf() { joined = exportsOf(guest, { js: { memory, f() {} } }); return 1 } })
    assert.deepEqual([memory.buffer.byteLength, joined.size(), joined.memory === memory], [2 * page, 2, true])
  })

  test('converts its argument', () => {
    const { memory } = make()
    assert.equal(memory.grow('1'), 1)
    assert.equal(memory.grow({ valueOf: () => 1.9 }), 2)
    assert.equal(memory.grow(null), 3)
    assert.equal(memory.grow(-0.5), 3)
    // What the conversion does comes first.
    assert.equal(memory.grow({ valueOf: () => memory.grow(1) * 0 + 1 }), 4)
    for (const wrong of [undefined, -1, 2 ** 32, NaN, Infinity, 1n, Symbol('1'), {}]) assert.throws(() => memory.grow(wrong), TypeError)
    refuses(() => memory.grow(), TypeError, { code: 'ERR_WASMPORT_OPTION' }, '"delta" is missing')
    assert.equal(memory.buffer.byteLength, 5 * page)
  })
})

describe('addresses of 64 bits', () => {
  test('have BigInts as sizes', () => {
    const memory = new Memory({ address: 'i64', initial: 1n, maximum: 3n })
    assert.deepEqual(memory.type(), { minimum: 1n, maximum: 3n, shared: false, address: 'i64' })
    assert.equal(memory.buffer.byteLength, page)
    const { buffer } = memory
    assert.equal(memory.grow(1n), 1n)
    assert.equal(buffer.byteLength, 0)
    assert.equal(memory.buffer.byteLength, 2 * page)
    assert.equal(memory.grow('1'), 2n)
    refuses(() => memory.grow(1n), RangeError, range)
    for (const wrong of [1, undefined, null, -1n, 2n ** 64n, 'x']) assert.throws(() => memory.grow(wrong), { name: wrong === 'x' ? 'SyntaxError' : 'TypeError' })
    assert.throws(() => new Memory({ address: 'i64', initial: 1 }), TypeError)
    assert.throws(() => new Memory({ address: 'i32', initial: 1n }), TypeError)
    refuses(() => new Memory({ address: 'i64', initial: 2n, maximum: 1n }), RangeError, range)
    refuses(() => new Memory({ address: 'i64', initial: 2n ** 48n }), RangeError, range)
  })

  test('can be imported, used and exported', () => {
    const memory = new Memory({ address: 'i64', initial: 1n })
    const { m, store, grow } = exportsOf(`(module (import "js" "memory" (memory i64 1)) (export "m" (memory 0))
      (func (export "store") (param i64 i32) (i32.store8 (local.get 0) (local.get 1)))
      (func (export "grow") (param i64) (result i64) (memory.grow (local.get 0))))`, { js: { memory } })
    assert.equal(m, memory)
    store(9n, 99)
    assert.equal(new Uint8Array(memory.buffer)[9], 99)
    const { buffer } = memory
    assert.equal(grow(1n), 1n)
    assert.equal(buffer.byteLength, 0)
    assert.equal(memory.buffer.byteLength, 2 * page)
  })
})

test('methods and accessors refuse other receivers', () => {
  const { get } = Object.getOwnPropertyDescriptor(Memory.prototype, 'buffer')
  for (const wrong of [undefined, null, 5, {}, Memory.prototype, Object.create(Memory.prototype), new builtin.Memory({ initial: 1 }), new ArrayBuffer(8)]) {
    for (const use of [() => get.call(wrong), () => Memory.prototype.grow.call(wrong, 1), () => Memory.prototype.type.call(wrong)]) {
      refuses(use, TypeError, { code: 'ERR_WASMPORT_OPTION' }, 'Receiver is not a WebAssembly.Memory')
    }
  }
})

test('a buffer of more than Node can have is an error', () => {
  const memory = new Memory({ address: 'i64', initial: 70000n })
  try {
    assert.equal(memory.buffer.byteLength, 70000 * 65536)
  } catch (error) {
    // Node 20 has buffers of up to 4 GiB.
    assert.equal(error.code, 'ERR_BUFFER_TOO_LARGE')
  }
})

describe('10,000 memories that are dropped leave the resident size flat', () => {
  const rounds = {
    'with a buffer that was written to': `
      const memory = new WebAssembly.Memory({ initial: 2 })
      new Uint8Array(memory.buffer).fill(1)`,
    'that grew': `
      const memory = new WebAssembly.Memory({ initial: 1 })
      const { buffer } = memory
      new Uint8Array(buffer).fill(1)
      memory.grow(1)
      new Uint8Array(memory.buffer).fill(1)
      equal(buffer.byteLength, 0)`,
    'that nobody looked at': 'equal(new WebAssembly.Memory({ initial: 1 }).type().minimum, 1)',
    'whose buffer alone was kept for a while': `
      kept[n % 10] = new Uint8Array(new WebAssembly.Memory({ initial: 1 }).buffer).fill(n)
      const other = kept[(n + 5) % 10]
      equal(other === undefined || other[0] === other[65535], true)`,
  }
  for (const [what, round] of Object.entries(rounds)) {
    test(what, () => {
      const grown = growth('const kept = []', round, 10000)
      assert.ok(grown < 20, `grew by ${grown} MiB`)
    })
  }
})

describe('readMemory and writeMemory', () => {
  const beyond = { code: 'ERR_WASMPORT_VALUE' }
  const wrong = { code: 'ERR_WASMPORT_OPTION' }

  test('copy, before and after the memory is in an instance, and need no buffer', () => {
    const memory = new Memory({ initial: 1 })
    assert.equal(writeMemory(memory, 3, Uint8Array.of(1, 2, 3)), undefined)
    const { load, store, grow } = exportsOf(guest, { js: { memory, f() {} } })
    assert.deepEqual([load(3), load(5), load(6)], [1, 3, 0])
    store(4, 200)
    const copy = readMemory(memory, 3, 3)
    assert.deepEqual(copy, Uint8Array.of(1, 200, 3))
    store(3, 9)
    copy[1] = 0
    assert.deepEqual([copy[0], load(4)], [1, 200])
    assert.equal(grow(1), 1)
    writeMemory(memory, 2 * page - 1, Uint8Array.of(7))
    assert.equal(load(2 * page - 1), 7)
    assert.equal(new Uint8Array(memory.buffer)[2 * page - 1], 7)
  })

  test('take any bytes: views by their part, buffers whole, none at all', () => {
    const memory = new Memory({ initial: 1 })
    const bytes = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8)
    const sources = [
      [bytes, 1, 8], [bytes.buffer, 1, 8], [bytes.subarray(2, 4), 3, 4], [new DataView(bytes.buffer, 4, 2), 5, 6],
      [Buffer.from([1, 2]), 1, 2], [new Uint16Array(bytes.buffer, 6), 7, 8], [new Uint8Array(new SharedArrayBuffer(2)).fill(4), 4, 4],
    ]
    for (const [source, first, last] of sources) {
      writeMemory(memory, 10, source)
      const copy = readMemory(memory, 10, source.byteLength)
      assert.deepEqual([copy.length, copy[0], copy.at(-1)], [source.byteLength, first, last])
    }
    writeMemory(memory, page, new Uint8Array())
    writeMemory(memory, 0, new ArrayBuffer())
    assert.equal(readMemory(memory, page, 0).length, 0)
    assert.equal(readMemory(new Memory({ initial: 0 }), 0, 0).length, 0)
    assert.deepEqual(readMemory(memory, 0, page), new Uint8Array(memory.buffer))
  })

  test('copy within one memory, overlapping', () => {
    const memory = new Memory({ initial: 1 })
    const bytes = new Uint8Array(memory.buffer)
    bytes.set([1, 2, 3, 4])
    writeMemory(memory, 1, bytes.subarray(0, 4))
    assert.deepEqual([...bytes.subarray(0, 6)], [1, 1, 2, 3, 4, 0])
  })

  test('refuse what reaches beyond the memory, and leave it as it is', () => {
    const memory = new Memory({ initial: 1 })
    for (const address of [page - 1, page, page + 1, 2 ** 32, 2 ** 53 - 1, 2n ** 64n - 1n, 2n ** 70n]) {
      const parts = [`2 bytes at address ${address}`, '65536']
      refuses(() => readMemory(memory, address, 2), RangeError, beyond, 'readMemory', ...parts)
      refuses(() => writeMemory(memory, address, Uint8Array.of(1, 2)), RangeError, beyond, 'writeMemory', ...parts)
    }
    refuses(() => readMemory(memory, 0, 2 ** 53 - 1), RangeError, beyond)
    refuses(() => readMemory(memory, page + 1, 0), RangeError, beyond)
    assert.ok(readMemory(memory, 0, page).every(byte => byte === 0))
  })

  test('refuse other arguments', () => {
    const memory = new Memory({ initial: 1 })
    const forged = Object.create(Memory.prototype)
    for (const other of [undefined, {}, memory.buffer, forged, new builtin.Memory({ initial: 1 })]) {
      refuses(() => readMemory(other, 0, 1), TypeError, wrong, 'WebAssembly.Memory')
      refuses(() => writeMemory(other, 0, new Uint8Array(1)), TypeError, wrong, 'WebAssembly.Memory')
    }
    for (const address of [undefined, null, '0', -1, 0.5, NaN, -1n]) {
      refuses(() => readMemory(memory, address, 1), TypeError, wrong, 'readMemory: address')
      refuses(() => writeMemory(memory, address, new Uint8Array(1)), TypeError, wrong, 'writeMemory: address')
    }
    for (const length of [undefined, -1, 0.5, '1', 1n]) refuses(() => readMemory(memory, 0, length), TypeError, wrong, 'length')
    for (const bytes of [undefined, null, 'x', [1], 5]) refuses(() => writeMemory(memory, 0, bytes), TypeError, wrong, 'bytes')
  })

  test('reach addresses of 64 bits, and those above 4 GiB', () => {
    const memory = new Memory({ address: 'i64', initial: 70000n })
    const high = 2n ** 32n + 5n
    writeMemory(memory, high, Uint8Array.of(5, 6))
    assert.deepEqual(readMemory(memory, Number(high), 3), Uint8Array.of(5, 6, 0))
    refuses(() => readMemory(memory, 70000n * 65536n, 1), RangeError, beyond, `address ${70000 * 65536}`)
  })

  test('reach a memory of load(), until it is disposed of', () => {
    const namespace = loadSync('(module (memory (export "memory") 1) (data (i32.const 8) "hello"))')
    assert.equal(Buffer.from(readMemory(namespace.memory, 8, 5)).toString(), 'hello')
    const { memory } = namespace
    namespace[Symbol.dispose]()
    refuses(() => readMemory(memory, 8, 5), Error, { code: 'ERR_WASMPORT_DISPOSED' })
  })
})
