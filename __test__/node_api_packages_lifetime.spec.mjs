// How addons from npm end, with threads that work for them: by Symbol.dispose, with the process, with a worker; and what is
// freed before that.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { load } from '../index.js'
import { addon } from './fixtures/addons.mjs'
import { spawnAsync } from './fixtures/scratch.mjs'
import { api, inWorker } from './helpers.mjs'

const argon2 = addon('@node-rs/argon2-wasm32-wasi/argon2.wasm32-wasi.wasm')
const crc32 = addon('@node-rs/crc32-wasm32-wasi/crc32.wasm32-wasi.wasm')
const oxc = addon('@oxc-parser/binding-wasm32-wasi/parser.wasm32-wasi.wasm')

// A few seconds of work, on each thread that there is for it.
const busy = `Array.from({ length: 16 }, () => hash('x', { memoryCost: 1 << 15, timeCost: 10 }).catch(() => {}))`

/** Runs a script that may await, which must end well, and soon; returns what it wrote. */
function ends(script, options) {
  const { status, signal, stdout, stderr } = spawnAsync(script, { timeout: 60_000, ...options })
  assert.deepEqual({ status, signal, stderr }, { status: 0, signal: null, stderr: '' })
  return stdout
}

test('instances share nothing, and end apart', async () => {
  const [one, two] = await Promise.all([load(argon2), load(argon2)])
  assert.notEqual(one.hashSync, two.hashSync)
  const hash = await one.hash('x')
  one[Symbol.dispose]()
  one[Symbol.dispose]()
  for (const name of ['hashSync', 'hash', 'verifySync']) assert.throws(() => one[name]('x', 'x'), { code: 'ERR_WASMPORT_DISPOSED' })
  assert.equal(await two.verify(hash, 'x'), true)
})

test('an addon that is disposed while its threads work leaves nothing that keeps the process', () => {
  assert.equal(ends(`
    const ns = await load(${JSON.stringify(argon2)})
    const { hash } = ns
    ${busy}
    await new Promise(resolve => setTimeout(resolve, 100))
    ns[Symbol.dispose]()
    console.log('disposed')`), 'disposed\n')
})

test('a process can exit while threads work, and waits for them if it does not', () => {
  ends(`
    const { hash } = await load(${JSON.stringify(argon2)})
    ${busy}
    setTimeout(() => process.exit(), 100)`)
  assert.match(ends(`
    const { hash } = await load(${JSON.stringify(argon2)})
    hash('x').then(console.log)`), /^\$argon2id/)
})

test('a worker can have its own, and be terminated while threads work for it', async () => {
  const script = `
    load(${JSON.stringify(argon2)}).then(async ({ hash, verify }) => {
      parentPort.postMessage(await verify(await hash('x'), 'x'))
    })`
  const results = await Promise.all([1, 2].map(() => inWorker(script)))
  assert.deepEqual(results.map(({ code, messages, error }) => [code, messages, error]), Array(2).fill([0, [true], undefined]))
  ends(`
    const { Worker } = require('node:worker_threads')
    const worker = new Worker(\`
      const { loadSync } = require(${JSON.stringify(api)})
      const { hash } = loadSync(${JSON.stringify(argon2)})
      ${busy}
      require('node:worker_threads').parentPort.postMessage(0)\`, { eval: true })
    await new Promise(resolve => worker.once('message', resolve))
    console.log(await worker.terminate())`)
})

test('what is given to a guest, and what JavaScript drops of it, is freed in its memory', () => {
  // A guest has 4 GB.
  ends(`
    const { crc32 } = await load(${JSON.stringify(crc32)})
    const bytes = Buffer.alloc(1 << 24)
    for (let n = 0; n < 300; n++) crc32(bytes)`)
  const grown = ends(`
    const { parse, parseSync } = await load(${JSON.stringify(oxc)})
    // Some 2 MB for each result, in the memory of the guest.
    const source = 'each(function (a, b) { return [a + b, { a, ...b }] })\\n'.repeat(1500)
    const round = async () => {
      for (const result of [parseSync('a.js', source), await parse('a.js', source)]) if (result.errors.length) throw new Error('not parsed')
      gc()
      await new Promise(resolve => setImmediate(resolve))
    }
    for (let n = 0; n < 5; n++) await round()
    const before = process.memoryUsage.rss()
    for (let n = 0; n < 60; n++) await round()
    console.log((process.memoryUsage.rss() - before) / 2 ** 20)`, { flags: ['--expose-gc'], timeout: 300_000 })
  assert.ok(Number(grown) < 80, `grew by ${grown} MB, of 240 MB that were dropped`)
})
