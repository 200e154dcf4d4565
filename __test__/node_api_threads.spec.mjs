// Asynchronous works and thread-safe functions of a Node-API addon with threads, and how such an addon ends.

import assert from 'node:assert/strict'
import { AsyncLocalStorage } from 'node:async_hooks'
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import headers from 'node-api-headers'
import { loadSync } from '../index.js'
import { scratch } from './fixtures/scratch.mjs'
import { inWorker, spawn, startWorker, thrown } from './helpers.mjs'

const source = fileURLToPath(new URL('guests/node-api-async/threads.c', import.meta.url))
const file = source.replace(/c$/, 'wasm')
const wasm = loadSync(file)
const native = createRequire(import.meta.url)(built())

/** The same addon for this machine. */
function built() {
  const output = join(scratch(), 'threads.node')
  const darwin = process.platform === 'darwin' ? ['-undefined', 'dynamic_lookup'] : []
  const { status, stderr } = spawnSync(process.env.CC ?? 'cc', ['-shared', '-fPIC', '-pthread', '-O1', '-DNAPI_VERSION=9', '-I', headers.include_dir, ...darwin, '-o', output, source], { encoding: 'utf8' })
  assert.equal(status, 0, stderr)
  return output
}

const [ok, generic_failure, cancelled, would_deadlock] = [0, 9, 11, 21]
const [MEET, WAIT, SPIN, TRAP, MISUSE] = [0, 1, 2, 3, 4]

const limited = { timeout: 120_000 }
const local = new AsyncLocalStorage()
// From Node 24 on an AsyncLocalStorage does not reach what addons do later, except by napi_make_callback.
const kept = Number(process.versions.node.split('.', 1)[0]) < 24 ? 'mine' : undefined

/** A test of both addons, which behave alike. */
function both(title, act) {
  test(title, async () => {
    for (const guest of [wasm, native]) await act(guest)
  })
}

async function until(condition) {
  while (!condition()) await delay(2)
}

/** Queues works and returns what they are completed with: those that failed have a negative number. */
async function works(guest, kind, count, group = 1) {
  const log = []
  guest.startWorks(kind, count, group, (...result) => log.push(result))
  await until(() => log.length === count)
  return log.sort(([a], [b]) => a - b)
}

/** Has threads call a function, and returns what waits for its end. This thread uses it until `releaseCalls`. */
function calls(guest, { threads = 4, each, most = 0, waits = false }, callback) {
  let ended
  const status = guest.startCalls(callback, (...args) => { ended = args }, threads, each, most, waits)
  assert.equal(status, ok)
  return async () => {
    await until(() => ended !== undefined && guest.count().ended === threads)
    // The data and the context of the finalizer.
    assert.deepEqual(ended, [1, 1])
    return guest.count()
  }
}

/** Holds this thread. */
function hold(milliseconds) {
  const end = Date.now() + milliseconds
  while (Date.now() < end);
}

describe('works', limited, () => {
  const all = count => Array.from({ length: count }, (_, n) => [n, ok])

  both('of an addon run on four threads at once', async guest => {
    // Four wait for each other, which never ends on fewer threads.
    assert.deepEqual(await works(guest, MEET, 4, 4), all(4))
    assert.deepEqual(await works(guest, MEET, 8, 4), all(8))
    assert.deepEqual(await works(guest, MEET, 60, 2), all(60))
  })

  test('as many as UV_THREADPOOL_SIZE says', () => {
    for (const [size, group] of [['8', 8], ['1', 1]]) {
      const { stdout, stderr } = spawn(`
        let most = 0
        const guest = loadSync(${JSON.stringify(file)})
        guest.startWorks(${size === '1' ? WAIT : MEET}, 8, ${group}, number => { most += number >= 0 })
        setTimeout(() => { if (${size} === 1) console.log(guest.howManyBegan()); guest.openGate() }, 200)
        process.on('exit', () => console.log(most))`, { env: { UV_THREADPOOL_SIZE: size } })
      assert.equal(stdout, size === '1' ? '1\n8\n' : '8\n', stderr)
    }
  })

  test('as many as maxThreads lets be, and with none on the JavaScript thread', async () => {
    const two = loadSync(file, { wasi: { maxThreads: 2 } })
    assert.deepEqual(await works(two, MEET, 8, 2), all(8))
    const none = loadSync(file, { wasi: { maxThreads: 0 } })
    assert.deepEqual(await works(none, MEET, 8, 1), all(8))
  })

  both('can be cancelled until they begin', async guest => {
    const log = []
    guest.startWorks(WAIT, 6, 1, (...result) => log.push(result))
    await until(() => guest.howManyBegan() === 4)
    assert.equal(guest.cancelWork(0), generic_failure)
    assert.equal(guest.cancelWork(4), ok)
    await until(() => log.length > 0)
    assert.deepEqual(log, [[4, cancelled]])
    guest.openGate()
    await until(() => log.length === 6)
    assert.deepEqual(log.slice(1).sort(([a], [b]) => a - b), [[0, ok], [1, ok], [2, ok], [3, ok], [5, ok]])
  })

  test('cannot be deleted while they are under way', async () => {
    const log = []
    wasm.startWorks(WAIT, 5, 1, (...result) => log.push(result))
    await until(() => wasm.howManyBegan() === 4)
    assert.deepEqual([wasm.deleteWork(0), wasm.deleteWork(4)], [generic_failure, generic_failure])
    wasm.openGate()
    await until(() => log.length === 5)
    assert.deepEqual(log.sort(([a], [b]) => a - b), all(5))
  })

  test('are completed in the context that made them', async () => {
    const stores = []
    for (const guest of [wasm, native]) {
      local.run('mine', () => guest.startWorks(MEET, 1, 1, () => stores.push(local.getStore())))
      await until(() => stores.length === (guest === wasm ? 1 : 2))
    }
    assert.deepEqual(stores, [kept, kept])
  })
})

