// Node-API's "Working with JavaScript values": what a guest is told about each, and what it makes of numbers, strings
// and arrays, as an addon of machine code is told and makes it.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { chapter, status } from './fixtures/node-api.mjs'

const { covers, compares, wasm } = chapter('values')

/** Lists of one argument each. */
const each = (...values) => () => values.map(value => [value])

describe('singletons and what is made of nothing', () => {
  for (const name of ['napi_get_undefined', 'napi_get_null', 'napi_get_global', 'napi_create_object', 'napi_create_array']) covers(name)
  covers('napi_get_boolean', each(true, false))
  covers('napi_create_array_with_length', each(0, 3, 100_000, 2 ** 31, 2 ** 32 - 1))

  test('are those of JavaScript', () => {
    assert.equal(wasm.napi_get_undefined(0)[4], undefined)
    assert.equal(wasm.napi_get_null(0)[4], null)
    assert.equal(wasm.napi_get_global(0)[4], globalThis)
    assert.equal(wasm.napi_get_boolean(0, true)[4], true)
    assert.deepEqual(wasm.napi_create_object(0)[4], {})
    assert.equal(wasm.napi_create_array_with_length(0, 3)[4].length, 3)
  })

  test('may be longer than there is memory', () => {
    // Node makes room for all of it, and ends the process where there is none.
    assert.equal(wasm.napi_create_array_with_length(0, 2 ** 31 - 1)[4].length, 2 ** 31 - 1)
  })
})

describe('numbers', () => {
  const numbers = [0, -0, 1, -1, 1.5, -1.5, 2 ** 31 - 1, 2 ** 31, -(2 ** 31), 2 ** 32 - 1, 2 ** 32, 2 ** 53, -(2 ** 53),
    2 ** 63, -(2 ** 63), 2 ** 64, 1e300, 5e-324, NaN, Infinity, -Infinity]
  const whole = numbers.filter(number => Number.isSafeInteger(number))
  covers('napi_create_double', each(...numbers))
  for (const type of ['int32', 'uint32', 'int64']) covers(`napi_create_${type}`, each(...whole))
  for (const type of ['double', 'int32', 'uint32', 'int64']) covers(`napi_get_value_${type}`, each(...numbers))
  covers('napi_get_value_bool', each(true, false))

  test('are converted as the documentation of Node says', () => {
    const int64 = value => wasm.napi_get_value_int64(0, value)[4]
    assert.deepEqual([int64(2 ** 63), int64(-(2 ** 64)), int64(NaN), int64(Infinity)], [2 ** 63, -(2 ** 63), 0, 0])
    assert.equal(wasm.napi_get_value_int32(0, 2 ** 32 + 5)[4], 5)
    assert.equal(wasm.napi_get_value_uint32(0, -1)[4], 2 ** 32 - 1)
    assert.equal(wasm.napi_get_value_double(0, '1')[0], status.number_expected)
    assert.equal(wasm.napi_get_value_bool(0, 1)[0], status.boolean_expected)
  })
})

