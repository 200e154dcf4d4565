// WebAssembly.Instance: what it takes from the import object, and what it exports.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { WebAssembly } from 'wasmport'
import { compile, exportsOf } from './fixtures/assemble.mjs'
import { growth } from './fixtures/leaks.mjs'
import { assemble } from './fixtures/project.mjs'
import { check, refuses, thrown } from './helpers.mjs'

const { Global, Instance, LinkError, Memory, Module, RuntimeError, Table, Tag } = WebAssembly
const builtin = globalThis.WebAssembly

const option = { code: 'ERR_WASMPORT_OPTION' }
const link = { code: 'ERR_WASMPORT_LINK' }

describe('new WebAssembly.Instance', () => {
  test('makes an object with exports', () => {
    const instance = new Instance(compile('(module (func (export "f")))'))
    assert.equal(Object.getPrototypeOf(instance), Instance.prototype)
    assert.equal(Object.prototype.toString.call(instance), '[object WebAssembly.Instance]')
    assert.equal(instance.exports, instance.exports)
    assert.deepEqual(Reflect.ownKeys(instance), [])
    assert.throws(() => { instance.exports = {} }, TypeError)
    for (const wrong of [undefined, {}, Instance.prototype, instance.exports, new builtin.Instance(new builtin.Module(assemble('(module)')))]) {
      refuses(() => Reflect.get(Instance.prototype, 'exports', wrong), TypeError, option, 'Receiver is not a WebAssembly.Instance')
    }
  })

  test('can be subclassed', () => {
    class Guest extends Instance {
      constructor(text) { super(compile(text)) }
      get answer() { return this.exports.f() }
    }
    const guest = new Guest('(module (func (export "f") (result i32) i32.const 42))')
    assert.ok(guest instanceof Guest && guest instanceof Instance)
    assert.equal(guest.answer, 42)
  })

  test('wants a Module of ours, new, and an object of imports if there are any', () => {
    const module = compile('(module)')
    for (const wrong of [undefined, null, {}, assemble('(module)'), Module.prototype, new Instance(module)]) {
      refuses(() => new Instance(wrong), TypeError, option, 'module must be a WebAssembly.Module')
    }
    refuses(() => new Instance(new builtin.Module(assemble('(module)'))), TypeError, option, "a Module of Node's own WebAssembly", 'make it with the WebAssembly of wasmport')
    refuses(() => new Instance(), TypeError, option, '"module" is missing')
    assert.throws(() => Instance(module), TypeError)
    for (const wrong of [null, 5, '', Symbol('i'), true]) {
      refuses(() => new Instance(module, wrong), TypeError, option, 'importObject')
    }
    for (const fine of [undefined, {}, [], () => {}]) assert.ok(new Instance(module, fine))
    refuses(() => new Instance(compile('(module (import "a" "b" (func)))')), TypeError, option, 'importObject')
  })
})

