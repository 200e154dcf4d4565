// What the public API takes as a source and as options, and how it refuses the rest.

import assert from 'node:assert/strict'
import { constants } from 'node:buffer'
import { EventEmitter } from 'node:events'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { relative } from 'node:path'
import { PassThrough, Readable, Writable } from 'node:stream'
import { describe, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { runInNewContext } from 'node:vm'
import { inspect, load, loadSync, readMemory, run, runSync, versions, WASI, WebAssembly, writeMemory } from 'wasmport'
import { fixture, project } from './fixtures/project.mjs'

const require = createRequire(import.meta.url)
const { runOptions, runSyncOptions } = require('../lib/options.cjs')
const { readWasi } = require('../lib/wasi-options.cjs')
const add = '(module (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))'
const { dir } = project({ 'add.wasm': add, 'echo.wasm': fixture('echo'), 'in.txt': 'from a file' })
const path = `${dir}/add.wasm`
const echo = `${dir}/echo.wasm`

/** Checks that a call is refused with a TypeError whose message has all of `parts`. */
function refused(call, ...parts) {
  assert.throws(call, error => {
    assert.ok(error instanceof TypeError, String(error))
    assert.equal(error.code, 'ERR_WASMPORT_OPTION')
    for (const part of parts) assert.ok(error.message.includes(part), `${error.message}\nlacks: ${part}`)
    return true
  })
}

test('ES modules and CommonJS get the same functions', () => {
  const api = createRequire(import.meta.url)('wasmport')
  assert.deepEqual({ ...api }, { inspect, load, loadSync, readMemory, run, runSync, versions, WASI, WebAssembly, writeMemory })
  assert.equal(api.WebAssembly, WebAssembly)
  assert.equal(api.WASI, WASI)
  assert.match(versions.wasmport, /^\d+\.\d+\.\d+/)
  assert.match(versions.wasmtime, /^\d+\.\d+\.\d+/)
})

describe('source', () => {
  const bytes = fixture('echo')
  const sources = {
    'an absolute path': path,
    'a relative path': relative(process.cwd(), path),
    'a file: URL': pathToFileURL(path),
    'a file: URL as a string': pathToFileURL(path).href,
    'text': add,
    'text after white space': `\n  ${add}`,
    'text after a line comment': `;; adds\n${add}`,
    'text after a block comment': `(; adds ;) ${add}`,
    'bytes of text': Buffer.from(add),
  }
  for (const [what, source] of Object.entries(sources)) {
    test(what, async () => {
      assert.equal(loadSync(source).add(1, 2), 3)
      assert.equal((await load(source)).add(3, 4), 7)
      assert.deepEqual(inspect(source).exports.map(entry => entry.name), ['add'])
    })
  }

  test('bytes, whatever holds them', async () => {
    const copy = new Uint8Array(bytes)
    const padded = new Uint8Array([9, 9, ...bytes, 9])
    const holders = [bytes, copy, copy.buffer, padded.subarray(2, -1), new DataView(padded.buffer, 2, bytes.length)]
    for (const source of holders) {
      assert.equal(inspect(source).kind, 'module')
      assert.equal(runSync(source, { args: ['x'], stdin: 'ignore', stdout: 'pipe' }).stdout.toString(), 'x\n')
    }
  })

  test('anything else is refused', async () => {
    const expected = 'a path, a file: URL, text that starts with (module, or bytes'
    for (const call of [loadSync, runSync, inspect]) {
      refused(() => call(), '"source"', expected, 'undefined')
      refused(() => call(''), expected, '""')
      refused(() => call(7), '7 (a number)')
      refused(() => call({}), 'an object (Object)')
      refused(() => call([0, 97]), 'an array')
      refused(() => call(new URL('https://example.org/a.wasm')), 'https://example.org/a.wasm')
    }
    await assert.rejects(load(7), { name: 'TypeError', code: 'ERR_WASMPORT_OPTION' })
    await assert.rejects(run(7), { name: 'TypeError', code: 'ERR_WASMPORT_OPTION' })
  })

  test('a file that is not there, or is a directory, is an error as fs gives it', async () => {
    const missing = `${dir}/missing.wasm`
    for (const call of [loadSync, runSync, inspect]) {
      assert.throws(() => call(missing), error => error.code === 'ENOENT' && error.path === missing && error.syscall === 'open')
      assert.throws(() => call(dir), error => error.code === 'EISDIR' && error.path === dir)
    }
    await assert.rejects(load(missing), { code: 'ENOENT', path: missing })
    await assert.rejects(run(dir), { code: 'EISDIR', path: dir })
  })
})

describe('unknown options name the nearest valid one', () => {
  const cases = [
    [() => loadSync(path, { import: {} }), '"import"', '"imports"'],
    [() => loadSync(path, { Wasi: {} }), '"Wasi"', '"wasi"'],
    [() => loadSync(path, { args: [] }), '"args"', '"wasi.args"'],
    [() => loadSync(path, { wasi: { arg: [] } }), '"wasi.arg"', '"args"'],
    [() => runSync(echo, { arguments: [] }), '"arguments"', '"args"'],
    [() => runSync(echo, { environment: {} }), '"environment"', '"env"'],
    [() => runSync(echo, { preopen: {} }), '"preopen"', '"preopens"'],
    [() => runSync(echo, { stdOut: 'pipe' }), '"stdOut"', '"stdout"'],
    [() => runSync(echo, { timeOut: 1 }), '"timeOut"', '"timeout"'],
    [() => loadSync(path, { cwd: '/' }), '"cwd"', '"wasi.cwd"'],
    [() => loadSync(path, { wasi: { network: { listens: [] } } }), '"wasi.network.listens"', '"listen"'],
    [() => runSync(echo, { preopens: { '/': { path: '.', readOnly: true } } }), '"preopens["/"].readOnly"', '"readonly"'],
  ]
  for (const [call, given, nearest] of cases) {
    test(`${given} is ${nearest}`, () => refused(call, `Unknown option ${given}`, `Nearest valid option: ${nearest}`))
  }
})

describe('values of a wrong type', () => {
  const cases = [
    [{ args: 'a b' }, '"args" must be an array of strings; got "a b"'],
    [{ args: ['a', 1] }, '"args[1]" must be a string; got 1 (a number)'],
    [{ env: ['A=1'] }, '"env" must be an object; got an array'],
    [{ env: { A: undefined } }, '"env.A" must be a string; got undefined'],
    [{ preopens: ['/'] }, '"preopens" must be an object; got an array'],
    [{ preopens: { '/': 1 } }, '"preopens["/"]" must be a directory or { path, readonly }; got 1 (a number)'],
    [{ preopens: { '/': { readonly: true } } }, '"preopens["/"].path" must be a string; got undefined'],
    [{ preopens: { '/': { path: '.', readonly: 1 } } }, '"preopens["/"].readonly" must be true or false; got 1 (a number)'],
    [{ cwd: 1 }, '"cwd" must be a string; got 1 (a number)'],
    [{ stdin: true }, `"stdin" must be 'inherit', 'ignore', 'pipe', the input as a string or Uint8Array, a file descriptor, or a Readable of node:stream; got true (a boolean)`],
    [{ stdin: new Writable() }, 'or a Readable of node:stream; got an object (Writable)'],
    [{ stdin: -1 }, '"stdin" must be a file descriptor, from 0 to 2147483647; got -1 (a number)'],
    [{ stdout: 1.5 }, '"stdout" must be a file descriptor, from 0 to 2147483647; got 1.5 (a number)'],
    [{ stdout: 'pip' }, `"stdout" must be 'inherit', 'pipe', 'ignore', a file descriptor, or a Writable of node:stream that is open; got "pip"`],
    [{ stdout: new PassThrough().destroy() }, 'a Writable of node:stream that is open; got an object (PassThrough)'],
    // Nobody would learn when it has written.
    [{ stdout: Object.assign(new EventEmitter(), { write: () => true }) }, 'a Writable of node:stream that is open; got an object (EventEmitter)'],
    [{ stderr: Readable.from([]) }, 'a Writable of node:stream that is open; got an object (Readable)'],
    [{ clocks: '2020-01-01' }, '"clocks" must be a Date, or the milliseconds since 1970, from 0 to 9000000000000; got "2020-01-01"'],
    [{ clocks: new Date(NaN) }, '"clocks" must be a Date'],
    [{ clocks: new Date(-1) }, '"clocks" must be a Date'],
    [{ clocks: 1.5 }, '"clocks" must be a Date'],
    [{ random: -1 }, '"random" must be the seed of a sequence: a whole number that is not negative, or a Uint8Array; got -1 (a number)'],
    [{ random: 2 ** 53 }, '"random" must be the seed'],
    [{ random: 'seed' }, '"random" must be the seed'],
    [{ network: true }, '"network" must be an object; got true (a boolean)'],
    [{ network: { listen: '127.0.0.1:80' } }, '"network.listen" must be an array of addresses; got "127.0.0.1:80"'],
    ...['localhost:80', '127.0.0.1', '127.0.0.1:', '127.0.0.1:0', '127.0.0.1:65536', '::1:80', '[127.0.0.1]:80', '[fe80::1%eth0]:80', ':80', 80].map(address => [
      { network: { listen: ['[::1]:1', address] } }, '"network.listen[1]" must be an IP address and a port, such as "127.0.0.1:8080" or "[::1]:8080"; got',
    ]),
    ...['localhost', '10.0.0.0/33', '::/129', '10.0.0.0/', '10/8', '10.0.0.0/-1', 'fe80::1%eth0', '::ffff:10.0.0.0/95', 7].map(peers => [
      { network: { accept: [peers] } }, '"network.accept[0]" must be an IP address or a block of them, such as "127.0.0.1" or "10.0.0.0/8"; got',
    ]),
    [{ maxThreads: -1 }, '"maxThreads" must be a number of threads, from 0 to 65535; got -1 (a number)'],
    [{ maxThreads: '4' }, '"maxThreads" must be a number of threads'],
    [{ imports: [] }, '"imports" must be an object; got an array'],
    [{ signal: {} }, '"signal" must be an AbortSignal; got an object (Object)'],
    [{ signal: new AbortController() }, '"signal" must be an AbortSignal; got an object (AbortController)'],
    [{ timeout: -1 }, '"timeout" must be a number of milliseconds, 0 for no end, from 0 to 2147483647; got -1 (a number)'],
    [{ timeout: 0.5 }, '"timeout" must be a number of milliseconds'],
    [{ timeout: Infinity }, '"timeout" must be a number of milliseconds'],
    [{ maxBuffer: -1 }, '"maxBuffer" must be a number of bytes, or Infinity, from 0 to 9007199254740991; got -1 (a number)'],
    [{ maxBuffer: NaN }, '"maxBuffer" must be a number of bytes'],
    [null, '"options" must be an object; got null'],
    ['-v', '"options" must be an object; got "-v"'],
  ]
  for (const [options, message] of cases) {
    test(`${JSON.stringify(options)}: ${message}`, async () => {
      await assert.rejects(run(echo, options), error => {
        refused(() => { throw error }, message)
        return true
      })
      // It has neither streams nor what takes time.
      if (!/^"(std|imports|signal)|Readable|Writable/.test(message)) refused(() => runSync(echo, options), message)
    })
  }

  test('what only run() can do is refused by the others, which say so', () => {
    for (const stdin of ['pipe', Readable.from([])]) {
      refused(() => runSync(echo, { stdin }), '"stdin" cannot be', 'only run()')
      refused(() => loadSync(path, { wasi: { stdin } }), '"wasi.stdin" cannot be', 'only run()')
    }
    refused(() => runSync(echo, { stdout: new PassThrough() }), '"stdout" cannot be a stream', 'only run()')
    refused(() => loadSync(path, { wasi: { stderr: 'pipe' } }), '"wasi.stderr" cannot be \'pipe\'', 'only run() and runSync() collect output')
    refused(() => runSync(echo, { imports: {} }), '"imports" cannot be given to runSync()', 'use run()')
    refused(() => runSync(echo, { signal: AbortSignal.timeout(1) }), '"signal" cannot be given to runSync()', 'use run()')
    refused(() => loadSync(path, { wasi: { stdout: 'pip' } }), `"wasi.stdout" must be 'inherit', 'ignore', or a file descriptor; got "pip"`)
    refused(() => loadSync(path, { wasi: { timeout: 1 } }), 'Unknown option "wasi.timeout"')
  })

  test('a descriptor that is not open is the error of fs, with the name of the option', async () => {
    const fd = openSync(path)
    closeSync(fd)
    const expected = { code: 'EBADF', syscall: 'fstat', message: `EBADF: "stdout" is ${fd}, which is no open file descriptor` }
    assert.throws(() => runSync(echo, { stdout: fd }), expected)
    await assert.rejects(run(echo, { stdout: fd }), expected)
    assert.throws(() => loadSync(path, { wasi: { stdin: fd } }), { code: 'EBADF', message: /"wasi\.stdin"/ })
  })

  test('load names an option of WASI with its whole path', async () => {
    refused(() => loadSync(path, { wasi: { args: [null] } }), '"wasi.args[0]" must be a string; got null')
    refused(() => loadSync(path, { wasi: 1 }), '"wasi" must be an object; got 1 (a number)')
    refused(() => loadSync(path, { imports: 1 }), '"imports" must be an object; got 1 (a number)')
    await assert.rejects(load(path, { wasi: 1 }), { code: 'ERR_WASMPORT_OPTION' })
  })

  test('what WASI strings cannot carry is refused too', () => {
    refused(() => runSync(echo, { args: ['a\0b'] }), 'args[0]')
    refused(() => runSync(echo, { env: { 'A=B': '1' } }), 'A=B')
  })

  test('a directory to begin in that is outside of all preopens is refused, one that is not there is not found', async () => {
    for (const cwd of ['/', '/projectshop', '../work', '']) refused(() => runSync(echo, { cwd, preopens: { '/project': dir } }), 'cwd')
    refused(() => runSync(echo, { cwd: '/project' }), 'cwd')
    assert.throws(() => runSync(echo, { cwd: '/project/nowhere', preopens: { '/project': dir } }), { code: 'ENOENT' })
    await assert.rejects(run(echo, { cwd: '/project/nowhere', preopens: { '/project': dir } }), { code: 'ENOENT' })
    assert.throws(() => runSync(echo, { cwd: '/project/add.wasm', preopens: { '/project': dir } }), { code: 'ENOTDIR' })
  })
})

describe('values that are right reach the guest', () => {
  test('args', async () => {
    const args = ['echo', 'two words', '', 'ä€🙂']
    const lines = args.map(arg => `${arg}\n`).join('')
    assert.equal(runSync(echo, { args, stdin: 'ignore', stdout: 'pipe' }).stdout.toString(), lines)
    assert.equal((await run(echo, { args, stdin: 'ignore', stdout: 'pipe' })).stdout.toString(), lines)
  })

  test('env, then input', () => {
    const { stdout, stderr, exitCode } = runSync(echo, {
      env: { A: '1', B: 'x=y' }, stdin: 'typed', stdout: 'pipe', stderr: 'pipe',
    })
    assert.deepEqual([stdout.toString(), stderr.toString(), exitCode], ['A=1\nB=x=y\ntyped', '', 0])
  })

  test('cwd', () => {
    const inside = { cwd: '/project/sub', preopens: { '/project': `${dir}/..` , '/project/sub': dir }, stdin: 'ignore', stdout: 'pipe' }
    assert.equal(runSync(echo, inside).stdout.toString(), 'PWD=/project/sub\n')
    assert.equal(runSync(echo, { ...inside, env: { PWD: '/mine' } }).stdout.toString(), 'PWD=/mine\n')
  })

  test('file descriptors, which may be closed when the call has returned', async () => {
    for (const call of [run, runSync]) {
      const input = openSync(`${dir}/in.txt`)
      const output = openSync(`${dir}/out.txt`, 'w')
      const running = call(echo, { stdin: input, stdout: output })
      closeSync(input)
      closeSync(output)
      // These may be other files by now.
      const others = [openSync(`${dir}/other.txt`, 'w'), openSync(`${dir}/other.txt`)]
      assert.deepEqual(await running, { exitCode: 0, signal: null, stdout: null, stderr: null })
      others.forEach(fd => closeSync(fd))
      assert.equal(readFileSync(`${dir}/out.txt`, 'utf8'), 'from a file')
      assert.equal(readFileSync(`${dir}/other.txt`, 'utf8'), '')
    }
  })

  test('instants, seeds and addresses, in the form that the addon knows', () => {
    const read = options => readWasi(options, '', 'load')
    assert.equal(read({ clocks: new Date('2020-01-02T03:04:05.678Z') }).clocks, 1577934245678000000n)
    assert.equal(read({ clocks: 0 }).clocks, 0n)
    assert.deepEqual(read({ random: 258 }).random, new Uint8Array([2, 1, 0, 0, 0, 0, 0, 0]))
    assert.deepEqual(read({ random: new Uint8Array([7]) }).random, new Uint8Array([7]))
    const network = { listen: ['127.0.0.1:080', '[::1]:65535', '0.0.0.0:1'], accept: ['10.0.0.1', '10.0.0.0/8', '0.0.0.0/0', '::1', 'fe80::/10'] }
    const { listen, accept } = read({ network })
    assert.deepEqual(listen, ['127.0.0.1:80', '[::1]:65535', '0.0.0.0:1'])
    assert.deepEqual(accept, [['10.0.0.1', 32], ['10.0.0.0', 8], ['0.0.0.0', 0], ['::1', 128], ['fe80::', 10]])
    const mapped = ['::ffff:127.0.0.1', '::ffff:7f00:0/104', '0:0:0:0:0:FFFF:0.0.0.0/96', '::ffff:0:0:0/104', '::/0']
    assert.deepEqual(read({ network: { accept: mapped } }).accept, [
      ['::ffff:127.0.0.1', 32], ['::ffff:7f00:0', 8], ['0:0:0:0:0:FFFF:0.0.0.0', 0], ['::ffff:0:0:0', 104], ['::', 0],
    ])
    const nothing = read({})
    assert.deepEqual([nothing.clocks, nothing.random, nothing.listen, nothing.accept, nothing.maxThreads], [undefined, undefined, [], undefined, 64])
    assert.equal(read({ maxThreads: 0 }).maxThreads, 0)
  })

  test('bytes of another context', async () => {
    const bytes = runInNewContext('new Uint8Array([104, 105])')
    assert.equal(runSync(echo, { stdin: bytes, stdout: 'pipe' }).stdout.toString(), 'hi')
    assert.equal((await run(echo, { stdin: bytes, stdout: 'pipe' })).stdout.toString(), 'hi')
    assert.equal((await run(echo, { stdin: Readable.from([bytes]), stdout: 'pipe' })).stdout.toString(), 'hi')
    assert.equal(readWasi({ random: bytes }, '', 'load').random, bytes)
    const { buffer } = runInNewContext('new Uint8Array(bytes)', { bytes: readFileSync(path) })
    assert.equal(loadSync(buffer).add(1, 2), 3)
  })

  test('maxBuffer, which is never more than a Buffer can have', () => {
    for (const read of [runOptions, runSyncOptions]) {
      for (const options of [{}, { maxBuffer: Infinity }, { maxBuffer: Number.MAX_SAFE_INTEGER }]) {
        assert.equal(read(options).maxBuffer, constants.MAX_LENGTH)
      }
      assert.equal(read({ maxBuffer: 10 }).maxBuffer, 10)
    }
  })

  test('input as bytes, and ignored output', () => {
    assert.equal(runSync(echo, { stdin: Buffer.from('bytes'), stdout: 'pipe' }).stdout.toString(), 'bytes')
    const { stdout, stderr } = runSync(echo, { stdin: 'x', stdout: 'ignore', stderr: 'ignore' })
    assert.deepEqual([stdout, stderr], [null, null])
  })
})
