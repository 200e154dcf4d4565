// The class WASI at work: programs, reactors and threads of either engine, and that what they are given is all they have.
// wasi_class_compat.spec.mjs compares its methods with those of node:wasi.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync, readdirSync, symlinkSync, writeSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { WASI as NodeWASI } from 'node:wasi'
import { Worker } from 'node:worker_threads'
import { load, WASI, WebAssembly as Wasmtime } from '../index.js'
import { assemble, project } from './fixtures/project.mjs'
import { scratch } from './fixtures/scratch.mjs'
import { guest } from './guests/guest.mjs'
import { api, check, child, freePort, inWorker, refuses, spawn, thrown, turns } from './helpers.mjs'

// On Node 20 and 22, node:wasi crashes now and then where V8 calls its functions by a shorter way.
setFlagsFromString('--no-turbo-fast-api-calls')

const V8 = globalThis.WebAssembly
const engines = { V8, Wasmtime }
const version = 'preview1'
const command = new URL('guests/command.wasm', import.meta.url)

const instantiate = (engine, bytes, imports) => new engine.Instance(new engine.Module(bytes), imports)

/** Runs a program to its end, with an input and outputs that are files. */
function program(Class, engine, bytes, { input = '', ...options } = {}) {
  const dir = scratch({ input })
  const stdio = [openSync(join(dir, 'input'), 'r'), openSync(join(dir, 'out'), 'w'), openSync(join(dir, 'err'), 'w')]
  try {
    const [stdin, stdout, stderr] = stdio
    const wasi = new Class({ version, stdin, stdout, stderr, ...options })
    const exitCode = wasi.start(instantiate(engine, bytes, wasi.getImportObject()))
    return { exitCode, out: readFileSync(join(dir, 'out'), 'utf8'), err: readFileSync(join(dir, 'err'), 'utf8') }
  } finally {
    stdio.forEach(fd => closeSync(fd))
  }
}

/** The same for one of C, on the engine that is named. */
const runCommand = (engine, args, options) => program(WASI, engines[engine], guest('command'), { args: ['command', ...args], ...options })

/** Functions of WASI in the hands of a test: the object, a memory of an engine that is bound, and views of it. */
function calls(options, engine = V8, limits = { initial: 1 }) {
  const wasi = new WASI({ version, ...options })
  const memory = new engine.Memory(limits)
  wasi.finalizeBindings({ exports: {} }, { memory })
  return {
    ...wasi.wasiImport,
    memory,
    u32: at => new DataView(memory.buffer).getUint32(at, true),
    u64: at => new DataView(memory.buffer).getBigUint64(at, true),
    bytes: (at, length) => Buffer.from(memory.buffer, at, length),
    /** Writes the list of one buffer that fd_read and fd_write take, at 0. */
    vector(at, length) {
      new Uint32Array(memory.buffer, 0, 2).set([at, length])
      return 0
    },
  }
}

