// The streams of run(): live ones, those of the user, and what becomes of them.

import assert from 'node:assert/strict'
import { spawn as spawnProcess } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createReadStream, createWriteStream, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough, Readable, Writable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { run } from '../index.js'
import { cat, EPIPE, flood, nothing, program } from './fixtures/programs.mjs'
import { scratch, spawnAsync } from './fixtures/scratch.mjs'
import { api, check, inWorker, thrown } from './helpers.mjs'

const ended = { exitCode: 0, signal: null, stdout: null, stderr: null }
const sha = bytes => createHash('sha256').update(bytes).digest('hex')
const collect = async stream => Buffer.concat(await stream.toArray())
const openFiles = () => readdirSync('/proc/self/fd').length

/** A Writable that keeps what it gets. */
function sink(write = (chunk, encoding, done) => done()) {
  const chunks = []
  const stream = new Writable({
    write(chunk, encoding, done) {
      chunks.push(chunk)
      write(chunk, encoding, done)
    },
  })
  return Object.assign(stream, { text: () => Buffer.concat(chunks).toString(), size: () => chunks.reduce((sum, { length }) => sum + length, 0) })
}

/** Fails unless `promise` is still pending after some time. */
async function pends(promise, time = 200) {
  let settled = false
  promise.then(() => { settled = true }, () => { settled = true })
  await delay(time)
  assert.ok(!settled, 'settled')
}

