// Threads of WASI: `wasi.thread-spawn`, on native threads over one memory and one table of descriptors.

import assert from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { WebAssembly as Ours, load, loadSync, run, runSync } from '../index.js'
import { scratch, spawnAsync } from './fixtures/scratch.mjs'
import { api, check, inWorker, refuses } from './helpers.mjs'

const program = new URL('guests/threads/program.wasm', import.meta.url)
const channel = new URL('guests/threads/channel.wasm', import.meta.url)
const library = new URL('guests/threads/library.wasm', import.meta.url)

const MEMORY = '(import "env" "memory" (memory 1 1 shared))'

const options = (args, more) => ({ args: ['program', ...args.map(String)], stdin: 'ignore', stdout: 'pipe', ...more })

/** What the C program writes, which must exit with 0. */
async function output(args, more, call = run) {
  const { exitCode, stdout } = await call(program, options(args, more))
  assert.equal(exitCode, 0)
  return stdout.toString()
}

async function rejects(promise, ...expected) {
  check(await promise.then(value => assert.fail(`resolved to ${JSON.stringify(value)}`), error => error), ...expected)
}

/** Calls until it is true; a test that waits in vain is ended by its timeout. */
async function until(condition) {
  while (!condition()) await delay(5)
}

// Whatever should end and does not is a failure, not a run of the tests without end.
const limited = { timeout: 120_000 }

describe('a program', limited, () => {
  test('its threads have one memory, and variables of their own', async () => {
    assert.equal(await output(['sum', 8, 10_000]), '80000 80000 36 0\n')
    assert.equal(await output(['sum', 8, 10_000], {}, runSync), '80000 80000 36 0\n')
  })

  test('they run at the same time', async () => {
    assert.equal(await output(['meeting', 32]), `${32 * 32}\n`)
  })

  test('they wait for each other, and not longer than they want to', async () => {
    assert.equal(await output(['turns', 2, 500]), '1000\n')
    assert.equal(await output(['timed']), 'timed out\n')
  })

  test('what one allocates the others can read: the memory grows for all', async () => {
    assert.equal(await output(['grow']), `${8 << 20}\n`)
  })

  test('they write to one output, line by line', async () => {
    const lines = Array.from({ length: 8 }, (_, thread) => Array.from({ length: 50 }, (_, line) => `${thread + 1} ${line}`)).flat()
    assert.deepEqual((await output(['lines', 8, 50])).trim().split('\n').sort(), lines.sort())
  })

  test('they share the descriptors of files', async () => {
    const dir = scratch()
    assert.equal(await output(['files', 16, '/d/log'], { preopens: { '/d': dir } }), `closed here too: yes\n${readFileSync(join(dir, 'log'), 'utf8').slice(0, 10)}`)
    const lines = Array.from({ length: 16 }, (_, thread) => `thread ${String(thread + 1).padStart(2, '0')}`)
    assert.deepEqual(readFileSync(join(dir, 'log'), 'utf8').trim().split('\n').sort(), lines)
  })

  test('in Rust: channels, scopes, names, a condition, and no more threads than there are', async () => {
    const { exitCode, stdout } = await run(channel, options([], { maxThreads: 20 }))
    assert.equal(stdout.toString(), 'received 49500\nletters 32\nname Some("ada")\nwaiting 20 true\ndone\n')
    assert.equal(exitCode, 0)
  })

  test('in a worker', async () => {
    const { error, messages } = await inWorker(`
      run(new URL(workerData), { args: ['program', 'sum', '4', '1000'], stdout: 'pipe' }).then(({ stdout }) => parentPort.postMessage(String(stdout)))`,
    { workerData: program.href })
    assert.equal(error, undefined)
    assert.deepEqual(messages, ['4000 4000 10 0\n'])
  })

  test('several at once know nothing of each other', async () => {
    const sums = await Promise.all(Array.from({ length: 12 }, (_, n) => output(['sum', 4, 1000 + n])))
    assert.deepEqual(sums, sums.map((_, n) => `${4 * (1000 + n)} ${4 * (1000 + n)} 10 0\n`))
  })
})