describe('a program', () => {
  const files = () => ({ '/data': scratch({ 'from': 'content', 'list/a': '', 'list/b': '' }) })
  const programs = {
    'C: arguments': ['command', { args: ['c', 'args', '', 'zwei wörter'] }],
    'C: environment': ['command', { args: ['c', 'env'], env: { A: '1', B: 'x=y', EMPTY: '' } }],
    'C: input': ['command', { args: ['c', 'upper'], input: 'grüße\n' }],
    'C: a file that is not there': ['command', { args: ['c', 'list', '/nowhere'] }],
    'C: a file written': ['command', { args: ['c', 'copy', '/data/from', '/data/to'], preopens: files() }],
    'C: an exit code': ['command', { args: ['c', 'exit', '200'] }],
    'Rust': ['rust/command', { args: ['rust', 'x'], env: { NAME: 'n' }, input: 'input' }],
    'Go': ['go/command', { args: ['go', 'x', 'y'], env: { NAME: 'n' }, input: 'a\nb\n' }],
    'Zig': ['zig/command', {}],
    'C, of preview 0': ['c/unstable', { version: 'unstable' }],
  }
  for (const [name, [file, options]] of Object.entries(programs)) {
    test(`${name}: does what it does with node:wasi, on both engines`, () => {
      const bytes = guest(file)
      const expected = program(NodeWASI, V8, bytes, options)
      assert.ok(expected.out + expected.err !== '' || expected.exitCode !== 0 || name.includes('written'), 'it does something')
      for (const [engine, its] of Object.entries(engines)) {
        assert.deepEqual(program(WASI, its, bytes, options), expected, engine)
      }
      if (name.includes('written')) assert.equal(readFileSync(join(options.preopens['/data'], 'to'), 'utf8'), 'content')
    })
  }

  test('lists a directory, itself and its parent too, which node:wasi leaves out', () => {
    const preopens = files()
    const list = { args: ['c', 'list', '/data/list'], preopens }
    const names = ({ exitCode, out }) => [exitCode, out.trim().split('\n').sort()]
    assert.deepEqual(names(program(NodeWASI, V8, guest('command'), list)), [0, ['a', 'b']])
    for (const engine of Object.values(engines)) {
      assert.deepEqual(names(program(WASI, engine, guest('command'), list)), [0, ['.', '..', 'a', 'b']])
    }
  })

  test('is one that was written for node:wasi, with another import', () => {
    const text = module => `import { readFileSync } from 'node:fs'
      import { WASI } from ${JSON.stringify(module)}
      const wasi = new WASI({ version: 'preview1', args: ['c', 'upper'], env: process.env, preopens: { '/': '.' }, returnOnExit: true })
      const module = await WebAssembly.compile(readFileSync('command.wasm'))
      const instance = await WebAssembly.instantiate(module, wasi.getImportObject())
      console.log('ended with', wasi.start(instance))`
    const { node } = project({ 'command.wasm': guest('command'), 'before.mjs': text('node:wasi'), 'after.mjs': text('wasmport') })
    const run = (file, ...flags) => {
      const { status, stdout, stderr } = node(['--no-warnings', ...flags, file], { input: 'typed\n' })
      assert.equal(status, 0, stderr)
      return stdout
    }
    assert.equal(run('before.mjs'), 'TYPED\nended with 0\n')
    assert.equal(run('after.mjs'), 'TYPED\nended with 0\n')
    assert.equal(run('after.mjs', '--import', 'wasmport/global'), 'TYPED\nended with 0\n')
  })

  for (const [name, engine] of Object.entries(engines)) {
    describe(`on ${name}`, () => {
      test('that traps or whose imports throw', () => {
        const start = (body, error) => {
          const bytes = assemble(`(module (import "env" "f" (func $f)) (memory (export "memory") 1) (func (export "_start") ${body}))`)
          const wasi = new WASI({ version })
          const instance = instantiate(engine, bytes, { env: { f() { throw error } } })
          const caught = thrown(() => wasi.start(instance))
          refuses(() => wasi.start(instance), Error, { code: 'ERR_WASI_ALREADY_STARTED' })
          return caught
        }
        assert.ok(start('unreachable') instanceof V8.RuntimeError)
        for (const error of [new Error('of an import'), 'a string', undefined]) assert.equal(start('(call $f)', error), error)
      })

      test('that is ended by the exit of another', () => {
        const other = new WASI({ version })
        const reactor = instantiate(engine, guest('reactor'), other.getImportObject())
        other.initialize(reactor)
        const wasi = new WASI({ version })
        const instance = instantiate(
          engine,
          assemble('(module (import "env" "f" (func $f)) (memory (export "memory") 1) (func (export "_start") (call $f)))'),
          { env: { f: () => reactor.exports.leave(5) } },
        )
        check(thrown(() => wasi.start(instance)), Error, { code: 'ERR_WASMPORT_EXIT', exitCode: 5 })
      })

      test('follows a memory that grows', () => {
        const bytes = assemble(`(module
          (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
          (memory (export "memory") 1)
          (data $text "far up\\n")
          (func (export "_start") (local $at i32)
            (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 8)))
            (local.set $at (i32.mul (memory.grow (i32.const 1)) (i32.const 65536)))
            (memory.init $text (i32.add (local.get $at) (i32.const 100)) (i32.const 0) (i32.const 7))
            (i32.store (local.get $at) (i32.add (local.get $at) (i32.const 100)))
            (i32.store offset=4 (local.get $at) (i32.const 7))
            (drop (call $fd_write (i32.const 1) (local.get $at) (i32.const 1) (i32.add (local.get $at) (i32.const 8))))))`)
        assert.equal(program(WASI, engine, bytes).out, 'far up\n')
        for (const shared of [false, true]) {
          const { random_get, memory, bytes } = calls({ random: 1 }, engine, { initial: 1, maximum: 3, shared })
          assert.equal(random_get(65_000, 16), 0)
          memory.grow(2)
          assert.equal(random_get(3 * 65_536 - 16, 16), 0)
          assert.notDeepEqual(bytes(3 * 65_536 - 16, 16), Buffer.alloc(16))
        }
      })

      test('addresses all of a large memory', () => {
        // 2 GiB and a page: beyond the middle, an engine passes addresses as negative numbers.
        const high = 2 ** 31
        const { random_get, bytes } = calls({ random: 1 }, engine, { initial: high / 65_536 + 1 })
        assert.equal(random_get(high | 0, 16), 0)
        assert.notDeepEqual(bytes(high, 16), Buffer.alloc(16))
        assert.equal(random_get(high + 16, 16), 0)
        assert.notDeepEqual(bytes(high + 16, 16), Buffer.alloc(16))
      })

      test('that passes an address beyond its memory is ended', () => {
        const { fd_write, memory } = calls({}, engine)
        check(thrown(() => fd_write(1, memory.buffer.byteLength - 4, 1, 0)), V8.RuntimeError, {}, 'fd_write')
      })
    })
  }

  test('ends where it is told to', () => {
    for (const engine of Object.keys(engines)) {
      for (const code of [0, 1, 126, 127, 255]) assert.equal(runCommand(engine, ['exit', `${code}`]).exitCode, code)
      const exit = code => assemble(`(module (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
        (memory (export "memory") 1) (func (export "_start") (call $exit (i32.const ${code})) unreachable))`)
      for (const code of [-1, 0x7fffffff]) {
        assert.equal(program(WASI, engines[engine], exit(code)).exitCode, program(NodeWASI, V8, exit(code)).exitCode)
      }
    }
  })
})

