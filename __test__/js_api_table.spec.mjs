// WebAssembly.Table.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { WebAssembly } from 'wasmport'
import { exportsOf } from './fixtures/assemble.mjs'
import { growth } from './fixtures/leaks.mjs'
import { assemble } from './fixtures/project.mjs'
import { refuses, thrown } from './helpers.mjs'

const { Table } = WebAssembly
const builtin = globalThis.WebAssembly

const value = { code: 'ERR_WASMPORT_VALUE' }
const functions = () => exportsOf(`(module
  (func (export "one") (result i32) i32.const 1)
  (func (export "two") (result i32) i32.const 2))`)
const { one, two } = functions()

describe('new WebAssembly.Table', () => {
  test('is filled with a value, or with the default of its type', () => {
    const elements = table => Array.from({ length: table.length }, (_, index) => table.get(index))
    const object = {}
    assert.deepEqual(elements(new Table({ element: 'anyfunc', initial: 2 })), [null, null])
    assert.deepEqual(elements(new Table({ element: 'anyfunc', initial: 2 }, undefined)), [null, null])
    assert.deepEqual(elements(new Table({ element: 'anyfunc', initial: 2 }, null)), [null, null])
    assert.deepEqual(elements(new Table({ element: 'anyfunc', initial: 2 }, one)), [one, one])
    assert.deepEqual(elements(new Table({ element: 'externref', initial: 2 })), [undefined, undefined])
    assert.deepEqual(elements(new Table({ element: 'externref', initial: 2 }, null)), [null, null])
    for (const each of [object, 5, 'text', 7n, NaN, true, Symbol.iterator, () => {}]) {
      const table = new Table({ element: 'externref', initial: 2 }, each)
      assert.ok(Object.is(table.get(0), each) && Object.is(table.get(1), each), String(each))
    }
    assert.equal(new Table({ element: 'externref', initial: 0 }, object).length, 0)
    const table = new Table({ element: 'anyfunc', initial: 0 })
    assert.equal(Object.getPrototypeOf(table), Table.prototype)
    assert.equal(Object.prototype.toString.call(table), '[object WebAssembly.Table]')
  })

  test('type() gives its limits now, which a constructor takes', () => {
    const table = new Table({ element: 'anyfunc', initial: 1, maximum: 5 })
    table.grow(1)
    const type = { element: 'funcref', minimum: 2, maximum: 5, address: 'i32' }
    assert.deepEqual(table.type(), type)
    assert.deepEqual(new Table(table.type()).type(), type)
    assert.deepEqual(new Table({ element: 'externref', initial: 0 }).type(), { element: 'externref', minimum: 0, address: 'i32' })
    // A maximum is a limit, not a size.
    assert.equal(new Table({ element: 'anyfunc', initial: 0, maximum: 4294967295 }).type().maximum, 4294967295)
  })

  test('reads the descriptor in order, converting each member before the next', () => {
    const log = []
    const logged = (name, result) => ({ valueOf() { log.push(`${name}!`); return result }, toString() { log.push(`${name}!`); return result } })
    const members = { maximum: logged('maximum', 3), initial: logged('initial', 2.5), element: logged('element', 'externref'), address: logged('address', 'i32') }
    const table = new Table(new Proxy(members, { get(target, key) { log.push(key); return target[key] } }))
    assert.deepEqual(log.filter(key => key !== 'minimum'), ['element', 'element!', 'address', 'address!', 'initial', 'initial!', 'maximum', 'maximum!'])
    assert.deepEqual(table.type(), { element: 'externref', minimum: 2, maximum: 3, address: 'i32' })
  })

  test('refuses what is no table, or too large', () => {
    const option = { code: 'ERR_WASMPORT_OPTION' }
    for (const wrong of [undefined, null, 5, {}, { initial: 1 }, { element: 'anyfunc' }, { element: 'anyfunc', initial: undefined }]) {
      refuses(() => new Table(wrong), TypeError, option, 'descriptor')
    }
    for (const element of ['i32', 'func', '', 5, null]) refuses(() => new Table({ element, initial: 1 }), TypeError, option, 'descriptor.element', "'externref'")
    for (const initial of [-1, 2 ** 32, NaN, 'x', 1n, Symbol('1')]) assert.throws(() => new Table({ element: 'anyfunc', initial }), TypeError)
    for (const fill of [() => {}, {}, 5, 'f', Symbol('f')]) {
      refuses(() => new Table({ element: 'anyfunc', initial: 1 }, fill), TypeError, value, 'funcref', 'exported WebAssembly function')
    }
    refuses(() => new Table(), TypeError, option, '"descriptor" is missing')
    refuses(() => new Table({ element: 'anyfunc', initial: 2, maximum: 1 }), RangeError, {}, 'initial 2', 'maximum 1')
    refuses(() => new Table({ element: 'anyfunc', initial: 10_000_001 }), RangeError, {}, '10000001')
    assert.equal(new Table({ element: 'anyfunc', initial: 10_000_000 }).length, 10_000_000)
    assert.throws(() => Table({ element: 'anyfunc', initial: 1 }), TypeError)
    const foreign = new builtin.Instance(new builtin.Module(assemble('(module (func (export "f")))'))).exports.f
    refuses(() => new Table({ element: 'anyfunc', initial: 1 }, foreign), TypeError, value)
  })

  test('can be subclassed, and imported all the same', () => {
    class Callbacks extends Table {
      constructor() { super({ element: 'anyfunc', initial: 1 }) }
      add(f) { return this.grow(1, f) }
    }
    const callbacks = new Callbacks()
    const { t } = exportsOf('(module (import "m" "t" (table 1 funcref)) (export "t" (table 0)))', { m: { t: callbacks } })
    assert.equal(t, callbacks)
    assert.equal(callbacks.add(one), 1)
    assert.equal(t.get(1)(), 1)
  })
})