describe('the end of one thread is the end of all', limited, () => {
  // While two others compute, wait for a condition, sleep, or read an input that does not come.
  for (const kind of ['spin', 'wait', 'sleep', 'stdin']) {
    const ends = (where, how) => run(program, options(['ends', where, how, kind, 7], { stdin: 'pipe' }))
    const trap = [WebAssembly.RuntimeError, { code: 'ERR_WASMPORT_TRAP', trap: 'unreachable-code-reached' }]

    test(`that calls exit, while others ${kind}`, async () => {
      assert.equal((await ends('thread', 'exit')).exitCode, 7)
      assert.equal((await ends('main', 'exit')).exitCode, 7)
    })

    test(`that traps, while others ${kind}`, async () => {
      await rejects(ends('thread', 'trap'), ...trap)
      await rejects(ends('main', 'trap'), ...trap)
    })

    test(`that returns from main, while others ${kind}`, async () => {
      assert.equal((await ends('main', 'return')).exitCode, 7)
    })

    test(`an AbortSignal and a timeout end those that ${kind}`, async () => {
      const controller = new AbortController()
      const running = run(program, options(['busy', kind], { stdin: 'pipe', signal: controller.signal }))
      running.stdout.once('data', () => controller.abort(new Error('enough')))
      const error = await running.then(() => assert.fail('resolved'), caught => caught)
      assert.equal(error.name, 'AbortError')
      assert.equal(error.cause.message, 'enough')
      const { exitCode, signal } = await run(program, options(['busy', kind], { stdin: 'pipe', timeout: 300 }))
      assert.deepEqual({ exitCode, signal }, { exitCode: null, signal: 'SIGTERM' })
    })
  }

  // What wakes all of them is only enough for one.
  const READER = `(func $move (param $at i32)
    (i32.store (local.get $at) (i32.add (local.get $at) (i32.const 16)))
    (i32.store offset=4 (local.get $at) (i32.const 1))
    (loop $again
      (drop (call $read (i32.const 0) (local.get $at) (i32.const 1) (i32.add (local.get $at) (i32.const 8))))
      (br_if $again (i32.load offset=8 (local.get $at)))))`
  const WRITER = `(func $move (param $at i32)
    (i32.store (local.get $at) (i32.const 0))
    (i32.store offset=4 (local.get $at) (i32.const 4096))
    (loop $again
      (drop (call $write (i32.const 1) (local.get $at) (i32.const 1) (i32.add (local.get $at) (i32.const 8))))
      (br $again)))`
  const moving = move => `(module
    (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (import "wasi" "thread-spawn" (func $start (param i32) (result i32))) ${MEMORY} ${move}
    (func (export "wasi_thread_start") (param i32 i32) (call $move (local.get 1)))
    (func (export "_start")
      ${Array.from({ length: 16 }, (_, n) => `(drop (call $start (i32.const ${8192 + 64 * n})))`).join('')}
      (call $move (i32.const 4096))))`

  for (const [what, move, feed] of [
    ['read one pipe', READER, ({ stdin }) => { for (let n = 0; n < 50; n++) stdin.write('x') }],
    ['write to one pipe', WRITER, ({ stdout }) => stdout.read()],
  ]) {
    test(`also when many ${what}, of which each time all but one come too late`, async () => {
      const controller = new AbortController()
      const running = run(moving(move), { stdin: 'pipe', stdout: 'pipe', signal: controller.signal })
      running.catch(() => {})
      if (move === WRITER) assert.ok(running.stdout)
      for (let n = 0; n < 300; n++) {
        feed(running)
        await delay(1)
      }
      controller.abort()
      await assert.rejects(running, { name: 'AbortError' })
    })
  }

  test('also in runSync', () => {
    assert.equal(runSync(program, options(['ends', 'thread', 'exit', 'spin', 9])).exitCode, 9)
    assert.equal(runSync(program, options(['ends', 'main', 'return', 'wait', 9])).exitCode, 9)
    assert.equal(runSync(program, options(['busy', 'spin'], { timeout: 300 })).signal, 'SIGTERM')
  })

  test('when a run is over, so are its threads', { skip: process.platform !== 'linux' && 'counts in /proc' }, async () => {
    const once = () => run(program, options(['ends', 'main', 'return', 'spin', 0]))
    const count = () => readdirSync('/proc/self/task').length
    await once()
    const before = count()
    for (let n = 0; n < 20; n++) await once()
    assert.ok(count() < before + 20, `${before} threads before, ${count()} after`)
  })
})

