// Node-API's "Object wrap" and externals: what an object of JavaScript carries for the guest.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { chapter, status } from './fixtures/node-api.mjs'

const { covers, compares, wasm } = chapter('object_wrap')

const objects = { 'an object': () => ({}), 'an array': () => [], 'a function': () => () => 1, 'a frozen object': () => Object.freeze({}), 'a class instance': () => new (class Own {})() }

describe('wraps', () => {
  covers('napi_wrap', () => Object.values(objects).map(make => [make()]))
  for (const name of ['napi_unwrap', 'napi_remove_wrap']) {
    covers(name, guest => Object.values(objects).flatMap(make => {
      const wrapped = make()
      guest.napi_wrap(0, wrapped)
      return [[wrapped], [make()]]
    }))
  }
  for (const [what, make] of Object.entries(objects)) {
    compares(`of ${what}`, guest => guest.wrapping(0, make()))
    compares(`of ${what}, with a reference`, guest => { const object = make(); return guest.wrap_reference(0, object).map(value => value === object || value) })
  }

  test('are there once, and can be taken off', () => {
    const object = {}
    assert.equal(wasm.napi_wrap(0, object)[0], status.ok)
    assert.equal(wasm.napi_wrap(0, object)[0], status.invalid_arg)
    assert.deepEqual(wasm.napi_unwrap(0, object).slice(0, 5), [status.ok, status.ok, null, 'NONE', 1].map((v, n) => n === 2 ? 'NULL' : v))
    assert.deepEqual(wasm.napi_remove_wrap(0, object)[4], 1)
    assert.equal(wasm.napi_unwrap(0, object)[0], status.invalid_arg)
  })

  test('do not show on the object, nor go to those that inherit or copy it', () => {
    const object = {}
    wasm.napi_wrap(0, object)
    assert.deepEqual(Reflect.ownKeys(object), [])
    assert.equal(wasm.napi_unwrap(0, Object.create(object))[0], status.invalid_arg)
    assert.equal(wasm.napi_unwrap(0, { ...object })[0], status.invalid_arg)
  })

  test('of one instance are no matter of another', async () => {
    const other = chapter('object_wrap').wasm
    const object = {}
    wasm.napi_wrap(0, object)
    assert.equal(other.napi_unwrap(0, object)[0], status.invalid_arg)
  })
})

describe('finalizers', () => {
  covers('napi_add_finalizer', () => Object.values(objects).map(make => [make()]))
  compares('of which one object has several', guest => guest.finalizers_of_one(0, {}))
})

describe('externals', () => {
  covers('napi_get_value_external', guest => [[guest.external]])
  covers('napi_create_external')
  compares('give back the pointer', guest => guest.externals(0))
  compares('and nothing else does', guest => [{}, 1, null, undefined, 'x'].map(value => guest.napi_get_value_external(0, value).slice(0, 4)))
  test('are opaque to JavaScript', () => {
    assert.equal(wasm.napi_get_value_external(0, wasm.external)[4], 1)
    assert.equal(typeof wasm.external, 'object')
    assert.equal(Object.getPrototypeOf(wasm.external), null)
    assert.deepEqual(Reflect.ownKeys(wasm.external), [])
  })
})

describe('type tags', () => {
  covers('napi_type_tag_object', () => Object.values(objects).map(make => [make(), undefined, 0]))
  covers('napi_check_object_type_tag', () => Object.values(objects).map(make => [make(), undefined, undefined, 0]))
  for (const [what, make] of Object.entries(objects)) compares(`on ${what}`, guest => guest.tagging(0, make()))
  compares('that differ in one bit, are all zeros or all ones', guest => {
    const seen = []
    for (let put = 0; put < 4; put++) {
      const object = {}
      seen.push(guest.napi_type_tag_object(0, object, undefined, put)[0])
      for (let asked = 0; asked < 4; asked++) seen.push(guest.napi_check_object_type_tag(0, object, undefined, undefined, asked)[4])
    }
    return seen
  })

  test('are kept for one guest and its like alike', () => {
    const [object, other] = [{}, chapter('object_wrap').wasm]
    wasm.napi_type_tag_object(0, object, undefined, 0)
    assert.equal(other.napi_check_object_type_tag(0, object, undefined, undefined, 0)[4], 1)
    assert.equal(other.napi_check_object_type_tag(0, object, undefined, undefined, 1)[4], 0)
    assert.equal(wasm.napi_type_tag_object(0, object, undefined, 1)[0], status.invalid_arg)
  })
})
