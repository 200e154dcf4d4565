// What an imported .wasm file imports: from another .wasm file directly, from JS as the JS API has it; and what it is told
// where that does not fit.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { fails, head, hooks, needs, passes } from './fixtures/hooks.mjs'
import { assemble, project } from './fixtures/project.mjs'

describe('a .wasm file and another', () => {
  const made = project({
    'low.wasm': `(module
      (memory (export "memory") 1 3) (table (export "table") 2 funcref)
      (global (export "base") i32 (i32.const 8)) (tag (export "tag") (param i32))
      (func $store (export "store") (param i32 i32) (i32.store (local.get 0) (local.get 1)))
      (func (export "many") (param i64 f32 f64 externref) (result externref f64 f32 i64)
        (local.get 3) (local.get 2) (local.get 1) (local.get 0))
      (global $object (export "object") (mut externref) (ref.null extern))
      (func (export "keep") (param externref) (global.set $object (local.get 0)))
      (func (export "grow") (result i32) (memory.grow (i32.const 1)))
      (func (export "fail") (param i32) (throw 0 (local.get 0)))
      (elem (i32.const 0) $store))`,
    'high.wasm': `(module
      (type $store (func (param i32 i32)))
      (import "./low.wasm" "memory" (memory 1)) (import "./low.wasm" "table" (table 1 funcref))
      (import "./low.wasm" "base" (global $base i32)) (import "./low.wasm" "store" (func $direct (type $store)))
      (import "./low.wasm" "many" (func $many (param i64 f32 f64 externref) (result externref f64 f32 i64)))
      (import "./low.wasm" "tag" (tag $tag (param i32)))
      (import "./low.wasm" "fail" (func $fail (param i32)))
      (import "./low.wasm" "object" (global $object (mut externref)))
      (func (export "kept") (result externref) (global.get $object))
      (export "memory" (memory 0)) (export "table" (table 0)) (export "base" (global $base)) (export "store" (func $direct))
      (export "tag" (tag $tag))
      (func (export "put") (param i32) (result i32)
        (call $direct (global.get $base) (local.get 0))
        (call_indirect (type $store) (i32.const 12) (local.get 0) (i32.const 0))
        (i32.add (i32.load (i32.const 8)) (i32.load (i32.const 12))))
      (func (export "through") (param i64 f32 f64 externref) (result externref f64 f32 i64)
        (call $many (local.get 0) (local.get 1) (local.get 2) (local.get 3)))
      (func (export "throw") (param i32) (throw $tag (local.get 0)))
      (func (export "pass") (param i32) (call $fail (local.get 0))))`,
    'linked.mjs': `${head}
      import * as high from './high.wasm'
      import * as low from './low.wasm'
      assert.equal(high.put(21), 42)
      assert.deepEqual([...new Uint32Array(low.memory.buffer, 8, 2)], [21, 21])
      for (const name of ['memory', 'table', 'store', 'tag', 'base']) assert.equal(high[name], low[name], name)
      assert.deepEqual(high.through(5n, 1.5, Math.PI, low), [low, Math.PI, 1.5, 5n])
      low.keep(high)
      assert.equal(high.kept(), high)
      const { buffer } = high.memory
      assert.equal(low.grow(), 1)
      assert.equal(buffer.byteLength, 0)
      assert.equal(high.memory.buffer.byteLength, 131072)`,
    'exceptions.mjs': `${head}
      import { WebAssembly } from 'wasmport'
      import * as high from './high.wasm'
      import { fail, tag } from './low.wasm'
      for (const call of [high.throw, high.pass, fail]) {
        try { call(7) } catch (error) {
          assert.ok(error instanceof WebAssembly.Exception && error.is(tag) && error.is(high.tag))
          assert.equal(error.getArg(tag, 0), 7)
          continue
        }
        assert.fail('threw nothing')
      }`,
    'through.mjs': 'export * from "./low.wasm"\nexport { store as renamed } from "./low.wasm"',
    'via.wasm': `(module
      (import "./through.mjs" "memory" (memory 1)) (import "./through.mjs" "renamed" (func $store (param i32 i32)))
      (import "./through.mjs" "base" (global $base i32))
      (export "memory" (memory 0)) (export "store" (func $store)) (export "base" (global $base)))`,
    'reexported.mjs': `${head}
      import * as via from './via.wasm'
      import * as low from './low.wasm'
      assert.deepEqual([via.memory === low.memory, via.store === low.store, via.base], [true, true, 8])`,
  })

  test('share functions, memories, tables, tags and globals, with the same objects for both', () => { passes(made, 'linked.mjs') })
  test('share exceptions', () => { passes(made, 'exceptions.mjs') })
  test('share them through a JS module that exports them again', () => { passes(made, 'reexported.mjs') })

  test('three in a row, and two that share one', () => {
    passes(project({
      'a.wasm': '(module (memory (export "m") 1) (func (export "f") (result i32) (i32.load (i32.const 0))))',
      'b.wasm': '(module (import "./a.wasm" "m" (memory 1)) (func (export "set") (param i32) (i32.store (i32.const 0) (local.get 0))))',
      'c.wasm': `(module (import "./a.wasm" "f" (func $get (result i32))) (import "./b.wasm" "set" (func $set (param i32)))
        (func (export "both") (param i32) (result i32) (call $set (local.get 0)) (call $get)))`,
      'main.mjs': `${head}
        import { both } from './c.wasm'
        assert.equal(both(9), 9)`,
    }), 'main.mjs')
  })

  test('meet though each has a memory of its own before: all of a graph is one store', () => {
    passes(project({
      'a.wasm': '(module (memory (export "m") 1))',
      'b.wasm': '(module (table (export "t") 1 funcref) (memory (export "m") 2))',
      'c.wasm': `(module (import "./a.wasm" "m" (memory 1)) (import "./b.wasm" "t" (table 1 funcref)) (import "./b.wasm" "m" (memory 2))
        (func (export "sizes") (result i32 i32 i32) (memory.size 0) (memory.size 1) (table.size 0)))`,
      'main.mjs': `${head}
        import './b.wasm'
        import './a.wasm'
        const { sizes } = await import('./c.wasm')
        assert.deepEqual(sizes(), [1, 2, 1])`,
    }), 'main.mjs')
  })
})

