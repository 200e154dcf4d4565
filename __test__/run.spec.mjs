// run() and runSync(): programs, on a thread of their own or on this one.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { inspect, load, loadSync, run, runSync } from '../index.js'
import { fixture } from './fixtures/project.mjs'
import { esbuild, scratch, spawnAsync } from './fixtures/scratch.mjs'
import { api, check, refuses } from './helpers.mjs'

const command = new URL('guests/command.wasm', import.meta.url)
// Without arguments and variables it copies its input to its output.
const cat = fixture('echo')
const both = { run, runSync: async (...args) => runSync(...args) }

// Looks at the clock until `ms` have passed.
const spin = ms => `(module
  (import "wasi_snapshot_preview1" "clock_time_get" (func $now (param i32 i64 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "_start") (local $end i64)
    (drop (call $now (i32.const 1) (i64.const 0) (i32.const 0)))
    (local.set $end (i64.add (i64.load (i32.const 0)) (i64.const ${ms}000000)))
    (loop $more
      (drop (call $now (i32.const 1) (i64.const 0) (i32.const 0)))
      (br_if $more (i64.lt_u (i64.load (i32.const 0)) (local.get $end))))))`

// Writes 64 KiB at a time, without end or until that fails, and then exits with the errno.
const flood = `(module
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 2)
  (func (export "_start") (local $errno i32)
    (i32.store (i32.const 0) (i32.const 65536)) (i32.store (i32.const 4) (i32.const 65536))
    (loop $more
      (br_if $more (i32.eqz (local.tee $errno (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))))
    (call $exit (local.get $errno))))`

/** Waits for a promise to be rejected and checks the error. */
async function rejects(promise, ...expected) {
  check(await promise.then(value => assert.fail(`resolved to ${value}`), error => error), ...expected)
}