describe('the import object', () => {
  const text = '(module (import "a" "x" (func)) (import "b" "y" (func)) (import "a" "z" (func)) (import "a" "x" (func)))'

  test('is read once for each import, in the order of the module', () => {
    const log = []
    const imports = new Proxy({}, {
      get: (_, module) => {
        log.push(module)
        return new Proxy(() => {}, { get: (_, name) => { log.push(`${module}.${name}`); return () => {} } })
      },
      has: () => assert.fail('has'),
      ownKeys: () => assert.fail('ownKeys'),
    })
    exportsOf(text, imports)
    assert.deepEqual(log, ['a', 'a.x', 'b', 'b.y', 'a', 'a.z', 'a', 'a.x'])
  })

  test('is read before anything is checked', () => {
    const log = []
    const imports = { a: { x: 5, get z() { log.push('z') } }, b: {} }
    refuses(() => exportsOf(text, imports), LinkError, { ...link, importModule: 'a', importName: 'x' })
    assert.deepEqual(log, ['z'])
  })

  test('can inherit, and have anything as a name', () => {
    const { f } = exportsOf(`(module (import "" "" (func $a (result i32))) (import "__proto__" "constructor" (func $b (result i32)))
      (func (export "f") (result i32) (i32.add (call $a) (call $b))))`,
    Object.create({ '': Object.create({ '': () => 40 }), ['__proto__']: { constructor: () => 2 } }))
    assert.equal(f(), 42)
  })

  test('what it throws comes through', () => {
    const mine = new Error('mine')
    assert.equal(thrown(() => exportsOf(text, { get a() { throw mine } })), mine)
    assert.equal(thrown(() => exportsOf(text, { a: { get x() { throw mine } } })), mine)
  })

  test('a module in it that is no object is a TypeError that says which import wants it', () => {
    for (const wrong of [undefined, null, 5, 'x', true, Symbol('m')]) {
      refuses(() => exportsOf('(module (import "my mod" "it" (func)))', { 'my mod': wrong }), TypeError,
        { ...link, importModule: 'my mod', importName: 'it' }, '"it"', '"my mod"')
    }
  })

  const wrong = {
    '(func (param i32))': [undefined, null, 5, {}, 'f', new Global({ value: 'i32' }), new Memory({ initial: 1 })],
    '(memory 1)': [undefined, {}, new ArrayBuffer(65536), () => {}, new Table({ element: 'anyfunc', initial: 1 })],
    '(table 1 funcref)': [undefined, [], new Memory({ initial: 1 }), new Table({ element: 'externref', initial: 1 }), new Table({ element: 'anyfunc', initial: 0 })],
    '(table 1 4 funcref)': [new Table({ element: 'anyfunc', initial: 1 }), new Table({ element: 'anyfunc', initial: 1, maximum: 5 })],
    '(memory 2 4)': [new Memory({ initial: 1, maximum: 4 }), new Memory({ initial: 2 }), new Memory({ initial: 2, maximum: 5 })],
    '(memory i64 1)': [new Memory({ initial: 1 })],
    '(global i32)': [undefined, null, 5n, '5', {}, new Global({ value: 'i64' }), new Global({ value: 'i32', mutable: true })],
    '(global i64)': [5, '5', new Global({ value: 'i32' })],
    '(global f64)': [5n, undefined, new Global({ value: 'f32' })],
    '(global (mut i32))': [5, new Global({ value: 'i32' })],
    '(global funcref)': [() => {}, {}, 5, undefined],
    '(tag (param i32))': [undefined, {}, new Tag({ parameters: [] }), new Tag({ parameters: ['i64'] })],
  }
  for (const [type, values] of Object.entries(wrong)) {
    test(`for ${type} refuses what does not fit, with a LinkError of Node's own`, () => {
      for (const value of values) {
        const error = thrown(() => exportsOf(`(module (import "my mod" "it" ${type}))`, { 'my mod': { it: value } }))
        check(error, builtin.LinkError, { ...link, importModule: 'my mod', importName: 'it' }, 'my mod.it', 'expected', 'found')
        assert.ok(error.message.includes(error.expected) && error.message.includes(error.found), error.message)
      }
    })
  }

  const foreign = {
    '(memory 1)': ['Memory', new builtin.Memory({ initial: 1 })],
    '(table 1 funcref)': ['Table', new builtin.Table({ initial: 1, element: 'anyfunc' })],
    '(global i32)': ['Global', new builtin.Global({ value: 'i32' }, 1)],
    '(global (mut i32))': ['Global', new builtin.Global({ value: 'i32', mutable: true }, 1)],
    ...builtin.Tag && { '(tag)': ['Tag', new builtin.Tag({ parameters: [] })] },
  }
  for (const [type, [name, value]] of Object.entries(foreign)) {
    test(`for ${type} refuses a ${name} of Node's own WebAssembly, and says what to do`, () => {
      refuses(() => exportsOf(`(module (import "m" "it" ${type}))`, { m: { it: value } }), LinkError, { ...link, importName: 'it' },
        `WebAssembly.${name} of Node's own WebAssembly`, 'make it with the WebAssembly that wasmport exports')
    })
  }

  test('takes a function of an instance of Node\'s own WebAssembly as any JS function', () => {
    const bytes = assemble('(module (func (export "f") (param i32) (result i32) (i32.mul (local.get 0) (i32.const 2))))')
    const foreign = new builtin.Instance(new builtin.Module(bytes)).exports.f
    const { f, own } = exportsOf('(module (import "m" "f" (func $f (param i32) (result i32))) (export "f" (func $f)) (func (export "own") (param i32) (result i32) (call $f (local.get 0))))', { m: { f: foreign } })
    assert.equal(own(21), 42)
    assert.notEqual(f, foreign)
    assert.equal(f(21), 42)
    const back = new builtin.Instance(new builtin.Module(assemble('(module (import "m" "f" (func $f (param i32) (result i32))) (func (export "g") (param i32) (result i32) (call $f (local.get 0))))')), { m: { f: own } })
    assert.equal(back.exports.g(4), 8)
  })

  test('takes values for immutable globals', () => {
    const object = {}
    const { i, l, d, x, n } = exportsOf(`(module (import "m" "i" (global i32)) (import "m" "l" (global i64)) (import "m" "d" (global f64))
      (import "m" "x" (global externref)) (import "m" "n" (global funcref))
      (export "i" (global 0)) (export "l" (global 1)) (export "d" (global 2)) (export "x" (global 3)) (export "n" (global 4)))`,
    { m: { i: 4294967295.9, l: 2n ** 63n, d: -0, x: object, n: null } })
    assert.deepEqual([i.value, l.value, x.value, n.value], [-1, -(2n ** 63n), object, null])
    assert.ok(Object.is(d.value, -0))
  })
})

