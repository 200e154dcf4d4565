// import and require of .wasm files through wasmport/register, as processes.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import module, { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { describe, test } from 'node:test'
import { cjs, head, hooks, needs, passes } from './fixtures/hooks.mjs'
import { fixture, project } from './fixtures/project.mjs'

// In every process: one module with something of each kind.
const kinds = `(module
  (import "./log.mjs" "log" (func $log (param i32)))
  (memory (export "memory") 1)
  (table (export "table") 2 funcref)
  (global (export "answer") i64 (i64.const 42))
  (global $count (mut i32) (i32.const 0))
  (func (export "count") (result i32)
    (global.set $count (i32.add (global.get $count) (i32.const 1)))
    (call $log (global.get $count))
    (global.get $count))
  (func (export "a name, \\"any\\" at all") (result i32) (i32.const 1))
  (func (export "default") (result i32) (i32.const 2))
  (func (export "__proto__") (result i32) (i32.const 3)))`
const log = 'export const seen = []\nexport const log = n => { seen.push(n) }'

const name = text => [text.length, ...Buffer.from(text)]

describe('import', () => {
  test('named, default and namespace imports, names that are no identifiers, imports from JS', () => {
    passes(project({
      'kinds.wasm': kinds,
      'log.mjs': log,
      'main.mjs': `${head}
        import two, { count, answer, memory, table, 'a name, "any" at all' as one } from './kinds.wasm'
        import * as ns from './kinds.wasm'
        import { seen } from './log.mjs'
        assert.deepEqual([count(), ns.count(), seen], [1, 2, [1, 2]])
        assert.deepEqual([one(), two(), ns.default()], [1, 2, 2])
        assert.equal(answer, 42n)
        assert.equal(memory.buffer.byteLength, 65536)
        assert.equal(table.length, 2)
        const names = ['__proto__', 'a name, "any" at all', 'answer', 'count', 'default', 'memory', 'table']
        assert.deepEqual(Object.keys(ns), names)
        assert.equal(ns[Symbol.toStringTag], 'Module')`,
    }), 'main.mjs')
  })

  test('a name that the wasm does not export is a SyntaxError, as in any module', () => {
    const { stderr, status } = project({
      'kinds.wasm': kinds,
      'log.mjs': log,
      'main.mjs': 'import { counts } from "./kinds.wasm"',
    }).node([...hooks, 'main.mjs'])
    assert.equal(status, 1)
    assert.match(stderr, /SyntaxError.*does not provide an export named 'counts'/)
  })

  test('a wasm without imports and exports, run as the entry or imported for its effect', () => {
    const made = project({
      'empty.wasm': '(module)',
      'hello.wasm': '(module (import "./hello.mjs" "hello" (func $hello)) (start $hello))',
      'hello.mjs': 'export const hello = () => console.log("hello")',
      'main.mjs': 'import "./empty.wasm"\nimport "./hello.wasm"',
    })
    assert.equal(passes(made, 'main.mjs'), 'hello\n')
    assert.equal(passes(made, 'hello.wasm'), 'hello\n')
  })
})

describe('require', () => {
  test('from CommonJS, imports from CommonJS included', () => {
    passes(project({
      'kinds.wasm': kinds.replace('./log.mjs', './log.cjs'),
      'log.cjs': 'exports.seen = []\nexports.log = n => { exports.seen.push(n) }',
      'main.cjs': `${cjs}
        const ns = require('./kinds.wasm')
        assert.deepEqual([ns.count(), ns.count(), require('./log.cjs').seen], [1, 2, [1, 2]])
        assert.deepEqual([ns.default(), ns.answer], [2, 42n])
        assert.equal(require('./kinds.wasm'), ns)`,
    }), 'main.cjs')
  })

  const files = { 'kinds.wasm': kinds, 'log.mjs': log }
  const skip = needs.requireOfModules

  test('import, then require: one instance', { skip }, () => {
    passes(project({
      ...files,
      'main.mjs': `${head}
        import module, { createRequire } from 'node:module'
        import { count } from './kinds.wasm'
        assert.equal(createRequire(import.meta.url)('./kinds.wasm').count, count)
        assert.deepEqual([createRequire(import.meta.url)('./kinds.wasm').count(), count()], [1, 2])`,
    }), 'main.mjs')
  })

  test('require, then import: one instance', { skip }, () => {
    passes(project({
      ...files,
      'main.cjs': `${cjs}
        const { count } = require('./kinds.wasm')
        import('./kinds.wasm').then(ns => assert.deepEqual([ns.count === count, ns.count(), count()], [true, 1, 2]))`,
    }), 'main.cjs')
  })

  test('from CommonJS that an ES module imports', () => {
    passes(project({
      'one.wasm': '(module (func (export "one") (result i32) (i32.const 1)))',
      'middle.cjs': 'module.exports = require("./one.wasm")',
      'main.mjs': `${head}
        import middle from './middle.cjs'
        import { one } from './one.wasm'
        assert.equal(middle.one, one)`,
    }), 'main.mjs')
  })
})

