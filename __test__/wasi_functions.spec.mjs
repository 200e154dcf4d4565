// Every function of WASI preview 1, called by a program in C that checks what comes of it, with success and with errors, wherever
// a program can get WASI: guests/wasi-c/*.c say what has to come.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { inspect, load, run } from '../index.js'
import { all, failed, testChecks } from './guests/wasi-c/checks.mjs'
import { directory, execute, names } from './guests/wasi-c/hosts.mjs'
import { serve } from './guests/wasi-c/serve.mjs'
import { guest } from './guests/guest.mjs'
import { check } from './helpers.mjs'

const bytes = guest('wasi-c/functions')

describe('each function does what it has to and fails as it has to', () => testChecks(bytes))

describe('sockets: what was listened for is accepted, read, written and shut down', () => {
  for (const host of names) {
    test(host, { timeout: 60_000 }, async () => {
      const { exitCode, stdout } = await serve(host, bytes, { dialog: 'c' })
      assert.deepEqual([failed(stdout), exitCode], [[], 0])
    })
  }

  test('from whom it is not accepted, nothing comes to the guest', { timeout: 60_000 }, async () => {
    const controller = new AbortController()
    const { signal } = controller
    const aborted = serve('run', bytes, { accept: ['10.0.0.0/8'], dialog: 'refused', signal, ended: () => controller.abort() })
    await assert.rejects(aborted, { name: 'AbortError' })
    // The second is the same network as 127.0.0.0/8, in the form that IPv6 has for it.
    for (const accept of ['127.0.0.1', '::ffff:127.0.0.0/104']) {
      const { exitCode } = await serve('run', bytes, { accept: ['10.0.0.0/8', accept], dialog: 'c' })
      assert.equal(exitCode, 0)
    }
  })

  test('an address that is taken is an error that names it', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = `127.0.0.1:${server.address().port}`
    await assert.rejects(run(bytes, { args: ['functions', 'serve'], network: { listen: [address] } }), error => {
      assert.equal(error.code, 'EADDRINUSE')
      assert.ok(error.message.includes(address), error.message)
      return true
    })
    server.close()
  })
})

// A pointer that points nowhere is no errno: the program has gone astray.
const FAULTS = ['args_get', 'args_sizes_get', 'environ_get', 'environ_sizes_get', 'clock_res_get', 'clock_time_get', 'random_get',
  'fd_fdstat_get', 'fd_filestat_get', 'fd_prestat_get', 'fd_prestat_dir_name', 'fd_read', 'fd_write', 'fd_readdir', 'path_filestat_get',
  'path_open', 'poll_oneoff']

describe('a pointer out of memory is a RuntimeError that names the function', () => {
  for (const host of ['run', 'load', 'the class, V8', 'the class, Wasmtime']) {
    test(host, async () => {
      for (const name of FAULTS) {
        const error = await execute(host, bytes, ['functions', 'fault', name], all.options).then(
          ({ exitCode }) => assert.fail(`${name} ended with ${exitCode}`), error => error)
        check(error, WebAssembly.RuntimeError, { code: 'ERR_WASMPORT_TRAP' }, name)
      }
    })
  }
})

describe('proc_exit with any code', () => {
  for (const host of names) {
    test(host, async () => {
      const codes = [0, 1, 125, 126, 255, 256, -1]
      const found = []
      for (const code of codes) found.push((await execute(host, bytes, ['functions', 'exit', `${code}`])).exitCode)
      assert.deepEqual(found, codes)
    })
  }
})

describe('proc_raise', () => {
  const raise = (signal, options) => run(bytes, { args: ['functions', 'raise', `${signal}`], ...options })

  test('ends a run by that signal', async () => {
    for (const [number, signal] of [[2, 'SIGINT'], [6, 'SIGABRT'], [9, 'SIGKILL'], [11, 'SIGSEGV'], [15, 'SIGTERM']]) {
      assert.deepEqual(await raise(number), { exitCode: null, signal, stdout: null, stderr: null })
    }
  })

  test('none is success, one that does not exist is inval', async () => {
    for (const [number, exitCode] of [[0, 0], [99, 28]]) {
      assert.deepEqual(await raise(number), { exitCode, signal: null, stdout: null, stderr: null })
    }
  })

  test('of a function that was loaded is thrown, and the process goes on', async () => {
    const { _start } = await load(bytes, { wasi: { args: ['functions', 'raise', '6'] } })
    assert.throws(_start, /SIGABRT/)
  })
})