describe('a .wasm file and JS', () => {
  test('memories, tables and tags that JS made', () => {
    passes(project({
      'made.mjs': `
        import { WebAssembly } from 'wasmport'
        export const memory = new WebAssembly.Memory({ initial: 1 })
        export const table = new WebAssembly.Table({ element: 'externref', initial: 2 })
        export const tag = new WebAssembly.Tag({ parameters: ['i32'] })`,
      'takes.wasm': `(module (import "./made.mjs" "memory" (memory 1)) (import "./made.mjs" "table" (table 1 externref))
        (import "./made.mjs" "tag" (tag $tag (param i32)))
        (export "memory" (memory 0)) (export "table" (table 0)) (export "tag" (tag $tag))
        (func (export "load") (result i32) (i32.load (i32.const 0)))
        (func (export "get") (result externref) (table.get 0 (i32.const 1)))
        (func (export "throw") (throw $tag (i32.const 3))))`,
      'main.mjs': `${head}
        import * as made from './made.mjs'
        import * as wasm from './takes.wasm'
        new Uint32Array(made.memory.buffer)[0] = 77
        made.table.set(1, made)
        assert.deepEqual([wasm.load(), wasm.get() === made], [77, true])
        for (const name of ['memory', 'table', 'tag']) assert.equal(wasm[name], made[name])
        assert.throws(wasm.throw, error => error.is(made.tag))`,
    }), 'main.mjs')
  })

  test('functions: what is imported is what the binding was at that time', () => {
    passes(project({
      'changing.mjs': 'export let f = () => 1\nexport const change = () => { f = () => 2 }',
      'takes.wasm': '(module (import "./changing.mjs" "f" (func $f (result i32))) (func (export "g") (result i32) (call $f)))',
      'main.mjs': `${head}
        import { f, change } from './changing.mjs'
        import { g } from './takes.wasm'
        change()
        assert.deepEqual([f(), g()], [2, 1])`,
    }), 'main.mjs')
  })

  test('functions of a class, of CommonJS, and of another engine', () => {
    passes(project({
      'other.mjs': `const bytes = new Uint8Array(${JSON.stringify([...assemble('(module (func (export "f") (result i32) (i32.const 5)))')])})
        export const { f } = new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports
        export const bound = function () { return this.value }.bind({ value: 6 })`,
      'common.cjs': 'exports.f = () => 7',
      'takes.wasm': `(module (import "./other.mjs" "f" (func $a (result i32))) (import "./other.mjs" "bound" (func $b (result i32)))
        (import "./common.cjs" "f" (func $c (result i32)))
        (func (export "all") (result i32 i32 i32) (call $a) (call $b) (call $c)))`,
      'main.mjs': `${head}
        import { all } from './takes.wasm'
        assert.deepEqual(all(), [5, 6, 7])`,
    }), 'main.mjs')
  })
})