describe('the streams of what run() returns', () => {
  test('are those that are pipes, and null else', async () => {
    const running = run(nothing, { stdin: 'ignore' })
    assert.deepEqual([running.stdin, running.stdout, running.stderr], [null, null, null])
    assert.deepEqual(await running, ended)
    const piped = run(cat, { stdin: 'pipe', stdout: 'pipe', stderr: 'pipe' })
    assert.ok(piped.stdin instanceof Writable)
    assert.ok(piped.stdout instanceof Readable)
    assert.equal(piped.stdout, piped.stdout)
    piped.stdout.resume()
    piped.stdin.end()
    assert.deepEqual(await piped, { ...ended, stderr: Buffer.alloc(0) }, 'what is not taken is collected')
  })

  test('converse with a program while it runs', async () => {
    const running = run(cat, { stdin: 'pipe', stdout: 'pipe' })
    for (const text of ['one', 'two', 'three']) {
      running.stdin.write(text)
      const [answer] = await once(running.stdout, 'data')
      assert.equal(answer.toString(), text)
      // Paused in between: `once` would miss what comes early.
      await pends(running, 20)
    }
    running.stdin.end()
    assert.deepEqual(await running, ended)
  })

  test('take input before the program begins, and give all of the output, of any size', async () => {
    const input = randomBytes(5 << 20)
    const running = run(cat, { stdin: 'pipe', stdout: 'pipe' })
    running.stdin.end(input)
    const [output, result] = await Promise.all([collect(running.stdout), running])
    assert.equal(sha(output), sha(input))
    assert.deepEqual(result, ended)
  })

  test('can be iterated', async () => {
    const running = run(cat, { args: ['a', 'b'], stdin: 'ignore', stdout: 'pipe' })
    let text = ''
    for await (const chunk of running.stdout.setEncoding('utf8')) text += chunk
    assert.equal(text, 'a\nb\n')
    await running
  })

  test('cannot be taken when the program has begun', async () => {
    const running = run(cat, { args: ['a'], stdin: 'ignore', stdout: 'pipe' })
    const { stdout } = await running
    assert.equal(stdout.toString(), 'a\n')
    check(thrown(() => running.stdout), TypeError, { code: 'ERR_WASMPORT_OPTION' }, '"stdout"', 'before the program begins', 'in the result')
    assert.equal(running.stderr, null)
  })

  test('what nobody has begun to read when the program ends is discarded', async () => {
    const running = run(flood(1), { stdout: 'pipe' })
    const { stdout } = running
    // 64 KiB are all that the pipe holds.
    assert.deepEqual(await running, ended)
    assert.ok(stdout.destroyed)
  })

  test('a program waits for who reads slowly', async () => {
    const running = run(flood(512), { stdout: 'pipe' })
    const { stdout } = running
    let size = 0
    stdout.on('data', ({ length }) => { size += length })
    stdout.pause()
    const before = process.memoryUsage.rss()
    await pends(running, 500)
    assert.ok(size === 0 && stdout.readableLength <= 256 << 10, `${stdout.readableLength} bytes are buffered`)
    assert.ok(process.memoryUsage.rss() - before < 16 << 20)
    stdout.resume()
    assert.deepEqual(await running, ended)
    assert.equal(size, 32 << 20)
  })

  test('closed by who reads, they are an error of the program and nobody else\'s', async () => {
    const running = run(flood(100_000), { stdout: 'pipe' })
    running.stdout.once('data', () => running.stdout.destroy())
    assert.deepEqual(await running, { ...ended, exitCode: EPIPE })
  })

  test('written to when the program does not read any more, they are an EPIPE', async () => {
    const closes = `(module (import "wasi_snapshot_preview1" "fd_close" (func $close (param i32) (result i32)))
      (import "env" "wait" (func $wait)) (memory (export "memory") 1)
      (func (export "_start") (drop (call $close (i32.const 0))) (call $wait)))`
    const running = run(closes, { stdin: 'pipe', imports: { env: { wait: async () => {
      running.stdin.write('x')
      const [error] = await once(running.stdin, 'error')
      assert.equal(error.code, 'EPIPE')
    } } } })
    assert.deepEqual(await running, ended)
  })

  test('are closed when the program has ended, or never began', async () => {
    const readOne = program('(drop (call $read (i32.const 1)))')
    // What is compiled keeps a file of the code cache.
    await run(readOne, { stdin: 'x' })
    const before = openFiles()
    const begun = run(readOne, { stdin: 'pipe', stdout: 'pipe', stderr: 'pipe' })
    begun.stdin.write(Buffer.alloc(1 << 20))
    begun.stdout.resume()
    await begun
    assert.ok(begun.stdin.destroyed && begun.stdout.destroyed)
    const failed = run('(module', { stdin: 'pipe', stdout: 'pipe' })
    const { stdin, stdout } = failed
    await assert.rejects(failed, { code: 'ERR_WASMPORT_COMPILE' })
    assert.ok(stdin.destroyed && stdout.destroyed)
    for (let n = 0; n < 100 && openFiles() > before; n++) await delay(20)
    assert.ok(openFiles() <= before, `${openFiles() - before} descriptors are left`)
  })

  test('end with the error of a run that fails, also for who uses nothing else', async () => {
    const iterate = async running => {
      running.catch(() => {})
      for await (const chunk of running.stdout) assert.fail(String(chunk))
    }
    const options = { stdin: 'pipe', stdout: 'pipe' }
    await assert.rejects(iterate(run('/nowhere/x.wasm', options)), { code: 'ENOENT' })
    await assert.rejects(iterate(run(nothing, { ...options, arguments: [] })), { code: 'ERR_WASMPORT_OPTION', message: /"arguments"/ })
    await assert.rejects(iterate(run(nothing, { ...options, signal: AbortSignal.abort() })), { name: 'AbortError' })
    await assert.rejects(iterate(run(cat, { ...options, signal: AbortSignal.timeout(100) })), { name: 'AbortError' })
    const refused = run(42, options)
    refused.stdin.write('x')
    refused.stdout.resume()
    await assert.rejects(refused, { code: 'ERR_WASMPORT_OPTION' })
  })
})

