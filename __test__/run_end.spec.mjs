// How programs that run() and runSync() began come to an end, and what is left of them: nothing.

import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { readFileSync, readdirSync } from 'node:fs'
import { PassThrough, Writable } from 'node:stream'
import { describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { run, runSync, WebAssembly } from '../index.js'
import { cat, flood, loop, nothing, program, sleep } from './fixtures/programs.mjs'
import { scratch, spawnAsync } from './fixtures/scratch.mjs'
import { api, check, child, inWorker, refuses } from './helpers.mjs'

const both = { run, runSync: async (...args) => runSync(...args) }
const ended = { exitCode: 0, signal: null, stdout: null, stderr: null }
const terminated = { exitCode: null, signal: 'SIGTERM', stdout: null, stderr: null }

// What a program can be doing when it is to end.
const busy = {
  'a loop without end': { source: loop },
  'a loop without end in a start function': { source: '(module (func $s (loop $l (br $l))) (start $s) (func (export "_start")))' },
  'a sleep': { source: sleep },
  'writing without end': { source: flood(1 << 30), options: { stdout: 'ignore' } },
}
// The same where the event loop has to turn meanwhile.
const waiting = {
  'a read that waits': { source: cat, options: { stdin: 'pipe', stdout: 'ignore' } },
  'a read that waits for a stream': () => ({ source: cat, options: { stdin: new PassThrough(), stdout: 'ignore' } }),
  'a write that waits': () => ({ source: flood(1 << 30), options: { stdout: new Writable({ write: (chunk, encoding, done) => void setTimeout(done, 400) }) } }),
  'an import that waits': () => ({
    source: '(module (import "env" "wait" (func $wait)) (func (export "_start") (call $wait)))',
    options: { imports: { env: { wait: () => new Promise(() => {}) } } },
  }),
}
const made = situation => (typeof situation === 'function' ? situation() : situation)

/** Checks that a promise is rejected with an AbortError for this reason. */
async function aborts(promise, reason) {
  const error = await promise.then(value => assert.fail(`resolved to ${JSON.stringify(value)}`), error => error)
  check(error, Error, { name: 'AbortError', code: 'ABORT_ERR', cause: reason })
}

describe('an AbortSignal', () => {
  test('aborted before: nothing is done', async () => {
    const dir = scratch()
    const reason = new Error('because')
    const signal = AbortSignal.abort(reason)
    await aborts(run('/nowhere/x.wasm', { signal }), reason)
    await aborts(run(program(''), { signal, preopens: { '/': dir } }), reason)
    assert.equal(getEventListeners(signal, 'abort').length, 0)
    await assert.rejects(run(nothing, { signal, args: 1 }), { code: 'ERR_WASMPORT_OPTION' }, 'but mistakes are told first')
  })

  test('aborted while the module is compiled: the program never begins', async () => {
    const controller = new AbortController()
    const running = run(loop, { signal: controller.signal, stdin: 'pipe', stdout: 'pipe' })
    const { stdin, stdout } = running
    controller.abort('early')
    await aborts(running, 'early')
    assert.ok(stdin.destroyed && stdout.destroyed)
    const compiling = new AbortController()
    const functions = Array.from({ length: 2000 }, (_, n) => `(func (param f64) (result f64) (f64.sqrt (f64.add (local.get 0) (f64.const ${n + Math.random()}))))`)
    const large = run(`(module ${functions.join(' ')} (func (export "_start") (loop $l (br $l))))`, { signal: compiling.signal })
    await delay(1)
    compiling.abort()
    await aborts(large, compiling.signal.reason)
    assert.equal(getEventListeners(compiling.signal, 'abort').length, 0)
  })

  for (const [what, situation] of Object.entries({ ...busy, ...waiting })) {
    test(`aborted in ${what}`, async () => {
      const { source, options } = made(situation)
      const controller = new AbortController()
      const running = run(source, { ...options, signal: controller.signal })
      setTimeout(() => controller.abort('now'), 300)
      const began = performance.now()
      await aborts(running, 'now')
      assert.ok(performance.now() - began > 250, 'not before')
      assert.equal(getEventListeners(controller.signal, 'abort').length, 0)
    })
  }

  test('aborted when the program has ended, but its output has not been read', async () => {
    const controller = new AbortController()
    const running = run(flood(1), { signal: controller.signal, stdout: 'pipe' })
    running.stdout.pause()
    await delay(200)
    controller.abort('late')
    await aborts(running, 'late')
    assert.equal(getEventListeners(controller.signal, 'abort').length, 0)
  })

  test('that is not aborted, or later, changes nothing', async () => {
    const controller = new AbortController()
    const { signal } = controller
    assert.deepEqual(await run(nothing, { signal }), ended)
    await assert.rejects(run('(module', { signal }), { code: 'ERR_WASMPORT_COMPILE' })
    await assert.rejects(run('(module (func (export "_start") unreachable))', { signal }), { code: 'ERR_WASMPORT_TRAP' })
    assert.equal(getEventListeners(signal, 'abort').length, 0)
    controller.abort()
  })

  test('may be of many programs, without a warning', () => {
    const { stdout, stderr } = spawnAsync(`
      const controller = new AbortController()
      const all = Array.from({ length: 30 }, () => run(${JSON.stringify(loop)}, { signal: controller.signal }))
      setTimeout(() => controller.abort(), 200)
      const names = (await Promise.allSettled(all)).map(({ reason }) => reason?.name)
      console.log(new Set(names).size, names[0])`)
    assert.deepEqual([stdout, stderr], ['1 AbortError\n', ''])
  })
})

describe('a timeout', () => {
  for (const [what, situation] of Object.entries(busy)) {
    for (const [name, call] of Object.entries(both)) {
      test(`of ${name}() in ${what}`, async () => {
        const { source, options } = made(situation)
        const began = performance.now()
        assert.deepEqual(await call(source, { ...options, timeout: 200 }), terminated)
        const time = performance.now() - began
        assert.ok(time >= 195 && time < 20_000, `${time} ms`)
      })
    }
  }
  for (const [what, situation] of Object.entries(waiting)) {
    test(`of run() in ${what}`, async () => {
      const { source, options } = made(situation)
      assert.deepEqual(await run(source, { ...options, timeout: 200 }), terminated)
    })
  }

  test('of runSync() in a read that waits', () => {
    // The standard input of the child is one that nothing is written to.
    const script = `const { runSync } = require(${JSON.stringify(api)})
      process.stdout.write(JSON.stringify(runSync(Buffer.from(${JSON.stringify(cat.toString('base64'))}, 'base64'), { stdout: 'ignore', timeout: 200 })))`
    const result = child(`
      const { spawn } = require('node:child_process')
      spawn(process.execPath, ['-e', ${JSON.stringify(script)}], { stdio: ['pipe', 'inherit', 'inherit'] }).on('exit', process.exit)`)
    assert.deepEqual(JSON.parse(result), terminated)
  })

  test('leaves what was written until then', async () => {
    const source = program('(drop (call $write (i32.const 3))) (loop $forever (br $forever))')
    for (const call of Object.values(both)) {
      const { signal, stdout } = await call(source, { stdout: 'pipe', timeout: 200 })
      assert.deepEqual([signal, stdout], ['SIGTERM', Buffer.alloc(3)])
    }
  })

  test('that is not reached, and none', async () => {
    for (const call of Object.values(both)) {
      for (const timeout of [60_000, 0, undefined]) assert.deepEqual(await call(nothing, { timeout }), ended)
    }
  })

  test('that is not reached does not keep the process', () => {
    const began = performance.now()
    child(`run(${JSON.stringify(nothing)}, { timeout: 60_000 }); runSync(${JSON.stringify(nothing)}, { timeout: 60_000 })`)
    assert.ok(performance.now() - began < 30_000)
  })
})

describe('maxBuffer', () => {
  const stderr = program('(i32.store (i32.const 4) (i32.const 100)) (drop (call $fd_write (i32.const 2) (i32.const 0) (i32.const 1) (i32.const 8)))')
  for (const [name, call] of Object.entries(both)) {
    test(`of ${name}()`, async () => {
      const over = (source, options, stream) => call(source, options).then(
        result => assert.fail(JSON.stringify(result)),
        error => check(error, RangeError, { code: 'ERR_WASMPORT_MAX_BUFFER' }, stream, 'maxBuffer'),
      )
      await over(flood(1 << 30), { stdout: 'pipe', maxBuffer: 100_000 }, 'stdout')
      await over(flood(1), { stdout: 'pipe', maxBuffer: 0 }, 'stdout')
      await over(stderr, { stdout: 'pipe', stderr: 'pipe', maxBuffer: 99 }, 'stderr')
      for (const maxBuffer of [65536, Infinity, undefined]) {
        assert.equal((await call(flood(1), { stdout: 'pipe', maxBuffer })).stdout.length, 65536)
      }
      assert.equal((await call(stderr, { stderr: 'pipe', maxBuffer: 100 })).stderr.length, 100)
      assert.deepEqual(await call(flood(2), { stdout: 'ignore', maxBuffer: 1 }), ended, 'it is about what is collected')
    })
  }

  test('is not about streams', async () => {
    const running = run(flood(4), { stdout: 'pipe', maxBuffer: 1 })
    running.stdout.resume()
    assert.deepEqual(await running, ended)
    assert.deepEqual(await run(flood(4), { stdout: new Writable({ write(chunk, encoding, done) { done() } }), maxBuffer: 1 }), ended)
  })
})

describe('by itself', () => {
  for (const [name, call] of Object.entries(both)) {
    test(`${name}(): with any exit code`, async () => {
      for (const code of [0, 1, 125, 126, 255, 256, 65_536, -1]) {
        assert.deepEqual(await call(program(`(call $exit (i32.const ${code}))`)), { ...ended, exitCode: code })
      }
    })

    test(`${name}(): by a signal that it raises`, async () => {
      for (const [number, signal] of [[6, 'SIGABRT'], [15, 'SIGTERM'], [2, 'SIGINT'], [9, 'SIGKILL']]) {
        const raises = program(`(drop (call $write (i32.const 1))) (drop (call $raise (i32.const ${number})))`)
        assert.deepEqual(await call(raises, { stdout: 'pipe' }), { ...ended, exitCode: null, signal, stdout: Buffer.alloc(1) })
      }
    })
  }
})

describe('functions of JavaScript that it imports', () => {
  const calls = (parameters, results, body) => `(module
    (import "env" "f" (func $f (param ${parameters}) (result ${results})))
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (memory (export "memory") 1) (data (i32.const 8) "text")
    (func (export "_start") ${body}))`
  const add = calls('i32 i32', 'i32', '(call $exit (call $f (i32.const 20) (i32.const 22)))')

  test('are called on the JS thread while the program waits, and may be async', async () => {
    assert.equal((await run(add, { imports: { env: { f: (a, b) => a + b } } })).exitCode, 42)
    assert.equal((await run(add, { imports: { env: { async f(a, b) { await delay(20); return a * b } } } })).exitCode, 440)
    let ticks = 0
    const timer = setInterval(() => ticks++, 5)
    await run(add, { imports: { env: { f: () => delay(200, 1) } } })
    clearInterval(timer)
    assert.ok(ticks > 5)
  })

  test('have numbers, and bigint for i64', async () => {
    const source = calls('i64 f32 f64', 'i64', '(call $exit (i32.wrap_i64 (call $f (i64.const -1) (f32.const 0.5) (f64.const 1.25))))')
    let given
    assert.equal((await run(source, { imports: { env: { f: (...args) => { given = args; return 2n ** 32n + 7n } } } })).exitCode, 7)
    assert.deepEqual(given, [-1n, 0.5, 1.25])
  })

  test('read and write the memory of the program until they have given their result', async () => {
    const source = calls('i32', 'i32', '(drop (call $f (i32.const 8))) (call $exit (i32.load8_u (i32.const 8)))')
    let later
    const f = async function (address) {
      later = this
      assert.equal(Buffer.from(this.readMemory(address, 4)).toString(), 'text')
      await delay(10)
      this.writeMemory(BigInt(address), new Uint8Array([65]))
      refuses(() => this.readMemory(65_535, 2), RangeError, { code: 'ERR_WASMPORT_VALUE' })
      refuses(() => this.writeMemory(65_535, new Uint8Array(2)), RangeError, { code: 'ERR_WASMPORT_VALUE' })
      return 0
    }
    assert.equal((await run(source, { imports: { env: { f } } })).exitCode, 65)
    assert.throws(() => later.readMemory(0, 1), Error)
  })

  test('read and write at the addresses that they get, from 2 GiB on too', async () => {
    const source = `(module (import "env" "f" (func $f (param i32))) (memory (export "memory") 40000)
      (data (i32.const 0) "zero")
      (func (export "_start")
        (i32.store (i32.const 0x90000000) (i32.const 0x21212121)) (call $f (i32.const 0x90000000))
        (if (i32.ne (i32.load (i32.const 0x90000000)) (i32.const 0x3f3f3f3f)) (then unreachable))))`
    const f = function (address) {
      assert.equal(address, 0x90000000 - 2 ** 32)
      assert.equal(Buffer.from(this.readMemory(address, 4)).toString(), '!!!!')
      assert.equal(Buffer.from(this.readMemory(0x90000000, 4)).toString(), '!!!!')
      this.writeMemory(address, Buffer.from('????'))
      assert.equal(Buffer.from(this.readMemory(0, 4)).toString(), 'zero')
      refuses(() => this.readMemory(-1, 1), RangeError, { code: 'ERR_WASMPORT_VALUE' }, 'this.readMemory: 1 bytes at address 4294967295')
    }
    await run(source, { imports: { env: { f } } })
  })

  test('read and write nothing for arguments that are wrong', async () => {
    const source = calls('', '', '(call $f) (call $exit (i32.load (i32.const 0)))')
    const f = function () {
      const wrong = [TypeError, { code: 'ERR_WASMPORT_VALUE' }]
      for (const address of [undefined, null, NaN, 0.5, -0.5, -(2 ** 31) - 1, '0', -1n, {}]) {
        refuses(() => this.readMemory(address, 1), ...wrong, 'this.readMemory: address must be')
        refuses(() => this.writeMemory(address, Buffer.from('x')), ...wrong, 'this.writeMemory: address must be')
      }
      for (const length of [undefined, NaN, 0.5, -1, '1', 1n]) refuses(() => this.readMemory(0, length), ...wrong, 'this.readMemory: length must be')
      for (const bytes of [undefined, null, 'abc', 4, [1], {}]) refuses(() => this.writeMemory(0, bytes), ...wrong, 'this.writeMemory: bytes must be')
      const beyond = [RangeError, { code: 'ERR_WASMPORT_VALUE' }]
      refuses(() => this.readMemory(0, 2 ** 32 + 4), ...beyond, 'this.readMemory: length')
      refuses(() => this.readMemory(65_535, 2), ...beyond, 'this.readMemory: 2 bytes at address 65535')
      refuses(() => this.writeMemory(2n ** 70n, new Uint8Array(1)), ...beyond, 'this.writeMemory: 1 bytes')
    }
    assert.equal((await run(source, { imports: { env: { f } } })).exitCode, 0)
  })

  test('write what any buffer holds', async () => {
    const source = calls('', '', '(call $f) (call $exit (i32.load (i32.const 0)))')
    const shared = new Uint8Array(new SharedArrayBuffer(4))
    for (const bytes of [new ArrayBuffer(1), shared, shared.buffer, new DataView(new ArrayBuffer(9), 8), new Uint16Array(1)]) {
      ArrayBuffer.isView(bytes) ? new Uint8Array(bytes.buffer).fill(7) : new Uint8Array(bytes).fill(7)
      let read
      await run(source, { imports: { env: { f() { this.writeMemory(0, bytes); read = this.readMemory(0, bytes.byteLength + 1) } } } })
      assert.deepEqual([...read], [...Array(bytes.byteLength).fill(7), 0])
    }
  })

  test('end the program by what they throw, which run() rejects with', async () => {
    for (const thrown of [new Error('mine'), undefined, 'text']) {
      for (const f of [() => { throw thrown }, async () => { throw thrown }, () => delay(10).then(() => Promise.reject(thrown))]) {
        const seen = await run(add, { imports: { env: { f } } }).then(() => assert.fail('resolved'), error => ({ error }))
        assert.equal(seen.error, thrown)
      }
    }
    await assert.rejects(run(add, { imports: { env: { f: () => 1n } } }), TypeError)
  })

  test('that are missing are a LinkError', async () => {
    for (const imports of [undefined, {}, { env: {} }, { env: { f: 1 } }]) {
      const error = await run(add, { imports }).then(() => assert.fail('resolved'), error => error)
      check(error, WebAssembly.LinkError, { code: 'ERR_WASMPORT_LINK', importModule: 'env', importName: 'f' }, 'env.f')
    }
    refuses(() => runSync(add), WebAssembly.LinkError, { code: 'ERR_WASMPORT_LINK' }, 'env.f')
  })

  test('do not keep the process when the program has ended', () => {
    child(`run(${JSON.stringify(add)}, { imports: { env: { f: async (a, b) => a + b } } }).then(({ exitCode }) => console.log(exitCode))`)
  })
})

describe('many', () => {
  const threads = () => readdirSync('/proc/self/task').length

  test('100 at once are on a bounded set of threads', { skip: process.platform !== 'linux' }, async () => {
    await run(nothing)
    const before = threads()
    const brief = program('(call $sleep (i64.const 200000000))')
    const all = Array.from({ length: 100 }, () => run(brief))
    await delay(100)
    const during = threads()
    assert.ok((await Promise.all(all)).every(({ exitCode }) => exitCode === 0))
    assert.ok(during > before + 10 && during <= before + 70, `${before} threads, then ${during}`)
    for (let n = 0; n < 100 && threads() > before; n++) await delay(100)
    assert.ok(threads() <= before, 'which end')
  })

  test('10,000 runs leave nothing: neither memory nor descriptors', { skip: process.platform !== 'linux' }, () => {
    const printed = child(`
      const { readdirSync } = require('node:fs')
      const program = ${JSON.stringify(program('(drop (call $write (i32.const 100)))'))}
      const ways = [
        {}, { stdout: 'pipe' }, { stdin: 'x', preopens: { '/': '.' } }, { timeout: 60000 }, { signal: new AbortController().signal },
        { stdin: 'pipe', stdout: 'pipe', live: true },
      ]
      const one = async n => {
        const { live, ...options } = ways[n % ways.length]
        const running = run(program, { stdout: 'ignore', ...options })
        if (live) running.stdout.resume()
        const { exitCode } = await running
        if (exitCode !== 0) throw new Error('exit code ' + exitCode)
      }
      const some = async count => {
        for (let n = 0; n < count; n += 20) {
          await Promise.all(Array.from({ length: 20 }, (_, index) => one(n + index)))
          if (n % 200 === 0) gc()
        }
        for (let n = 0; n < 5; n++) { gc(); await new Promise(resolve => setTimeout(resolve, 10)) }
        return [process.memoryUsage.rss() / 2 ** 20, readdirSync('/proc/self/fd').length]
      }
      ;(async () => {
        const [early, files] = await some(4000)
        const [late, filesLeft] = await some(6000)
        console.log(JSON.stringify({ grown: late - early, files: filesLeft - files }))
      })()`, { flags: ['--expose-gc'] })
    const { grown, files } = JSON.parse(printed)
    assert.ok(grown < 8, `${grown} MiB`)
    assert.equal(files, 0)
  })
})

test('a worker that ends ends its programs', { skip: process.platform !== 'linux' }, async () => {
  const running = () => readdirSync('/proc/self/task').filter(id => {
    try {
      return readFileSync(`/proc/self/task/${id}/comm`, 'utf8').startsWith('wasmport-run')
    } catch {
      return false
    }
  })
  const { code, messages } = await inWorker(`
    run(${JSON.stringify(loop)}, { timeout: 600_000 })
    run(${JSON.stringify(sleep)}, { signal: new AbortController().signal, stdin: 'pipe', stdout: 'pipe' })
    run(Buffer.from(${JSON.stringify(cat.toString('base64'))}, 'base64'), { stdin: 'pipe', timeout: 600_000 })
    setTimeout(() => { parentPort.postMessage('ends'); process.exit(3) }, 300)`)
  assert.deepEqual([code, messages], [3, ['ends']])
  // Threads that have nothing to do end after some seconds; one with a loop would not.
  for (let n = 0; n < 200 && running().length > 0; n++) await delay(100)
  assert.deepEqual(running(), [])
})

test('the process may end while programs run that are streamed, timed and abortable', () => {
  const { status, signal, stderr } = spawnAsync(`
    const one = options => run(${JSON.stringify(loop)}, options)
    one({ stdin: 'pipe', stdout: 'pipe' }).stdout.resume(); one({ timeout: 60_000 }); one({ signal: new AbortController().signal })
    setTimeout(() => process.exit(5), 200)`)
  assert.deepEqual([status, signal, stderr], [5, null, ''])
})