describe('thread-safe functions', limited, () => {
  both('take 10,000 calls of each of four threads, those of a thread in their order', async guest => {
    const next = [0, 0, 0, 0]
    let strangers = 0
    const ended = local.run('mine', () => calls(guest, { each: 10_000 }, (thread, n) => {
      assert.equal(n, next[thread]++)
      strangers += local.getStore() !== kept
    }))
    guest.releaseCalls()
    assert.deepEqual(await ended(), { ok: 40_000, full: 0, closing: 0, ended: 4, givenBack: 0 })
    assert.deepEqual(next, [10_000, 10_000, 10_000, 10_000])
    assert.equal(strangers, 0)
  })

  // Node wakes one of several, and may leave the others waiting for ever.
  test('hold back threads that wait for room', async () => {
    let count = 0
    const ended = calls(wasm, { each: 500, most: 3, waits: true }, () => count++)
    // Nothing is taken from the queue meanwhile.
    hold(200)
    assert.equal(wasm.count().ok, 3)
    wasm.releaseCalls()
    assert.deepEqual(await ended(), { ok: 2000, full: 0, closing: 0, ended: 4, givenBack: 0 })
    assert.equal(count, 2000)
  })

  both('tell threads that do not wait that there is none', async guest => {
    let count = 0
    const ended = calls(guest, { each: 100, most: 2 }, () => count++)
    hold(100)
    guest.releaseCalls()
    const { ok: taken, full, closing } = await ended()
    assert.deepEqual([taken, closing, count], [400, 0, 400])
    assert.ok(full > 4, `${full}`)
  })

  test('wake the threads that wait when they are aborted, and give back what waits', async () => {
    let count = 0
    const ended = calls(wasm, { each: 500, most: 2, waits: true }, () => count++)
    hold(200)
    assert.equal(wasm.abortCalls(), ok)
    assert.deepEqual(await ended(), { ok: 2, full: 0, closing: 4, ended: 4, givenBack: 2 })
    assert.equal(count, 0)
  })

  // There Node waits for ever.
  test('do not let the JavaScript thread wait for itself', async () => {
    const ended = calls(wasm, { each: 5, most: 2, waits: true }, () => {})
    hold(200)
    assert.equal(wasm.callHere(), would_deadlock)
    wasm.releaseCalls()
    await ended()
  })

  test('many at once, each in an addon of its own', async () => {
    const counts = await Promise.all(Array.from({ length: 6 }, async () => {
      let count = 0
      const guest = loadSync(file)
      const ended = calls(guest, { each: 300, most: 5, waits: true }, () => count++)
      guest.releaseCalls()
      await ended()
      guest[Symbol.dispose]()
      return count
    }))
    assert.deepEqual(counts, Array(6).fill(1200))
  })
})