describe('a Readable as input', () => {
  test('is read to its end', async () => {
    const bytes = randomBytes(3 << 20)
    const dir = scratch({ input: bytes })
    const file = await run(cat, { stdin: createReadStream(join(dir, 'input')), stdout: 'pipe' })
    assert.equal(sha(file.stdout), sha(bytes))
    const parts = await run(cat, { stdin: Readable.from(['a', Buffer.from('b'), 'ä']), stdout: 'pipe' })
    assert.equal(parts.stdout.toString(), 'abä')
    const empty = await run(cat, { stdin: Readable.from([]), stdout: 'pipe' })
    assert.equal(empty.stdout.length, 0)
    const live = new PassThrough()
    const running = run(cat, { stdin: live, stdout: 'pipe' })
    running.stdout.once('data', () => live.end('second'))
    live.write('first')
    const [output] = await Promise.all([collect(running.stdout), running])
    assert.equal(output.toString(), 'firstsecond')
  })

  test('that has ended is an input without bytes', async () => {
    const stdin = Readable.from(['x'])
    await run(cat, { stdin, stdout: 'ignore' })
    assert.equal((await run(cat, { stdin, stdout: 'pipe' })).stdout.length, 0)
  })

  test('gives no more than the program takes', async () => {
    let given = 0
    const stdin = new Readable({ read() { given += 65536; this.push(Buffer.alloc(65536)) } })
    const running = run(program('(call $sleep (i64.const 300000000))'), { stdin })
    await running
    assert.ok(given <= 1 << 20, `${given} bytes were taken`)
    assert.ok(!stdin.destroyed)
  })

  test('stays open, and serves the next program', async () => {
    const stdin = new PassThrough()
    const readOne = program('(drop (call $read (i32.const 65536))) (drop (call $write (i32.load (i32.const 8))))')
    for (const text of ['one', 'two', 'three']) {
      stdin.write(text)
      assert.equal((await run(readOne, { stdin, stdout: 'pipe' })).stdout.toString(), text)
      assert.ok(stdin.isPaused() && !stdin.destroyed)
    }
    for (const event of ['data', 'end', 'close', 'drain']) assert.ok(stdin.listenerCount(event) <= 1, event)
  })

  test('that fails ends the input, and is what run() rejects with when the program has ended', async () => {
    const seen = sink()
    const failing = new Error('no more')
    const stdin = Readable.from((async function* () { yield 'some'; await delay(50); throw failing })())
    await assert.rejects(run(cat, { stdin, stdout: seen }), error => error === failing)
    assert.equal(seen.text(), 'some')
    await assert.rejects(run(cat, { stdin: createReadStream('/nowhere'), stdout: 'ignore' }), { code: 'ENOENT', path: '/nowhere' })
    await assert.rejects(run(cat, { stdin: new PassThrough().destroy(), stdout: 'ignore' }), { code: 'ERR_STREAM_PREMATURE_CLOSE' })
    const late = new PassThrough()
    setTimeout(() => late.destroy(), 50)
    await assert.rejects(run(cat, { stdin: late, stdout: 'ignore' }), { code: 'ERR_STREAM_PREMATURE_CLOSE' })
  })

  test('of something else than strings and bytes is refused', async () => {
    await assert.rejects(run(cat, { stdin: Readable.from([{ a: 1 }]), stdout: 'ignore' }), error => {
      check(error, TypeError, { code: 'ERR_WASMPORT_OPTION' }, '"stdin" must be a Readable of strings or bytes; got an object (Object)')
      return true
    })
  })

  test('that fails as the program ends is no error of the process', () => {
    const { stdout, stderr, status } = spawnAsync(`
      const { Readable } = require('node:stream')
      const stdin = new Readable({ read() {} })
      await run(${JSON.stringify(nothing)}, { stdin })
      stdin.destroy(new Error('too late'))
      await new Promise(resolve => setTimeout(resolve, 50))
      process.stdout.write('alive')`)
    assert.deepEqual([stdout, stderr, status], ['alive', '', 0])
  })
})