for (const [name, call] of Object.entries(both)) {
  describe(name, () => {
    test('results in the exit code and what was piped', async () => {
      const piped = await call(command, { args: ['c', 'args'], stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' })
      assert.deepEqual(piped, { exitCode: 0, signal: null, stdout: Buffer.from('c\nargs\n'), stderr: Buffer.alloc(0) })
      assert.ok(Buffer.isBuffer(piped.stdout) && Buffer.isBuffer(piped.stderr))
      const failed = await call(command, { args: ['c', 'list', '/x'], stdout: 'pipe', stderr: 'pipe' })
      assert.deepEqual([failed.exitCode, failed.stdout.length], [1, 0])
      assert.match(failed.stderr.toString(), /^\/x: /)
      const ignored = await call(command, { args: ['c', 'exit', '7'], stdout: 'ignore' })
      assert.deepEqual(ignored, { exitCode: 7, signal: null, stdout: null, stderr: null })
    })

    test('pipes are exact at any size', async () => {
      const bytes = randomBytes(5 * 1024 * 1024 + 1)
      const { stdout } = await call(cat, { stdin: bytes, stdout: 'pipe' })
      assert.ok(stdout.equals(bytes))
    })

    test('one instance for each run: what a run left is not seen by the next', async () => {
      const text = `(module (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
        (global $runs (mut i32) (i32.const 0))
        (func (export "_start") (global.set $runs (i32.add (global.get $runs) (i32.const 1))) (call $exit (global.get $runs))))`
      assert.deepEqual([(await call(text)).exitCode, (await call(text)).exitCode], [1, 1])
    })

    test('an entry without WASI, and one whose result is the exit code', async () => {
      assert.deepEqual(await call('(module (func (export "_start")))'), { exitCode: 0, signal: null, stdout: null, stderr: null })
      assert.equal((await call('(module (func (export "") (result i32) (i32.const 12)))')).exitCode, 12)
    })

    test('initialisers of the plan are called before the entry', async () => {
      const text = `(module (global $ready (mut i32) (i32.const 1)) (func (export "_initialize") (global.set $ready (i32.const 40)))
        (func (export "hs_init") (param i32 i32) (global.set $ready (i32.add (global.get $ready) (i32.const 2))))
        (func (export "") (result i32) (global.get $ready)))`
      assert.equal((await call(text)).exitCode, 42)
    })

    test('a trap is a RuntimeError with the names of the functions', async () => {
      const text = '(module $m (func $inner unreachable) (func $outer (export "_start") (call $inner)))'
      await rejects(call(text), WebAssembly.RuntimeError, { code: 'ERR_WASMPORT_TRAP', trap: 'unreachable-code-reached', file: '<text>' })
      await call(text).catch(error => assert.match(error.stack, /at inner \(<text>:wasm-function\[0\]:0x[0-9a-f]+\)\n +at outer/))
      const outside = '(module (memory 1) (func (export "_start") (drop (i32.load (i32.const 65536)))))'
      await rejects(call(outside), WebAssembly.RuntimeError, { code: 'ERR_WASMPORT_TRAP', trap: 'memory-out-of-bounds' })
      const start = '(module (func $s (drop (i32.div_s (i32.const 1) (i32.const 0)))) (start $s) (func (export "_start")))'
      await rejects(call(start), WebAssembly.RuntimeError, { code: 'ERR_WASMPORT_TRAP', trap: 'integer-division-by-zero' })
    })

    test('too deep a recursion is a RangeError', async () => {
      const text = '(module (func $f (export "_start") (call $f) (call $f)))'
      await rejects(call(text), RangeError, { code: 'ERR_WASMPORT_STACK' })
    })

    test('an import that is not of WASI is a LinkError that names it', async () => {
      const text = '(module (import "env" "log" (func (param i32))) (func (export "_start")))'
      const expected = { code: 'ERR_WASMPORT_LINK', importModule: 'env', importName: 'log' }
      await rejects(call(text), WebAssembly.LinkError, expected, 'env.log')
      const memory = '(module (import "env" "memory" (memory 1)) (func (export "_start")))'
      await rejects(call(memory), WebAssembly.LinkError, { ...expected, importName: 'memory' }, 'env.memory')
    })

    test('an import of WASI of a wrong type is a LinkError', async () => {
      const text = '(module (import "wasi_snapshot_preview1" "fd_close" (func (param i64))) (func (export "_start")))'
      await rejects(call(text), WebAssembly.LinkError, { code: 'ERR_WASMPORT_LINK' }, 'fd_close')
    })

    test('what is no program has no entry', async () => {
      const expected = [Error, { code: 'ERR_WASMPORT_NO_ENTRY', file: '<text>' }, 'load()']
      await rejects(call('(module (func (export "add") (result i32) (i32.const 1)))'), ...expected)
      await rejects(call('(module (func (export "_start") (param i32)))'), ...expected)
      await rejects(call(new URL('guests/reactor.wasm', import.meta.url)), Error, { code: 'ERR_WASMPORT_NO_ENTRY' })
    })

    test('a file that is not there is an error as fs gives it', async () => {
      await rejects(call('/nowhere/x.wasm'), Error, { code: 'ENOENT', path: '/nowhere/x.wasm', syscall: 'open' })
    })
  })
}

describe('programs and libraries', () => {
  test('a program that is loaded shows its functions, each of which is called in an instance of its own', async () => {
    for (const namespace of [await load(command, { wasi: { args: ['x', 'exit', '3'] } }), loadSync(command, { wasi: { args: ['x', 'exit', '3'] } })]) {
      assert.deepEqual(Object.keys(namespace), ['_start'])
      for (let round = 0; round < 3; round++) refuses(() => namespace._start(), Error, { code: 'ERR_WASMPORT_EXIT', exitCode: 3 })
    }
    assert.equal(loadSync(command, { wasi: { args: ['x', 'exit', '0'] } })._start(), undefined)
  })

  test('both a command and a reactor is a LinkError, unless a section settles it', async () => {
    const text = section => `(module ${section} (func (export "_start")) (func (export "_initialize")))`
    for (const call of [loadSync, runSync, inspect]) {
      refuses(() => call(text('')), WebAssembly.LinkError, { code: 'ERR_WASMPORT_LINK' }, '_start', '_initialize')
    }
    await rejects(run(text('')), WebAssembly.LinkError, { code: 'ERR_WASMPORT_LINK' })
    assert.equal(runSync(text('(@custom "init" "\\01\\02\\01\\00")')).exitCode, 0, 'no steps')
  })

  test('_start without WASI may be an initialiser: loading does not call it, running does', () => {
    const text = `(module (memory (export "memory") 1) (func (export "_start") (i32.store (i32.const 0) (i32.const 9))))`
    const { _start, memory } = loadSync(text)
    const value = () => new DataView(memory.buffer).getUint32(0, true)
    assert.equal(value(), 0)
    _start()
    assert.equal(value(), 9)
    assert.equal(runSync(text).exitCode, 0)
    refuses(() => runSync('(module (func (export "_start") unreachable))'), WebAssembly.RuntimeError, {})
  })
})

describe('threads', () => {
  test('run leaves the event loop free, runSync holds it', async () => {
    let ticks = 0
    const timer = setInterval(() => ticks++, 5)
    await run(spin(500))
    const free = ticks
    ticks = 0
    runSync(spin(100))
    assert.equal(ticks, 0)
    clearInterval(timer)
    assert.ok(free > 20, `${free} ticks in 500 ms`)
  })

  test('20 runs of one module at once, each with its own streams', async () => {
    const inputs = Array.from({ length: 20 }, () => randomBytes(200_000))
    const results = await Promise.all(inputs.map(stdin => run(cat, { stdin, stdout: 'pipe' })))
    for (const [index, { exitCode, stdout }] of results.entries()) {
      assert.equal(exitCode, 0)
      assert.ok(stdout.equals(inputs[index]), `run ${index}`)
    }
  })

  test('runs that wait for a time wait at the same time', async () => {
    const began = performance.now()
    const sleep = `(module (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
      (memory (export "memory") 1)
      (func (export "_start")
        (i32.store (i32.const 16) (i32.const 1)) (i64.store (i32.const 24) (i64.const 300000000))
        (drop (call $poll (i32.const 0) (i32.const 64) (i32.const 1) (i32.const 128)))))`
    await Promise.all(Array.from({ length: 20 }, () => run(sleep)))
    const time = performance.now() - began
    assert.ok(time > 295 && time < 3000, `${time} ms`)
  })

  test('a run keeps the process until it has ended', () => {
    const { stdout, stderr } = spawnAsync(`process.stdout.write(String((await run(${JSON.stringify(spin(200))})).exitCode))`)
    assert.deepEqual([stdout, stderr], ['0', ''])
  })

  test('the process may end while a program runs', () => {
    const { status, signal, stderr } = spawnAsync(`run(${JSON.stringify(spin(600_000))}); setTimeout(() => process.exit(5), 200)`)
    assert.deepEqual([status, signal, stderr], [5, null, ''])
  })

  test('a worker may end while its program runs, and the program then ends for nobody', async () => {
    const code = `require(${JSON.stringify(api)}).run(${JSON.stringify(spin(700))}).then(() => process.exit(9))
      require('node:worker_threads').parentPort.postMessage('running')`
    const worker = new Worker(code, { eval: true })
    await once(worker, 'message')
    await new Promise(resolve => setTimeout(resolve, 100))
    assert.equal(await worker.terminate(), 1)
    await new Promise(resolve => setTimeout(resolve, 1000))
    assert.equal((await run('(module (func (export "_start")))')).exitCode, 0)
  })

  test('a run does not depend on the stack of who calls it', async () => {
    const code = `require(${JSON.stringify(api)}).run(new URL(${JSON.stringify(command.href)}), { args: ['c', 'exit', '3'] })
      .then(({ exitCode }) => require('node:worker_threads').parentPort.postMessage(exitCode))`
    const [exitCode] = await once(new Worker(code, { eval: true, resourceLimits: { stackSizeMb: 1 } }), 'message')
    assert.equal(exitCode, 3)
  })

  test('runSync at any depth of recursion works or throws', () => {
    const { stdout, stderr, status } = spawnAsync(`const seen = {}
      const count = what => { seen[what] = 1 + (seen[what] ?? 0) }
      function down() {
        try { down() } finally {
          try { count(runSync(${JSON.stringify(command.href)}, { args: ['c', 'exit', '3'], stdin: 'ignore' }).exitCode) } catch (error) { count(error.name) }
        }
      }
      try { down() } catch {}
      require('node:fs').writeSync(1, JSON.stringify(seen))`)
    assert.deepEqual([stderr, status], ['', 0])
    // V8 reports a regular expression that overflows the stack as a SyntaxError.
    const { 3: worked, RangeError: refused, SyntaxError: quirk, ...others } = JSON.parse(stdout)
    assert.ok(worked > 100 && refused > 1, stdout)
    assert.deepEqual(others, {})
  })
})

describe('the streams of the process', () => {
  test('are passed on exactly at any size', () => {
    const input = randomBytes(5 * 1024 * 1024)
    for (const call of ['await run', 'runSync']) {
      const { stdout, stderr, status } = spawnAsync(`${call}(Buffer.from(${JSON.stringify(cat.toString('base64'))}, 'base64'))`, { input, encoding: 'buffer' })
      assert.deepEqual([status, stderr.toString()], [0, ''])
      assert.ok(stdout.equals(input), call)
    }
  })

  test('are written at once: nothing is lost when the process ends abruptly', () => {
    const { stdout, status } = spawnAsync(`runSync(${JSON.stringify(command.href)}, { args: ['c', 'args'] }); process.reallyExit(3)`)
    assert.deepEqual([stdout, status], ['c\nargs\n', 3])
  })

  test('closed early, they are an error of the guest and not the end of the process', () => {
    for (const call of ['await run', 'runSync']) {
      const script = `const { run, runSync } = require(${JSON.stringify(api)})
        ;(async () => { const { exitCode } = ${call}(${JSON.stringify(flood)}); process.stderr.write('errno ' + exitCode) })()`
      // A pipe of the shell: those of child_process are sockets, which fail in another way.
      const { stderr } = spawnSync('sh', ['-c', '"$0" -e "$1" | head -c 1', process.execPath, script], { encoding: 'utf8', timeout: 60_000 })
      // EPIPE is 64 in WASI.
      assert.equal(stderr, 'errno 64', call)
    }
  })
})

describe('esbuild, a Go program', () => {
  const options = { stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' }

  test('tells its version', async () => {
    const { version } = JSON.parse(readFileSync(join(esbuild, '../package.json'), 'utf8'))
    const { exitCode, stdout } = await run(esbuild, { ...options, args: ['esbuild', '--version'] })
    assert.deepEqual([exitCode, stdout.toString()], [0, `${version}\n`])
  })

  test('minifies its input', async () => {
    const stdin = 'export function add(first, second) {\n  // sum\n  return first + second\n}\n'
    const { stdout, stderr } = await run(esbuild, { ...options, args: ['esbuild', '--minify', '--loader=js'], stdin })
    assert.equal(stderr.toString(), '')
    assert.match(stdout.toString(), /^export function add\((\w),(\w)\)\{return \1\+\2\}\n$/)
  })

  test('bundles the files of a directory', async () => {
    const dir = scratch({
      'main.js': 'import { name } from "./lib/name.js"\nconsole.log(`hello ${name}`)\n',
      'lib/name.js': 'export const name = "bundle"\nexport const unused = 1\n',
    })
    const args = ['esbuild', '/main.js', '--bundle', '--log-level=error']
    const runs = code => spawnSync(process.execPath, ['-'], { input: code, encoding: 'utf8' }).stdout
    const fixed = await run(esbuild, { ...options, args, env: { PWD: '/' }, preopens: { '/': { path: dir, readonly: true } } })
    assert.deepEqual([fixed.exitCode, fixed.stderr.toString()], [0, ''])
    assert.equal(runs(fixed.stdout), 'hello bundle\n')
    const free = await run(esbuild, { ...options, args: [...args, '--outfile=/out/bundle.js'], env: { PWD: '/' }, preopens: { '/': dir } })
    assert.deepEqual([free.exitCode, free.stderr.toString()], [0, ''])
    assert.equal(runs(readFileSync(join(dir, 'out/bundle.js'))), 'hello bundle\n')
  })

  test('fails with a code and a message', async () => {
    const { exitCode, stderr } = await run(esbuild, { ...options, args: ['esbuild', '/src/missing.js'], env: { PWD: '/' } })
    assert.equal(exitCode, 1)
    assert.match(stderr.toString(), /missing\.js/)
  })
})
