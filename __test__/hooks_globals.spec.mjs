// Globals of an imported .wasm file: JS sees values, those of mutable globals as they are now; WebAssembly sees globals.

import { describe, test } from 'node:test'
import { cjs, head, passes } from './fixtures/hooks.mjs'
import { project } from './fixtures/project.mjs'

/** A module with a mutable global of each type, each with a function that sets it. */
const types = { i32: '1', i64: '2', f32: '1.5', f64: '2.5' }
const counters = `(module
  (import "./callback.mjs" "callback" (func $callback))
  ${Object.entries(types).map(([type, first]) => `
    (global $${type} (export "${type}") (mut ${type}) (${type}.const ${first}))
    (func (export "set_${type}") (param ${type}) (global.set $${type} (local.get 0)))
    (global (export "const_${type}") ${type} (${type}.const ${first}))`).join('')}
  (global $ref (export "ref") (mut externref) (ref.null extern))
  (func (export "set_ref") (param externref) (global.set $ref (local.get 0)))
  (global $fun (export "fun") (mut funcref) (ref.null func))
  (func (export "set_fun") (param funcref) (global.set $fun (local.get 0)))
  (table (export "table") 1 funcref)
  (elem (i32.const 0) $add)
  (func $add (global.set $i32 (i32.add (global.get $i32) (i32.const 1))))
  (export "add" (func $add))
  (func (export "add_call_add") (call $add) (call $callback) (call $add)))`

const files = {
  'counters.wasm': counters,
  'callback.mjs': 'let on = () => {}\nexport const callback = () => on()\nexport const set = f => { on = f }',
  'reexport.mjs': 'export { i32, i32 as renamed } from "./counters.wasm"\nexport * as ns from "./counters.wasm"',
  'star.mjs': 'export * from "./counters.wasm"',
  'local.mjs': 'import { i32 } from "./counters.wasm"\nexport { i32 }\nexport const read = () => i32',
  // Imports the global itself, exports it again, and changes it.
  'other.wasm': `(module
    (import "./counters.wasm" "i32" (global $i32 (mut i32)))
    (import "./counters.wasm" "i64" (global $i64 (mut i64)))
    (export "again" (global $i32))
    (func (export "get") (result i32) (global.get $i32))
    (func (export "put") (param i32 i64) (global.set $i32 (local.get 0)) (global.set $i64 (local.get 1))))`,
}

