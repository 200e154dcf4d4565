// What a WASI guest is given: arguments, variables, files, streams, and a way to end. wasi_sandbox.spec.mjs has what it is not.

import assert from 'node:assert/strict'
import { spawn as spawnChild } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { load, loadSync, run, runSync } from '../index.js'
import { scratch, spawnAsync } from './fixtures/scratch.mjs'
import { syscalls } from './guests/syscalls.mjs'
import { refuses } from './helpers.mjs'

const command = new URL('guests/command.wasm', import.meta.url)
const reactor = new URL('guests/reactor.wasm', import.meta.url)
const helper = new URL('guests/syscalls.mjs', import.meta.url).href

/** What a C program writes with these arguments. It must end with `exitCode`. */
async function output(args, { exitCode = 0, ...options } = {}) {
  const result = await run(command, { args: ['command', ...args], stdin: 'ignore', stdout: 'pipe', stderr: 'pipe', ...options })
  assert.equal(result.exitCode, exitCode, result.stderr.toString())
  return (exitCode === 0 ? result.stdout : result.stderr).toString()
}

// Writes a line and says in its exit code how that went.
const HELLO = `(import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))`
const hello = text => `(data (i32.const 100) "${text}\\n")
  (func $hello (result i32)
    (i32.store (i32.const 0) (i32.const 100)) (i32.store (i32.const 4) (i32.const ${text.length + 1}))
    (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))`

describe('a command', () => {
  test('gets its arguments and environment, in order and whole', async () => {
    assert.equal(await output(['args', '', 'zwei wörter', '--x=1']), 'command\nargs\n\nzwei wörter\n--x=1\n')
    assert.equal(await output(['env'], { env: { B: '1', A: 'x=y z', EMPTY: '' } }), 'B=1\nA=x=y z\nEMPTY=\n')
  })

  test('reads a string or bytes and writes to a pipe', async () => {
    assert.equal(await output(['upper'], { stdin: 'grüße\n' }), 'GRüßE\n')
    assert.equal(await output(['upper'], { stdin: new Uint8Array([0x61, 0, 0x62]) }), 'A\0B')
    assert.equal(await output(['upper'], { stdin: '' }), '')
    assert.equal(await output(['upper'], { stdin: 'ignore' }), '')
  })

  test('reads and writes files in its directories', async () => {
    const dir = scratch({ 'in/a.txt': 'some text', 'in/b/c': '' })
    mkdirSync(join(dir, 'out'))
    const preopens = { '/in': { path: join(dir, 'in'), readonly: true }, '/out': join(dir, 'out') }
    assert.deepEqual((await output(['list', '/in'], { preopens })).trim().split('\n').sort(), ['.', '..', 'a.txt', 'b'])
    await output(['copy', '/in/a.txt', '/out/copy.txt'], { preopens })
    assert.equal(readFileSync(join(dir, 'out/copy.txt'), 'utf8'), 'some text')
    assert.match(await output(['copy', '/out/copy.txt', '/in/new'], { preopens, exitCode: 1 }), /^\/in\/new: /)
    assert.match(await output(['copy', '/in/missing', '/out/x'], { preopens, exitCode: 1 }), /^\/in\/missing: No such file/)
    assert.match(await output(['list', '/etc'], { preopens, exitCode: 1 }), /^\/etc: /)
    assert.deepEqual(readdirSync(join(dir, 'in')), ['a.txt', 'b'])
    assert.deepEqual(readdirSync(join(dir, 'out')), ['copy.txt'])
  })

  test('stdio is inherited unless told otherwise', () => {
    const pick = ({ stdout, stderr, status }) => [stdout, stderr, status]
    const upper = `const r = await run(${JSON.stringify(command.href)}, { args: ['c', 'upper'] })
      if (r.stdout !== null || r.stderr !== null) throw new Error('captured')`
    assert.deepEqual(pick(spawnAsync(upper, { input: 'typed' })), ['TYPED', '', 0])
    const fail = `const { exitCode } = runSync(${JSON.stringify(command.href)}, { args: ['c', 'list', '/x'] }); process.exitCode = 40 + exitCode`
    const [stdout, stderr, status] = pick(spawnAsync(fail, { input: '' }))
    assert.deepEqual([stdout, status], ['', 41])
    assert.match(stderr, /^\/x: .*\n$/)
    const ignore = `await run(${JSON.stringify(command.href)}, { args: ['c', 'upper'], stdout: 'ignore', stderr: 'ignore' })`
    assert.deepEqual(pick(spawnAsync(ignore, { input: 'typed' })), ['', '', 0])
  })

  test('whatever it exits with is a result', async () => {
    for (const code of [0, 3, 126, 127, 255]) {
      assert.deepEqual(await run(command, { args: ['c', 'exit', `${code}`] }), { exitCode: code, signal: null, stdout: null, stderr: null })
      assert.equal(runSync(command, { args: ['c', 'exit', `${code}`] }).exitCode, code)
    }
    const exit = code => `(module (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
      (func (export "_start") (call $exit (i32.const ${code})) unreachable))`
    assert.equal(runSync(exit(-1)).exitCode, -1)
    assert.equal(runSync(exit(0x7fffffff)).exitCode, 0x7fffffff)
  })

  test('may exit in its start function', () => {
    const text = `(module (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
      (func $s (call $exit (i32.const 5))) (start $s) (func (export "_start") unreachable))`
    assert.equal(runSync(text).exitCode, 5)
  })
})