describe('the exports object', () => {
  const exports = exportsOf('(module (func (export "b")) (memory (export "2") 1) (func (export "a")) (func (export "1")) (func (export "")) (func (export "__proto__")))')

  test('is frozen, has no prototype, and its keys in order', () => {
    assert.equal(Object.getPrototypeOf(exports), null)
    assert.ok(Object.isFrozen(exports))
    assert.deepEqual(Reflect.ownKeys(exports), ['1', '2', 'b', 'a', '', '__proto__'])
    assert.equal(typeof exports.__proto__, 'function')
    assert.equal(exports.toString, undefined)
    assert.deepEqual(Object.getOwnPropertyDescriptor(exports, 'a'), { value: exports.a, writable: false, enumerable: true, configurable: false })
    assert.throws(() => { exports.a = 1 }, TypeError)
    assert.throws(() => { exports.c = 1 }, TypeError)
  })

  test('has objects of the classes', () => {
    const { f, m, t, g, e } = exportsOf('(module (func (export "f")) (memory (export "m") 1) (table (export "t") 1 funcref) (global (export "g") i32 (i32.const 1)) (tag (export "e")))')
    assert.ok(f instanceof Function && f instanceof WebAssembly.Function)
    for (const [object, Class] of [[m, Memory], [t, Table], [g, Global], [e, Tag]]) assert.ok(object instanceof Class, Class.name)
  })
})

