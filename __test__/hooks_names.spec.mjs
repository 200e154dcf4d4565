// Names in the imports and exports of an imported .wasm file: any string, those that the ESM integration reserves, and
// those that the engine itself provides.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { cjs, fails, head, hooks, needs, passes } from './fixtures/hooks.mjs'
import { binary } from './fixtures/assemble.mjs'
import { project } from './fixtures/project.mjs'

const catches = `${head}
  import { createRequire } from 'node:module'
  export const error = await import(process.argv[2]).then(() => assert.fail('no error'), error => error)
  export const required = () => {
    try { createRequire(import.meta.url)(process.argv[2]) } catch (error) { return error }
    assert.fail('no error')
  }`

/** A string as the assembler wants it that is not ASCII. */
const escaped = name => [...Buffer.from(name)].map(byte => `\\${byte.toString(16).padStart(2, '0')}`).join('')

describe('reserved names', () => {
  const files = {
    'import-name.wasm': '(module (import "nowhere" "wasm:name" (func)))',
    'import-name-js.wasm': '(module (import "nowhere" "wasm-js:name" (func)))',
    'import-module.wasm': '(module (import "wasm-js:module" "name" (func)))',
    'export-name.wasm': '(module (func (export "wasm:name")))',
    'export-name-js.wasm': '(module (import "./effect.mjs" "effect" (func $f)) (func (export "wasm-js:name")) (start $f))',
    'effect.mjs': 'console.log("evaluated")\nexport const effect = () => console.log("called")',
    'main.mjs': `${catches}
      for (const found of [error, required()]) {
        assert.ok(found instanceof WebAssembly.LinkError, String(found.stack))
        assert.equal(found.code, 'ERR_WASMPORT_LINK')
        assert.ok(found.message.includes(process.argv[2].slice(2)), found.message)
        assert.match(found.message, /wasm(-js)?:/)
      }`,
    'graph.mjs': 'import "./effect.mjs"\nimport "./export-name.wasm"',
    'near.wasm': `(module (import "./near.mjs" "wasm" (func)) (import "./near.mjs" "wasmjs:" (func))
      (func (export "a wasm:name")) (func (export "wasm")) (func (export "WASM:x")))`,
    'near.mjs': 'const f = () => {}\nexport { f as wasm, f as "wasmjs:" }',
    'near-main.mjs': `${head}
      import * as ns from './near.wasm'
      assert.deepEqual(Object.keys(ns), ['WASM:x', 'a wasm:name', 'wasm'])`,
  }
  const made = project(files)
  for (const file of Object.keys(files).filter(name => /port-/.test(name))) {
    test(`${file} is a LinkError, before anything is resolved or evaluated`, () => {
      assert.equal(passes(made, [...hooks, 'main.mjs', `./${file}`]), '')
    })
  }
  // Where hooks have a thread of their own, an error of theirs would lose its class.
  test('of a static import fail the graph, of which nothing is evaluated', { skip: needs.syncHooks }, () => {
    const { stdout, stderr, status } = made.node([...hooks, 'graph.mjs'])
    assert.deepEqual([stdout, status], ['', 1])
    assert.match(stderr, /LinkError/)
  })
  test('names that only look like these are names', () => { passes(made, 'near-main.mjs') })
})

describe('what the engine provides', () => {
  test('wasm:js-string', () => {
    passes(project({
      'strings.wasm': binary('strings'),
      'reexport.wasm': `(module (import "./strings.wasm" "length" (func $length (param externref) (result i32)))
        (export "length" (func $length)))`,
      'main.mjs': `${head}
        import { concat, length, reverse, substring, test, 'builtin:equals' as equals } from './strings.wasm'
        import * as high from './reexport.wasm'
        assert.deepEqual([length('héllo'), concat('a', '😀'), substring('hello', 1, 3)], [5, 'a😀', 'el'])
        assert.deepEqual([test('x'), test(1), equals('x', 'x'), equals('x', null), reverse('wasm')], [1, 0, 1, 0, 'msaw'])
        assert.throws(() => length(42), WebAssembly.RuntimeError)
        assert.equal(high.length, length)`,
    }), 'main.mjs')
  })

  test('string constants', () => {
    passes(project({
      'constants.wasm': `(module
        (import "wasm:js/string-constants" "hello" (global $hello externref))
        (import "wasm:js/string-constants" "" (global $empty externref))
        (import "wasm:js/string-constants" "wasm: ${escaped('😀\0')}" (global $odd externref))
        (import "wasm:js-string" "length" (func $length (param externref) (result i32)))
        (import "./log.mjs" "log" (func $log (param externref)))
        (global (export "hello") externref (global.get $hello))
        (export "empty" (global $empty))
        (func (export "lengths") (result i32 i32 i32)
          (call $length (global.get $hello)) (call $length (global.get $empty)) (call $length (global.get $odd)))
        (func $start (call $log (global.get $odd)))
        (start $start))`,
      'log.mjs': 'export const seen = []\nexport const log = text => { seen.push(text) }',
      'main.mjs': `${head}
        import { hello, empty, lengths } from './constants.wasm'
        import { seen } from './log.mjs'
        assert.deepEqual([hello, empty, lengths(), seen], ['hello', '', [5, 0, 9], ['wasm: 😀\\0']])`,
    }), 'main.mjs')
  })

  test('a builtin of another signature is a CompileError that names the file', () => {
    const stderr = fails(project({ 'wrong.wasm': '(module (import "wasm:js-string" "length" (func (param i32) (result i32))))' }), 'wrong.wasm')
    assert.match(stderr, /CompileError/)
    assert.match(stderr, /wrong\.wasm/)
    assert.match(stderr, /length/)
  })

  test('node: modules are modules as any other', () => {
    passes(project({
      'os.wasm': `(module (import "node:os" "availableParallelism" (func $cores (result i32)))
        (func (export "cores") (result i32) (call $cores)))`,
      'main.mjs': `${head}
        import { availableParallelism } from 'node:os'
        import { cores } from './os.wasm'
        assert.equal(cores(), availableParallelism())`,
    }), 'main.mjs')
  })
})

