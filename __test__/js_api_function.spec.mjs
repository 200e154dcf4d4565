// WebAssembly.Function, and the functions that instances export.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { WebAssembly } from 'wasmport'
import { compile, exportsOf } from './fixtures/assemble.mjs'
import { growth } from './fixtures/leaks.mjs'
import { assemble } from './fixtures/project.mjs'
import { refuses, thrown } from './helpers.mjs'

const { LinkError, RuntimeError } = WebAssembly
const WasmFunction = WebAssembly.Function

const make = (parameters, results, callable) => new WasmFunction({ parameters, results }, callable)

describe('an exported function', () => {
  const exports = exportsOf(`(module
    (func $unused)
    (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
    (func (export "swap") (param i32 i64) (result i64 i32) (local.get 1) (local.get 0))
    (func (export "none")))`)

  test('is named by its index, and has as many parameters as its type', () => {
    assert.deepEqual(['add', 'swap', 'none'].map(key => exports[key].name), ['1', '2', '3'])
    assert.deepEqual(['add', 'swap', 'none'].map(key => exports[key].length), [2, 2, 0])
    assert.deepEqual(Object.getOwnPropertyDescriptor(exports.add, 'name'), { value: '1', writable: false, enumerable: false, configurable: true })
    assert.deepEqual(Object.getOwnPropertyDescriptor(exports.add, 'length'), { value: 2, writable: false, enumerable: false, configurable: true })
    assert.match(String(exports.add), /\[native code\]/)
  })

  test('is an instance of WebAssembly.Function and of Function', () => {
    assert.ok(exports.add instanceof WasmFunction)
    assert.ok(exports.add instanceof Function)
    assert.equal(Object.getPrototypeOf(exports.add), WasmFunction.prototype)
    assert.equal(Object.getPrototypeOf(WasmFunction.prototype), Function.prototype)
    assert.equal(Object.prototype.toString.call(exports.add), '[object WebAssembly.Function]')
    assert.equal(exports.add.call(null, 1, 2) + exports.add.apply({}, [3, 4]) + exports.add.bind(null, 5)(6), 21)
  })

  test('cannot be called with new', () => {
    assert.throws(() => new exports.none(), TypeError)
    assert.throws(() => Reflect.construct(exports.none, []), TypeError)
  })

  test('type() says what it takes and returns', () => {
    assert.deepEqual(exports.swap.type(), { parameters: ['i32', 'i64'], results: ['i64', 'i32'] })
    assert.deepEqual(exports.none.type(), { parameters: [], results: [] })
    assert.notEqual(exports.swap.type(), exports.swap.type())
    for (const other of [undefined, null, {}, () => {}, WasmFunction, WasmFunction.prototype, new Proxy(exports.add, {}), exports.add.bind()]) {
      assert.throws(() => WasmFunction.prototype.type.call(other), TypeError)
    }
  })

  test('can be extended and wrapped like any function', () => {
    exports.add.mine = 5
    assert.equal(exports.add.mine, 5)
    assert.equal(new Proxy(exports.add, {})(1, 2), 3)
    assert.deepEqual([1, 2].map(exports.add), [1, 3])
  })
})

