// BigInts, dates and symbols of Node-API.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { chapter, status } from './fixtures/node-api.mjs'

const { covers, compares, wasm } = chapter('bigint_date_symbol')
const AUTO = -1

describe('BigInts', () => {
  covers('napi_create_bigint_int64', () => ['0', '-1', '9223372036854775807', '-9223372036854775808', '0x7fffffffffffffff'].map(text => [text]))
  covers('napi_create_bigint_uint64', () => ['0', '1', '18446744073709551615', '0x8000000000000000'].map(text => [text]))
  covers('napi_create_bigint_words', () => [0, 1, 2, -1].flatMap(sign => [0, 1, 2, 3, 5, 8].map(count => [sign, count])))

  const bigints = () => [0n, 1n, -1n, 2n ** 63n - 1n, -(2n ** 63n), 2n ** 63n, 2n ** 64n - 1n, 2n ** 64n, -(2n ** 64n), 2n ** 200n + 5n, -(2n ** 383n), 2n ** 1000n]
  covers('napi_get_value_bigint_int64', () => bigints().map(value => [value]))
  covers('napi_get_value_bigint_uint64', () => bigints().map(value => [value]))
  covers('napi_get_value_bigint_words', () => bigints().flatMap(value => [6, 0, 1, 3].map(room => [value, , , , room])).map(list => [...list]))

  test('keep all 64 bits, and say when there are more', () => {
    assert.equal(wasm.napi_create_bigint_int64(0, '-9223372036854775808')[4], -(2n ** 63n))
    assert.equal(wasm.napi_create_bigint_uint64(0, '18446744073709551615')[4], 2n ** 64n - 1n)
    assert.deepEqual(wasm.napi_get_value_bigint_int64(0, -5n).slice(4), [2n ** 64n - 5n, 1])
    assert.deepEqual(wasm.napi_get_value_bigint_uint64(0, 2n ** 64n + 3n).slice(4), [3n, 0])
    assert.equal(wasm.napi_get_value_bigint_int64(0, 5)[0], status.bigint_expected)
  })

  test('of several words have the lowest first', () => {
    assert.equal(wasm.napi_create_bigint_words(0, 1, 2)[4], -(0xfedcba98765432100123456789abcdefn))
    assert.deepEqual(wasm.napi_get_value_bigint_words(0, -(2n ** 64n + 9n), 0, 0, 0, 6).slice(4), [1, 2, 9n, 1n, 77n, 77n, 77n, 77n])
    // Without room for words the count is told.
    assert.equal(wasm.napi_get_value_bigint_words(2 ** 2 + 2 ** 4, 2n ** 300n, 0, 0, 0, 0)[5], 5)
  })

  compares('of more words than the engine takes', guest => guest.napi_create_bigint_words(0, 0, 2 ** 24 + 1))
  test('of more words than the engine takes, or than there are, are refused', () => {
    assert.equal(wasm.napi_create_bigint_words(0, 0, 2 ** 24 + 1)[3].name, 'RangeError')
    for (const count of [2 ** 31, 2 ** 24]) assert.equal(wasm.napi_create_bigint_words(0, 0, count)[0], status.invalid_arg)
  })

  for (const nulls of [2 ** 2, 2 ** 4]) compares(`with one of sign and words asked for (${nulls})`, guest => guest.napi_get_value_bigint_words(nulls, 5n, 0, 0, 0, 3))
})

describe('dates', () => {
  covers('napi_create_date', () => [0, -1, 1.5, 1e12, 8.64e15, 8.64e15 + 1, NaN, Infinity].map(time => [time]))
  covers('napi_get_date_value', () => [[new Date(5)], [new Date(NaN)], [new (class extends Date {})(7)]])
  test('have their time', () => {
    assert.deepEqual(wasm.napi_create_date(0, 1e12)[4], new Date(1e12))
    assert.equal(wasm.napi_get_date_value(0, new Date(1e12))[4], 1e12)
    assert.equal(wasm.napi_get_date_value(0, 5)[0], status.date_expected)
  })
})

describe('symbols', () => {
  covers('napi_create_symbol', () => [['description'], [''], ['ünïcödé']])
  covers('node_api_symbol_for', () => [['key', AUTO], ['key', 2], ['', AUTO], ['ünïcödé 🦀', AUTO], ['x', 2 ** 31]])
  test('are new, or those that are registered', () => {
    assert.notEqual(wasm.napi_create_symbol(0, 'd')[4], wasm.napi_create_symbol(0, 'd')[4])
    assert.equal(wasm.napi_create_symbol(2)[4].description, undefined)
    assert.equal(wasm.node_api_symbol_for(0, 'key', AUTO)[4], Symbol.for('key'))
    assert.equal(wasm.napi_create_symbol(0, 5)[0], status.string_expected)
  })
})
