// Node-API's "Promises" and "Script execution".

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { loadSync } from '../index.js'
import { chapter, status, wasmOf } from './fixtures/node-api.mjs'
import { describeValue } from './fixtures/node-api-values.mjs'

const { covers, compares, wasm } = chapter('promises')

/** What became of a promise. */
const settled = promise => promise.then(value => ['fulfilled', describeValue(value)], reason => ['rejected', describeValue(reason)])

describe('promises', () => {
  covers('napi_create_promise')
  covers('napi_is_promise', () => [[Promise.resolve()], [{ then() {} }]])
  covers('napi_resolve_deferred', () => [[undefined, 'value'], [undefined, Promise.resolve(1)]])
  covers('napi_reject_deferred', () => [[undefined, 'reason'], [undefined, new Error('mine')]])

  for (const end of ['resolve', 'reject']) {
    const name = `napi_${end}_deferred`
    compares(`${name} with values of all sorts`, async guest => {
      const values = [1, undefined, null, new Error('mine'), { a: 1 }, Promise.resolve('inner'), Promise.reject(new Error('inner')),
        { then(resolve) { resolve('of a thenable') } }, { get then() { throw new RangeError('no then') } }]
      return Promise.all(values.map(value => settled(guest[name](0, undefined, value)[4])))
    })
    compares(`${end} later, of a promise that JavaScript has`, async guest => {
      const [, promise] = guest.open(0)
      const outcome = settled(promise)
      await new Promise(resolve => setImmediate(resolve))
      return [guest[end](0, 'late'), await outcome]
    })
  }

  test('settle', async () => {
    const [, , , , resolved] = wasm.napi_resolve_deferred(0, undefined, 'value')
    assert.equal(await resolved, 'value')
    const mine = new Error('mine')
    await assert.rejects(wasm.napi_reject_deferred(0, undefined, mine)[4], error => error === mine)
  })

  test('settle once: the deferred is gone then', async () => {
    const [, promise] = wasm.open(0)
    assert.deepEqual(wasm.resolve(0, 'once'), [status.ok])
    assert.deepEqual(wasm.resolve(0, 'twice'), [status.invalid_arg])
    assert.deepEqual(wasm.reject(0, 'thrice'), [status.invalid_arg])
    assert.equal(await promise, 'once')
  })
})

test('promises that are left when the addon is disposed of are rejected, and nobody has to handle that', async () => {
  const addon = loadSync(wasmOf('promises'))
  const [, awaited] = addon.open(0)
  addon.open(0)
  addon[Symbol.dispose]()
  await assert.rejects(awaited, { code: 'ERR_WASMPORT_DISPOSED' })
})

describe('scripts', () => {
  covers('napi_run_script', () => [['1 + 1'], [''], ['({ a: [1] })'], ['throw new RangeError("mine")'], ['this is no script'], ['typeof require'], ['var ofScript = 1'], ['this === globalThis']])
  test('run in the global scope', () => {
    assert.equal(wasm.napi_run_script(0, '6 * 7')[4], 42)
    assert.equal(wasm.napi_run_script(0, 'this')[4], globalThis)
    assert.equal(wasm.napi_run_script(0, 7)[0], status.string_expected)
    const [result, , , exception] = wasm.napi_run_script(0, 'throw new RangeError("mine")')
    assert.deepEqual([result === status.ok, exception.name, exception.message], [false, 'RangeError', 'mine'])
  })
})