test('that was every function there is, with success and with an error', async () => {
  const { stdout } = await execute('run', bytes, all.args, all.options)
  const lines = [...stdout.split('\n'), ...(await serve('run', bytes, { dialog: 'c' })).stdout.split('\n')]
  const imported = inspect(bytes).imports.map(({ module, name }) => (assert.equal(module, 'wasi_snapshot_preview1'), name))
  const elsewhere = ['proc_exit', 'proc_raise']
  // It has no way to fail.
  const infallible = ['sched_yield']
  assert.equal(imported.length, 46)
  for (const name of imported.filter(name => !elsewhere.includes(name))) {
    assert.ok(lines.includes(`${name} ok`), `${name} with success`)
    const fails = lines.some(line => line.startsWith(`${name} `) && /^\w+ (\w+ \d+|refused)$/.test(line))
    assert.ok(fails || FAULTS.includes(name) || infallible.includes(name), `${name} with an error`)
  }
})

describe('what else a guest is given', () => {
  const hosts = names.filter(name => !name.includes('worker'))

  for (const host of hosts) {
    test(`${host}: clocks that are set, and sleep that takes no time`, async () => {
      const options = { clocks: new Date('2020-01-01T00:00:00Z'), random: 7 }
      const first = await execute(host, bytes, ['functions', 'clocks'], options)
      assert.deepEqual(await execute(host, bytes, ['functions', 'clocks'], options), first)
      const [real, monotonic] = first.stdout.split('\n').map(line => Number(line.split(' ')[1]) / 1e6)
      assert.ok(real >= Date.UTC(2020) && real < Date.UTC(2020) + 100, `${real}`)
      assert.ok(monotonic >= 0 && monotonic < 100, `${monotonic}`)

      const began = performance.now()
      const { stdout } = await execute(host, bytes, ['functions', 'sleep', '3600'], { clocks: Date.UTC(2020) })
      assert.ok(performance.now() - began < 600_000)
      for (const slept of stdout.trim().split(' ')) assert.ok(slept >= 3_600_000 && slept < 3_600_100, stdout)
    })

    test(`${host}: random numbers of a seed`, async () => {
      const bytesOf = async random => {
        const { stdout } = await execute(host, bytes, ['functions', 'clocks'], { random })
        return stdout.trim().split('\n').slice(2).join()
      }
      assert.equal(await bytesOf(7), await bytesOf(7))
      assert.equal(await bytesOf(new Uint8Array([1, 2, 3])), await bytesOf(new Uint8Array([1, 2, 3])))
      const different = []
      for (const random of [7, 8, 0, new Uint8Array([7, 8]), undefined, undefined]) different.push(await bytesOf(random))
      assert.equal(new Set(different).size, different.length)
      // In a run, no bytes come twice.
      for (const text of different) assert.equal(new Set(text.split(',').map(line => line.slice(0, 16))).size, 3)
    })

    test(`${host}: a directory to begin in`, async () => {
      const dir = directory({ 'root/sub/here': 'the place', 'root/here': 'not this' })
      const begin = options => execute(host, bytes, ['functions', 'cwd'], { dir, ...options })
      assert.deepEqual(await begin({ cwd: '/sub' }), { exitCode: 0, stdout: 'PWD is /sub, here is the place\n' })
      assert.deepEqual(await begin({ cwd: '/sub', env: { PWD: '/own' } }), { exitCode: 0, stdout: 'PWD is /own, here is the place\n' })
      await assert.rejects(begin({ cwd: '/missing' }), { code: 'ENOENT' })
      await assert.rejects(begin({ cwd: '/sub/here' }), { code: 'ENOTDIR' })
      await assert.rejects(begin({ cwd: '/sub', preopens: { '/other': join(dir, 'root') } }), { code: 'ERR_WASMPORT_OPTION' })
    })

    test(`${host}: files as standard streams, which can be sought in and stay open`, async () => {
      const { exitCode, stdout } = await execute(host, bytes, ['functions', 'seek'], { stdin: 'contents' })
      assert.deepEqual({ exitCode, stdout }, { exitCode: 8, stdout: 'Xts' })
    })
  }

  test('the seed means the same bytes everywhere and in every version', async () => {
    const { stdout } = await execute('run', bytes, ['functions', 'clocks'], { random: 1 })
    const sequence = ['bf26ece449049b98', 'e8c83d3965f766f9d16b8d78', '039e8fee4c0991dd7e2249a2ca769db2']
    assert.deepEqual(stdout.trim().split('\n').slice(2), sequence)
  })
})