describe('the end of an addon', limited, () => {
  const prelude = `
    const guest = loadSync(${JSON.stringify(file)})
    const hold = milliseconds => { const end = Date.now() + milliseconds; while (Date.now() < end); }
    const running = async kind => {
      if (kind === 'block') { guest.startCalls(() => {}, () => console.log('ended'), 4, 500, 2, true); hold(100) }
      else {
        guest.startWorks(kind === 'spin' ? ${SPIN} : ${WAIT}, 8, 1, (...result) => console.log(...result))
        while (guest.howManyBegan() < 4) await new Promise(resolve => setTimeout(resolve, 2))
      }
    }\n`
  /** Runs a script to its end. */
  const run = script => {
    const { status, signal, stdout, stderr } = spawn(`${prelude};(async () => {\n${script}\n})()`, { timeout: 60_000 })
    assert.equal(signal, null, stderr)
    return { status, stdout, stderr }
  }

  for (const kind of ['spin', 'wait', 'block']) {
    test(`while its threads ${kind}: disposed of, the process then ends by itself`, () => {
      const { status, stdout, stderr } = run(`await running('${kind}'); guest[Symbol.dispose]()
        try { guest.count() } catch (error) { console.log(error.code) }`)
      // What has not begun is cancelled.
      const cancels = kind === 'block' ? 'ended\n' : [4, 5, 6, 7].map(number => `${number} ${cancelled}\n`).join('')
      assert.equal(stdout, `${cancels}ERR_WASMPORT_DISPOSED\n`, stderr)
      assert.equal(status, 0)
    })

    test(`while its threads ${kind}: the process exits`, () => {
      assert.deepEqual(run(`await running('${kind}'); process.exit(3)`), { status: 3, stdout: '', stderr: '' })
    })

    test(`while its threads ${kind}: the process ends by an exception`, () => {
      const { status, stderr } = run(`await running('${kind}'); setTimeout(() => { throw new RangeError('mine') })`)
      assert.match(stderr, /RangeError: mine/)
      assert.equal(status, 1)
    })

    test(`while its threads ${kind}: a worker is terminated, and one exits`, async () => {
      const worker = startWorker(`${prelude}; running('${kind}').then(() => parentPort.postMessage('running'))`)
      await new Promise(resolve => worker.on('message', resolve))
      assert.equal(await worker.terminate(), 1)
      const { code, error } = await inWorker(`${prelude}; running('${kind}').then(() => process.exit(5))`)
      assert.deepEqual([code, error], [5, undefined])
      assert.deepEqual(await works(wasm, MEET, 4, 4), [0, 1, 2, 3].map(number => [number, ok]))
    })
  }

  const trapped = { name: 'RuntimeError', code: 'ERR_WASMPORT_TRAP' }
  /** What a process of such a script is told of as an uncaught exception. It has to end by itself. */
  const uncaught = script => {
    const { status, stdout, stderr } = run(`process.on('uncaughtException', ({ name, code, message }) => console.log(JSON.stringify({ name, code, message }))); ${script}`)
    assert.equal(status, 0, stderr)
    return stdout.trim().split('\n').map(line => JSON.parse(line))
  }

  test('a thread that traps is an uncaught exception, and the process waits for nothing of the addon', () => {
    for (const start of [`guest.startWorks(${TRAP}, 8, 1, console.log)`, 'guest.startCalls(() => {}, () => {}, 0, 0, 0, false); guest.startTrapping()']) {
      const [{ message, ...error }, ...more] = uncaught(start)
      assert.deepEqual([error, more], [trapped, []])
      assert.match(message, /unreachable/)
    }
  })

  test('a thread that calls what only the JavaScript thread may call is told of it', () => {
    for (const start of [`guest.startWorks(${MISUSE}, 8, 1, console.log)`, 'guest.startCalls(() => {}, () => {}, 0, 0, 0, false); guest.startMisusing()']) {
      const [{ message, ...error }, ...more] = uncaught(start)
      assert.deepEqual([error, more], [trapped, []])
      assert.match(message, /`napi_create_int32` was called on a thread other than that of JavaScript/)
    }
  })

  test('nothing of it can be called after that, and it can be disposed of', () => {
    const [, ...after] = uncaught(`guest.startCalls(() => {}, () => {}, 0, 0, 0, false); guest.startTrapping()
      process.once('uncaughtException', () => setTimeout(() => {
        for (const act of [() => guest.startWorks(${MEET}, 4, 4, console.log), () => guest.callHere()]) {
          try { act() } catch ({ name, code, message }) { console.log(JSON.stringify({ name, code, message })) }
        }
        guest[Symbol.dispose]()
      }, 20))`)
    assert.deepEqual(after.map(({ code }) => code), ['ERR_WASMPORT_EXIT', 'ERR_WASMPORT_EXIT'])
  })

  test('loaded and disposed of a hundred times with threads at work', async () => {
    const threads = () => existsSync('/proc/self/task') ? readdirSync('/proc/self/task').length : 0
    const before = threads()
    for (let n = 0; n < 100; n++) {
      const guest = loadSync(file)
      guest.startWorks(n % 2 ? WAIT : MEET, 6, 2, () => {})
      if (n % 3 === 0) await delay(1)
      guest[Symbol.dispose]()
    }
    await until(() => threads() <= before + 1)
  })

  test('what it does after it was disposed of in a callback of its own is told to nobody', async () => {
    const guest = loadSync(file)
    let count = 0
    guest.startCalls(() => { if (++count === 5) guest[Symbol.dispose]() }, () => {}, 4, 100, 0, false)
    await until(() => count === 5)
    await delay(50)
    assert.equal(count, 5)
    assert.equal(thrown(() => guest.count()).code, 'ERR_WASMPORT_DISPOSED')
  })
})