describe('returnOnExit: false', () => {
  const script = (engine, body) => `const { WASI, WebAssembly: Wasmtime } = require(${JSON.stringify(api)})
    const engine = ${engine === 'V8' ? 'globalThis.WebAssembly' : 'Wasmtime'}
    const instance = (wasi, file) => new engine.Instance(
      new engine.Module(require('node:fs').readFileSync(file)), wasi.getImportObject())
    process.on('exit', code => console.log('exit handler ' + code))
    ${body}
    console.log('not reached')`
  const start = (engine, code) => script(engine, `const wasi = new WASI({ version: 'preview1', args: ['c', 'exit', '${code}'], returnOnExit: false })
    wasi.start(instance(wasi, ${JSON.stringify(command.pathname)}))`)

  for (const engine of Object.keys(engines)) {
    test(`ends the process, on ${engine}`, () => {
      for (const code of [0, 7, 255]) {
        const { status, stdout, stderr } = spawn(start(engine, code))
        assert.deepEqual([status, stdout, stderr], [code, `exit handler ${code}\n`, ''])
      }
    })

    test(`ends it also from a call after the start, on ${engine}`, () => {
      const file = new URL('guests/reactor.wasm', import.meta.url).pathname
      const { status, stdout, stderr } = spawn(script(engine, `const wasi = new WASI({ version: 'preview1', returnOnExit: false })
        const reactor = instance(wasi, ${JSON.stringify(file)})
        wasi.initialize(reactor)
        reactor.exports.leave(9)`))
      assert.deepEqual([status, stdout, stderr], [9, 'constructed\nexit handler 9\n', ''])
    })

    test(`ends a worker and not the process, on ${engine}`, async () => {
      const { code, messages, error } = await inWorker(start(engine, 7).replaceAll('console.log', 'parentPort.postMessage'))
      assert.deepEqual([code, error, messages.includes('not reached')], [7, undefined, false])
    })
  }
})

