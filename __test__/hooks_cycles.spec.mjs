// Cycles of modules with .wasm files in them. Who is imported first is evaluated last, and what is not evaluated yet is
// in its temporal dead zone, as between JS modules.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { fails, head, passes } from './fixtures/hooks.mjs'
import { project } from './fixtures/project.mjs'

// A .wasm file that takes `f` of a JS module, and shows one export of each kind.
const wasm = `(module
  (import "./low.mjs" "f" (func $f (result i32)))
  (memory (export "memory") 1) (table (export "table") 1 funcref)
  (global (export "fixed") i32 (i32.const 3))
  (global $count (export "count") (mut i32) (i32.const 4))
  (func (export "call") (result i32) (call $f))
  (func (export "add") (global.set $count (i32.add (global.get $count) (i32.const 1)))))`

describe('JS that a .wasm file needs, entered by the JS', () => {
  test('a function is hoisted: WebAssembly gets it, and keeps it', () => {
    passes(project({
      'wasm.wasm': wasm,
      'low.mjs': `${head}
        import { call, memory, table, fixed, count, add } from './wasm.wasm'
        export function f() { return 42 }
        assert.deepEqual([typeof call, fixed, count, table.length, memory.buffer.byteLength], ['function', 3, 4, 1, 65536])
        f = () => 24
        assert.equal(call(), 42)
        add()
        assert.equal(count, 5)`,
      'main.mjs': `${head}
        import { f } from './low.mjs'
        import { call, count } from './wasm.wasm'
        assert.deepEqual([f(), call(), count], [24, 42, 5])`,
    }), 'main.mjs')
  })

  for (const declaration of ['let f = () => 1', 'const f = () => 1', 'class f {}']) {
    test(`\`${declaration}\` is a ReferenceError, which the import gives again`, () => {
      passes(project({
        'wasm.wasm': wasm,
        'low.mjs': `import './wasm.wasm'\nexport ${declaration}`,
        'main.mjs': `${head}
          for (const file of ['./low.mjs', './wasm.wasm', './low.mjs']) {
            const error = await import(file).then(() => assert.fail('no error'), error => error)
            assert.ok(error instanceof ReferenceError, error.stack)
            assert.match(error.message, /before initialization/)
          }`,
      }), 'main.mjs')
    })
  }

  test('a `var` is undefined, so a LinkError', () => {
    const stderr = fails(project({ 'wasm.wasm': wasm, 'low.mjs': 'import "./wasm.wasm"\nexport var f = () => 1' }), 'low.mjs')
    assert.match(stderr, /LinkError/)
    assert.match(stderr, /wasm\.wasm/)
  })

  test('through other modules', () => {
    passes(project({
      'wasm.wasm': wasm,
      'low.mjs': 'export { f } from "./lower.mjs"',
      'lower.mjs': 'import { run } from "./middle.mjs"\nexport function f() { return 8 }\nexport const result = () => run()',
      'middle.mjs': 'import { call } from "./wasm.wasm"\nexport const run = () => call()',
      'main.mjs': `${head}
        import { result } from './lower.mjs'
        assert.equal(result(), 8)`,
    }), 'main.mjs')
  })
})

describe('JS that a .wasm file needs, entered by the WebAssembly', () => {
  const made = project({
    'wasm.wasm': wasm,
    'low.mjs': `${head}
      import * as ns from './wasm.wasm'
      import { call, fixed, count, memory, table } from './wasm.wasm'
      const reads = { call: () => call, fixed: () => fixed, count: () => count, memory: () => memory, table: () => table }
      for (const [name, read] of Object.entries(reads)) {
        assert.throws(read, ReferenceError, name)
        assert.throws(() => ns[name], ReferenceError, name)
        assert.ok(name in ns)
      }
      assert.throws(() => Object.keys(ns), ReferenceError)
      export const f = () => fixed + count
      export const later = () => [call(), ns.call(), fixed, count]`,
    'main.mjs': `${head}
      import { call, add } from './wasm.wasm'
      import { later } from './low.mjs'
      assert.equal(call(), 7)
      add()
      assert.deepEqual([call(), ...later()], [8, 8, 8, 3, 5])`,
    'starts.wasm': `(module
      (import "./during.mjs" "during" (func $during (result i32)))
      (func $start (drop (call $during))) (start $start)
      (func (export "g")))`,
    'during.mjs': `${head}
      import { g } from './starts.wasm'
      export let caught
      export const during = () => {
        try { g() } catch (error) { caught = error }
        return 0
      }`,
    'start.mjs': `${head}
      import './starts.wasm'
      import { caught } from './during.mjs'
      assert.ok(caught instanceof ReferenceError, String(caught))`,
  })
  test('JS cannot read what it imports yet, and can later', () => { passes(made, 'main.mjs') })
  test('nor while the start function runs', () => { passes(made, 'start.mjs') })
})

describe('WebAssembly alone', () => {
  const cases = {
    'two of them': {
      'a.wasm': '(module (import "./b.wasm" "b" (func $b)) (func (export "a") (call $b)))',
      'b.wasm': '(module (import "./a.wasm" "a" (func $a)) (func (export "b") (call $a)))',
    },
    'one and itself': { 'a.wasm': '(module (import "./a.wasm" "a" (func $a)) (func (export "a")))' },
    memories: {
      'a.wasm': '(module (import "./b.wasm" "m" (memory 1)) (memory (export "m") 1))',
      'b.wasm': '(module (import "./a.wasm" "m" (memory 1)) (memory (export "m") 1))',
    },
  }
  for (const [what, files] of Object.entries(cases)) {
    test(`${what} in a cycle is a LinkError`, () => {
      passes(project({
        ...files,
        'main.mjs': `${head}
          const error = await import('./a.wasm').then(() => assert.fail('no error'), error => error)
          assert.ok(error instanceof WebAssembly.LinkError, error.stack)
          assert.equal(error.code, 'ERR_WASMPORT_LINK')
          assert.match(error.message, /[ab]\\.wasm/)`,
      }), 'main.mjs')
    })
  }

  test('in a cycle through a JS module that exports it again: the ReferenceError of the JS', () => {
    passes(project({
      'a.wasm': '(module (import "./b.wasm" "b" (func $b)) (func (export "a") (call $b)))',
      'b.wasm': '(module (import "./c.mjs" "a" (func $a)) (func (export "b") (call $a)))',
      'c.mjs': 'export { a } from "./a.wasm"',
      'main.mjs': `${head}
        const error = await import('./a.wasm').then(() => assert.fail('no error'), error => error)
        assert.ok(error instanceof ReferenceError, error.stack)`,
    }), 'main.mjs')
  })

  test('two that need one another through JS', () => {
    passes(project({
      'a.wasm': '(module (import "./b.wasm" "b" (func $b (result i32))) (func (export "a") (result i32) (i32.add (call $b) (i32.const 1))))',
      'b.wasm': `(module (import "./glue.mjs" "a" (func $a (result i32))) (global $n (mut i32) (i32.const 3))
        (func (export "b") (result i32)
          (if (result i32) (i32.eqz (global.get $n)) (then (i32.const 0)) (else
            (global.set $n (i32.sub (global.get $n) (i32.const 1)))
            (call $a)))))`,
      'glue.mjs': 'import { a as wasm } from "./a.wasm"\nexport function a() { return wasm() }',
      'main.mjs': `${head}
        import { a } from './a.wasm'
        assert.equal(a(), 4)`,
    }), 'main.mjs')
  })
})
