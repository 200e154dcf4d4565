// The hooks beside what else can be between a program and its modules: other hooks, TypeScript, workers, permissions.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { cjs, head, hooks, needs, passes } from './fixtures/hooks.mjs'
import { assemble, project } from './fixtures/project.mjs'

const add = '(module (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))'

describe('another hook', () => {
  // It resolves virtual: to files, and puts a line in front of each JS file. The first is what a .wasm file imports.
  const resolve = `if (specifier.startsWith('virtual:')) {
    return { url: new URL(specifier.slice(8), import.meta.url).href, shortCircuit: true }
  }`
  const load = 'if (url.endsWith("/plain.mjs")) return { ...loaded, source: `const added = 5\\n${loaded.source}` }'
  const made = project({
    'add.wasm': add,
    'plain.mjs': 'export const value = added',
    'uses.wasm': `(module (import "virtual:plain.mjs" "value" (global $five i32)) (import "virtual:add.wasm" "add" (func $add (param i32 i32) (result i32)))
      (func (export "six") (result i32) (call $add (global.get $five) (i32.const 1))))`,
    'main.mjs': `${head}
      import { six } from 'virtual:uses.wasm'
      import { add } from './add.wasm'
      assert.deepEqual([six(), add(2, 3)], [6, 5])`,
    'sync.mjs': `
      import { registerHooks } from 'node:module'
      registerHooks({
        resolve(specifier, context, next) { ${resolve} return next(specifier, context) },
        load(url, context, next) { const loaded = next(url, context); ${load}; return loaded },
      })`,
    'async.mjs': 'import { register } from "node:module"\nregister("./async-hooks.mjs", import.meta.url)',
    'async-hooks.mjs': `
      export async function resolve(specifier, context, next) { ${resolve} return next(specifier, context) }
      export async function load(url, context, next) { const loaded = await next(url, context); ${load}; return loaded }`,
    // A bundler's or a mock's: it has the bytes of a .wasm file that is nowhere on disk.
    'virtual-bytes.mjs': `
      import { registerHooks } from 'node:module'
      registerHooks({
        resolve: (specifier, context, next) => specifier === 'mem:add.wasm' ? { url: specifier, shortCircuit: true } : next(specifier, context),
        load: (url, context, next) => url === 'mem:add.wasm'
          ? { format: 'wasm', source: Buffer.from('${assemble(add).toString('base64')}', 'base64'), shortCircuit: true }
          : next(url, context),
      })`,
    'virtual-main.mjs': `${head}
      import { add } from 'mem:add.wasm'
      assert.equal(add(2, 3), 5)`,
  })
  const other = file => ['--import', `./${file}`]
  // Newer versions of Node advise against the hooks on another thread.
  const quiet = '--disable-warning=DEP0205'

  for (const [what, file, skip] of [['in this thread', 'sync.mjs', needs.syncHooks], ['on another thread', 'async.mjs', false]]) {
    test(`${what}, before ours`, { skip }, () => { passes(made, [quiet, ...other(file), ...hooks, 'main.mjs']) })
    test(`${what}, after ours`, { skip }, () => { passes(made, [quiet, ...hooks, ...other(file), 'main.mjs']) })
  }
  for (const order of [[...other('virtual-bytes.mjs'), ...hooks], [...hooks, ...other('virtual-bytes.mjs')]]) {
    test(`that has the bytes of a module: ${order.join(' ')}`, { skip: needs.syncHooks }, () => {
      passes(made, [...order, '--disable-warning=ExperimentalWarning', 'virtual-main.mjs'])
    })
  }
})

