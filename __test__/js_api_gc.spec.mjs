// Structs, arrays and small integers of WebAssembly, as JS sees them.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { WebAssembly } from 'wasmport'
import { binary, binaryPath, compile, exportsOf } from './fixtures/assemble.mjs'
import { growth } from './fixtures/leaks.mjs'
import { api, child, refuses, thrown } from './helpers.mjs'

const { RuntimeError, Tag } = WebAssembly

const gc = compile(binary('gc'))
const tag = new Tag({ parameters: ['anyref'] })
const make = (js = {}) => new WebAssembly.Instance(gc, { js: { call: value => value, callPair: value => value, tag, ...js } }).exports
const exports = make()

/** The same, for processes of their own. */
const there = `
  const module = new WebAssembly.Module(require('node:fs').readFileSync(${JSON.stringify(binaryPath('gc'))}))
  const tag = new WebAssembly.Tag({ parameters: ['anyref'] })
  const make = () => new WebAssembly.Instance(module, { js: { call: value => value, callPair: value => value, tag } }).exports
  const exports = make()`

const KINDS = { i31: 1 + 16, pair: 2 + 8 + 16, array: 4 + 16, struct: 8 + 16, host: 0, null: 32 }

describe('a struct or an array', () => {
  test('is an object without properties that cannot get any', () => {
    for (const object of [exports.pair(1), exports.other(), exports.numbers(3)]) {
      assert.equal(typeof object, 'object')
      assert.deepEqual(Reflect.ownKeys(object), [])
      assert.equal(Object.getPrototypeOf(object), null)
      assert.equal(object.left, undefined)
      assert.equal('left' in object, false)
      assert.equal(Object.getOwnPropertyDescriptor(object, 'left'), undefined)
      assert.equal(Object.isExtensible(object), false)
      for (const change of [
        () => { object.left = 1 }, () => { object[0] = 1 }, () => { delete object.left }, () => Object.defineProperty(object, 'left', { value: 1 }),
        () => Object.setPrototypeOf(object, {}), () => Object.freeze(object), () => Object.preventExtensions(object),
      ]) assert.throws(change, TypeError, String(change))
      assert.equal(Reflect.setPrototypeOf(object, {}), false)
      assert.equal(Reflect.defineProperty(object, 'left', { value: 1 }), false)
      assert.throws(() => `${object}`, TypeError)
      assert.throws(() => +object, TypeError)
      assert.throws(() => object(), TypeError)
      assert.throws(() => structuredClone(object))
    }
  })

  test('is the same object wherever it is seen', () => {
    const pair = exports.pair(7)
    assert.notEqual(exports.pair(7), pair)
    exports.keep(pair)
    exports.global.value = pair
    exports.pairGlobal.value = pair
    exports.table.set(2, pair)
    exports.setRight(pair, pair)
    const seen = [
      exports.kept(), exports.global.value, exports.pairGlobal.value, exports.table.get(2), exports.right(pair), exports.any(pair), exports.eq(pair),
      exports.struct(pair), exports.ask(pair), exports.askPair(pair), exports.extern(pair),
      exports.toExtern(pair), exports.toAny(pair), exports.anyNotNull(pair),
      thrown(() => exports.throw(pair)).getArg(tag, 0), exports.several(pair, pair)[0], exports.several(pair, pair)[1],
    ]
    for (const [index, each] of seen.entries()) assert.equal(each, pair, String(index))
    assert.deepEqual([exports.left(pair), exports.leftOf(pair), exports.leftByCast(pair)], [7, 7, 7])
    exports.setLeft(pair, 8)
    assert.equal(exports.left(exports.kept()), 8)
    const numbers = exports.numbers(4)
    assert.equal(exports.array(numbers), numbers)
    assert.equal(exports.length(numbers), 4)
    assert.equal(exports.at(numbers, 3), 5)
    assert.equal(exports.same(pair, exports.any(pair)), 1)
    assert.equal(exports.same(pair, numbers), 0)
  })

  test('is a key of maps and sets, weak ones too', () => {
    const [one, two] = [exports.pair(1), exports.pair(1)]
    exports.setRight(one, two)
    const map = new Map([[one, 'one'], [two, 'two']])
    const weak = new WeakMap([[one, 'one'], [two, 'two']])
    assert.equal(map.get(exports.right(one)), 'two')
    assert.equal(weak.get(exports.right(one)), 'two')
    assert.equal(weak.get(exports.any(one)), 'one')
    assert.ok(new WeakSet([two]).has(exports.right(one)))
    assert.equal(new WeakRef(one).deref(), one)
  })

  test('keeps its identity and its content when the collector moves it', () => {
    const kept = Array.from({ length: 1000 }, (_, n) => exports.pair(n))
    for (let n = 0; n < 999; n++) exports.setRight(kept[n], kept[n + 1])
    for (let round = 0; round < 5; round++) {
      exports.churn(20_000)
      for (let n = 0; n < 999; n++) {
        assert.ok(exports.right(kept[n]) === kept[n + 1], `${n} after ${round + 1} rounds`)
        assert.equal(exports.left(kept[n]), n)
      }
    }
  })

  test('that only WebAssembly holds comes back whole', () => {
    exports.keep(exports.pair(11))
    exports.setRight(exports.kept(), exports.numbers(6))
    exports.churn(50_000)
    assert.equal(exports.leftByCast(exports.kept()), 11)
    assert.equal(exports.length(exports.right(exports.kept())), 6)
  })

  test('is collected when nobody refers to it', () => {
    const left = child(`
      const { WebAssembly } = require(${JSON.stringify(api)})
      ${there}
      let alive = 0
      const registry = new FinalizationRegistry(() => alive--)
      for (let n = 0; n < 5000; n++) { alive++; registry.register(exports.pair(n), 0) }
      ;(async () => {
        for (let n = 0; n < 10; n++) { gc(); await new Promise(resolve => setImmediate(resolve)) }
        console.log(alive)
      })()`, { flags: ['--expose-gc'] })
    assert.ok(left < 10, `${left} of 5000 are left`)
  })
})

