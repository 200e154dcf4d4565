// Buffers of JavaScript's in the hands of a Node-API guest: copies in its memory, which are kept in step. Once in a memory
// of its own, and once in one that threads could share.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { loadSync } from '../index.js'

setFlagsFromString('--expose-gc')
const gc = runInNewContext('gc')
const path = name => new URL(`guests/node-api-copies/${name}.wasm`, import.meta.url)

/** Until the finalizers of what is garbage have run. */
async function collected(isDone) {
  for (let n = 0; n < 100 && !isDone(); n++) {
    gc()
    await turn()
  }
}

for (const [memory, name] of [['its own', 'copies'], ['shared', 'copies-shared']]) {
  describe(`in a memory that is ${memory}`, () => {
    const load = () => loadSync(path(name))
    const guest = load()

    test('JavaScript sees what was written when it is called, and the guest what JavaScript wrote', () => {
      const kinds = [Buffer.alloc(8), Buffer.from('pooled by Node'), new Uint8Array(1 << 20), new Uint8Array(new ArrayBuffer(1 << 20), 5, 8),
        new DataView(new ArrayBuffer(8)), new Uint8Array(new SharedArrayBuffer(8)), new Uint8Array(new ArrayBuffer(8, { maxByteLength: 99 }))]
      for (const kind of kinds) {
        const bytes = new Uint8Array(kind.buffer, kind.byteOffset, kind.byteLength)
        bytes.fill(0)
        const seen = guest.around(kind, () => {
          assert.deepEqual([...bytes.subarray(0, 3)], [1, 0, 0])
          bytes.set([4, 5])
        })
        assert.equal(seen, 4005)
        assert.deepEqual([...bytes.subarray(0, 3)], [4, 5, 3])
      }
    })

    test('also where JavaScript throws, or calls the guest again', () => {
      const bytes = Buffer.alloc(8)
      assert.throws(() => guest.around(bytes, () => { throw new Error(`mine ${bytes[0]}`) }), { message: 'mine 1' })
      bytes.fill(0)
      const seen = guest.around(bytes, () => {
        bytes[1] = 5
        assert.equal(guest.set(bytes, 0, 9), 1)
        assert.equal(bytes[0], 9)
        assert.equal(guest.set(bytes, 1, 6), 5)
        bytes[0] = 10
      })
      assert.equal(seen, 10_006)
      assert.deepEqual([...bytes.subarray(0, 3)], [10, 6, 3])
      const nest = depth => guest.around(bytes, () => { if (depth > 0) nest(depth - 1); bytes[1]++ })
      bytes.fill(0)
      assert.equal(nest(40), 1041)
    })

    test('a getter that calls the guest again loses nothing of what the guest wrote', () => {
      const bytes = Buffer.alloc(8)
      const seen = guest.around_getter(bytes, { get property() { return guest.set(bytes, 3, 9) } })
      assert.equal(seen, 1000)
      assert.deepEqual([...bytes.subarray(0, 4)], [1, 0, 3, 9])
    })

    test('bytes that were taken away or made fewer meanwhile are not written', () => {
      const gone = new Uint8Array(8)
      guest.around(gone, () => structuredClone(gone.buffer, { transfer: [gone.buffer] }))
      assert.equal(gone.length, 0)
      const buffer = new ArrayBuffer(8, { maxByteLength: 1 << 16 })
      for (const length of [1, 1 << 16, 0]) {
        const bytes = new Uint8Array(buffer)
        buffer.resize(8)
        bytes.fill(0)
        guest.around(bytes, () => buffer.resize(length))
        assert.deepEqual([buffer.byteLength, ...bytes.subarray(0, 4)], [length, ...[1, 0, 3, 0].slice(0, length)])
      }
    })

    test('views of one buffer have their bytes beside each other', () => {
      const buffer = new ArrayBuffer(1000)
      const [one, other] = [10, 60].map(offset => guest.address(new Uint8Array(buffer, offset, 20)))
      assert.equal(other - one, 50)
      assert.equal(guest.address(new Uint8Array(0)), 0)
    })

    test('an address is good for as long as the guest keeps the buffer', () => {
      const { keep, kept_byte, ends } = load()
      keep(Buffer.alloc(1 << 20, 'kept'))
      for (let n = 0; n < 80; n++) ends(Buffer.alloc(1 << 20, n))
      assert.deepEqual([0, 1, 2, 3].map(kept_byte), [...Buffer.from('kept')])
    })

    test('what asynchronous work has written is there when it is complete', async () => {
      for (const length of [1, 5000, 1 << 20]) {
        const bytes = Buffer.alloc(length)
        assert.equal(await guest.fill_later(bytes), bytes)
        assert.ok(bytes.every((byte, n) => byte === (n & 255)))
      }
      const many = Array.from({ length: 20 }, (_, n) => new Uint8Array(100 + n))
      await Promise.all(many.map(guest.fill_later))
      assert.ok(many.every(bytes => bytes.every((byte, n) => byte === n)))
    })

    test('ever new buffers do not fill the memory of the guest, in one turn of the event loop', () => {
      const { ends, pages } = load()
      for (let n = 0; n < 400; n++) assert.equal(ends(new Uint8Array(1 << 20).fill(n)), (n & 255) * 1001)
      for (let n = 0; n < 50_000; n++) ends(Buffer.allocUnsafeSlow(100))
      assert.ok(pages() < 2000, `${pages()} pages`)
    })

    test('bytes of the guest are its finalizer\'s when no view of them is left', async () => {
      let buffer = guest.external(1000)
      let part = buffer.subarray(10, 20)
      assert.deepEqual([...part], Array(10).fill(7))
      assert.notEqual(guest.address(part), 0)
      assert.equal(guest.set(part, 0, 8), 7)
      assert.equal(part[0], 8)
      const before = guest.finalizations()
      buffer = undefined
      for (let n = 0; n < 5; n++) await collected(() => guest.finalizations() > before || n === 4)
      assert.equal(guest.finalizations(), before)
      assert.equal(part[9], 7)
      part = undefined
      await collected(() => guest.finalizations() > before)
      assert.equal(guest.finalizations(), before + 1)
    })

    test('they outlast the addon', () => {
      const disposed = load()
      const buffer = disposed.external(100_000)
      disposed[Symbol.dispose]()
      gc()
      assert.ok(buffer.every(byte => byte === 7))
      buffer.fill(1)
      assert.throws(() => disposed.pages(), { code: 'ERR_WASMPORT_DISPOSED' })
    })
  })
}