describe('TypeScript', { skip: needs.typescript }, () => {
  const made = project({
    'add.wasm': `(module (import "./log.ts" "log" (func $log (param i32)))
      (func (export "add") (param i32 i32) (call $log (i32.add (local.get 0) (local.get 1)))))`,
    'log.ts': 'export const seen: number[] = []\nexport const log = (n: number): void => { seen.push(n) }',
    'main.ts': `${head}
      import { add } from './add.wasm'
      import { seen } from './log.ts'
      const result: number[] = seen
      add(2, 3)
      assert.deepEqual(result, [5])`,
    'main.cts': `${cjs}
      const { seen }: { seen: number[] } = require('./log.ts')
      require('./add.wasm').add(2, 4)
      assert.deepEqual(seen, [6])`,
  })
  const args = [...hooks, '--disable-warning=ExperimentalWarning', '--disable-warning=MODULE_TYPELESS_PACKAGE_JSON']
  test('ES modules', () => { passes(made, [...args, 'main.ts']) })
  // Node 22 fails on any require of an ES module that imports CommonJS, made from a .cts file while hooks are there.
  test('CommonJS', { skip: process.versions.node.startsWith('22.') && 'Node 22 cannot require ES modules from .cts files with hooks' }, () => {
    passes(made, [...args, 'main.cts'])
  })
})

describe('workers', () => {
  const made = project({
    'counter.wasm': `(module (global $n (export "n") (mut i32) (i32.const 0))
      (func (export "count") (result i32) (global.set $n (i32.add (global.get $n) (i32.const 1))) (global.get $n)))`,
    'main.mjs': `${head}
      import { once } from 'node:events'
      import { Worker } from 'node:worker_threads'
      import { count, n } from './counter.wasm'
      assert.equal(count(), 1)
      const workers = Array.from({ length: 3 }, () => new Worker(new URL('./worker.mjs', import.meta.url)))
      const results = await Promise.all(workers.map(async worker => (await once(worker, 'message'))[0]))
      assert.deepEqual([results, n], [[[1, 2], [1, 2], [1, 2]], 1])`,
    'worker.mjs': `
      import { parentPort } from 'node:worker_threads'
      import { count } from './counter.wasm'
      const { count: same } = await import('./counter.wasm')
      parentPort.postMessage([count(), same()])`,
    'worker.cjs': `
      const { parentPort } = require('node:worker_threads')
      const { count } = require('./counter.wasm')
      parentPort.postMessage([count(), count()])`,
    'common.cjs': `${cjs}
      const { Worker } = require('node:worker_threads')
      new Worker('./worker.cjs').on('message', message => assert.deepEqual(message, [1, 2]))`,
    'none.mjs': `${head}
      import { once } from 'node:events'
      import { Worker } from 'node:worker_threads'
      const worker = new Worker(new URL('./registers.mjs', import.meta.url), { execArgv: [] })
      assert.deepEqual((await once(worker, 'message'))[0], [1, 2])`,
    'registers.mjs': 'import "wasmport/register"\nawait import("./worker.mjs")',
  })
  test('have the hooks of the process, and instances of their own', () => { passes(made, 'main.mjs') })
  test('require', () => { passes(made, 'common.cjs') })
  test('that have not register themselves', () => { passes(made, 'none.mjs') })
})

describe('--permission', { skip: needs.syncHooks }, () => {
  const made = project({
    'add.wasm': add,
    'main.mjs': `${head}
      import { add } from './add.wasm'
      assert.equal(add(2, 3), 5)`,
    'fails.mjs': `${head}
      const error = await import('./add.wasm').then(() => assert.fail('no error'), error => error)
      console.log(error.message)`,
  })
  const flags = ['--permission', '--allow-fs-read=*', '--disable-warning=SecurityWarning', '--disable-warning=PERM0001', ...hooks]

  test('imports with --allow-addons', () => { passes(made, ['--allow-addons', ...flags, 'main.mjs']) })
  test('without it says what is missing', () => {
    assert.match(passes(made, [...flags, 'fails.mjs']), /allow-addons|ERR_DLOPEN_DISABLED|addons/)
  })
})

test('node --test', () => {
  const made = project({
    'add.wasm': add,
    'main.test.mjs': `${head}
      import { describe, it } from 'node:test'
      import { add } from './add.wasm'
      describe('add', () => {
        it('adds', () => assert.equal(add(2, 3), 5))
        it('is the same by dynamic import', async () => assert.equal((await import('./add.wasm')).add, add))
      })`,
  })
  const stdout = passes(made, ['--test', ...hooks, 'main.test.mjs'])
  assert.match(stdout, /pass 2\n/)
  assert.match(stdout, /fail 0\n/)
})