// A table that JS made, before and after an instance imported it, and one of an instance.
const origins = {
  'of JS': () => new Table({ element: 'anyfunc', initial: 2, maximum: 6 }),
  'of JS, imported': () => {
    const table = new Table({ element: 'anyfunc', initial: 2, maximum: 6 })
    exportsOf('(module (import "m" "t" (table 2 6 funcref)))', { m: { t: table } })
    return table
  },
  'of an instance': () => exportsOf('(module (table (export "t") 2 6 funcref))').t,
}
for (const [origin, make] of Object.entries(origins)) {
  describe(`a table ${origin}`, () => {
    test('get and set', () => {
      const table = make()
      assert.deepEqual([table.length, table.get(0), table.get(1)], [2, null, null])
      assert.equal(table.set(0, one), undefined)
      table.set(1, two)
      assert.equal(table.get(0), one)
      assert.equal(table.get(1), two)
      assert.equal(table.get(1)(), 2)
      table.set(0, null)
      table.set(1)
      assert.deepEqual([table.get(0), table.get(1)], [null, null])
    })

    test('set refuses what is no exported function, and leaves the element', () => {
      const table = make()
      table.set(0, one)
      for (const wrong of [undefined, 5, 'f', {}, () => {}, one.bind(null), class {}, Symbol('f')]) {
        refuses(() => table.set(0, wrong), TypeError, value, 'funcref')
      }
      assert.equal(table.get(0), one)
    })

    test('an index outside of it is a RangeError', () => {
      const table = make()
      for (const index of [2, 3, 4294967295]) {
        refuses(() => table.get(index), RangeError, value, String(index), '2 elements')
        refuses(() => table.set(index, null), RangeError, value, String(index))
        refuses(() => table.set(index, one), RangeError, value, String(index))
      }
    })

    test('an index is converted, and must be one', () => {
      const table = make()
      table.set('1', one)
      assert.equal(table.get(1.7), one)
      assert.equal(table.get({ valueOf: () => 1 }), one)
      assert.equal(table.get(null), null)
      assert.equal(table.get(-0.9), null)
      for (const wrong of [undefined, -1, 2 ** 32, NaN, Infinity, 'x', {}, 1n, Symbol('1')]) {
        assert.throws(() => table.get(wrong), TypeError)
        assert.throws(() => table.set(wrong, null), TypeError)
        assert.throws(() => table.grow(wrong), TypeError)
      }
      refuses(() => table.get(), TypeError, {}, '"index" is missing')
      refuses(() => table.set(), TypeError, {}, '"index" is missing')
      refuses(() => table.grow(), TypeError, {}, '"delta" is missing')
    })

    test('an index that changes the table when it is converted', () => {
      const table = make()
      assert.equal(table.get({ valueOf() { table.grow(1, one); return 2 } }), one)
      table.set({ valueOf() { table.grow(1); return 3 } }, two)
      assert.equal(table.get(3), two)
      const mine = new Error('mine')
      assert.equal(thrown(() => table.set({ valueOf() { throw mine } }, 'not a function')), mine)
    })

    test('grow returns the length before, and fills', () => {
      const table = make()
      assert.equal(table.grow(1), 2)
      assert.equal(table.get(2), null)
      assert.equal(table.grow(2, one), 3)
      assert.deepEqual([table.get(3), table.get(4)], [one, one])
      assert.equal(table.grow(0), 5)
      assert.equal(table.length, 5)
      refuses(() => table.grow(2), RangeError, {}, 'grow by 2')
      refuses(() => table.grow(4294967295), RangeError, {})
      for (const wrong of [undefined, {}, () => {}]) assert.throws(() => table.grow(1, wrong), TypeError)
      assert.equal(table.length, 5)
    })
  })
}