describe('a reactor', () => {
  for (const [name, engine] of Object.entries(engines)) {
    test(`is initialized, then called, on ${name}`, () => {
      const dir = scratch({ 'data/first': 'Z' })
      const stdout = openSync(join(dir, 'out'), 'w')
      const wasi = new WASI({ version, stdout, env: { NAME: 'class' }, preopens: { '/data': join(dir, 'data') } })
      const { exports } = instantiate(engine, guest('reactor'), wasi.getImportObject())
      wasi.initialize({ exports })
      assert.deepEqual([exports.greet(), exports.greet(), exports.first()], [1, 2, 'Z'.charCodeAt()])
      assert.equal(readFileSync(join(dir, 'out'), 'utf8'), 'constructed\nhello class, call 1\nhello class, call 2\n')
      check(thrown(() => exports.leave(6)), Error, { code: 'ERR_WASMPORT_EXIT', exitCode: 6 }, 'proc_exit(6)')
      closeSync(stdout)
    })
  }

  test('of both engines at once, each with its own', () => {
    const dir = scratch()
    const [one, two] = Object.entries(engines).map(([NAME, engine]) => {
      const stdout = openSync(join(dir, NAME), 'w')
      const wasi = new WASI({ version, stdout, env: { NAME } })
      const instance = instantiate(engine, guest('reactor'), wasi.getImportObject())
      wasi.initialize(instance)
      return instance.exports
    })
    assert.deepEqual([one.greet(), two.greet(), one.greet()], [1, 1, 2])
    assert.equal(readFileSync(join(dir, 'V8'), 'utf8'), 'constructed\nhello V8, call 1\nhello V8, call 2\n')
    assert.equal(readFileSync(join(dir, 'Wasmtime'), 'utf8'), 'constructed\nhello Wasmtime, call 1\n')
  })

  test('loaded by load() takes the functions as its imports', async () => {
    const bytes = assemble(`(module
      (import "env" "random_get" (func $random_get (param i32 i32) (result i32)))
      (memory (export "memory") 1)
      (func (export "fill") (result i64) (drop (call $random_get (i32.const 0) (i32.const 8))) (i64.load (i32.const 0))))`)
    const wasi = new WASI({ version, random: 3 })
    const exports = await load(bytes, { imports: { env: wasi.wasiImport } })
    wasi.finalizeBindings({ exports })
    const again = calls({ random: 3 })
    again.random_get(0, 8)
    assert.equal(BigInt.asUintN(64, exports.fill()), again.u64(0))
  })
})