describe('a Writable as output', () => {
  test('has got everything when run() resolves, and stays open', async () => {
    const slow = sink((chunk, encoding, done) => setTimeout(done, 20))
    const input = 'x'.repeat(200_000)
    assert.deepEqual(await run(cat, { stdin: input, stdout: slow }), ended)
    assert.equal(slow.text(), input)
    assert.equal(slow.writableLength, 0)
    assert.ok(slow.writable)
    for (const event of ['close', 'drain', 'finish']) assert.equal(slow.listenerCount(event), 0, event)
  })

  test('may be a file, and one for several programs and both outputs', async () => {
    const path = join(scratch(), 'out')
    const file = createWriteStream(path)
    for (const stdin of ['one\n', 'two\n']) await run(cat, { stdin, stdout: file, stderr: file })
    await finished(file.end())
    assert.equal(readFileSync(path, 'utf8'), 'one\ntwo\n')
  })

  test('a program waits for it', async () => {
    let go
    const gate = new Promise(resolve => { go = resolve })
    const slow = sink((chunk, encoding, done) => gate.then(() => done()))
    const before = process.memoryUsage.rss()
    const running = run(flood(512), { stdout: slow })
    await pends(running, 500)
    assert.ok(slow.size() + slow.writableLength <= 256 << 10, `${slow.writableLength} bytes wait`)
    assert.ok(process.memoryUsage.rss() - before < 16 << 20)
    go()
    assert.deepEqual(await running, ended)
    assert.equal(slow.size(), 32 << 20)
  })

  test('that fails is an EPIPE for the program, and what run() rejects with when that has ended', async () => {
    const full = new Error('full')
    await assert.rejects(run(flood(100_000), { stdout: sink((chunk, encoding, done) => done(full)) }), error => error === full)
    await assert.rejects(run(cat, { stdin: 'x', stdout: createWriteStream('/nowhere/out') }), { code: 'ENOENT', path: '/nowhere/out' })
  })

  test('that fails is told by run(), also where its event comes when the program has long ended', async () => {
    const full = new Error('full')
    const stdout = new Writable({
      write: (chunk, encoding, done) => setTimeout(done, 20, full),
      destroy: (error, done) => setTimeout(done, 100, error),
    })
    await assert.rejects(run(cat, { stdin: 'x', stdout }), error => error === full)
    // No error of the process.
    await delay(200)
    assert.ok(stdout.closed)
  })

  test('that fails when its program was aborted is no error of the process while that had it write', async () => {
    let fail
    const stdout = new Writable({ write: (chunk, encoding, done) => { fail = done } })
    const controller = new AbortController()
    const running = run(flood(100_000), { stdout, signal: controller.signal })
    while (!fail) await delay(5)
    controller.abort()
    await assert.rejects(running, { name: 'AbortError' })
    await delay(20)
    assert.equal(stdout.listenerCount('error'), 1)
    fail(new Error('too late'))
    await finished(stdout).catch(() => {})
  })

  test('that is closed is an EPIPE for the program alone', async () => {
    for (const close of ['destroy', 'end']) {
      const stdout = sink()
      const running = run(flood(100_000), { stdout })
      setTimeout(() => stdout[close](), 50)
      assert.deepEqual(await running, { ...ended, exitCode: EPIPE }, close)
    }
  })

  test('gets what a program wrote before it trapped', async () => {
    const stdout = sink()
    const traps = program('(i32.store (i32.const 65536) (i32.const 0x216f6e21)) (drop (call $write (i32.const 4))) (unreachable)')
    await assert.rejects(run(traps, { stdout }), { code: 'ERR_WASMPORT_TRAP' })
    assert.equal(stdout.text(), '!no!')
  })
})