describe('small integers', () => {
  test('are Numbers, from -2^30 to 2^30 - 1', () => {
    for (const value of [0, 1, -1, 2 ** 30 - 1, -(2 ** 30), 12345]) {
      for (const way of ['any', 'eq', 'i31', 'i31NotNull', 'small', 'smallAsEq', 'ask', 'extern', 'toExtern', 'toAny', 'anyNotNull']) {
        assert.equal(exports[way](value), value, way)
      }
      assert.equal(exports.signed(value), value)
      assert.equal(exports.unsigned(value), value < 0 ? value + 2 ** 31 : value)
      assert.equal(exports.kinds(value), KINDS.i31)
    }
    assert.equal(exports.same(5, 5), 1)
    assert.equal(exports.same(5, 6), 0)
  })

  test('the higher bits of an i32 are lost', () => {
    assert.equal(exports.small(2 ** 30), -(2 ** 30))
    assert.equal(exports.small(2 ** 31 - 1), -1)
    assert.equal(exports.small(-(2 ** 30) - 1), 2 ** 30 - 1)
  })

  test('other Numbers are none: anyref and externref take them as they are', () => {
    for (const value of [2 ** 30, -(2 ** 30) - 1, 0.5, -0, NaN, Infinity, -Infinity, 2 ** 53]) {
      assert.ok(Object.is(exports.any(value), value), String(value))
      assert.ok(Object.is(exports.toExtern(value), value), String(value))
      assert.ok(Object.is(exports.toAny(value), value), String(value))
      assert.equal(exports.kinds(value), KINDS.host, String(value))
      for (const way of ['i31', 'i31NotNull', 'eq']) assert.throws(() => exports[way](value), TypeError, `${way} ${value}`)
    }
  })

  test('what only converts to a Number is none', () => {
    for (const value of ['5', true, { valueOf: () => 5 }, 5n, [5], undefined]) {
      assert.throws(() => exports.i31(value), TypeError)
      assert.throws(() => exports.signed(value), TypeError)
    }
    assert.throws(() => exports.signed(null), RuntimeError)
    assert.throws(() => exports.i31NotNull(null), TypeError)
    assert.equal(exports.i31(null), null)
  })
})

describe('types', () => {
  const { any, eq, struct, array, i31, none } = exports
  const samples = {
    pair: exports.pair(1), struct: exports.other(), array: exports.numbers(1), i31: 5, null: null, host: {}, text: 'text', function: exports.pair, undefined,
    big: 2n, symbol: Symbol('s'), number: 1.5,
  }
  const accepted = {
    any: Object.keys(samples), eq: ['pair', 'struct', 'array', 'i31', 'null'], struct: ['pair', 'struct', 'null'], array: ['array', 'null'],
    i31: ['i31', 'null'], none: ['null'],
  }
  for (const [type, call] of Object.entries({ any, eq, struct, array, i31, none })) {
    test(`${type}ref takes ${accepted[type].join(', ')}, and nothing else`, () => {
      for (const [name, value] of Object.entries(samples)) {
        if (accepted[type].includes(name)) assert.equal(call(value), value, name)
        else refuses(() => call(value), TypeError, { code: 'ERR_WASMPORT_VALUE' })
      }
    })
  }

  test('a reference to a type of the module takes only that, and null only where it may be', () => {
    for (const [name, value] of Object.entries(samples)) {
      if (name === 'pair') assert.equal(exports.leftOf(value), 1)
      else assert.throws(() => exports.leftOf(value), TypeError, name)
      if (name !== 'pair' && name !== 'null') assert.throws(() => exports.left(value), TypeError, name)
    }
    assert.throws(() => exports.left(null), RuntimeError)
    assert.throws(() => exports.anyNotNull(null), TypeError)
    assert.equal(exports.anyNotNull(undefined), undefined)
    assert.throws(() => exports.leftByCast(samples.struct), RuntimeError)
  })

  test('what an import returns, and what is stored, is checked as well', () => {
    let answer
    const { ask, askPair, pair, table, global, pairGlobal, other } = make({ call: () => answer, callPair: () => answer })
    for (answer of [pair(1), null, 5, 'text', {}]) assert.equal(ask(null), answer)
    for (answer of [pair(1), null]) assert.equal(askPair(null), answer)
    for (answer of [5, 'text', {}, other(), undefined]) assert.throws(() => askPair(null), TypeError)
    for (const value of [{}, 5, undefined, other()]) assert.throws(() => { pairGlobal.value = value }, TypeError)
    for (const value of [{}, 5, undefined, other(), null]) {
      global.value = value
      assert.equal(global.value, value)
      table.set(0, value)
      assert.equal(table.get(0), value)
    }
  })

  test('ref.test says what a value is', () => {
    assert.equal(exports.kinds(samples.pair), KINDS.pair)
    assert.equal(exports.kinds(samples.struct), KINDS.struct)
    assert.equal(exports.kinds(samples.array), KINDS.array)
    assert.equal(exports.kinds(null), KINDS.null)
    for (const value of [{}, 'text', undefined, exports.pair, 1.5, false]) assert.equal(exports.kinds(value), KINDS.host)
  })
})