describe('graphs', () => {
  // What wasm-bindgen writes for bundlers: today's glue is told of the wasm, older glue imports it.
  const bindgen = {
    'app_bg.wasm': `(module
      (import "./app_bg.js" "__wbg_twice" (func $twice (param i32) (result i32)))
      (memory (export "memory") 1)
      (func (export "run") (param i32) (result i32) (i32.add (call $twice (local.get 0)) (i32.load8_u (i32.const 0)))))`,
    'package.json': '{"type":"module"}',
  }

  test('glue that is given the wasm', () => {
    passes(project({
      ...bindgen,
      'app.js': `
        import * as wasm from './app_bg.wasm'
        export * from './app_bg.js'
        import { __wbg_set_wasm } from './app_bg.js'
        __wbg_set_wasm(wasm)`,
      'app_bg.js': `
        let wasm
        export function __wbg_set_wasm(val) { wasm = val }
        export function __wbg_twice(n) { new Uint8Array(wasm.memory.buffer)[0] = 5; return 2 * n }
        export function run(n) { return wasm.run(n) }`,
      'main.js': `${head}
        import { run } from './app.js'
        assert.equal(run(4), 13)`,
    }), 'main.js')
  })

  for (const entry of ['app.js', 'app_bg.js', 'app_bg.wasm']) {
    test(`glue in a cycle with the wasm, entered by ${entry}`, () => {
      passes(project({
        ...bindgen,
        'app.js': 'import * as wasm from "./app_bg.wasm"\nexport * from "./app_bg.js"',
        'app_bg.js': `
          import * as wasm from './app_bg.wasm'
          export function __wbg_twice(n) { new Uint8Array(wasm.memory.buffer)[0] = 5; return 2 * n }
          export function run(n) { return wasm.run(n) }`,
        'main.js': `${head}
          import { run } from './${entry}'
          assert.equal(run(4), 13)`,
      }), 'main.js')
    })
  }

  test('WASI is there without a JS module, and _initialize has been called', () => {
    passes(project({
      'reactor.wasm': `(module
        (import "wasi_snapshot_preview1" "args_sizes_get" (func $sizes (param i32 i32) (result i32)))
        (memory (export "memory") 1)
        (global $ready (mut i32) (i32.const 0))
        (func (export "_initialize") (global.set $ready (i32.const 1)))
        (func (export "ready") (result i32) (global.get $ready))
        (func (export "args") (result i32)
          (i32.store (i32.const 0) (i32.const 9))
          (drop (call $sizes (i32.const 0) (i32.const 4)))
          (i32.load (i32.const 0))))`,
      'main.mjs': `${head}
        import { ready, args } from './reactor.wasm'
        assert.deepEqual([ready(), args()], [1, 0])`,
    }), 'main.mjs')
  })

  test('tiktoken: what wasm-bindgen made, unchanged', () => {
    const require = createRequire(import.meta.url)
    const read = path => readFileSync(join(dirname(require.resolve('tiktoken')), path))
    passes(project({
      // Beside a package.json that says what tiktoken's own leaves Node to guess: that its .js files are ES modules.
      'package.json': '{"type":"module"}',
      ...Object.fromEntries(['tiktoken.js', 'tiktoken_bg.js', 'tiktoken_bg.wasm'].map(path => [path, read(path)])),
      'cl100k_base.json': read('encoders/cl100k_base.json'),
      'main.js': `${head}
        import { readFileSync } from 'node:fs'
        import { Tiktoken } from './tiktoken.js'
        const { bpe_ranks, special_tokens, pat_str } = JSON.parse(readFileSync('cl100k_base.json'))
        const encoding = new Tiktoken(bpe_ranks, special_tokens, pat_str)
        const tokens = encoding.encode('hello world, ä€🙂')
        assert.deepEqual([...tokens.subarray(0, 3)], [15339, 1917, 11])
        assert.equal(new TextDecoder().decode(encoding.decode(tokens)), 'hello world, ä€🙂')
        assert.throws(() => encoding.encode('<|endoftext|>'), /not allowed: <\\|endoftext\\|>/)
        encoding.free()`,
    }), 'main.js')
  })
})