describe('memory', () => {
  const pipe = text => runSync(text, { stdout: 'pipe' }).stdout.toString()

  test('is found under any name', () => {
    assert.equal(pipe(`(module ${HELLO} (memory (export "weird name") 1) ${hello('found')} (func (export "_start") (drop (call $hello))))`), 'found\n')
  })

  test('is the one named memory if there are several', () => {
    assert.equal(pipe(`(module ${HELLO} (memory (export "memory") 1) (memory (export "other") 1) ${hello('first')}
      (func (export "_start") (drop (call $hello))))`), 'first\n')
    assert.equal(pipe(`(module ${HELLO} (memory (export "other") 1) (memory $m (export "memory") 1)
      (data (memory $m) (i32.const 0) "\\64\\00\\00\\00\\07\\00\\00\\00") (data (memory $m) (i32.const 100) "second\\n")
      (func (export "_start") (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))`), 'second\n')
  })

  test('is there for a start function, which runs before anything is bound', () => {
    assert.equal(pipe(`(module ${HELLO} (memory (export "mem") 1) ${hello('early')}
      (func $s (drop (call $hello))) (start $s) (func (export "_start") (drop (call $hello))))`), 'early\nearly\n')
  })

  test('may be imported from another instance', () => {
    const { memory } = loadSync('(module (memory (export "memory") 4))')
    const guest = syscalls({ args: ['imported'] }, { memory: '(import "env" "memory" (memory 1))', imports: { env: { memory } } })
    assert.deepEqual(guest.strings('args'), ['imported'])
    assert.equal(Buffer.from(memory.buffer, 8192, 8).toString(), 'imported')
  })

  test('may be imported by a module whose start function uses it', () => {
    const text = `(module ${HELLO} (import "env" "m" (memory 1)) ${hello('shared')} (func $s (drop (call $hello))) (start $s))`
    const result = spawnAsync(`const { m } = loadSync('(module (memory (export "m") 1))')
      loadSync(${JSON.stringify(text)}, { imports: { env: { m } }, wasi: { stdout: 'inherit' } })`)
    assert.deepEqual([result.stdout, result.stderr], ['shared\n', ''])
  })

  test('may grow between calls', () => {
    assert.equal(pipe(`(module ${HELLO} (memory (export "memory") 1) ${hello('grown')} (func (export "_start")
      (drop (call $hello)) (drop (memory.grow (i32.const 3)))
      (i32.store (i32.const 200000) (i32.const 100)) (i32.store (i32.const 200004) (i32.const 6))
      (drop (call $fd_write (i32.const 1) (i32.const 200000) (i32.const 1) (i32.const 200008)))))`), 'grown\ngrown\n')
  })

  test('is checked: a pointer out of it is a RuntimeError that names the call', () => {
    const guest = syscalls()
    refuses(() => guest.call('fd_write', 1, 0x7ffffff0, 1, 8), WebAssembly.RuntimeError, { code: 'ERR_WASMPORT_TRAP' }, 'fd_write')
    assert.equal(guest.write(1, 'x'), 0)
  })
})

