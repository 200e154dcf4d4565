// Worker threads, and how processes with the addon end. Peers crashed in each of these.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import * as threads from 'node:worker_threads'
import { load, loadSync } from 'wasmport'
import { fixture } from './fixtures/project.mjs'
import { child, inWorker, spawn, startWorker } from './helpers.mjs'

const dir = mkdtempSync(join(tmpdir(), 'wasmport-workers-'))
after(() => rmSync(dir, { recursive: true }))
const file = join(dir, 'guest.wasm')
writeFileSync(file, `(module
  (import "js" "f" (func $f))
  (import "js" "x" (func $x (param externref) (result externref)))
  (memory (export "memory") 1) (table (export "table") 4 externref) (global (export "g") (mut i32) (i32.const 1))
  (func (export "call") (call $f))
  (func (export "refer") (param externref) (result externref) (table.set (i32.const 0) (local.get 0)) (call $x (local.get 0)))
  (func (export "loop") (loop $again (call $f) (br $again)))
  (func (export "trap") unreachable))`)
const loop = join(dir, 'loop.wasm')
writeFileSync(loop, fixture('loop'))

/** Code that makes an instance and uses all of it; it stays alive. */
const use = `
  const ns = loadSync(${JSON.stringify(file)}, { imports: { js: { f() {}, x: value => value } } })
  ns.call(); ns.memory.buffer; ns.memory.grow(1); ns.refer({ ns })
  globalThis.kept = [ns, ns.memory.buffer, ns.table.get(0), ns.g]
  try { ns.trap() } catch {}
`
const wait = 'setInterval(() => {}, 1000)'

describe('workers', () => {
  test('one after the other, and the main thread works on', async () => {
    for (let n = 0; n < 5; n++) {
      const { code, messages, error } = await inWorker(`${use}; parentPort.postMessage(ns.memory.buffer.byteLength)`)
      assert.deepEqual({ code, messages, error }, { code: 0, messages: [131072], error: undefined })
      assert.equal(loadSync('(module (func (export "f") (result i32) i32.const 1))').f(), 1)
    }
  })

  test('many at once, with the same file loaded in all of them and here', async () => {
    const name = join(dir, 'fresh.wasm')
    writeFileSync(name, `(module (func (export "f") (result i32) (i32.const ${Date.now() % 1e9})) ${'(func (param i32) (result i32) (i32.mul (local.get 0) (local.get 0)))'.repeat(2000)})`)
    const workers = Array.from({ length: 8 }, (_, n) => inWorker(`
      (async () => {
        for (let n = 0; n < 5; n++) {
          const all = await Promise.all([load(workerData), load(workerData)])
          parentPort.postMessage([...all, loadSync(workerData)].map(ns => ns.f()))
        }
      })()`, { workerData: name, name: `worker ${n}` }))
    const own = await Promise.all(Array.from({ length: 10 }, () => load(name)))
    const value = own[0].f()
    assert.ok(own.every(ns => ns.f() === value))
    assert.equal(new Set(own).size, 10)
    for (const { code, messages, error } of await Promise.all(workers)) {
      assert.equal(error, undefined)
      assert.equal(code, 0)
      assert.deepEqual(messages, Array(5).fill([value, value, value]))
    }
  })

  test('terminated in the middle of a call', async () => {
    for (let n = 0; n < 20; n++) {
      const worker = startWorker(`
        let count = 0
        const ns = loadSync(${JSON.stringify(file)}, { imports: { js: { f() { if (count++ === 1000) parentPort.postMessage('running') }, x() {} } } })
        for (;;) ns.loop()`)
      const [message] = await once(worker, 'message')
      assert.equal(message, 'running')
      assert.equal(await worker.terminate(), 1)
    }
  })

  test('terminated while calls of two stores and of V8 are nested', async () => {
    const worker = startWorker(`
      let count = 0
      const f = () => { if (count++ === 100) parentPort.postMessage('running'); inner.call() }
      const inner = loadSync(${JSON.stringify(file)}, { imports: { js: { f() { outer.memory.buffer; inner.refer({}) }, x: value => value } } })
      const outer = loadSync(${JSON.stringify(file)}, { imports: { js: { f, x() {} } } })
      outer.loop()`)
    await once(worker, 'message')
    assert.equal(await worker.terminate(), 1)
  })

  test('terminated while a file is compiled, or a program runs', async () => {
    const big = `(module ${Array.from({ length: 3000 }, (_, n) => `(func (param i32) (result i32) (i32.mul (local.get 0) (i32.const ${n + Date.now() % 1e6})))`).join('')})`
    for (const script of ['load(workerData)', 'load(workerData).then(() => {})', `run(${JSON.stringify(loop)}, { stdout: 'ignore' })`]) {
      const worker = startWorker(`${script}; parentPort.postMessage('started'); ${wait}`, { workerData: big })
      await once(worker, 'message')
      assert.equal(await worker.terminate(), 1)
    }
  })

  test('that end by themselves, by process.exit, or by an error inside an import', async () => {
    assert.equal((await inWorker(use)).code, 0)
    assert.equal((await inWorker(`${use}; process.exit(3)`)).code, 3)
    const inside = what => `loadSync(${JSON.stringify(file)}, { imports: { js: { f() { ${what} }, x() {} } } }).call()`
    assert.equal((await inWorker(inside('process.exit(4)'))).code, 4)
    const { code, error } = await inWorker(inside('throw new RangeError("mine")'))
    assert.deepEqual([code, error?.name, error?.message], [1, 'RangeError', 'mine'])
  })

  test('what belongs to one thread does not get to another', async () => {
    const ns = loadSync('(module (func (export "f")) (memory (export "m") 1) (table (export "t") 1 funcref))')
    assert.throws(() => structuredClone(ns.f), { name: 'DataCloneError' })
    for (const name of ['m', 't']) {
      if (threads.markAsUncloneable) {
        assert.throws(() => structuredClone(ns[name]), { name: 'DataCloneError' })
        continue
      }
      // Node 20 copies the object, which then lacks what made it a memory or a table.
      const { error } = await inWorker(
        `loadSync('(module (import "a" "b" (${name === 'm' ? 'memory 1' : 'table 1 funcref'})))', { imports: { a: { b: workerData } } })`, { workerData: ns[name] })
      assert.equal(error?.code, 'ERR_WASMPORT_LINK')
    }
  })
})