describe('to JS', () => {
  const made = project({
    ...files,
    'types.mjs': `${head}
      import * as ns from './counters.wasm'
      import { i32, i64, f32, f64, ref, fun, const_i64 } from './counters.wasm'
      assert.deepEqual([i32, i64, f32, f64, ref, fun], [1, 2n, 1.5, 2.5, null, null])
      assert.deepEqual([ns.const_i32, const_i64, ns.const_f32, ns.const_f64], [1, 2n, 1.5, 2.5])
      ns.set_i32(-7), ns.set_i64(1n << 62n), ns.set_f32(0.25), ns.set_f64(Math.PI)
      assert.deepEqual([i32, i64, f32, f64], [-7, 1n << 62n, 0.25, Math.PI])
      assert.deepEqual([ns.i32, ns.i64, ns.f32, ns.f64], [-7, 1n << 62n, 0.25, Math.PI])
      assert.deepEqual([ns.const_i32, const_i64], [1, 2n])
      ns.set_f64(NaN), ns.set_f32(-0)
      assert.deepEqual([f64, f32], [NaN, -0])
      const object = {}
      for (const value of [object, 'text', undefined, null, 5, Symbol.iterator]) {
        ns.set_ref(value)
        assert.equal(ref, value)
        assert.equal(ns.ref, value)
      }
      ns.set_fun(ns.add)
      assert.equal(fun, ns.add)
      assert.throws(() => { ns.i32 = 3 }, TypeError)`,
    'js.mjs': `${head}
      import { i32, add } from './counters.wasm'
      import { i32 as direct, renamed, ns } from './reexport.mjs'
      import { i32 as starred } from './star.mjs'
      import { i32 as local, read } from './local.mjs'
      import * as all from './star.mjs'
      const seen = () => [i32, direct, renamed, ns.i32, starred, local, read(), all.i32]
      assert.deepEqual(seen(), Array(8).fill(1))
      add()
      assert.deepEqual(seen(), Array(8).fill(2))
      const dynamic = await import('./counters.wasm')
      add()
      assert.deepEqual([...seen(), dynamic.i32], Array(9).fill(3))
      const { i32: copy } = dynamic
      add()
      assert.deepEqual([copy, i32], [3, 4])`,
    'wasm.mjs': `${head}
      import { i32, i64, add } from './counters.wasm'
      import { again, get, put } from './other.wasm'
      put(40, 41n)
      assert.deepEqual([i32, again, get(), i64], [40, 40, 40, 41n])
      add()
      assert.deepEqual([i32, again, get()], [41, 41, 41])`,
    'inside.mjs': `${head}
      import * as ns from './counters.wasm'
      import { i32, add_call_add, set_i32 } from './counters.wasm'
      import { again, put } from './other.wasm'
      import { set } from './callback.mjs'
      const seen = []
      set(() => {
        seen.push([i32, ns.i32, again])
        set_i32(10)
        seen.push([i32, ns.i32, again])
        put(20, 0n)
        seen.push([i32, ns.i32, again])
      })
      add_call_add()
      assert.deepEqual(seen, [[2, 2, 2], [10, 10, 10], [20, 20, 20]])
      assert.deepEqual([i32, again], [21, 21])
      set(() => { throw new Error('mine') })
      assert.throws(add_call_add, /mine/)
      assert.equal(i32, 22)`,
    'table.mjs': `${head}
      import { i32, table } from './counters.wasm'
      table.get(0)()
      assert.equal(i32, 2)`,
    'object.mjs': `${head}
      import { WebAssembly } from 'wasmport'
      import * as ns from './counters.wasm'
      import { i32, ref } from './counters.wasm'
      import { again, get } from './other.wasm'
      const { exports } = WebAssembly.namespaceInstance(ns)
      assert.ok(exports.i32 instanceof WebAssembly.Global)
      assert.equal(exports.i32.value, 1)
      exports.i32.value = 8
      exports.ref.value = 'text'
      assert.deepEqual([i32, ns.i32, again, get(), ref], [8, 8, 8, 8, 'text'])
      ns.add()
      assert.equal(exports.i32.value, 9)
      assert.throws(() => { exports.const_i32.value = 1 }, TypeError)`,
    'require.cjs': `${cjs}
      const ns = require('./live.wasm')
      assert.deepEqual([ns.count, ns.fixed], [1, 7n])
      ns.add()
      assert.equal(ns.count, 2)
      assert.equal(require('./live.wasm').count, 2)`,
    'live.wasm': `(module (global $count (export "count") (mut i32) (i32.const 1)) (global (export "fixed") i64 (i64.const 7))
      (func (export "add") (global.set $count (i32.add (global.get $count) (i32.const 1)))))`,
  })

  test('values of each type', () => { passes(made, 'types.mjs') })
  test('live by each way of JS: named, namespaces, exported again, dynamic import', () => { passes(made, 'js.mjs') })
  test('live where another .wasm changes them', () => { passes(made, 'wasm.mjs') })
  test('live inside a call, and after one that threw', () => { passes(made, 'inside.mjs') })
  test('live where a function of a table changes them', () => { passes(made, 'table.mjs') })
  test('live where JS sets the Global that is exported', () => { passes(made, 'object.mjs') })
  test('live in what require returns', () => { passes(made, 'require.cjs') })

  test('changed by the start function and by a step of the plan', () => {
    passes(project({
      'start.wasm': `(module (global $g (export "g") (mut i32) (i32.const 1)) (global $h (export "h") (mut i32) (i32.const 1))
        (func $start (global.set $g (i32.const 2))) (start $start)
        (func (export "_initialize") (global.set $h (i32.const 3))))`,
      'main.mjs': `${head}
        import { g, h } from './start.wasm'
        assert.deepEqual([g, h], [2, 3])`,
    }), 'main.mjs')
  })
})