describe('a table of externref', () => {
  test('has any value, and undefined where none is given', () => {
    const table = new Table({ element: 'externref', initial: 3 }, 'filled')
    const object = {}
    for (const each of [object, null, undefined, 0, -0, NaN, 1n << 70n, 'é\ud800', Symbol.for('s'), table, Table, one]) {
      table.set(1, each)
      assert.ok(Object.is(table.get(1), each))
    }
    table.set(1)
    assert.equal(table.get(1), undefined)
    assert.equal(table.get(2), 'filled')
    assert.equal(table.grow(1), 3)
    assert.equal(table.get(3), undefined)
    assert.equal(table.grow(1, object), 4)
    assert.equal(table.get(4), object)
  })

  test('is the one that WebAssembly works on', () => {
    const table = new Table({ element: 'externref', initial: 2 })
    const { t, get, set, grow, size, fill } = exportsOf(`(module (import "m" "t" (table 1 externref)) (export "t" (table 0))
      (func (export "get") (param i32) (result externref) (table.get (local.get 0)))
      (func (export "set") (param i32 externref) (table.set (local.get 0) (local.get 1)))
      (func (export "grow") (param externref i32) (result i32) (table.grow (local.get 0) (local.get 1)))
      (func (export "fill") (param externref) (table.fill (i32.const 0) (local.get 0) (table.size)))
      (func (export "size") (result i32) (table.size)))`, { m: { t: table } })
    assert.equal(t, table)
    assert.equal(get(0), undefined)
    const object = {}
    set(0, object)
    assert.equal(table.get(0), object)
    table.set(1, 'one')
    assert.equal(get(1), 'one')
    assert.equal(grow('new', 2), 2)
    assert.deepEqual([table.length, table.get(3)], [4, 'new'])
    assert.equal(table.grow(1), 4)
    assert.equal(size(), 5)
    fill(object)
    assert.equal(table.get(4), object)
  })
})