describe('a reactor', () => {
  test('is constructed once and then called, with its own files, variables and output', () => {
    const dir = scratch({ first: 'Z' })
    const result = spawnAsync(`const wasi = { env: { NAME: 'you' }, preopens: { '/data': ${JSON.stringify(dir)} }, stdout: 'inherit' }
      const { greet, first } = await load(${JSON.stringify(reactor.href)}, { wasi })
      const other = await load(${JSON.stringify(reactor.href)}, { wasi: { stdout: 'inherit' } })
      process.exitCode = 100 * greet() + 10 * greet() + other.greet() + (first() === 90 && other.first() === -1)`)
    assert.deepEqual([result.stdout, result.stderr], ['constructed\nconstructed\nhello you, call 1\nhello you, call 2\nhello nobody, call 1\n', ''])
    assert.equal(result.status, 122)
  })

  test('that exits ends its call, not the process, and can be called again', async () => {
    const { leave, greet } = await load(reactor)
    for (const code of [3, 0, 126]) {
      assert.throws(() => leave(code), { code: 'ERR_WASMPORT_EXIT', exitCode: code })
    }
    assert.equal(greet(), 1)
  })

  test('that exits while it is initialised fails to load, unless with 0', async () => {
    const text = code => `(module (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
      (func (export "_initialize") (call $exit (i32.const ${code}))) (func (export "f") (result i32) (i32.const 7)))`
    assert.equal((await load(text(0))).f(), 7)
    await assert.rejects(load(text(9)), { code: 'ERR_WASMPORT_EXIT', exitCode: 9 })
  })

  test('takes turns with others at the input of the process', () => {
    const result = spawnAsync(`const { syscalls } = await import(${JSON.stringify(helper)})
      const [a, b] = [syscalls({ stdin: 'inherit' }), syscalls({ stdin: 'inherit' })]
      const all = a.read(0) + b.read(0) + a.read(0)
      process.stdout.write(all)`, { input: Array.from({ length: 3 * 4096 }, (_, index) => String.fromCharCode(97 + index % 23)).join('') })
    assert.equal(result.stdout.length, 3 * 4096, result.stderr)
    assert.match(result.stdout, /^(abcdefghijklmnopqrstuvw)+a*b*c*/)
    assert.equal([...result.stdout].findIndex((letter, index) => letter !== String.fromCharCode(97 + index % 23)), -1)
  })

  test('has a clock and random numbers', () => {
    const guest = syscalls()
    assert.equal(guest.call('clock_time_get', 0, 0n, 0), 0)
    assert.ok(Math.abs(Number(guest.bytes(0, 8).readBigUInt64LE() / 1_000_000n) - Date.now()) < 5000)
    assert.equal(guest.call('random_get', 0, 32), 0)
    assert.notDeepEqual(guest.bytes(0, 16), guest.bytes(16, 16))
  })

  test('can wait for a time, or for that and its input', async () => {
    // 7 says that 50 ms have passed, 9 that there is input. The process ends though input is still waited for.
    const script = `import(${JSON.stringify(helper)}).then(({ syscalls }) => {
      const guest = syscalls({ stdin: 'inherit' })
      const poll = count => {
        const bytes = guest.bytes(256, 96).fill(0)
        bytes[0] = 7; bytes[16] = 1; bytes.writeBigUInt64LE(50_000_000n, 24)
        bytes[48] = 9; bytes[56] = 1
        const began = performance.now()
        const errno = guest.call('poll_oneoff', 256, 512, count, 0)
        return [errno, guest.u32(0), guest.u32(512), performance.now() - began > 45]
      }
      const results = [poll(1), poll(2)]
      fs.writeSync(2, 'type')
      results.push(guest.read(0), poll(2))
      process.stdout.write(JSON.stringify(results))
    })`
    const child = spawnChild(process.execPath, ['-e', script])
    let stdout = ''
    child.stdout.on('data', text => { stdout += text })
    // There is something to read when it says so, and no more after that.
    child.stderr.once('data', text => child.stdin.write(`${text}d\n`))
    assert.deepEqual(await once(child, 'close'), [0, null])
    assert.deepEqual(JSON.parse(stdout), [[0, 1, 7, true], [0, 1, 7, true], 'typed\n', [0, 1, 7, true]])
  })
})

