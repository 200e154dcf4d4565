// Node-API's "Working with JavaScript properties": reading, writing, listing and defining them, on objects of all kinds.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { chapter, status } from './fixtures/node-api.mjs'

const { covers, compares, wasm } = chapter('properties')
const symbol = Symbol('a key')

/** An object with properties of all sorts, and some that are inherited. */
const sample = () => Object.defineProperties(Object.create({ inherited: 1, 7: 'seven' }), {
  a: { value: 1, writable: true, enumerable: true, configurable: true },
  hidden: { value: 2, configurable: true },
  fixed: { value: 3, enumerable: true },
  get: { get() { return this.a }, enumerable: true },
  throws: { get() { throw new RangeError('mine') }, set() { throw new RangeError('mine') } },
  [symbol]: { value: 4, enumerable: true },
  3: { value: 'three', writable: true, enumerable: true, configurable: true },
})

describe('listing', () => {
  covers('napi_get_prototype', () => [[{}], [[]], [Object.create(null)]])
  covers('napi_get_property_names', () => [[sample()], [['a', 'b']], [{}]])
  const combinations = []
  for (const mode of [0, 1]) for (let filter = 0; filter < 32; filter++) for (const conversion of [0, 1]) combinations.push([mode, filter, conversion])
  covers('napi_get_all_property_names', () => [...combinations.map(rest => [sample(), ...rest]),
    [{}, 2, 0, 0], [{}, 0, 0, 2], [{}, -1, 0, -1], [{}, 0, 64, 0]])

  test('takes inherited names, leaves out what the filter does, and makes text of numbers', () => {
    const [own, skipStrings, numbersToStrings] = [1, 8, 1]
    assert.deepEqual(wasm.napi_get_property_names(0, sample())[4], ['3', 'a', 'fixed', 'get', '7', 'inherited'])
    assert.deepEqual(wasm.napi_get_all_property_names(0, { 3: 1, b: 1, [symbol]: 1 }, own, 0, numbersToStrings)[4], ['3', 'b', symbol])
    assert.deepEqual(wasm.napi_get_all_property_names(0, { 3: 1, b: 1, [symbol]: 1 }, own, skipStrings, 0)[4], [symbol])
  })
})

describe('by key', () => {
  const keys = () => ['a', 'hidden', 'fixed', 'get', 'throws', symbol, 3, '3', 'inherited', 'nothing', 7, 1n, null].map(key => [sample(), key])
  covers('napi_get_property', keys)
  covers('napi_has_property', keys)
  covers('napi_has_own_property', keys)
  covers('napi_delete_property', keys)
  covers('napi_set_property', () => keys().map(list => [...list, 'new']))

  test('own properties are asked for by names only', () => {
    assert.equal(wasm.napi_has_own_property(0, { 1: 1 }, 1)[0], status.name_expected)
    assert.equal(wasm.napi_has_own_property(0, { 1: 1 }, '1')[4], 1)
  })

  test('what a getter, a setter or a trap throws is pending', () => {
    const [result, , , exception] = wasm.napi_get_property(0, sample(), 'throws')
    assert.notEqual(result, status.ok)
    assert.equal(exception.message, 'mine')
  })
})

describe('by name', () => {
  const names = () => ['a', 'hidden', 'fixed', 'get', 'throws', '3', 'inherited', 'nothing', '', 'ünïcödé 🦀'].map(name => [sample(), name])
  covers('napi_get_named_property', names)
  covers('napi_has_named_property', names)
  covers('napi_set_named_property', () => names().map(list => [...list, 'new']))
})

describe('by index', () => {
  const indices = () => [0, 1, 5, 2 ** 32 - 1].flatMap(index => [[['zero', 'one'], index], [{ 1: 'one' }, index], [sample(), 3], ['text', 1]])
  covers('napi_get_element', indices)
  covers('napi_has_element', indices)
  covers('napi_delete_element', indices)
  covers('napi_set_element', () => indices().map(list => [...list, 'new']))
})

describe('levels of integrity', () => {
  for (const name of ['napi_object_freeze', 'napi_object_seal']) covers(name, () => [[sample()], [[1, 2]], [Object.freeze({})], [new Uint8Array(0)], [new Uint8Array(2)]])

  test('are those of Object.freeze and Object.seal', () => {
    const [frozen, sealed] = [{ a: 1 }, { a: 1 }]
    wasm.napi_object_freeze(0, frozen)
    wasm.napi_object_seal(0, sealed)
    assert.deepEqual([Object.isFrozen(frozen), Object.isSealed(sealed), Object.isFrozen(sealed)], [true, true, false])
  })
})

describe('definitions', () => {
  const attributes = [0, 1, 2, 3, 4, 5, 6, 7, 1024, 1031]
  covers('napi_define_properties', () => [
    ...attributes.map(bits => [{}, 6, undefined, { some: 'value' }, 'a name', bits]),
    [{}, 0, undefined, 1, 'x', 7], [{}, 2, undefined, 1, symbol, 7], [Object.freeze({}), 6, undefined, 1, 'x', 7],
    [Object.defineProperty({}, 'method', { value: 1 }), 6, undefined, 1, 'x', 7],
    // V8 of Node 20 keeps what a proxy threw at a definition, and throws it at the next.
  ], { without: ['revoked', 'throws in traps'] })

  test('call the guest', () => {
    const object = {}
    wasm.napi_define_properties(0, object, 6, undefined, 'v', symbol, 7)
    assert.equal(object[symbol], 'v')
    assert.equal(object.method(32), 42)
    object.both = 'kept by the guest'
    assert.deepEqual([object.both, object.read, object.kept], ['kept by the guest', 'kept by the guest', 'kept by the guest'])
    object.write = 'again'
    assert.equal(object.read, 'again')
  })

  test('may be none, and then need no list', () => {
    assert.equal(wasm.napi_define_properties(8, {}, 0, undefined, 1, 'x', 7)[0], status.ok)
  })

  compares('by what is no name', guest => guest.wrong_name(0))
})