describe('what does not fit', () => {
  // Where the first import of a module begins: behind the names come its kind and type.
  const wants = (module, name, type) => assemble(`(module (import "./fits.mjs" "fine" (func)) (import "${module}" "${name}" ${type}))`)
  const entry = (module, name) => Buffer.from([module.length, ...Buffer.from(module), name.length, ...Buffer.from(name)])
  const cases = [
    ['a number for a function', './values.mjs', 'number', '(func)'],
    ['a function for a memory', './values.mjs', 'f', '(memory 1)'],
    ['a memory of WebAssembly for a table', './low.wasm', 'memory', '(table 1 funcref)'],
    ['a function of WebAssembly of another signature', './low.wasm', 'f', '(func (param i32))'],
    ['a memory that is too small', './low.wasm', 'memory', '(memory 2)'],
    ['a global of another type', './low.wasm', 'global', '(global f32)'],
    ['a mutable global for a constant', './low.wasm', 'mutable', '(global i32)'],
    ['a constant for a mutable global', './low.wasm', 'global', '(global (mut i32))'],
    ['a tag of another type', './low.wasm', 'tag', '(tag (param i64))'],
    ['a mutable global for a number', './low.wasm', 'mutable', '(global (mut i64))'],
  ]
  const made = project({
    ...Object.fromEntries(cases.map(([, ...wanted], n) => [`${n}.wasm`, wants(...wanted)])),
    'fits.mjs': 'export const fine = () => {}',
    'values.mjs': 'export const number = 1, f = () => {}',
    'low.wasm': `(module (memory (export "memory") 1) (func (export "f")) (global (export "global") i32 (i32.const 1))
      (global (export "mutable") (mut i32) (i32.const 1)) (tag (export "tag") (param i32)))`,
    'main.mjs': `
      import { createRequire } from 'node:module'
      const [, , file, how] = process.argv
      const load = { import: file => import(file), require: async file => createRequire(import.meta.url)(file) }[how]
      const error = await load('./' + file).then(() => { throw new Error('no error') }, error => error)
      const { name, code, file: path, importModule, importName, offset, message } = error
      console.log(JSON.stringify({
        name, code, path, importModule, importName, offset, message, real: error instanceof WebAssembly.LinkError,
      }))`,
  })
  for (const how of ['import', 'require']) {
    for (const [n, [what, module, name, type]] of cases.entries()) {
      test(`${how}: ${what} is a LinkError that names the file, the import and its offset`, { skip: how === 'require' && needs.requireOfModules }, () => {
        const error = JSON.parse(passes(made, [...hooks, 'main.mjs', `${n}.wasm`, how]))
        const offset = wants(module, name, type).indexOf(entry(module, name))
        assert.deepEqual(
          [error.real, error.name, error.code, error.importModule, error.importName, error.offset],
          [true, 'LinkError', 'ERR_WASMPORT_LINK', module, name, offset], error.message)
        for (const part of [`${n}.wasm`, module, name]) assert.ok(error.message.includes(part), `${error.message}\nlacks ${part}`)
        assert.ok(error.path.endsWith(`${n}.wasm`))
      })
    }
  }

  const missing = project({
    'missing.wasm': '(module (import "./values.mjs" "missing" (func)) (func (export "f")))',
    'from-wasm.wasm': '(module (import "./low.wasm" "missing" (func)))',
    'values.mjs': 'console.log("evaluated")\nexport const number = 1',
    'low.wasm': '(module (func (export "f")))',
    'nowhere.wasm': '(module (import "./nowhere.mjs" "f" (func)))',
    'env.wasm': '(module (import "env" "f" (func)))',
    'reexport.mjs': 'export { missing } from "./low.wasm"',
  })
  for (const [file, module] of [['missing.wasm', './values.mjs'], ['from-wasm.wasm', './low.wasm'], ['reexport.mjs', './low.wasm']]) {
    test(`${file}: a name that is not exported is a SyntaxError, before anything is evaluated`, () => {
      const { stdout, stderr, status } = missing.node([...hooks, '--input-type=module', '-e', `import './${file}'`])
      assert.deepEqual([status, stdout], [1, ''])
      assert.match(stderr, new RegExp(`SyntaxError: The requested module '${module.replace('.', '\\.')}' does not provide an export named 'missing'`))
      assert.ok(stderr.includes(file), stderr)
    })
  }
  test('a module that is not there is Node\'s error, which names who imports it', () => {
    const stderr = fails(missing, 'nowhere.wasm')
    assert.match(stderr, /ERR_MODULE_NOT_FOUND/)
    assert.match(stderr, /nowhere\.mjs' imported from .*nowhere\.wasm/)
    assert.match(fails(missing, 'env.wasm'), /'env' imported from .*env\.wasm/)
  })
})