describe('errors come out of the import, and name the file', () => {
  const made = project({
    'text.wasm': Buffer.from('not a module'),
    'short.wasm': fixture('echo').subarray(0, -1),
    'kind.wasm': '(module (import "./log.mjs" "seen" (func)))',
    'trap.wasm': '(module (func $main unreachable) (start $main))',
    'throw.wasm': '(module (import "./throw.mjs" "fail" (func $fail)) (start $fail))',
    'env.wasm': '(module (import "env" "f" (func)))',
    // A component that imports the instance wasi:cli/x: its header, an empty instance type, the import.
    'component.wasm': Buffer.from([
      0, ...Buffer.from('asm'), 13, 0, 1, 0, 7, 3, 1, 0x42, 0, 10, 15, 1, 0, ...name('wasi:cli/x'), 5, 0,
    ]),
    'log.mjs': log,
    'throw.mjs': 'export const error = new Error("mine")\nexport const fail = () => { throw error }',
    'main.mjs': `
      import module, { createRequire } from 'node:module'
      const file = './' + process.argv[2]
      const load = process.argv[3] === 'require' ? async () => createRequire(import.meta.url)(file) : () => import(file)
      const error = await load().then(() => { throw new Error('no error') }, error => error)
      const { error: thrown } = await import('./throw.mjs')
      console.log(JSON.stringify({
        name: error.name, code: error.code, text: error.file + ': ' + error.message, exact: error === thrown,
        real: error instanceof (WebAssembly[error.name] ?? Error),
      }))`,
  })
  const cases = [
    ['text.wasm', 'CompileError', 'ERR_WASMPORT_NOT_WASM'],
    ['short.wasm', 'CompileError', 'ERR_WASMPORT_COMPILE'],
    ['kind.wasm', 'LinkError', 'ERR_WASMPORT_LINK', './log.mjs', 'seen'],
    ['trap.wasm', 'RuntimeError', 'ERR_WASMPORT_TRAP'],
    ['component.wasm', 'Error', 'ERR_WASMPORT_UNSUPPORTED', 'component'],
    ['env.wasm', 'Error', /MODULE_NOT_FOUND/, 'env'],
    ['missing.wasm', 'Error', /MODULE_NOT_FOUND/],
  ]
  for (const how of ['import', 'require']) {
    const skip = how === 'require' && needs.requireOfModules
    for (const [file, kind, code, ...parts] of cases) {
      test(`${how} ${file}`, { skip }, () => {
        const error = JSON.parse(passes(made, [...hooks, 'main.mjs', file, how]))
        assert.equal(error.name, kind)
        assert.match(error.code, new RegExp(code))
        // Node 20 loses the class of an error on its way from the hooks thread, where reading the file fails.
        const crossed = how === 'import' && kind === 'CompileError' && !module.registerHooks
        if (!crossed) assert.ok(error.real)
        // What cannot be resolved is for Node to say, and it names the importer only sometimes.
        for (const part of code instanceof RegExp ? parts : [file, ...parts]) {
          assert.ok(error.text.includes(part), `${error.text}\nlacks: ${part}`)
        }
      })
    }
    test(`${how} throw.wasm: what an import throws is the same object`, { skip }, () => {
      assert.equal(JSON.parse(passes(made, [...hooks, 'main.mjs', 'throw.wasm', how])).exact, true)
    })
  }
})

describe('ways to register', () => {
  const made = project({
    'kinds.wasm': kinds,
    'log.mjs': log,
    'main.mjs': `${head}
      import { count } from './kinds.wasm'
      assert.equal(count(), 1)`,
    'worker.mjs': `
      import { Worker } from 'node:worker_threads'
      import './main.mjs'
      for (let i = 0; i < 3; i++) new Worker(new URL('./main.mjs', import.meta.url))`,
    'late.mjs': `
      import 'wasmport/register'
      await import('./main.mjs')`,
    'main.test.mjs': `${head}
      import { test } from 'node:test'
      import { count } from './kinds.wasm'
      test('in a test', () => assert.equal(count(), 1))`,
  })

  test('--import, in workers too', () => { passes(made, 'worker.mjs') })
  test('NODE_OPTIONS', () => { passes(made, ['main.mjs'], { env: { NODE_OPTIONS: '--import wasmport/register' } }) })
  test('an import, for what is imported later', () => { passes(made, ['late.mjs']) })
  test('twice', () => { passes(made, [...hooks, ...hooks, 'late.mjs']) })
  test('-r', { skip: needs.requireOfModules }, () => {
    passes(made, ['-r', 'wasmport/register', 'main.mjs'])
  })
  test('node --test', () => {
    assert.match(passes(made, ['--test', ...hooks, 'main.test.mjs']), /pass 1\n/)
  })
})