describe('from JS', () => {
  const made = project({
    'takes.wasm': `(module
      (import "./values.mjs" "int" (global $int i32)) (import "./values.mjs" "big" (global $big i64))
      (import "./values.mjs" "single" (global $single f32)) (import "./values.mjs" "double" (global $double f64))
      (import "./values.mjs" "object" (global $object externref)) (import "./values.mjs" "nothing" (global $nothing externref))
      (import "./values.mjs" "nofunc" (global $nofunc funcref))
      (import "./values.mjs" "fixed" (global $fixed i32)) (import "./values.mjs" "count" (global $count (mut i32)))
      (export "int" (global $int)) (export "big" (global $big)) (export "single" (global $single)) (export "double" (global $double))
      (export "object" (global $object)) (export "nothing" (global $nothing)) (export "nofunc" (global $nofunc))
      (export "fixed" (global $fixed)) (export "count" (global $count))
      (func (export "sum") (result i32) (i32.add (i32.add (global.get $int) (global.get $fixed)) (global.get $count)))
      (func (export "add") (global.set $count (i32.add (global.get $count) (i32.const 1)))))`,
    'values.mjs': `
      import { WebAssembly } from 'wasmport'
      export const int = 42, big = 9223372036854775807n, single = 0.1, double = 0.1
      export const object = { some: 'object' }, nothing = undefined, nofunc = null
      export const fixed = new WebAssembly.Global({ value: 'i32' }, 7)
      export const count = new WebAssembly.Global({ value: 'i32', mutable: true }, 100)`,
    'main.mjs': `${head}
      import * as ns from './takes.wasm'
      import { count } from './takes.wasm'
      import { object, count as global } from './values.mjs'
      assert.deepEqual([ns.int, ns.big, ns.single, ns.double], [42, 9223372036854775807n, Math.fround(0.1), 0.1])
      assert.equal(ns.object, object)
      assert.deepEqual([ns.nothing, ns.nofunc, ns.fixed, count, ns.sum()], [undefined, null, 7, 100, 149])
      ns.add()
      assert.deepEqual([count, ns.count, global.value], [101, 101, 101])
      global.value = 200
      assert.deepEqual([count, ns.count, ns.sum()], [200, 200, 249])`,
    'number.wasm': '(module (import "./values.mjs" "int" (global (mut i32))))',
    'v128.wasm': '(module (import "./values.mjs" "int" (global v128)))',
    'mutable.wasm': '(module (import "./values.mjs" "count" (global i32)))',
    'const.wasm': '(module (import "./values.mjs" "fixed" (global (mut i32))))',
    'type.wasm': '(module (import "./values.mjs" "fixed" (global i64)))',
    'errors.mjs': `${head}
      for (const name of ['number', 'v128', 'mutable', 'const', 'type']) {
        const error = await import('./' + name + '.wasm').then(() => assert.fail(name), error => error)
        assert.ok(error instanceof WebAssembly.LinkError, error.stack)
        assert.equal(error.importModule, './values.mjs', error.stack)
      }`,
  })

  test('values become constants, Globals stay what they are', () => { passes(made, 'main.mjs') })
  test('what cannot be the global is a LinkError', () => { passes(made, 'errors.mjs') })
})

describe('v128', () => {
  const made = project({
    'low.wasm': `(module
      (global $fixed (export "fixed") v128 (v128.const i32x4 1 2 3 4))
      (global $vector (export "vector") (mut v128) (v128.const i32x4 5 6 7 8))
      (global (export "number") i32 (i32.const 9))
      (func (export "set") (param i32) (global.set $vector (i32x4.splat (local.get 0))))
      (func (export "twice") (param v128) (result v128) (i32x4.add (local.get 0) (local.get 0))))`,
    'high.wasm': `(module
      (import "./low.wasm" "fixed" (global $fixed v128)) (import "./low.wasm" "vector" (global $vector (mut v128)))
      (import "./low.wasm" "twice" (func $twice (param v128) (result v128)))
      (export "again" (global $vector))
      (func (export "lanes") (result i32 i32 i32)
        (i32x4.extract_lane 3 (global.get $fixed))
        (i32x4.extract_lane 0 (global.get $vector))
        (i32x4.extract_lane 1 (call $twice (global.get $vector)))))`,
    'main.mjs': `${head}
      import * as low from './low.wasm'
      import { lanes } from './high.wasm'
      assert.equal(low.number, 9)
      assert.deepEqual(lanes(), [4, 5, 12])
      low.set(20)
      assert.deepEqual(lanes(), [4, 20, 40])
      assert.ok('fixed' in low && 'vector' in low)
      assert.throws(() => low.twice(1), TypeError)`,
  })

  test('globals and functions link, though JS has no value for them', () => { passes(made, 'main.mjs') })
})