describe('values of JS', () => {
  const values = [{}, [], () => {}, 'text', '', Symbol('s'), undefined, true, 7n, NaN, new Proxy({}, {}), globalThis]

  test('pass through anyref, and through any.convert_extern and back, as they are', () => {
    for (const value of values) {
      for (const way of ['any', 'anyNotNull', 'toAny', 'toExtern', 'ask', 'extern']) assert.ok(Object.is(exports[way](value), value), way)
      exports.keep(value)
      assert.ok(Object.is(exports.kept(), value))
      const pair = exports.pair(0)
      exports.setRight(pair, value)
      assert.ok(Object.is(exports.right(pair), value))
      assert.deepEqual(exports.several(value, value), [value, value, 3])
    }
    assert.equal(exports.toAny(null), null)
    assert.equal(exports.toExtern(null), null)
  })

  test('and keep apart while the collector runs', () => {
    const pairs = Array.from({ length: 500 }, (_, n) => {
      const pair = exports.pair(n)
      exports.setRight(pair, { n })
      return pair
    })
    exports.churn(50_000)
    for (const [n, pair] of pairs.entries()) assert.deepEqual(exports.right(pair), { n })
  })
})

describe('other instances', () => {
  test('of such modules can use each other’s objects', () => {
    const other = make()
    const pair = exports.pair(3)
    other.keep(pair)
    assert.equal(other.kept(), pair)
    assert.equal(other.left(pair), 3)
    exports.keep(other.pair(4))
    assert.equal(exports.leftByCast(exports.kept()), 4)
    assert.equal(other.same(pair, exports.any(pair)), 1)
    assert.equal(thrown(() => other.throw(pair)).getArg(tag, 0), pair)
  })

  test('in another store pass them on as they are, and refuse them where they would look inside', () => {
    // The import makes the store one of the kind that objects are in.
    const { memory } = exportsOf('(module (import "a" "t" (tag)) (memory (export "memory") 1))', { a: { t: new Tag({ parameters: [] }) } })
    const far = exportsOf(binary('gc_guest'), { js: { memory }, gc: exports })
    const pair = exports.pair(5)
    assert.equal(far.extern(pair), pair)
    assert.equal(far.any(pair), pair)
    assert.equal(far.isPair(pair), 0)
    for (const name of ['left', 'leftBy']) refuses(() => far[name](pair), TypeError, { code: 'ERR_WASMPORT_VALUE' }, 'store')
    const own = far.make(6)
    assert.equal(far.left(own), 6)
    assert.equal(far.any(own), own)
    assert.equal(exports.extern(own), own)
    assert.throws(() => exports.left(own), TypeError)
    assert.throws(() => far.leftBy(own), TypeError)
  })
})

describe('memory stays flat', () => {
  const cases = {
    'objects handed to JS': ['equal(exports.left(exports.pair(n)), n)', 50_000],
    'large arrays handed to JS': ['equal(exports.length(exports.numbers(1000)), 1000)', 50_000],
    'objects that JS hands back through an import': ['const pair = exports.pair(n); equal(exports.ask(pair), pair)', 50_000],
    'values of JS inside of structs': ['const pair = exports.pair(n); exports.setRight(pair, { n }); equal(exports.right(pair).n, n)', 50_000],
    'values of JS kept in turn': ['exports.keep({ n }); equal(exports.kept().n, n)', 50_000],
    'objects thrown': ['const pair = exports.pair(n); try { exports.throw(pair) } catch (error) { equal(error.getArg(tag, 0), pair) }', 50_000],
    'instances with an object each': ['const own = make(); own.keep(own.pair(n)); equal(own.leftByCast(own.kept()), n)', 60_000],
  }
  for (const [what, [round, rounds]] of Object.entries(cases)) {
    test(`over ${rounds} ${what}`, () => {
      const grown = growth(there, round, rounds)
      assert.ok(grown < 25, `the process grew by ${grown} MiB`)
    })
  }
})
