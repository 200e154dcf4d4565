// Node-API's "Error handling": statuses, the last error, exceptions made, thrown and taken.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { thrown } from './helpers.mjs'
import { chapter, status } from './fixtures/node-api.mjs'

const { covers, compares, wasm } = chapter('errors')

describe('the last error', () => {
  covers('napi_get_last_error_info')
  compares('has the code and the words of each status', guest => guest.last_errors(0))
  compares('stays while it is asked for', guest => guest.last_error_lasts(0))
  test('is that of the call', () => {
    assert.deepEqual(wasm.last_errors(0).slice(0, 7), [status.invalid_arg, status.invalid_arg, 'Invalid argument', 'NONE',
      status.object_expected, status.object_expected, 'An object was expected'])
  })
})

describe('errors', () => {
  const texts = () => [['ERR_CODE', 'a message'], ['', ''], ['ünïcödé', '日本語 🦀']]
  for (const name of ['napi_throw_error', 'napi_throw_type_error', 'napi_throw_range_error', 'node_api_throw_syntax_error']) covers(name, texts)
  for (const name of ['napi_create_error', 'napi_create_type_error', 'napi_create_range_error', 'node_api_create_syntax_error']) covers(name, texts)
  covers('napi_throw', () => [[new Error('mine')]])
  covers('napi_is_error', () => [[new Error('mine')], [{ message: 'alike' }], [new DOMException('mine')]])
  covers('napi_is_exception_pending')
  covers('napi_get_and_clear_last_exception', undefined, { takesException: true })

  test('are of the classes of JavaScript, with code and message', () => {
    const [, , , , error] = wasm.node_api_create_syntax_error(0, 'ERR_CODE', 'a message')
    assert.ok(error instanceof SyntaxError)
    assert.deepEqual([error.code, error.message], ['ERR_CODE', 'a message'])
    assert.ok(!('code' in wasm.napi_create_error(2, undefined, 'a message')[4]))
  })

  test('that the guest throws arrive in JavaScript', () => {
    const error = thrown(() => wasm.throws_error(0))
    assert.ok(error instanceof SyntaxError)
    assert.deepEqual([error.code, error.message], ['ERR_CODE', 'a message'])
    assert.match(error.stack, /node_api_errors\.spec/)
  })

  for (const value of [1, 'text', undefined, null, Symbol.iterator, new TypeError('mine')]) {
    test(`that are ${String(value)} arrive as they are`, () => {
      let caught = 'nothing'
      try { wasm.throws(0, value) } catch (error) { caught = error }
      assert.equal(caught, value)
    })
  }
})

describe('an exception that is pending', () => {
  compares('is the first, and refuses what needs JavaScript', guest => guest.while_pending(0))
  test('is taken once', () => {
    const [result, , , , exception, still] = wasm.napi_get_and_clear_last_exception(2 ** 31)
    assert.deepEqual([result, exception.code, still], [status.ok, 'PENDING', 0])
    assert.equal(wasm.napi_get_and_clear_last_exception(0)[4], undefined)
  })
})