describe('maxThreads', limited, () => {
  test('is how many there are at a time, 64 unless told otherwise; more are refused, and the program goes on', async () => {
    assert.equal(await output(['many', 200]), '64 EAGAIN\nagain\n')
    assert.equal(await output(['many', 200], { maxThreads: 3 }), '3 EAGAIN\nagain\n')
    assert.equal(await output(['many', 200], { maxThreads: 100 }), '100 EAGAIN\nagain\n')
    assert.equal(await output(['many', 200], { maxThreads: 0 }), '0 EAGAIN\n')
    assert.equal(await output(['many', 10], { maxThreads: 10 }), '10 none\nagain\n')
  })

  test('is an option of load too', () => {
    const exports = loadSync(library, { wasi: { maxThreads: 2 } })
    assert.equal(exports.start_ticking(5), 2)
    exports[Symbol.dispose]()
  })

  test('is an integer', async () => {
    for (const maxThreads of [-1, 1.5, '2', NaN, Infinity, null, 2n]) {
      await rejects(run(program, { maxThreads }), TypeError, { code: 'ERR_WASMPORT_OPTION' }, 'maxThreads')
      refuses(() => loadSync(library, { wasi: { maxThreads } }), TypeError, { code: 'ERR_WASMPORT_OPTION' }, 'maxThreads')
    }
  })
})

const EXIT = '(import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))'
// Writes its number to where its argument says, and wakes who waits for that.
const START = `(func (export "wasi_thread_start") (param $number i32) (param $at i32)
    (i32.atomic.store (local.get $at) (local.get $number))
    (drop (memory.atomic.notify (local.get $at) (i32.const 1))))
  (func $await (param $at i32) (result i32)
    (drop (memory.atomic.wait32 (local.get $at) (i32.const 0) (i64.const -1)))
    (i32.atomic.load (local.get $at)))`

/** Starts two threads by `$start`, which takes an argument and gives the number of a thread, and compares the numbers. */
const two = start => `(module ${EXIT} ${MEMORY} ${start} ${START}
  (func (export "_start") (local $first i32) (local $second i32)
    (local.set $first (call $start (i32.const 64)))
    (local.set $second (call $start (i32.const 128)))
    (if (i32.ne (call $await (i32.const 64)) (local.get $first)) (then (call $exit (i32.const 1))))
    (if (i32.ne (call $await (i32.const 128)) (local.get $second)) (then (call $exit (i32.const 2))))
    (if (i32.eq (local.get $first) (local.get $second)) (then (call $exit (i32.const 3))))
    (if (i32.ge_u (i32.sub (local.get $first) (i32.const 1)) (i32.const 0x1fffffff)) (then (call $exit (i32.const 4))))
    (call $exit (i32.const 100))))`

describe('both forms of the import', limited, () => {
  const older = `(import "wasi" "thread-spawn" (func $start (param i32) (result i32)))`
  const newer = `(import "wasi" "thread-spawn" (func $spawn (param i32 i32) (result i32)))`

  test('the older one results in the number of the thread', async () => {
    assert.equal((await run(two(older))).exitCode, 100)
    assert.equal(runSync(two(older)).exitCode, 100)
  })

  test('or in a negative errno', async () => {
    const text = `(module ${EXIT} ${MEMORY} ${older} ${START}
      (func (export "_start") (call $exit (call $start (i32.const 64)))))`
    assert.equal((await run(text, { maxThreads: 0 })).exitCode, -6)
  })

  test('the newer one in whether it failed, with the number in the memory', async () => {
    const start = `(func $start (param $argument i32) (result i32)
      (i64.store (i32.const 16) (i64.const -1))
      (if (call $spawn (local.get $argument) (i32.const 16)) (then (call $exit (i32.const 10))))
      (if (i32.load8_u (i32.const 16)) (then (call $exit (i32.const 11))))
      (i32.load (i32.const 20)))`
    assert.equal((await run(two(newer + start))).exitCode, 100)
    assert.equal(runSync(two(newer + start)).exitCode, 100)
  })

  test('or the errno', async () => {
    const text = `(module ${EXIT} ${MEMORY} ${newer} ${START}
      (func (export "_start")
        (i64.store (i32.const 16) (i64.const -1))
        (if (i32.ne (call $spawn (i32.const 64) (i32.const 16)) (i32.const 1)) (then (call $exit (i32.const 12))))
        (if (i32.ne (i32.load8_u (i32.const 16)) (i32.const 1)) (then (call $exit (i32.const 13))))
        (call $exit (i32.load (i32.const 20)))))`
    assert.equal((await run(text, { maxThreads: 0 })).exitCode, 6)
  })

  test('a pointer that is outside of the memory is a trap', async () => {
    const text = `(module ${MEMORY} ${newer} ${START}
      (func (export "_start") (drop (call $spawn (i32.const 64) (i32.const 65532)))))`
    await rejects(run(text), WebAssembly.RuntimeError, { code: 'ERR_WASMPORT_TRAP' })
  })

  test('another form, or no wasi_thread_start of the right type, is a LinkError', async () => {
    const form = type => `(module (import "wasi" "thread-spawn" (func ${type})) ${MEMORY} ${START} (func (export "_start")))`
    for (const type of ['(param i64) (result i32)', '(param i32)', '(param i32 i32 i32) (result i32)', '']) {
      await rejects(run(form(type)), WebAssembly.LinkError,
        { code: 'ERR_WASMPORT_LINK', importModule: 'wasi', importName: 'thread-spawn' }, 'thread-spawn')
    }
    const without = start => `(module ${older} ${MEMORY} (func (export "_start")) ${start})`
    for (const start of ['', '(func (export "wasi_thread_start") (param i32))', '(memory (export "wasi_thread_start") 1)']) {
      await rejects(run(without(start)), WebAssembly.LinkError, { code: 'ERR_WASMPORT_LINK' }, 'wasi_thread_start')
    }
  })

  test('the memory has to be shared', async () => {
    const text = `(module ${older} (memory (export "memory") 1) (func (export "wasi_thread_start") (param i32 i32)) (func (export "_start")))`
    await rejects(run(text), WebAssembly.LinkError, { code: 'ERR_WASMPORT_LINK' }, 'shared')
  })
})