describe('what cannot be granted', () => {
  const dir = scratch({ file: '' })
  const guests = {
    run: options => run(command, options),
    runSync: async options => runSync(command, options),
    load: options => load(reactor, { wasi: options }),
    loadSync: async options => loadSync(reactor, { wasi: options }),
  }
  for (const [name, start] of Object.entries(guests)) {
    test(`${name}: a directory that cannot be opened is an error as fs gives it`, async () => {
      const missing = join(dir, 'missing')
      await assert.rejects(start({ preopens: { '/': missing } }), { code: 'ENOENT', path: missing, syscall: 'open' })
      await assert.rejects(start({ preopens: { '/a': dir, '/': { path: join(dir, 'file'), readonly: true } } }), { code: 'ENOTDIR', path: join(dir, 'file') })
    })

    test(`${name}: strings that WASI cannot carry`, async () => {
      const refused = (options, part) => assert.rejects(start(options), error => {
        assert.ok(error instanceof TypeError, String(error))
        assert.equal(error.code, 'ERR_WASMPORT_OPTION')
        assert.ok(error.message.includes(part), `${error.message}\nlacks: ${part}`)
        return true
      })
      await refused({ args: ['a', 'b\0c'] }, 'args[1]')
      await refused({ env: { A: 'x\0' } }, 'env.A')
      await refused({ env: { 'A\0': '' } }, 'env')
      await refused({ env: { 'A=B': '' } }, "'='")
      await refused({ preopens: { '/a\0': dir } }, 'preopens')
      await refused({ preopens: { '/a': `${dir}\0` } }, 'preopens')
    })
  }

  test('an unknown function of WASI is a LinkError that names it', async () => {
    const text = '(module (import "wasi_snapshot_preview1" "fd_dance" (func)) (func (export "_start")))'
    const expected = { code: 'ERR_WASMPORT_LINK', importModule: 'wasi_snapshot_preview1', importName: 'fd_dance' }
    await assert.rejects(run(text), { name: 'LinkError', ...expected })
    await assert.rejects(load(text.replace('_start', 'f')), { name: 'LinkError', ...expected })
  })

  test('the functions of WASI can be given by the program instead', () => {
    const text = `(module (import "wasi_snapshot_preview1" "random_get" (func $r (param i32 i32) (result i32)))
      (memory (export "memory") 1) (func (export "f") (result i32) (call $r (i32.const 1) (i32.const 2))))`
    const imports = { wasi_snapshot_preview1: { random_get: (at, length) => 10 * at + length } }
    assert.equal(loadSync(text, { imports }).f(), 12)
  })

  test('the older wasi_unstable is supplied too, and can be given', () => {
    const text = `(module (import "wasi_unstable" "sched_yield" (func $yield (result i32)))
      (memory (export "memory") 1) (func (export "f") (result i32) (call $yield)))`
    assert.equal(loadSync(text).f(), 0)
    assert.equal(loadSync(text, { imports: { wasi_unstable: { sched_yield: () => 5 } } }).f(), 5)
    const expected = { code: 'ERR_WASMPORT_LINK', importModule: 'wasi_unstable', importName: 'fd_dance' }
    refuses(() => loadSync(text.replace('sched_yield', 'fd_dance')), WebAssembly.LinkError, expected)
  })
})