describe('new WebAssembly.Function', () => {
  test('makes an exported function of a JS function', () => {
    const calls = []
    const f = make(['i32', 'i64', 'f32', 'f64', 'externref'], ['f64'], function (...args) { calls.push([this, args]); return '1.5' })
    assert.ok(f instanceof WasmFunction)
    assert.equal(Object.getPrototypeOf(f), WasmFunction.prototype)
    assert.equal(f.length, 5)
    const value = {}
    assert.equal(f.call('this', 1.9, '2', 0.1, 0.1, value, 'dropped'), 1.5)
    assert.deepEqual(calls, [[undefined, [1, 2n, Math.fround(0.1), 0.1, value]]])
    assert.equal(calls[0][1][4], value)
    assert.deepEqual(f.type(), { parameters: ['i32', 'i64', 'f32', 'f64', 'externref'], results: ['f64'] })
  })

  test('converts what goes in and what comes out', () => {
    const big = make(['i64'], ['i64'], value => value)
    assert.equal(big(2n ** 64n - 1n), -1n)
    assert.throws(() => big(1), TypeError)
    assert.throws(() => big(), TypeError)
    assert.throws(() => make([], ['i64'], () => 5)(), TypeError)
    assert.equal(make([], ['i32'], () => 2 ** 32 + 3)(), 3)
    assert.equal(make([], ['f32'], () => 0.1)(), Math.fround(0.1))
    assert.equal(make([], [], () => 5)(), undefined)
    assert.equal(make([], ['externref'], () => undefined)(), undefined)
    assert.equal(make([], ['funcref'], () => big)(), big)
    assert.throws(() => make([], ['funcref'], () => () => {})(), TypeError)
  })

  test('several results are an array, of any iterable', () => {
    const pair = answer => make([], ['i32', 'i64'], () => answer)
    for (const answer of [[1, 2n], new Set([1.5, 2n]), (function * () { yield 1; yield 2n })()]) assert.deepEqual(pair(answer)(), [1, 2n])
    for (const answer of [undefined, 5, [1], [1, 2n, 3], [1n, 2n], {}]) assert.throws(pair(answer), TypeError)
  })

  test('what it throws comes out as it is', () => {
    for (const value of [new Error('mine'), 'text', undefined]) {
      assert.equal(thrown(make(['i32'], ['i32'], () => { throw value })), value)
    }
  })

  test('its type is a dictionary, read in order', () => {
    const order = []
    const type = {
      get results() { order.push('results'); return ['i32'] },
      get parameters() { order.push('parameters'); return new Set(['i32', { toString: () => 'f64' }]) },
    }
    const f = new WasmFunction(type, () => 1)
    assert.deepEqual(order, ['parameters', 'results'])
    assert.deepEqual(f.type(), { parameters: ['i32', 'f64'], results: ['i32'] })
    assert.deepEqual(new WasmFunction(f.type(), () => 1).type(), f.type())
  })

  test('refuses other types and what cannot be called', () => {
    for (const type of [undefined, null, 5, {}, { parameters: [] }, { results: [] }, { parameters: 'i32', results: [] }, { parameters: ['x'], results: [] }]) {
      assert.throws(() => new WasmFunction(type, () => {}), TypeError)
    }
    for (const callable of [undefined, null, {}, 'x', Object.create(Function.prototype)]) {
      assert.throws(() => make([], [], callable), TypeError)
    }
    assert.throws(() => new WasmFunction({ parameters: [], results: [] }), TypeError)
    assert.throws(() => new WasmFunction(), TypeError)
    assert.throws(() => WasmFunction({ parameters: [], results: [] }, () => {}), TypeError)
  })

  test('takes anything that can be called', () => {
    class Callable { static call() {} }
    assert.equal(make(['i32'], ['i32'], new Proxy(x => x + 1, {}))(1), 2)
    assert.equal(make(['f64'], ['f64'], Math.sqrt)(9), 3)
    assert.equal(make([], ['f64'], Math.max.bind(null, 1, 7))(), 7)
    assert.throws(make([], [], Callable), TypeError)
    const { f } = exportsOf('(module (func (export "f") (param i32) (result i32) (i32.add (local.get 0) (i32.const 1))))')
    assert.equal(make(['f64'], ['f64'], f)(1.9), 2)
  })

  test('can be subclassed', () => {
    class Mine extends WasmFunction { twice(value) { return this(this(value)) } }
    const mine = new Mine({ parameters: ['i32'], results: ['i32'] }, x => x + 1)
    assert.ok(mine instanceof Mine)
    assert.equal(mine.twice(1), 3)
    assert.deepEqual(mine.type(), { parameters: ['i32'], results: ['i32'] })
  })

  test('each is a function of its own', () => {
    const same = () => {}
    assert.notEqual(make([], [], same), make([], [], same))
  })
})

