// Node-API's "Working with JavaScript functions", and classes: calls in both directions.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { chapter, status } from './fixtures/node-api.mjs'

const { covers, compares, wasm } = chapter('functions')
const AUTO = -1

describe('calls of JavaScript', () => {
  function self(...args) { return [this, ...args] }
  const throws = () => { throw new RangeError('mine') }
  class Made { constructor(...args) { this.args = args } }
  covers('napi_call_function', () => [[{ a: 1 }, self, 2, ['x', 'y']], [undefined, self, 0, []], [{}, (...args) => args.length, 3, [1, 2, 3]],
    [{}, throws, 0, []], [{}, class {}, 0, []], [1, Math.max, 2, [1, 2]], [{}, () => { throw undefined }, 0, []], [{}, new Proxy(self, {}), 1, ['p']]])
  covers('napi_new_instance', () => [[Made, 2, ['x', 'y']], [Date, 1, [5]], [throws, 0, []], [class { constructor() { throw new RangeError('mine') } }, 0, []],
    [function () { return { other: this } }, 0, []], [() => 1, 0, []], [new Proxy(Made, {}), 1, [1]]])

  test('without a list of arguments are refused, if there are to be some', () => {
    assert.equal(wasm.napi_call_function(2 ** 4, {}, self, 1, [])[0], status.invalid_arg)
    assert.equal(wasm.napi_new_instance(2 ** 3, Made, 1, [])[0], status.invalid_arg)
    assert.equal(wasm.napi_call_function(2 ** 4, {}, self, 0, [])[0], status.ok)
  })

  test('give the result and the very exception', () => {
    assert.deepEqual(wasm.napi_call_function(0, 'this', self, 2, ['x', 'y'])[4], [Object('this'), 'x', 'y'].map((v, n) => n ? v : 'this'))
    const mine = new Error('mine')
    const [result, , , exception] = wasm.napi_call_function(0, {}, () => { throw mine }, 0, [])
    assert.deepEqual([result, exception], [status.pending_exception, mine])
    assert.equal(exception, mine)
  })

  for (const thrown of [1, 'text', undefined, null, { own: 'object' }, Symbol.iterator]) {
    compares(`that throw ${String(thrown)} can be caught`, guest => guest.catches(0, () => { throw thrown }, () => 'went on'))
    test(`and if they are not, ${String(thrown)} arrives as it is`, () => {
      let caught = 'nothing'
      try { wasm.lets_pass(0, () => { throw thrown }) } catch (error) { caught = error }
      assert.equal(caught, thrown)
    })
  }
})

describe('calls of the guest', () => {
  covers('napi_create_function', () => [['name', AUTO], ['name', 2], ['', AUTO], ['ünïcödé 🦀', AUTO], ['x', 2 ** 31], ['ab', 0]])
  covers('napi_get_cb_info', () => [0, 1, 2, 3, 6].map(room => [undefined, room]))
  covers('napi_get_new_target')

  const made = guest => guest.napi_create_function(0, 'made', AUTO)[4]
  compares('say what this and the arguments are', guest => {
    const f = made(guest)
    return [f(), f(1), f(1, 2, 3, 4), f(1, 2, 3, 4, 5, 6), f.call('text', 1), f.call({ a: 1 }), f.apply(null, [[], {}]), new f(1, 2), Reflect.construct(f, [], class Other {})]
  })
  test('know their data', () => assert.equal(made(wasm)()[2], 42))

  compares('as functions, methods, getters, constructors of other classes', guest => {
    const f = made(guest)
    const object = { f, get g() { return f() } }
    class Derived extends f {}
    return [object.f(1), object.g, [1, 2].map(f).length, new Derived(1), Reflect.apply(f, undefined, [1]), f.length, f.name, typeof f.prototype, new Proxy(f, {})(1)]
  })

  compares('that throw', guest => {
    const [, reflect, , throws] = guest.callbacks(0)
    assert.equal(typeof reflect, 'function')
    try { throws() } catch (error) { return [error.name, error.message, error.code] }
  })
  test('that throw give their exception to whoever called', () => {
    const [, , , throws] = wasm.callbacks(0)
    assert.throws(throws, { name: 'Error', message: 'thrown by the callback', code: 'ERR_MINE' })
  })

  compares('that return nothing', guest => guest.callbacks(0)[5]())
  test('that return nothing return undefined', () => assert.equal(wasm.callbacks(0)[5](), undefined))

  compares('from functions that they called, a hundred deep', guest => {
    const recurse = guest.callbacks(0)[7]
    const through = (again, depth) => recurse(through, depth)
    return through(through, 100)
  })

  test('deeper than the stack end with an exception that can be caught, and leave the guest usable', () => {
    const recurse = wasm.callbacks(0)[7]
    const through = (again, depth) => recurse(through, depth)
    assert.throws(() => through(through, 2 ** 30), RangeError)
    assert.equal(through(through, 10), -1)
  })
})

describe('classes', () => {
  covers('napi_define_class', () => [['Named', AUTO, , , 9, , , 'a value'], ['Named', 3, , , 0, , , 1], ['', AUTO, , , 9, , , 1],
    ['ünïcödé', AUTO, , , 9, , , true], ['x', 2 ** 31, , , 0, , , 1]].map(list => [...list]))

  const define = guest => guest.napi_define_class(0, 'Guest', AUTO, undefined, undefined, 9, undefined, undefined, 'a value')[4]
  compares('have the properties they were given, with their attributes', guest => {
    const Guest = define(guest)
    return [Guest, Guest.prototype, new Guest('kept'), Object.getOwnPropertyNames(Guest).filter(name => name !== 'caller' && name !== 'arguments')]
  })

  compares('are called as classes are', guest => {
    const Guest = define(guest)
    const one = new Guest('kept')
    const seen = [one.both, one.read, one.write, one.method(1), one.fixed(2), one.onPrototype, Guest.staticMethod(3), Guest.staticValue]
    one.both = 'set'
    one.write = 'written'
    Guest.staticBoth = 'of the class'
    seen.push(one.read, Guest.staticBoth, one instanceof Guest)
    for (const wrong of [() => Guest('kept'), () => Guest.prototype.method.call(undefined), () => { Guest.prototype.method.call({}) }]) {
      try { seen.push(wrong()) } catch (error) { seen.push([error.name, error.message, error.code]) }
    }
    return seen
  })

  compares('can be derived from', guest => {
    class Derived extends define(guest) {
      own() { return [super.read, this.both] }
    }
    const one = new Derived('kept')
    return [one.own(), one instanceof Derived, Derived.staticValue, one]
  })

  test('keep what was kept', () => {
    const Guest = define(wasm)
    assert.equal(new Guest('kept').read, 'kept')
    assert.throws(() => Guest(), { code: 'ERR_NO_NEW', message: 'must be called with new' })
    assert.equal(wasm.napi_define_class(2 ** 6, 'Guest', AUTO, undefined, undefined, 0)[0], status.ok)
  })
})