describe('strings', () => {
  const AUTO = -1
  const texts = [['plain', AUTO], ['plain', 3], ['plain', 0], ['', AUTO], ['ünïcödé', AUTO], ['ü', 1], ['日本語 🦀', AUTO],
    ['日本語 🦀', 4], ['a\0b', 3], ['a\0b', AUTO], ['\ud800', AUTO], ['x'.repeat(2000), AUTO], ['x', 2 ** 31], ['x', 2 ** 31 + 5]]
  for (const encoding of ['latin1', 'utf8', 'utf16']) covers(`napi_create_string_${encoding}`, () => texts)

  const buffers = ['', 'short', 'exactly fifteen', 'exactly sixteen.', 'seventeen and on', 'ünïcödé ünïcödé', '🦀🦀🦀🦀🦀🦀🦀🦀🦀',
    'a\0b', '\ud800\ud800\ud800', '日本語日本語'].flatMap(text => Array.from({ length: 17 }, (_, room) => [text, null, room]))
  for (const encoding of ['latin1', 'utf8', 'utf16']) {
    covers(`napi_get_value_string_${encoding}`, () => buffers)
    compares(`have a length in ${encoding}`, guest => buffers.map(list => guest[`napi_get_value_string_${encoding}`](2 ** 2, ...list)))
  }

  test('go in and out whole', () => {
    const text = 'ünïcödé 日本語 🦀'
    assert.equal(wasm.napi_create_string_utf8(0, text, AUTO)[4], text)
    assert.equal(wasm.napi_create_string_utf16(0, text, text.length)[4], text)
    assert.equal(wasm.napi_get_value_string_utf8(0, 'plain', null, 16)[4], 'plain\0~~~~~~~~~~')
    assert.equal(wasm.napi_get_value_string_utf8(0, 1, null, 16)[0], status.string_expected)
  })

  test('are never cut inside a character', () => {
    const [, , , , bytes, written] = wasm.napi_get_value_string_utf8(0, '🦀🦀', null, 7)
    assert.equal(written, 4)
    assert.equal(Buffer.from(bytes, 'latin1').subarray(0, 5).toString(), '🦀\0')
  })

  test('with room for neither text nor length are refused', () => {
    for (const encoding of ['latin1', 'utf8', 'utf16']) {
      const both = 2 ** 2 + 2 ** 4
      assert.equal(wasm[`napi_get_value_string_${encoding}`](both, 'text', null, 16)[0], status.invalid_arg)
      // Without a buffer the length is told, whatever room there is.
      assert.deepEqual(wasm[`napi_get_value_string_${encoding}`](2 ** 2, 'text', null, 2).slice(0, 1), [status.ok])
      assert.equal(wasm[`napi_get_value_string_${encoding}`](2 ** 2, 'text', null, 2)[5], 4)
    }
  })

  compares('longer than the engine has room for', guest => guest.too_long(0))
  test('longer than the engine has room for are failures, and no exceptions', () => {
    assert.deepEqual(wasm.too_long(0).slice(1, 5), [9, 9, 'Unknown failure', 'NONE'])
  })
})

describe('conversions and questions', () => {
  for (const type of ['bool', 'number', 'object', 'string']) covers(`napi_coerce_to_${type}`, each('12'))
  for (const type of ['array', 'arraybuffer', 'buffer', 'dataview', 'date', 'error', 'promise', 'typedarray', 'detached_arraybuffer']) {
    covers(`napi_is_${type}`, each(1, structuredClone(new ArrayBuffer(4))))
  }
  covers('napi_typeof', each(1))
  covers('napi_get_array_length', () => [[[1, 2, 3]], [[]], [new Array(2 ** 32 - 1)]])
  covers('napi_strict_equals', () => [[1, 1], [NaN, NaN], [0, -0], ['a', 'a'], [1, '1'], [1n, 1n]])
  covers('napi_instanceof', () => [[new Date(5), Date], [{}, Date], [[], Object], [1, Number],
    [{}, { [Symbol.hasInstance]: () => true }], [1, { __proto__: null }], [{}, class { static [Symbol.hasInstance]() { throw new RangeError('mine') } }]])

  test('what a conversion throws is pending, and reported', () => {
    const [result, code, message, exception] = wasm.napi_coerce_to_number(0, { valueOf() { throw new RangeError('mine') } })
    assert.deepEqual([result, code, message], [status.number_expected, status.number_expected, 'A number was expected'])
    assert.equal(exception.message, 'mine')
  })

  test('types are numbered as in the header', () => {
    const values = [undefined, null, true, 1, '', Symbol('s'), {}, () => {}, wasm.external, 1n]
    assert.deepEqual(values.map(value => wasm.napi_typeof(0, value)[4]), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  })
})
