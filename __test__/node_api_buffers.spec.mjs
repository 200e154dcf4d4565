// ArrayBuffers, typed arrays, DataViews and Buffers of Node-API: what the guest makes, what it is given, and that both
// sides see one memory.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { chapter, status } from './fixtures/node-api.mjs'

const { covers, compares, wasm } = chapter('buffers')
const bytes = (...values) => Uint8Array.from(values).buffer
/** A view of bytes that have been taken away. */
const detachedView = () => {
  const view = new Uint8Array(bytes(1, 2))
  structuredClone(view.buffer, { transfer: [view.buffer] })
  return view
}
const detached = () => detachedView().buffer

describe('what the guest makes', () => {
  covers('napi_create_arraybuffer', () => [[8], [0], [1], [70_000]])
  covers('napi_create_buffer', () => [[8], [0], [1], [70_000]])
  covers('napi_create_buffer_copy', () => [[5, 'bytes of text'], [0, ''], [13, 'bytes of text']])
  covers('napi_create_external_arraybuffer', () => [[undefined, 5], [undefined, 0]])
  covers('napi_create_external_buffer', () => [[5], [0]])

  test('is an ArrayBuffer or a Buffer of these bytes', () => {
    assert.deepEqual([...new Uint8Array(wasm.napi_create_arraybuffer(0, 3)[5])], [1, 2, 3])
    const [, , , , buffer] = wasm.napi_create_buffer(0, 3)
    assert.ok(Buffer.isBuffer(buffer))
    assert.deepEqual([...buffer], [1, 2, 3])
    assert.equal(wasm.napi_create_buffer_copy(0, 5, 'bytes')[4].toString(), '!ytes')
    assert.equal(wasm.napi_create_external_buffer(0, 5)[4].toString(), 'abcde')
    assert.equal(Buffer.from(wasm.napi_create_external_arraybuffer(0, undefined, 5)[4]).toString(), 'abcde')
  })

  test('is the guest\'s to write until it ends, and JavaScript\'s', () => {
    let held
    const report = wasm.one_memory(0, buffer => {
      held = buffer
      assert.deepEqual([...new Uint8Array(buffer)], [0, 1, 2, 3, 4, 5, 6, 7])
      new Uint8Array(buffer).set([10, 20], 2)
    })
    assert.deepEqual(report.slice(2, 10), [0, 1, 10, 20, 4, 5, 6, 7])
    assert.equal(report[10], held)
    assert.equal(new Uint8Array(held)[7], 99)
  })
  compares('and the same on Node', guest => guest.one_memory(0, buffer => new Uint8Array(buffer).fill(5, 0, 3)))
  compares('is what it was after the memory grew', guest => guest.survives_growth(0))

  test('of lengths that nobody has is refused, and the guest goes on', () => {
    for (const length of [2 ** 32 - 1, 2 ** 31, 2 ** 32 - 65536]) {
      const report = wasm.absurd(0, length)
      for (let n = 0; n < report.length; n += 4) assert.notEqual(report[n], status.ok, `${length}: ${n / 4}`)
    }
    assert.equal(wasm.napi_create_arraybuffer(0, 8)[0], status.ok)
  })
})

describe('views', () => {
  const buffer = () => bytes(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16)
  const types = Array.from({ length: 11 }, (_, n) => n)
  covers('napi_create_typedarray', () => [...types.map(type => [type, 1, buffer(), 0]), ...types.map(type => [type, 1, buffer(), 8]),
    ...types.map(type => [type, 1, buffer(), 1]), ...types.map(type => [type, 3, buffer(), 8]), [12, 1, buffer(), 0], [-1, 1, buffer(), 0], [77, 1, buffer(), 0],
    [1, 17, buffer(), 0], [1, 0, buffer(), 16], [1, 0, buffer(), 17], [1, 1, detached(), 0], [1, 2 ** 31, buffer(), 0]])
  covers('napi_create_dataview', () => [[4, buffer(), 2], [16, buffer(), 0], [17, buffer(), 0], [0, buffer(), 16], [1, buffer(), 16], [1, detached(), 0], [2 ** 31, buffer(), 2 ** 31]])

  test('are of the class that the type says', () => {
    const classes = [Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array, Float32Array, Float64Array, BigInt64Array, BigUint64Array]
    for (const [type, Class] of classes.entries()) {
      const of = buffer()
      const [, , , , view] = wasm.napi_create_typedarray(0, type, 1, of, 8)
      assert.ok(view instanceof Class)
      assert.deepEqual([view.buffer, view.byteOffset, view.length], [of, 8, 1])
    }
  })

  test('that would not be aligned or reach beyond the buffer are range errors', () => {
    for (const [args, code] of [[[5, 1, buffer(), 1], 'ERR_NAPI_INVALID_TYPEDARRAY_ALIGNMENT'], [[5, 5, buffer(), 0], 'ERR_NAPI_INVALID_TYPEDARRAY_LENGTH']]) {
      const [result, , , exception] = wasm.napi_create_typedarray(0, ...args)
      assert.notEqual(result, status.ok)
      assert.deepEqual([exception.name, exception.code], ['RangeError', code])
    }
    assert.equal(wasm.napi_create_dataview(0, 17, buffer(), 0)[3].code, 'ERR_NAPI_INVALID_DATAVIEW_ARGS')
  })
})