describe('any string is a name', () => {
  const names = [
    '', ' ', 'a b', '"quoted"', "it's", 'back\\slash', 'line\nfeed', '\u2028\u2029', '\0', '`${x}`', '*', 'await', 'eval',
    'arguments', 'let', 'instantiate', 'namespace', 'e0', 'i0', 'constructor', '__proto__', '__esModule', 'hasOwnProperty',
    '日本語', '🎯', 'a\u200bb\u0300c', '0', '42', '/* comment */', '// comment', '</script>',
  ]
  const files = {
    'names.wasm': `(module ${names.map((name, n) => `(func (export "${escaped(name)}") (result i32) (i32.const ${n}))`).join('\n')})`,
    'names.mjs': `${names.map((_, n) => `const f${n} = () => ${n}`).join('\n')}
      export { ${names.map((name, n) => `f${n} as ${JSON.stringify(name)}`).join(', ')} }`,
    'takes.wasm': `(module ${names.map((name, n) => `(import "./names.mjs" "${escaped(name)}" (func $f${n} (result i32)))`).join('\n')}
      ${names.map((_, n) => `(func (export "f${n}") (result i32) (call $f${n}))`).join('\n')})`,
    'table.mjs': `export const names = ${JSON.stringify(names)}`,
  }

  test('of an export', () => {
    passes(project({
      ...files,
      'main.mjs': `${head}
        import * as ns from './names.wasm'
        import { names } from './table.mjs'
        import { ${names.map((name, n) => `${JSON.stringify(name)} as f${n}`).join(', ')} } from './names.wasm'
        assert.deepEqual(Object.keys(ns).sort(), [...names].sort())
        for (const [n, name] of names.entries()) assert.equal(ns[name](), n, name)
        assert.deepEqual([${names.map((_, n) => `f${n}()`).join(', ')}], names.map((_, n) => n))`,
    }), 'main.mjs')
  })

  test('of an import', () => {
    passes(project({
      ...files,
      'main.mjs': `${head}
        import * as ns from './takes.wasm'
        import { names } from './table.mjs'
        for (const [n, name] of names.entries()) assert.equal(ns['f' + n](), n, name)`,
    }), 'main.mjs')
  })

  test('of both, between two .wasm files', () => {
    passes(project({
      ...files,
      'direct.wasm': files['takes.wasm'].replaceAll('./names.mjs', './names.wasm'),
      'main.mjs': `${head}
        import * as ns from './direct.wasm'
        import { names } from './table.mjs'
        for (const [n, name] of names.entries()) assert.equal(ns['f' + n](), n, name)`,
    }), 'main.mjs')
  })

  test('of what require returns', () => {
    passes(project({
      'kinds.wasm': `(module (func (export "default") (result i32) (i32.const 2)) (func (export "__proto__") (result i32) (i32.const 3))
        (func (export "a b") (result i32) (i32.const 4)))`,
      'main.cjs': `${cjs}
        const ns = require('./kinds.wasm')
        assert.deepEqual([ns.default(), ns.__proto__(), ns['a b']()], [2, 3, 4])`,
    }), 'main.cjs')
  })

  test('default is what a default import gives, and nothing else is', () => {
    const made = project({
      'default.wasm': '(module (global (export "default") i32 (i32.const 5)))',
      'none.wasm': '(module (func (export "f")))',
      'main.mjs': `${head}
        import five, { default as same } from './default.wasm'
        import * as none from './none.wasm'
        assert.deepEqual([five, same, 'default' in none], [5, 5, false])`,
      'asks.mjs': 'import none from "./none.wasm"',
    })
    passes(made, 'main.mjs')
    assert.match(fails(made, 'asks.mjs'), /SyntaxError.*does not provide an export named 'default'/)
  })
})

test('two imports of one name and one module may have different types', () => {
  passes(project({
    'twice.wasm': `(module
      (import "./f.mjs" "f" (func $i (param i32) (result i32)))
      (import "./f.mjs" "f" (func $d (param f64) (result f64)))
      (func (export "both") (result i32 f64) (call $i (i32.const 3)) (call $d (f64.const 2.5))))`,
    'f.mjs': 'export const f = x => 2 * x',
    'main.mjs': `${head}
      import { both } from './twice.wasm'
      assert.deepEqual(both(), [6, 5])`,
  }), 'main.mjs')
})