describe('an exported function', () => {
  const make = () => exportsOf(`(module (import "m" "f" (func (param i64)))
    (func $private (param f32 f32 f32) (result f32) local.get 0) (func $other)
    (table (export "t") 2 funcref) (elem (i32.const 0) $private)
    (func (export "f") (param i32 i32) (result i32) (i32.sub (local.get 0) (local.get 1)))
    (export "imported" (func 0)) (export "again" (func 3)))`, { m: { f() {} } })

  test('is named by its index in the module, and has the length of its parameters', () => {
    const { f, t, imported, again } = make()
    assert.deepEqual([imported.name, imported.length], ['0', 1])
    assert.deepEqual([t.get(0).name, t.get(0).length], ['1', 3])
    assert.deepEqual([f.name, f.length], ['3', 2])
    assert.equal(again, f)
    for (const key of ['name', 'length']) {
      assert.deepEqual(Object.getOwnPropertyDescriptor(f, key), { value: f[key], writable: false, enumerable: false, configurable: true })
    }
    assert.deepEqual(Object.keys(f), [])
  })

  test('is an extensible object, which keeps what is put on it', () => {
    const { f, t } = make()
    f.note = 'here'
    t.set(1, f)
    assert.equal(t.get(1).note, 'here')
    assert.equal(f.call(null, 5, 3), 2)
    assert.equal(f.bind(null, 5)(3), 2)
    assert.equal(Reflect.apply(f, undefined, [5, 3]), 2)
  })

  test('converts as many arguments as it has parameters, in order, and no more', () => {
    const log = []
    const value = (name, result) => ({ valueOf() { log.push(name); return result } })
    const { f, wide } = exportsOf(`(module (func (export "f") (param i32 i64 f32) (result i64) local.get 1)
      (func (export "wide") ${'(param f64)'.repeat(20)} (result f64) local.get 19))`)
    assert.equal(f(value('a', 1), value('b', 2n), value('c', 3), value('d', 4)), 2n)
    assert.deepEqual(log.splice(0), ['a', 'b', 'c'])
    // What cannot be converted ends it; nothing after that is looked at.
    assert.throws(() => f(value('a', 1), value('b', 2), value('c', 3)), TypeError)
    assert.deepEqual(log.splice(0), ['a', 'b'])
    const mine = new Error('mine')
    assert.equal(thrown(() => f({ valueOf() { throw mine } }, value('b', 2n))), mine)
    assert.deepEqual(log, [])
    assert.throws(() => f(1), TypeError) // undefined is no BigInt
    assert.ok(Number.isNaN(wide()))
    assert.equal(wide(...Array(19).fill(0), '7', 8), 7)
  })

  test('has been called by the time a conversion of its arguments calls it', () => {
    const { add, total } = exportsOf(`(module (global $g (mut i32) (i32.const 0))
      (func (export "add") (param i32) (result i32) (global.set $g (i32.add (global.get $g) (local.get 0))) (global.get $g))
      (func (export "total") (result i32) (global.get $g)))`)
    assert.equal(add({ valueOf: () => add({ valueOf: () => add(1) + 1 }) + 10 }), 16)
    assert.equal(total(), 16)
  })

  test('returns undefined, a value, or an array of several', () => {
    const { none, two } = exportsOf('(module (func (export "none")) (func (export "two") (result i32 i64) i32.const 1 i64.const 2))')
    assert.equal(none(), undefined)
    const result = two()
    assert.ok(Array.isArray(result))
    assert.deepEqual(result, [1, 2n])
    assert.notEqual(two(), result)
  })

  test('refuses to carry v128, but the module works', () => {
    const { vector, lane } = exportsOf(`(module (import "m" "v" (func $v (param v128)))
      (func $id (export "vector") (param v128) (result v128) local.get 0)
      (func (export "lane") (result i32) (i32x4.extract_lane 1 (call $id (v128.const i32x4 1 2 3 4)))))`, { m: { v() {} } })
    assert.equal(lane(), 2)
    assert.throws(() => vector(), TypeError)
    assert.throws(() => vector(1), TypeError)
  })
})

describe('an imported function', () => {
  /** A function that calls `f` with an i32 and an i64 and returns what that does. */
  const ask = (result, f) => exportsOf(`(module (import "m" "f" (func $f (param i32 i64) ${result}))
    (func (export "f") ${result} (call $f (i32.const 1) (i64.const 2))))`, { m: { f } }).f

  test('gets undefined as this, and the arguments', () => {
    let seen
    ask('', function (...args) { seen = [this, args] })()
    assert.deepEqual(seen, [undefined, [1, 2n]])
  })

  test('can be anything callable', () => {
    assert.equal(ask('(result i32)', new Proxy(() => 5, {}))(), 5)
    assert.equal(ask('(result i32)', (() => 5).bind(null))(), 5)
    assert.equal(ask('(result f64)', Math.random.bind(null, 1))() < 1, true)
    assert.throws(ask('', class A {}), TypeError)
  })

  test('returns a value, which is converted, or an iterable of as many as there are results', () => {
    assert.equal(ask('(result i32)', () => '0x11')(), 17)
    assert.deepEqual(ask('(result i32 i64)', () => [{ valueOf: () => 3 }, 4n])(), [3, 4n])
    assert.deepEqual(ask('(result i32 i64)', function * () { yield 3; yield '4' })(), [3, 4n])
    assert.equal(ask('', () => 'ignored')(), undefined)
    for (const wrong of [undefined, 5, [1], [1, 2n, 3], {}]) {
      assert.throws(ask('(result i32 i64)', () => wrong), TypeError)
    }
    assert.throws(ask('(result i64)', () => 1), TypeError)
    const order = []
    const part = (name, value) => ({ valueOf() { order.push(name); return value } })
    ask('(result i32 i64)', function * () { order.push('one'); yield part('1', 1); order.push('two'); yield part('2', 2n); order.push('end') })()
    assert.deepEqual(order, ['one', 'two', 'end', '1', '2'])
  })

  test('can call the instance, make others and join them', () => {
    const instance = exportsOf(`(module (import "m" "f" (func $f (param i32) (result i32))) (memory (export "memory") 1)
      (func (export "sum") (param i32) (result i32) (call $f (local.get 0))))`, {
      m: {
        f(n) {
          if (n > 0) return n + instance.sum(n - 1)
          return exportsOf('(module (import "i" "memory" (memory 1)) (func (export "f") (result i32) (i32.store (i32.const 0) (i32.const 7)) (i32.load (i32.const 0))))', { i: instance }).f()
        },
      },
    })
    assert.equal(instance.sum(100), 5057)
    assert.equal(new Uint8Array(instance.memory.buffer)[0], 7)
  })

  test('that calls back without end is a RangeError that can be caught', () => {
    const { f } = exportsOf('(module (import "m" "f" (func $f)) (func (export "f") (call $f)))', { m: { f: () => f() } })
    refuses(f, RangeError, {}, 'call stack')
    refuses(f, RangeError, {}, 'call stack')
  })
})

