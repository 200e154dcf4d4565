// WebAssembly.Exception: the class. What becomes of one that is thrown is in js_api_throw.spec.mjs.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { WebAssembly } from 'wasmport'
import { makeCatcher } from './fixtures/catcher.mjs'
import { refuses, thrown } from './helpers.mjs'

const { Exception, JSTag, Tag } = WebAssembly

describe('new WebAssembly.Exception', () => {
  const tag = new Tag({ parameters: ['i32', 'f64'] })

  test('takes a tag and its payload, each value converted to its type', () => {
    const exception = new Exception(tag, [2 ** 32 + 7.9, '1.5'])
    assert.deepEqual([exception.getArg(tag, 0), exception.getArg(tag, 1)], [7, 1.5])
    assert.ok(exception instanceof Exception)
    assert.ok(!(exception instanceof Error))
    assert.equal(Object.prototype.toString.call(exception), '[object WebAssembly.Exception]')
  })

  const types = [
    ['i32', -1.5, -1], ['i32', '0x10', 16], ['i32', undefined, 0], ['i64', 5n, 5n], ['i64', 2n ** 64n + 1n, 1n], ['i64', '3', 3n],
    ['f32', 0.1, Math.fround(0.1)], ['f32', -0, -0], ['f64', 0.1, 0.1], ['f64', NaN, NaN], ['externref', null, null],
    ['externref', undefined, undefined], ['externref', 'text', 'text'], ['externref', tag, tag], ['anyfunc', null, null],
    ['anyref', 5, 5], ['anyref', 'text', 'text'], ['eqref', 5, 5], ['i31ref', -(2 ** 30), -(2 ** 30)], ['structref', null, null],
  ]
  for (const [type, value, expected] of types) {
    test(`a payload of ${type} converts ${String(value?.constructor?.name ?? value)} ${typeof value === 'object' ? '' : String(value)}`, () => {
      const one = new Tag({ parameters: [type] })
      assert.ok(Object.is(new Exception(one, [value]).getArg(one, 0), expected))
    })
  }

  const mistakes = [
    ['i64', 5], ['i64', undefined], ['i32', 1n], ['i32', Symbol('s')], ['f64', 1n], ['anyfunc', () => {}], ['anyfunc', 5], ['anyfunc', undefined],
    ['eqref', 1.5], ['i31ref', 2 ** 30], ['structref', {}], ['arrayref', []], ['v128', 0], ['exnref', null],
  ]
  for (const [type, value] of mistakes) {
    test(`a payload of ${type} refuses ${typeof value} ${typeof value === 'object' ? '' : String(value)}`, () => {
      const one = new Tag({ parameters: [type] })
      assert.throws(() => new Exception(one, [value]), TypeError)
    })
  }

  test('the payload is any iterable, read before it is converted', () => {
    const order = []
    const seen = value => ({ valueOf() { order.push(`convert ${value}`); return value } })
    function * payload() {
      order.push('first'); yield seen(1)
      order.push('second'); yield seen(2)
    }
    const exception = new Exception(tag, payload(), { get traceStack() { order.push('options'); return false } })
    assert.equal(exception.getArg(tag, 1), 2)
    assert.deepEqual(order, ['first', 'second', 'options', 'convert 1', 'convert 2'])
    const mine = new Error('mine')
    assert.equal(thrown(() => new Exception(tag, [{ valueOf() { throw mine } }, 0])), mine)
  })

  test('refuses other tags, other payloads and too few or many values', () => {
    for (const wrong of [undefined, null, 5, {}, Tag, Tag.prototype, Object.create(Tag.prototype)]) {
      assert.throws(() => new Exception(wrong, []), TypeError)
    }
    for (const wrong of [undefined, null, 5, {}, 'xy', [], [1], [1, 2, 3]]) {
      assert.throws(() => new Exception(tag, wrong), TypeError)
    }
    assert.throws(() => new Exception(tag), TypeError)
    assert.throws(() => new Exception(), TypeError)
    assert.throws(() => Exception(tag, [1, 2]), TypeError)
    for (const wrong of [5, 'x', true]) assert.throws(() => new Exception(tag, [1, 2], wrong), TypeError)
  })

  test('none can have the tag JSTag', () => {
    refuses(() => new Exception(JSTag, [1]), TypeError, { code: 'ERR_WASMPORT_VALUE' }, 'JSTag')
  })
})