describe('threads', () => {
  // Each thread is an instance of its own over one memory. It writes a line, and counts itself in the memory.
  const bytes = assemble(`(module
    (import "env" "memory" (memory 1 2 shared))
    (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
    (func (export "wasi_thread_start") (param $id i32) (param $at i32)
      (i32.store (local.get $at) (i32.add (local.get $at) (i32.const 16)))
      (i32.store offset=4 (local.get $at) (i32.const 2))
      (i32.store8 offset=16 (local.get $at) (i32.add (local.get $id) (i32.const 48)))
      (i32.store8 offset=17 (local.get $at) (i32.const 10))
      (drop (call $fd_write (i32.const 1) (local.get $at) (i32.const 1) (i32.add (local.get $at) (i32.const 8))))
      (drop (i32.atomic.rmw.add (i32.const 0) (i32.const 1)))))`)
  const limits = { initial: 1, maximum: 2, shared: true }

  for (const [name, engine] of Object.entries(engines)) {
    test(`share a memory that is imported, on ${name}`, () => {
      const out = join(scratch(), 'out')
      const stdout = openSync(out, 'w')
      const memory = new engine.Memory(limits)
      const module = new engine.Module(bytes)
      for (const id of [1, 2, 3]) {
        const wasi = new WASI({ version, stdout })
        const instance = new engine.Instance(module, { ...wasi.getImportObject(), env: { memory } })
        wasi.finalizeBindings(instance, { memory })
        instance.exports.wasi_thread_start(id, 1024 * id)
      }
      assert.equal(readFileSync(out, 'utf8'), '1\n2\n3\n')
      assert.equal(new Int32Array(memory.buffer)[0], 3)
      closeSync(stdout)
    })
  }

  test('are workers, with the memory of V8', async () => {
    const out = join(scratch(), 'out')
    const stdout = openSync(out, 'w')
    const memory = new V8.Memory(limits)
    const script = `const { workerData: { module, memory, stdout, id } } = require('node:worker_threads')
      const { WASI } = require(${JSON.stringify(api)})
      const wasi = new WASI({ version: 'preview1', stdout })
      const instance = new WebAssembly.Instance(module, { ...wasi.getImportObject(), env: { memory } })
      wasi.finalizeBindings(instance, { memory })
      instance.exports.wasi_thread_start(id, 1024 * id)`
    const module = new V8.Module(bytes)
    const codes = await Promise.all([1, 2, 3, 4].map(async id => {
      const worker = new Worker(script, { eval: true, workerData: { module, memory, stdout, id } })
      const [code] = await once(worker, 'exit')
      return code
    }))
    assert.deepEqual(codes, [0, 0, 0, 0])
    assert.deepEqual(readFileSync(out, 'utf8').trim().split('\n').sort(), ['1', '2', '3', '4'])
    assert.equal(new Int32Array(memory.buffer)[0], 4)
    closeSync(stdout)
  })
})

test('whole programs run in workers', async () => {
  const dir = scratch({ from: 'content' })
  const script = engine => `const { WASI, WebAssembly: Wasmtime } = require(${JSON.stringify(api)})
    const engine = ${engine === 'V8' ? 'globalThis.WebAssembly' : 'Wasmtime'}
    const args = ['c', 'copy', '/data/from', '/data/to-${engine}']
    const wasi = new WASI({ version: 'preview1', args, preopens: { '/data': ${JSON.stringify(dir)} } })
    const module = new engine.Module(require('node:fs').readFileSync(${JSON.stringify(command.pathname)}))
    parentPort.postMessage(wasi.start(new engine.Instance(module, wasi.getImportObject())))`
  const ends = await Promise.all(Object.keys(engines).map(engine => inWorker(script(engine))))
  for (const end of ends) assert.deepEqual(end, { code: 0, messages: [0], error: undefined })
  for (const engine of Object.keys(engines)) assert.equal(readFileSync(join(dir, `to-${engine}`), 'utf8'), 'content')
})

