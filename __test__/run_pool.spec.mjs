// Many runs at once: they wait for their turn, for each other, and leave everything behind for the next.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, before, describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { run, WebAssembly } from '../index.js'
import { nothing, sleep } from './fixtures/programs.mjs'
import { api, check, freePort } from './helpers.mjs'

// As many as run at a time.
const MOST = 64
const ask = '(module (import "js" "ask" (func $ask)) (func (export "_start") (call $ask)))'

async function rejects(promise, ...expected) {
  check(await promise.then(value => assert.fail(`resolved to ${JSON.stringify(value)}`), error => error), ...expected)
}

describe('a run that waits for its turn', () => {
  const stop = new AbortController()
  let others
  before(() => {
    others = Array.from({ length: MOST }, () => run(sleep, { signal: stop.signal }).catch(error => error.name))
  })
  after(async () => {
    stop.abort()
    assert.deepEqual(new Set(await Promise.all(others)), new Set(['AbortError']))
  })

  test('is aborted at once, and its pipes are closed', async () => {
    const signal = AbortSignal.timeout(100)
    const running = run(nothing, { signal, stdout: 'pipe' })
    const end = once(running.stdout, 'close')
    await rejects(running, Error, { name: 'AbortError' })
    await end
  })

  test('has its time meanwhile', async () => {
    assert.deepEqual(await run(nothing, { timeout: 100 }), { exitCode: null, signal: 'SIGTERM', stdout: null, stderr: null })
  })
})

test('programs may wait for functions that run further programs, however many they are', async () => {
  let asked = 0
  const imports = { js: { ask: async () => {
    asked++
    // All that have a turn are in here by then.
    await delay(300)
    assert.equal((await run(nothing)).exitCode, 0)
  } } }
  const results = await Promise.all(Array.from({ length: MOST + 6 }, () => run(ask, { imports })))
  assert.deepEqual([asked, new Set(results.map(result => result.exitCode))], [MOST + 6, new Set([0])])
})

test('a worker that ends takes the programs with it that wait for its functions', async () => {
  const code = `
    const { parentPort, workerData } = require('node:worker_threads')
    const { run } = require(${JSON.stringify(api)})
    let asked = 0
    const imports = { js: { ask: () => new Promise(() => { if (++asked === ${MOST}) parentPort.postMessage('all') }) } }
    for (let i = 0; i < ${MOST}; i++) run(workerData, { imports })`
  const worker = new Worker(code, { eval: true, workerData: ask })
  await once(worker, 'message')
  await worker.terminate()
  assert.equal((await run(nothing)).exitCode, 0)
})

test('what a program had open is closed when the run is over', async () => {
  const network = { listen: [`127.0.0.1:${await freePort()}`] }
  const wasi = '(import "wasi_snapshot_preview1" "sched_yield" (func $yield (result i32)))'
  const spins = `(module ${wasi} (memory (export "memory") 1) (func (export "_start") (loop $l (drop (call $yield)) (br $l))))`
  const threads = `(module ${wasi} (import "wasi" "thread-spawn" (func $start (param i32) (result i32)))
    (import "env" "memory" (memory 1 1 shared)) (export "memory" (memory 0))
    (func (export "wasi_thread_start") (param i32 i32) (loop $l (br $l)))
    (func (export "_start") (drop (call $start (i32.const 1))) (drop (call $yield))))`
  for (let i = 0; i < 40; i++) {
    assert.equal((await run(spins, { timeout: 2, network })).signal, 'SIGTERM')
    assert.equal((await run(threads, { network })).exitCode, 0)
  }
})

test('a shared memory of its own is refused where the program would have to be stopped', async () => {
  const waits = `(module (memory (export "memory") 1 1 shared)
    (func (export "_start") (drop (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const 1)))))`
  assert.equal((await run(waits)).exitCode, 0)
  await rejects(run(waits, { timeout: 1000 }), Error, { code: 'ERR_WASMPORT_UNSUPPORTED', file: '<text>' }, 'defines a shared memory')
})

test('a function sees the memory that the imports are meant to use', async () => {
  const text = `(module (import "js" "ask" (func $ask)) (memory (export "memory") 1) (memory (export "other") 1 1 shared)
    (data (memory 0) (i32.const 0) "main") (data (memory 1) (i32.const 0) "other") (func (export "_start") (call $ask)))`
  let read
  await run(text, { imports: { js: { ask() { read = String(this.readMemory(0, 4)) } } } })
  assert.equal(read, 'main')
})

test('an import that nobody gives is a LinkError before anything runs', async () => {
  const expected = [WebAssembly.LinkError, { code: 'ERR_WASMPORT_LINK', importModule: 'js', importName: 'ask' }]
  await rejects(run(ask), ...expected)
  await rejects(run(ask, { imports: { other: {} } }), ...expected)
  await rejects(run(ask, { imports: { js: {} } }), ...expected)
})