describe('a table of functions that WebAssembly calls through', () => {
  const caller = `(module (import "m" "t" (table 2 funcref)) (type $t (func (result i32)))
    (func (export "call") (param i32) (result i32) (call_indirect (type $t) (local.get 0)))
    (func (export "grow") (param i32) (result i32) (table.grow (ref.null func) (local.get 0))))`

  test('calls what JS put there, before and after it was imported', () => {
    const t = new Table({ element: 'anyfunc', initial: 2 }, one)
    const { call, grow } = exportsOf(caller, { m: { t } })
    assert.deepEqual([call(0), call(1)], [1, 1])
    t.set(0, two)
    assert.equal(call(0), 2)
    t.grow(1, two)
    assert.equal(call(2), 2)
    assert.equal(grow(2), 3)
    assert.equal(t.length, 5)
    assert.equal(thrown(() => call(4)).trap, 'indirect-call-to-null')
    assert.equal(thrown(() => call(5)).trap, 'table-out-of-bounds')
  })

  test('a function of another type traps there, and can be called from JS', () => {
    const t = new Table({ element: 'anyfunc', initial: 2 })
    const { call } = exportsOf(caller, { m: { t } })
    const { f } = exportsOf('(module (func (export "f") (param i32) (result i32) local.get 0))')
    t.set(0, f)
    assert.equal(thrown(() => call(0)).trap, 'bad-signature')
    assert.equal(t.get(0)(8), 8)
  })
})

test('indices of 64 bits are BigInts', () => {
  const table = new Table({ element: 'externref', address: 'i64', initial: 2n, maximum: 4n }, 'x')
  assert.equal(table.length, 2n)
  assert.deepEqual(table.type(), { element: 'externref', minimum: 2n, maximum: 4n, address: 'i64' })
  assert.equal(table.get(1n), 'x')
  table.set(0n, 5)
  assert.equal(table.get(0n), 5)
  assert.equal(table.grow(1n, 'y'), 2n)
  assert.equal(table.get(2n), 'y')
  for (const wrong of [0, undefined, null, -1n, 2n ** 64n]) assert.throws(() => table.get(wrong), TypeError)
  refuses(() => table.get(3n), RangeError, value, '3')
  refuses(() => table.get(2n ** 64n - 1n), RangeError, value)
  refuses(() => table.grow(2n), RangeError, {})
  refuses(() => table.grow(2n ** 64n - 1n), RangeError, {})
  assert.throws(() => new Table({ element: 'anyfunc', address: 'i64', initial: 2 }), TypeError)
  const { t, get } = exportsOf('(module (import "m" "t" (table i64 3 externref)) (export "t" (table 0)) (func (export "get") (param i64) (result externref) (table.get (local.get 0))))', { m: { t: table } })
  assert.equal(t, table)
  assert.equal(get(2n), 'y')
})

test('methods and accessors refuse other receivers', () => {
  const { get } = Object.getOwnPropertyDescriptor(Table.prototype, 'length')
  for (const wrong of [undefined, null, 5, {}, [], Table.prototype, new builtin.Table({ element: 'anyfunc', initial: 1 })]) {
    const uses = [get, ...['get', 'set', 'grow', 'type'].map(name => Table.prototype[name])]
    for (const use of uses) refuses(() => use.call(wrong, 0, null), TypeError, { code: 'ERR_WASMPORT_OPTION' }, 'Receiver is not a WebAssembly.Table')
  }
})

describe('10,000 tables that are dropped leave the resident size flat', () => {
  const module = assemble('(module (memory 4) (func (export "f") (param i32) (i32.store (local.get 0) (local.get 0))))').toString('hex')
  const setup = `
    const module = new WebAssembly.Module(Buffer.from('${module}', 'hex'))
    const { f } = new WebAssembly.Instance(module).exports`
  const rounds = {
    'of 1,000 functions each, of an instance of their own': `
      const { f } = new WebAssembly.Instance(module).exports
      f(100000)
      const table = new WebAssembly.Table({ element: 'anyfunc', initial: 1000 }, f)
      equal(table.get(999), f)`,
    'with a function that stays': `
      const table = new WebAssembly.Table({ element: 'anyfunc', initial: 10 })
      table.set(n % 10, f)
      equal(table.get(n % 10), f)`,
    'of values that hold the table': `
      const table = new WebAssembly.Table({ element: 'externref', initial: 10 }, new Uint8Array(10000))
      table.set(0, table)
      table.grow(1, [table])
      equal(table.get(0), table)`,
  }
  for (const [what, round] of Object.entries(rounds)) {
    test(what, () => {
      const grown = growth(setup, round, 10000)
      assert.ok(grown < 25, `grew by ${grown} MiB`)
    })
  }
})