describe('processes end well', () => {
  const flags = ['--expose-gc']
  const ways = {
    'by reaching the end': ['', 0],
    'by process.exit': ['process.exit(5)', 5],
    'by process.exit in an exit handler': ["process.on('exit', () => process.exit(6))", 6],
    'by process.exit inside an import': [`loadSync(${JSON.stringify(file)}, { imports: { js: { f() { process.exit(7) }, x() {} } } }).call()`, 7],
    'by process.exit deep inside imports':
      `let n = 0; const deep = loadSync(${JSON.stringify(file)}, { imports: { js: { f() { if (n++ < 20) deep.call(); else process.exit(8) }, x() {} } } }); deep.call()`,
    'by an error nobody catches': ['ns.trap()', 1],
    'by a rejection nobody catches': ['load("/nowhere")', 1],
    'after dispose': ['ns[Symbol.dispose]()', 0],
    'after a collection': ['gc()', 0],
    'calling an export on exit': ["process.on('exit', () => { ns.call(); ns.memory.grow(1); ns.refer([]) })", 0],
    'with a load in flight': ['load("(module)"); process.exit(9)', 9],
    'with a big load in flight': [
      `load('(module ' + Array.from({ length: 5000 }, (_, n) => '(func (param i32) (result i32) (i32.mul (local.get 0) (i32.const ' + (n + Date.now() % 1e6) + ')))').join('') + ')'); setTimeout(() => process.exit(9), 30)`, 9],
    'with an endless run in flight': [`run(${JSON.stringify(loop)}); run(${JSON.stringify(loop)}); setTimeout(() => process.exit(10), 50)`, 10],
    'with workers alive that use it': [
      `const { Worker } = require('node:worker_threads')
       const code = ${JSON.stringify(`const { loadSync } = require('wasmport')\n${use}\nrequire('node:worker_threads').parentPort.postMessage(1); for (;;) ns.call()`)}
       let ready = 0
       for (let n = 0; n < 3; n++) new Worker(code, { eval: true }).on('message', () => { if (++ready === 3) process.exit(11) })`, 11],
  }
  for (const [what, way] of Object.entries(ways)) {
    const [script, status] = Array.isArray(way) ? way : [way, 8]
    test(what, () => {
      const result = spawn(`${use}; ${script}`, { flags, cwd: new URL('..', import.meta.url), timeout: 30_000 })
      assert.deepEqual([result.signal, result.status], [null, status], result.stderr)
      if (status !== 1) assert.equal(result.stderr, '')
    })
  }

  test('only when a run is done', () => {
    const program = '(module (func (export "_start") (local i64) (loop $l (local.set 0 (i64.add (local.get 0) (i64.const 1))) (br_if $l (i64.lt_u (local.get 0) (i64.const 300000000))))))'
    assert.equal(child(`run(${JSON.stringify(program)}).then(({ exitCode }) => console.log('exit code', exitCode))`), 'exit code 0')
  })
})