describe('what the guest is given', () => {
  const views = () => [new Uint8Array(bytes(1, 2, 3, 4), 1, 2), new Float64Array([1.5, -2]), new Int16Array([1, -2, 3]), new BigUint64Array([2n ** 64n - 1n]),
    new Uint8ClampedArray([1, 255]), new Uint8Array(0), detachedView(), new Uint8Array(70_000).fill(3), new Uint32Array(new SharedArrayBuffer(8))]
  covers('napi_get_arraybuffer_info', () => [[bytes(1, 2, 3)], [bytes()], [detached()], [new Uint8Array(70_000).fill(7).buffer]])
  covers('napi_get_buffer_info', () => [[Buffer.alloc(4, 'text')], [Buffer.alloc(0)], [Buffer.from(bytes(1, 2, 3, 4), 1, 2)], ...views().map(view => [view])])
  covers('napi_get_typedarray_info', () => [...views().map(view => [view]), [Buffer.alloc(4, 'text')]])
  covers('napi_get_dataview_info', () => [[new DataView(bytes(1, 2, 3, 4))], [new DataView(bytes(1, 2, 3, 4), 1, 2)]])
  covers('napi_is_detached_arraybuffer', () => [[bytes(1)], [detached()]])
  covers('napi_detach_arraybuffer', () => [[bytes(1, 2)], [detached()], [bytes()]])

  test('can be read, and what it writes is seen', () => {
    const kinds = [Buffer.alloc(5), new Uint8Array(new ArrayBuffer(9), 2, 5), bytes(0, 0, 0, 0, 0), new DataView(new ArrayBuffer(9), 2, 5), new Uint8Array(100_000)]
    for (const kind of kinds) {
      wasm.fill(0, kind, 7)
      const seen = ArrayBuffer.isView(kind) ? new Uint8Array(kind.buffer, kind.byteOffset, kind.byteLength) : new Uint8Array(kind)
      assert.ok(seen.every(byte => byte === 7), String(seen.subarray(0, 8)))
      if (ArrayBuffer.isView(kind) && kind.byteOffset === 2) assert.deepEqual([new Uint8Array(kind.buffer)[1], new Uint8Array(kind.buffer)[7]], [0, 0])
    }
  })
  compares('in turns with JavaScript', guest => {
    const buffer = Buffer.alloc(4)
    const seen = []
    seen.push(guest.writes_into_argument(0, buffer, () => { seen.push([...buffer]); buffer[0] = 42 }))
    return [seen, buffer]
  })
  compares('twice is the same bytes twice', guest => { const buffer = bytes(0, 0, 0, 0); return [guest.asks_twice(0, buffer), buffer] })

  test('can be taken away from JavaScript', () => {
    const buffer = bytes(1, 2, 3)
    assert.equal(wasm.napi_detach_arraybuffer(0, buffer)[0], status.ok)
    assert.equal(buffer.byteLength, 0)
    assert.equal(wasm.napi_is_detached_arraybuffer(0, buffer)[4], 1)
    assert.equal(wasm.napi_detach_arraybuffer(0, {})[0], status.arraybuffer_expected)
  })

  test('cannot be taken away where only Node can, which has the key', { skip: Number.parseInt(process.versions.node) < 24 && 'Node has no keys before 24' }, () => {
    const pooled = Buffer.from('from the pool')
    assert.equal(wasm.napi_detach_arraybuffer(0, pooled.buffer)[0], status.detachable_arraybuffer_expected)
    assert.equal(pooled.toString(), 'from the pool')
  })
})