describe('a stream of the user', () => {
  const streams = { stdin: () => new PassThrough(), stdout: () => sink() }
  const counts = stream => stream.eventNames().map(event => [event, stream.listenerCount(event)])

  for (const [name, make] of Object.entries(streams)) {
    test(`has one listener of each event for any number of programs, and none after them (${name})`, async () => {
      const warnings = []
      const warned = warning => warnings.push(warning.message)
      process.on('warning', warned)
      const stream = make()
      const before = counts(stream)
      const waits = program('(call $sleep (i64.const 200000000))')
      const running = Array.from({ length: 30 }, () => run(waits, { [name]: stream }))
      await delay(50)
      for (const event of ['data', 'error', 'close', 'drain']) assert.ok(stream.listenerCount(event) <= 1, event)
      assert.equal(stream.listenerCount('error'), 1)
      await Promise.all(running)
      await delay(20)
      process.off('warning', warned)
      assert.deepEqual(counts(stream), before)
      assert.deepEqual(warnings, [])
      assert.ok(!stream.destroyed)
    })

    test(`is the user's again when the program has ended: its errors are uncaught (${name})`, () => {
      const made = { stdin: 'new PassThrough()', stdout: 'new PassThrough().resume()' }[name]
      const { stdout, status } = spawnAsync(`
        const { PassThrough } = require('node:stream')
        const stream = ${made}
        process.on('uncaughtException', error => console.log('uncaught:', error.message))
        await run(${JSON.stringify(nothing)}, { ${name}: stream })
        await new Promise(resolve => setTimeout(resolve, 20))
        stream.destroy(new Error('an hour later'))`)
      assert.deepEqual([stdout, status], ['uncaught: an hour later\n', 0])
    })
  }

  test('one output gets everything of many programs', async () => {
    const stdout = sink((chunk, encoding, done) => setImmediate(done))
    await Promise.all(Array.from({ length: 30 }, (_, n) => run(cat, { stdin: String(n % 10).repeat(100_000), stdout })))
    const bytes = stdout.text()
    for (let n = 0; n < 10; n++) assert.equal(bytes.split(String(n)).length - 1, 300_000)
  })
})

describe('the process', () => {
  const child = script => {
    const code = `const { run } = require(${JSON.stringify(api)}); (async () => { ${script} })()`
    return spawnProcess(process.execPath, ['-e', code], { stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, NODE_TEST_CONTEXT: undefined } })
  }

  test('ends although a stream that was an input stays open', async () => {
    const scripts = {
      'process.stdin': `await run(${JSON.stringify(nothing)}, { stdin: process.stdin })`,
      'a PassThrough': `await run(${JSON.stringify(nothing)}, { stdin: new (require('node:stream').PassThrough)() })`,
      'running.stdin': `await run(${JSON.stringify(nothing)}, { stdin: 'pipe', stdout: 'pipe' })`,
      'an output taken': `const r = run(${JSON.stringify(nothing)}, { stdout: 'pipe' }); r.stdout; await r`,
    }
    for (const [what, script] of Object.entries(scripts)) {
      // Its standard input is never closed.
      const started = child(script)
      const [status] = await once(started, 'exit')
      assert.equal(status, 0, what)
    }
  })

  test('passes its own streams on as streams', async () => {
    const started = child(`
      const cat = Buffer.from(${JSON.stringify(cat.toString('base64'))}, 'base64')
      await run(cat, { stdin: process.stdin, stdout: process.stdout })`)
    started.stdin.end('through')
    assert.equal((await collect(started.stdout)).toString(), 'through')
  })
})

test('in a worker it is the same, without a warning', async () => {
  const { code, messages, error } = await inWorker(`
    process.on('warning', warning => parentPort.postMessage(String(warning)))
    const { PassThrough } = require('node:stream')
    const running = run(workerData, { stdin: 'pipe', stdout: 'pipe' })
    running.stdin.end('text')
    const output = new PassThrough()
    Promise.all([running.stdout.toArray(), running, run(workerData, { stdin: "x", stdout: output })])
      .then(([chunks]) => parentPort.postMessage(Buffer.concat(chunks).toString()))`, { workerData: cat, stdin: false })
  assert.deepEqual([code, messages, error], [0, ['text'], undefined])
})
