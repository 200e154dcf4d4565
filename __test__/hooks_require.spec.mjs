// require of .wasm files: by the load hook where Node has it in the thread, else by the table of extensions.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { cjs, head, needs, passes } from './fixtures/hooks.mjs'
import { project } from './fixtures/project.mjs'

const counter = `(module (global $n (export "n") (mut i32) (i32.const 0))
  (func (export "count") (result i32) (global.set $n (i32.add (global.get $n) (i32.const 1))) (global.get $n)))`
// It imports an ES module, which older versions of Node cannot require.
const logging = `(module (import "./log.mjs" "log" (func $log (param i32)))
  (func (export "say") (param i32) (call $log (local.get 0))))`
const log = 'export const seen = []\nexport const log = n => { seen.push(n) }'

describe('require', () => {
  const made = project({
    'counter.wasm': counter,
    'logging.wasm': logging,
    'log.mjs': log,
    'low.wasm': '(module (memory (export "m") 1) (func (export "f") (param v128) (result v128) (local.get 0)))',
    'high.wasm': `(module (import "./low.wasm" "m" (memory 1)) (import "./low.wasm" "f" (func $f (param v128) (result v128)))
      (import "./counter.wasm" "n" (global $n (mut i32))) (export "m" (memory 0))
      (func (export "set") (param i32) (global.set $n (local.get 0)))
      (func (export "lane") (result i32) (i32x4.extract_lane 2 (call $f (i32x4.splat (i32.const 6))))))`,
    'reserved.wasm': '(module (func (export "wasm:x")))',
    'strings.wasm': `(module (import "wasm:js-string" "length" (func $length (param externref) (result i32)))
      (import "wasm:js/string-constants" "four" (global $four externref))
      (func (export "length") (param externref) (result i32) (call $length (local.get 0)))
      (func (export "four") (result i32) (call $length (global.get $four))))`,
    'wasi.wasm': `(module (import "wasi_snapshot_preview1" "args_sizes_get" (func $sizes (param i32 i32) (result i32)))
      (memory (export "memory") 1)
      (func (export "errno") (result i32) (call $sizes (i32.const 0) (i32.const 4))))`,
    'fails.wasm': '(module (import "./throws.cjs" "f" (func $f)) (start $f))',
    'throws.cjs': 'exports.error = new Error("mine")\nexports.f = () => { throw exports.error }',
    'direct.cjs': `${cjs}
      const high = require('./high.wasm')
      const counter = require('./counter.wasm')
      high.set(30)
      assert.deepEqual([high.lane(), counter.count(), counter.n, high.m === require('./low.wasm').m], [6, 31, 31, true])`,
    'provided.cjs': `${cjs}
      const { length, four } = require('./strings.wasm')
      assert.deepEqual([length('héllo'), four(), require('./wasi.wasm').errno()], [5, 4, 0])
      assert.throws(() => require('./reserved.wasm'), error => error instanceof WebAssembly.LinkError && error.code === 'ERR_WASMPORT_LINK')`,
    'esm.cjs': `${cjs}
      const { say } = require('./logging.wasm')
      say(4)
      assert.deepEqual(require('./log.mjs').seen, [4])`,
    'fails.cjs': `${cjs}
      const { error } = require('./throws.cjs')
      for (let i = 0; i < 2; i++) assert.throws(() => require('./fails.wasm'), thrown => thrown === error)`,
    'resolve.cjs': `${cjs}
      const { join } = require('node:path')
      assert.equal(require.resolve('./counter.wasm'), join(__dirname, 'counter.wasm'))
      assert.equal(require('./counter.wasm'), require(join(__dirname, 'counter.wasm')))
      assert.throws(() => require('./nothing.wasm'), { code: 'MODULE_NOT_FOUND' })
      assert.ok(!Object.isExtensible(require('./counter.wasm')))`,
  })
  test('links .wasm files directly', () => { passes(made, 'direct.cjs') })
  test('strings, WASI and reserved names', () => { passes(made, 'provided.cjs') })
  test('of a .wasm file that imports an ES module', { skip: needs.requireOfModules }, () => { passes(made, 'esm.cjs') })
  test('gives what a start function throws, each time', () => { passes(made, 'fails.cjs') })
  test('resolves as Node does', () => { passes(made, 'resolve.cjs') })
})

describe('import and require have one instance', () => {
  const made = project({
    'counter.wasm': counter,
    'needs-cjs.wasm': '(module (import "./five.cjs" "five" (func $five (result i32))) (func (export "get") (result i32) (call $five)))',
    'five.cjs': 'let calls = 0\nexports.five = () => 5 + calls++',
    'logging.wasm': logging,
    'log.mjs': log,
    'import-first.mjs': `${head}
      import { createRequire } from 'node:module'
      import * as ns from './counter.wasm'
      import { get } from './needs-cjs.wasm'
      const require = createRequire(import.meta.url)
      assert.equal(require('./counter.wasm').count, ns.count)
      assert.deepEqual([require('./counter.wasm').count(), ns.n, ns.count()], [1, 1, 2])
      assert.equal(require('./needs-cjs.wasm').get, get)
      assert.deepEqual([get(), require('./five.cjs').five()], [5, 6])`,
    'require-first.cjs': `${cjs}
      const ns = require('./counter.wasm')
      const { get } = require('./needs-cjs.wasm')
      ns.count()
      module.exports = Promise.all([import('./counter.wasm'), import('./needs-cjs.wasm')]).then(([imported, other]) => {
        assert.deepEqual([imported.count === ns.count, imported.n, other.get === get], [true, 1, true])
        imported.count()
        assert.deepEqual([ns.n, imported.n], [2, 2])
      })`,
    'middle.cjs': 'exports.count = require("./counter.wasm").count',
    'mixed.mjs': `${head}
      import middle from './middle.cjs'
      import { count } from './counter.wasm'
      assert.equal(middle.count, count)`,
    'through.mjs': `${head}
      import { createRequire } from 'node:module'
      import { say } from './logging.wasm'
      assert.equal(createRequire(import.meta.url)('./logging.wasm').say, say)`,
  })
  test('import first', () => { passes(made, 'import-first.mjs') })
  test('require first', () => { passes(made, 'require-first.cjs') })
  test('in one graph', () => { passes(made, 'mixed.mjs') })
  test('with imports from ES modules', { skip: needs.requireOfModules }, () => { passes(made, 'through.mjs') })
})

test('-r wasmport/register', { skip: needs.requireOfModules }, () => {
  const made = project({
    'counter.wasm': counter,
    'main.cjs': `${cjs}
      assert.equal(require('./counter.wasm').count(), 1)`,
  })
  passes(made, ['-r', 'wasmport/register', 'main.cjs'])
  assert.notEqual(made.node(['main.cjs']).status, 0)
})