describe('the sandbox', () => {
  const make = () => {
    const dir = scratch({ 'outside/secret': 'secret', 'in/f': 'content' })
    const inside = join(dir, 'in')
    symlinkSync('../outside', join(inside, 'relative'))
    symlinkSync(join(dir, 'outside'), join(inside, 'absolute'))
    symlinkSync('..', join(inside, 'up'))
    symlinkSync('../outside/secret', join(inside, 'file'))
    return { dir, inside }
  }

  test('holds where node:wasi follows a link out of a directory', () => {
    const { dir, inside } = make()
    const preopens = { '/': inside }
    const node = program(NodeWASI, V8, guest('command'), { args: ['c', 'copy', '/relative/secret', '/taken'], preopens })
    assert.deepEqual([node.exitCode, readFileSync(join(inside, 'taken'), 'utf8')], [0, 'secret'])
    for (const engine of Object.keys(engines)) {
      for (const path of ['relative/secret', 'absolute/secret', 'up/outside/secret', '../outside/secret', 'file']) {
        const read = runCommand(engine, ['copy', `/${path}`, '/stolen'], { preopens })
        assert.equal(read.exitCode, 1, path)
        const write = runCommand(engine, ['copy', '/f', `/${path}`], { preopens })
        assert.equal(write.exitCode, 1, path)
      }
    }
    assert.equal(readFileSync(join(dir, 'outside/secret'), 'utf8'), 'secret')
    assert.deepEqual(readdirSync(join(dir, 'outside')), ['secret'])
    assert.ok(!readdirSync(inside).includes('stolen'))
  })

  test('has nothing in it by default but the standard streams', () => {
    const { fd_prestat_get, args_sizes_get, environ_sizes_get, u32 } = calls()
    for (let fd = 3; fd < 10; fd++) assert.equal(fd_prestat_get(fd, 0), 8)
    args_sizes_get(0, 4)
    environ_sizes_get(8, 12)
    assert.deepEqual([u32(0), u32(8)], [0, 0])
  })

  test('lets a directory be read only', () => {
    const { inside } = make()
    for (const engine of Object.keys(engines)) {
      const copy = readonly => runCommand(engine, ['copy', '/d/f', `/d/made-by-${engine}`], { preopens: { '/d': { path: inside, readonly } } })
      assert.equal(copy(true).exitCode, 1)
      assert.ok(!readdirSync(inside).includes(`made-by-${engine}`))
      assert.equal(copy(false).exitCode, 0)
      assert.ok(readdirSync(inside).includes(`made-by-${engine}`))
    }
  })

  test('has descriptors of its own', () => {
    const dir = scratch()
    const stdout = openSync(join(dir, 'out'), 'w')
    const { fd_close, fd_write, vector } = calls({ stdout })
    assert.equal(fd_close(1), 0)
    assert.equal(fd_write(1, vector(64, 1), 1, 8), 8)
    assert.equal(writeSync(stdout, 'still open'), 10)
    closeSync(stdout)
    // The other way round as well: the one that was given may be closed.
    const given = openSync(join(dir, 'other'), 'w')
    const guest = calls({ stdout: given })
    closeSync(given)
    guest.bytes(64, 4).write('here')
    assert.equal(guest.fd_write(1, guest.vector(64, 4), 1, 8), 0)
    assert.equal(readFileSync(join(dir, 'other'), 'utf8'), 'here')
  })

  test('is freed with the object, and with what it started', { skip: process.platform !== 'linux' && 'Linux only' }, () => {
    const grown = JSON.parse(child(`const { WASI, WebAssembly: Wasmtime } = require(${JSON.stringify(api)})
      const fs = require('node:fs')
      const open = () => fs.readdirSync('/proc/self/fd').length
      const stdout = fs.openSync('/dev/null', 'w')
      const options = { version: 'preview1', args: ['c', 'env'], stdout, preopens: { '/': ${JSON.stringify(scratch())} } }
      const bytes = fs.readFileSync(${JSON.stringify(command.pathname)})
      const start = engine => {
        const module = new engine.Module(bytes)
        return () => {
          const wasi = new WASI(options)
          wasi.start(new engine.Instance(module, wasi.getImportObject()))
        }
      }
      const uses = { made: () => new WASI(options), V8: start(WebAssembly), Wasmtime: start(Wasmtime) }
      const settle = async () => { for (let n = 0; n < 10; n++) { gc(); await new Promise(resolve => setImmediate(resolve)) } }
      ;(async () => {
        const grown = {}
        for (const [name, use] of Object.entries(uses)) {
          const round = async () => { for (let n = 0; n < 100; n++) use(); await settle() }
          await round()
          const before = open()
          for (let n = 0; n < 4; n++) await round()
          grown[name] = open() - before
        }
        console.log(JSON.stringify(grown))
      })()`, { flags: ['--expose-gc'] }))
    for (const [use, count] of Object.entries(grown)) assert.ok(count < 20, `${use}: ${count} descriptors are left open`)
  })

  test('lasts while one function of it is there', async () => {
    for (const engine of Object.values(engines)) {
      const alone = (() => {
        const { sched_yield } = calls({}, engine)
        return sched_yield
      })()
      setFlagsFromString('--expose-gc')
      const gc = runInNewContext('gc')
      for (let n = 0; n < 5; n++) {
        gc()
        await turns(1)
      }
      assert.equal(alone(), 0)
    }
  })
})