describe('in tables and as imports', () => {
  const text = `(module
    (type $binary (func (param i32 i32) (result i32)))
    (import "a" "f" (func $f (type $binary)))
    (import "a" "table" (table $table 4 funcref))
    (export "f" (func $f))
    (func (export "call") (param i32 i32) (result i32) (call $f (local.get 0) (local.get 1)))
    (func (export "own") (type $binary) (i32.sub (local.get 0) (local.get 1)))
    (func (export "indirect") (param i32) (result i32) (call_indirect (type $binary) (i32.const 20) (i32.const 3) (local.get 0)))
    (func (export "get") (param i32) (result funcref) (table.get $table (local.get 0)))
    (func (export "set") (param i32 funcref) (table.set $table (local.get 0) (local.get 1))))`
  const add = make(['i32', 'i32'], ['i32'], (a, b) => a + b)
  const setup = f => {
    const table = new WebAssembly.Table({ element: 'anyfunc', initial: 4 })
    return { table, ...exportsOf(text, { a: { f, table } }) }
  }

  test('one that is imported is the same when it is exported', () => {
    const { f, call } = setup(add)
    assert.equal(f, add)
    assert.equal(call(1, 2), 3)
    const again = setup(f)
    assert.equal(again.f, add)
    const { own } = setup(add)
    assert.equal(setup(own).f, own)
  })

  test('a JS function that is imported becomes another when it is exported', () => {
    const plain = (a, b) => a * b
    const { f, call } = setup(plain)
    assert.notEqual(f, plain)
    assert.ok(f instanceof WasmFunction)
    assert.deepEqual(f.type(), { parameters: ['i32', 'i32'], results: ['i32'] })
    assert.equal(f(3, 4) + call(3, 4), 24)
  })

  test('one in a table is the same when it is read, and is called through the table', () => {
    const { table, indirect, get, set, own } = setup(add)
    table.set(0, add)
    table.set(1, own)
    set(2, add)
    assert.deepEqual([table.get(0), get(0), table.get(2)].map(each => each === add), [true, true, true])
    assert.equal(get(1), own)
    assert.deepEqual([indirect(0), indirect(1), indirect(2)], [23, 17, 23])
    assert.throws(() => indirect(3), RuntimeError)
    table.set(3, make(['i32'], ['i32'], x => x))
    assert.throws(() => indirect(3), RuntimeError)
    assert.throws(() => table.set(0, () => {}), TypeError)
    assert.equal(table.get(0), add)
  })

  test('a table, a global, an argument and a result take it from any store', () => {
    const foreign = exportsOf('(module (func (export "f") (param i32 i32) (result i32) (i32.const 77)))').f
    const { table, indirect, get, set } = setup(add)
    table.set(0, foreign)
    set(1, foreign)
    assert.equal(table.get(0), foreign)
    assert.equal(get(1), foreign)
    assert.deepEqual([indirect(0), indirect(1)], [77, 77])
    const global = new WebAssembly.Global({ value: 'anyfunc', mutable: true }, foreign)
    assert.equal(global.value, foreign)
    global.value = add
    assert.equal(global.value, add)
  })

  test('its type must be that of the import', () => {
    const module = compile('(module (import "a" "f" (func (param i32) (result i32))))')
    const link = f => () => new WebAssembly.Instance(module, { a: { f } })
    link(make(['i32'], ['i32'], x => x))()
    link(() => {})()
    for (const [parameters, results] of [
      [[], ['i32']], [['i32'], []], [['i64'], ['i32']], [['i32'], ['f32']], [['i32', 'i32'], ['i32']], [['i32'], ['i32', 'i32']],
    ]) {
      refuses(link(make(parameters, results, () => {})), LinkError, { importModule: 'a', importName: 'f' })
    }
    for (const other of [undefined, null, {}, 5]) refuses(link(other), LinkError, { importModule: 'a', importName: 'f' })
    // A wrapper of JS hides the type.
    link(make([], [], () => {}).bind())()
  })

  test('the same function has one object in each instance that sees it', () => {
    const first = setup(add)
    const second = exportsOf(`(module (import "a" "own" (func $own (param i32 i32) (result i32))) (import "a" "table" (table 4 funcref))
      (elem (i32.const 3) $own) (export "own" (func $own)) (global (export "global") funcref (ref.func $own)))`, { a: first })
    assert.deepEqual([second.own, second.global.value, first.table.get(3), first.get(3)].map(each => each === first.own), [true, true, true, true])
  })

  test('calls nest through stores and JS in turn', () => {
    const instances = []
    for (let n = 0; n < 20; n++) instances.push(setup(n === 0 ? add : make(['i32', 'i32'], ['i32'], (a, b) => instances[n - 1].call(a, b) + 1)))
    assert.equal(instances.at(-1).call(1, 2), 22)
  })
})

describe('memory stays flat', () => {
  const cases = {
    'that are made and called': ['', "equal(new WebAssembly.Function({ parameters: ['i32'], results: ['i32'] }, x => x + 1)(n), n + 1)", 20_000],
    'that refer to themselves': [
      '', "const f = new WebAssembly.Function({ parameters: [], results: ['externref'] }, () => f); f.self = f; equal(f(), f)", 20_000],
    'times that one goes through a table': [
      `const table = new WebAssembly.Table({ element: 'anyfunc', initial: 8 })
       const f = new WebAssembly.Function({ parameters: [], results: [] }, () => {})`,
      'table.set(n % 8, f); equal(table.get(n % 8), f); table.set(n % 8, null)', 50_000],
    'that instances import and export': [
      `const bytes = Buffer.from('${assemble('(module (import "a" "f" (func $f (result i32))) (export "f" (func $f)))').toString('base64')}', 'base64')
       const module = new WebAssembly.Module(bytes)`,
      `const f = new WebAssembly.Function({ parameters: [], results: ['i32'] }, () => n)
       equal(new WebAssembly.Instance(module, { a: { f } }).exports.f, f)`, 20_000],
    'calls of one': ["const f = new WebAssembly.Function({ parameters: ['externref'], results: ['externref', 'i64'] }, x => [x, 5n])",
      'const x = {}; equal(f(x)[0], x)', 50_000],
  }
  for (const [what, [setup, round, rounds]] of Object.entries(cases)) {
    test(`over ${rounds} ${what}`, () => {
      const grown = growth(setup, round, rounds)
      assert.ok(grown < 25, `the process grew by ${grown} MiB`)
    })
  }
})