describe('load', limited, () => {
  test('the threads of a reactor go on while JavaScript does, which sees what they do', async () => {
    const { start_adding: start, count, how_many_ended: ended, where_count_is: where, memory } = await load(library)
    const counter = () => Atomics.load(new Int32Array(memory.buffer, where(), 1), 0)
    assert.equal(start(4, 50_000), 4)
    await until(() => ended() === 4)
    assert.deepEqual([count(), counter()], [200_000, 200_000])
  })

  test('an export can wait for them', () => {
    const { start_adding: start, join } = loadSync(library)
    for (let round = 1; round <= 5; round++) {
      assert.equal(start(8, 1000), 8)
      assert.equal(join(), round * 8000)
    }
  })

  test('the memory can be given', () => {
    const memory = new Ours.Memory({ initial: 2, maximum: 1024, shared: true })
    const { start_adding: start, join, where_count_is: where } = loadSync(library, { imports: { env: { memory } } })
    start(3, 1000)
    join()
    assert.equal(new Int32Array(memory.buffer, where(), 1)[0], 3000)
  })

  test('one memory for each load', () => {
    const [one, other] = [loadSync(library), loadSync(library)]
    one.start_adding(2, 1000)
    assert.deepEqual([one.join(), other.count()], [2000, 0])
  })

  /** Two threads that count now and then, and whether they do, which is seen without a call into the module. */
  async function ticking() {
    const exports = loadSync(library)
    const counter = new Int32Array(exports.memory.buffer, exports.where_count_is(), 1)
    const ticks = async () => {
      const before = Atomics.load(counter, 0)
      await delay(100)
      return Atomics.load(counter, 0) !== before
    }
    assert.equal(exports.start_ticking(2), 2)
    while (!await ticks()) continue
    return { exports, ticks }
  }

  test('to dispose of it ends its threads', async () => {
    const { exports, ticks } = await ticking()
    exports[Symbol.dispose]()
    while (await ticks()) continue
  })

  test('a thread that traps or exits ends the others', async () => {
    for (const start of ['start_trapping', 'start_leaving']) {
      const { exports, ticks } = await ticking()
      exports[start](5)
      while (await ticks()) continue
    }
  })

  test('threads that are left, whatever they do, keep neither the process nor a worker', async () => {
    for (const start of ['start_ticking', 'start_spinning']) {
      const script = `loadSync(new URL(${JSON.stringify(library.href)})).${start}(2)`
      const { status, signal, stderr } = spawnAsync(script)
      assert.deepEqual({ status, signal }, { status: 0, signal: null }, stderr)
      const left = spawnAsync(`
        const worker = new (require('node:worker_threads').Worker)(${JSON.stringify(`const { loadSync } = require(${JSON.stringify(api)});${script}`)}, { eval: true })
        worker.on('exit', code => console.log('exit', code))`)
      assert.deepEqual([left.status, left.signal, left.stdout], [0, null, 'exit 0\n'], left.stderr)
    }
  })
})