describe('instantiation', () => {
  test('runs the start function, after the segments', () => {
    let seen
    const memory = new Memory({ initial: 1 })
    exportsOf('(module (import "m" "memory" (memory 1)) (import "m" "f" (func $f)) (data (i32.const 3) "A") (start $f))',
      { m: { memory, f() { seen = new Uint8Array(memory.buffer)[3] } } })
    assert.equal(seen, 65)
  })

  test('that fails leaves what it did before', () => {
    const memory = new Memory({ initial: 1 })
    const table = new Table({ element: 'anyfunc', initial: 2 })
    const m = { memory, table }
    const begin = '(module (import "m" "memory" (memory 1)) (import "m" "table" (table 1 funcref)) (func $f (result i32) i32.const 9) (elem (i32.const 1) $f)'
    refuses(() => exportsOf(`${begin} (data (i32.const 0) "A") (data (i32.const 65536) "B"))`, { m }), RuntimeError, { code: 'ERR_WASMPORT_TRAP' })
    assert.equal(new Uint8Array(memory.buffer)[0], 65)
    assert.equal(table.get(1)(), 9)
    refuses(() => exportsOf(`${begin} (elem (i32.const 2) $f))`, { m }), RuntimeError, {})
    refuses(() => exportsOf(`${begin} (func $s (i32.store (i32.const 8) (i32.const 3)) unreachable) (start $s))`, { m }), RuntimeError, { trap: 'unreachable-code-reached' })
    assert.equal(new Uint8Array(memory.buffer)[8], 3)
    // They can still be imported.
    assert.equal(exportsOf(`${begin} (func (export "f") (result i32) (i32.load (i32.const 8))))`, { m }).f(), 3)
  })

  test('passes on what the start function throws', () => {
    const mine = new Error('mine')
    assert.equal(thrown(() => exportsOf('(module (import "m" "f" (func $f)) (start $f))', { m: { f() { throw mine } } })), mine)
  })

  test('does not happen if an import does not fit', () => {
    const memory = new Memory({ initial: 1 })
    assert.throws(() => exportsOf('(module (import "m" "memory" (memory 1)) (import "m" "f" (func)) (data (i32.const 0) "A"))', { m: { memory } }), LinkError)
    assert.equal(new Uint8Array(memory.buffer)[0], 0)
  })
})

test('10,000 instances that are dropped leave the resident size flat', () => {
  const bytes = assemble(`(module (import "m" "f" (func $f (param externref)))
    (memory (export "memory") 2) (table (export "table") 4 funcref) (global (export "g") (mut externref) (ref.null extern)) (tag (export "tag"))
    (func (export "call") (param externref) (i32.store (i32.const 0) (i32.const 1)) (call $f (local.get 0))))`)
  const grown = growth(`const module = new WebAssembly.Module(Buffer.from('${bytes.toString('hex')}', 'hex'))`, `
    // Each instance is in cycles with itself, its store and JS.
    let got
    const exports = new WebAssembly.Instance(module, { m: { f(value) { got = [value, exports] } } }).exports
    const value = { n, exports }
    exports.call(value)
    equal(got[0], value)
    exports.table.set(0, exports.call)
    exports.g.value = exports
    equal(new Int32Array(exports.memory.buffer)[0], 1)`, 10000)
  assert.ok(grown < 25, `grew by ${grown} MiB`)
})