describe('is() and getArg()', () => {
  const tag = new Tag({ parameters: ['i32', 'externref'] })
  const alike = new Tag({ parameters: ['i32', 'externref'] })
  const value = {}
  const exception = new Exception(tag, [1, value])

  test('is() holds for its own tag and no other', () => {
    assert.equal(exception.is(tag), true)
    assert.equal(exception.is(alike), false)
    assert.equal(exception.is(JSTag), false)
    assert.throws(() => exception.is({}), TypeError)
    assert.throws(() => exception.is(), TypeError)
  })

  test('getArg() gives each value, by an index that is converted', () => {
    assert.equal(exception.getArg(tag, 0), 1)
    assert.equal(exception.getArg(tag, 1), value)
    for (const [index, expected] of [[null, 1], ['1', value], [1.9, value], [-0.5, 1], [true, value]]) {
      assert.equal(exception.getArg(tag, index), expected)
    }
  })

  test('getArg() refuses other tags, and indices that are none', () => {
    refuses(() => exception.getArg(alike, 0), TypeError, {}, 'tag')
    assert.throws(() => exception.getArg({}, 0), TypeError)
    assert.throws(() => exception.getArg(tag), TypeError)
    refuses(() => exception.getArg(tag, 2), RangeError, { code: 'ERR_WASMPORT_VALUE' }, '2')
    for (const index of [undefined, NaN, -1, 2 ** 32, Infinity, 'x', 1n, Symbol('s')]) {
      assert.throws(() => exception.getArg(tag, index), TypeError, String(index))
    }
  })

  test('they and stack refuse other receivers', () => {
    const { get } = Object.getOwnPropertyDescriptor(Exception.prototype, 'stack')
    for (const other of [undefined, null, {}, new Error('e'), Exception.prototype, Object.create(exception)]) {
      assert.throws(() => exception.is.call(other, tag), TypeError)
      assert.throws(() => exception.getArg.call(other, tag, 0), TypeError)
      assert.throws(() => get.call(other), TypeError)
    }
  })
})

describe('stack', () => {
  const tag = new Tag({ parameters: ['i32'] })

  test('is there if traceStack is true, and begins with the caller of the constructor', () => {
    const caller = () => new Exception(tag, [1], { traceStack: true })
    const [, first] = caller().stack.split('\n')
    assert.match(first, /caller/)
    assert.equal(new Exception(tag, [1]).stack, undefined)
    for (const [traceStack, type] of [[false, 'undefined'], [undefined, 'undefined'], [0, 'undefined'], [1, 'string'], ['x', 'string']]) {
      assert.equal(typeof new Exception(tag, [1], { traceStack }).stack, type, String(traceStack))
    }
    for (const options of [undefined, null, {}, () => {}]) assert.equal(new Exception(tag, [1], options).stack, undefined)
  })

  test('stays the same while WebAssembly rethrows', () => {
    const exception = new Exception(tag, [1], { traceStack: true })
    const { stack } = exception
    const { throwing } = makeCatcher(tag)
    for (const how of ['pass', 'rethrowTag', 'rethrowAll']) {
      assert.equal(thrown(() => throwing(exception)(how)), exception)
      assert.equal(exception.stack, stack)
    }
  })

  test('is undefined on what WebAssembly throws', () => {
    assert.equal(thrown(() => makeCatcher(tag).throw(1)).stack, undefined)
  })
})