test('objects that are given nothing open nothing, so that there can be any number of them', { skip: process.platform !== 'linux' }, () => {
  const files = () => readdirSync('/proc/self/fd').length
  const before = files()
  const objects = Array.from({ length: 500 }, () => new WASI({ version, stdin: 0, stdout: 1 }))
  assert.equal(files(), before)
  assert.equal(objects.length, 500)
})

describe('the options that are not of node:wasi', () => {
  test('cwd is where relative paths begin', () => {
    const dir = scratch({ 'sub/f': 'content' })
    for (const engine of Object.keys(engines)) {
      const options = { preopens: { '/d': dir }, cwd: '/d/sub' }
      assert.deepEqual(runCommand(engine, ['copy', 'f', `copy-${engine}`], options), { exitCode: 0, out: '', err: '' })
      assert.equal(readFileSync(join(dir, `sub/copy-${engine}`), 'utf8'), 'content')
      assert.equal(runCommand(engine, ['env'], options).out, 'PWD=/d/sub\n')
    }
    refuses(() => new WASI({ version, cwd: '/elsewhere' }), TypeError, { code: 'ERR_WASMPORT_OPTION' }, 'cwd')
  })

  test('clocks begin where they are set, and random is a sequence', () => {
    const begin = new Date('2001-02-03T04:05:06.789Z')
    const read = options => {
      const { clock_time_get, random_get, u64, bytes } = calls(options)
      assert.equal(clock_time_get(0, 1n, 0), 0)
      assert.equal(clock_time_get(1, 1n, 8), 0)
      assert.equal(random_get(16, 32), 0)
      return { real: u64(0), monotonic: u64(8), random: bytes(16, 32).toString('hex') }
    }
    const fixed = { clocks: begin, random: 1 }
    const first = read(fixed)
    assert.equal(first.real / 1_000_000_000n, BigInt(begin.getTime()) / 1000n)
    assert.ok(first.monotonic < 1_000_000_000n)
    assert.deepEqual(read(fixed), first)
    assert.equal(read({ random: new Uint8Array(8).fill(1, 0, 1) }).random, first.random)
    assert.notEqual(read({ random: 2 }).random, first.random)
    const system = read({})
    assert.notEqual(system.random, read({}).random)
    assert.ok(Math.abs(Number(system.real / 1_000_000n) - Date.now()) < 60_000)
  })

  test('network gives sockets that accept connections', async () => {
    const port = await freePort()
    const { sock_accept, fd_write, fd_read, fd_close, vector, bytes, u32 } = calls({ network: { listen: [`127.0.0.1:${port}`] } })
    const client = connect(port, '127.0.0.1').setEncoding('utf8')
    await once(client, 'connect')
    assert.equal(sock_accept(3, 0, 8), 0)
    const fd = u32(8)
    bytes(64, 5).write('hello')
    assert.equal(fd_write(fd, vector(64, 5), 1, 8), 0)
    assert.deepEqual(await once(client, 'data'), ['hello'])
    await new Promise(resolve => client.write('back', resolve))
    assert.equal(fd_read(fd, vector(64, 100), 1, 8), 0)
    assert.equal(bytes(64, u32(8)).toString(), 'back')
    assert.equal(fd_close(fd), 0)
    client.end()
    await once(client, 'close')
  })
})

test("'unstable' has the layouts and numbers of preview 0", () => {
  const dir = scratch({ input: 'twelve bytes' })
  const stdin = openSync(join(dir, 'input'), 'r')
  const END = { unstable: 1, preview1: 2 }
  const SIZE = { unstable: 24, preview1: 32 }
  for (const version of ['unstable', 'preview1']) {
    const { fd_seek, fd_filestat_get, u64 } = calls({ version, stdin })
    assert.equal(fd_filestat_get(0, 64), 0)
    assert.equal(u64(64 + SIZE[version]), 12n)
    assert.equal(fd_seek(0, -2n, END[version], 8), 0)
    assert.equal(u64(8), 10n)
  }
  closeSync(stdin)
})
