// node --import wasmport/register tool.wasm: a .wasm file as the program itself.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { randomBytes } from 'node:crypto'
import { describe, test } from 'node:test'
import { head, hooks, needs, passes } from './fixtures/hooks.mjs'
import { fixture, project } from './fixtures/project.mjs'

const exiting = code => `(module (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1) (func (export "_start") (call $exit (i32.const ${code}))))`
const writing = (text, more = '') => `(module
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1) (data (i32.const 0) "\\08\\00\\00\\00\\${text.length.toString(16).padStart(2, '0')}\\00\\00\\00${text}")
  (func (export "_start") (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 64)))) ${more})`

const made = project({
  'echo.wasm': fixture('echo'),
  'count.wasm': fixture('exit'),
  'loop.wasm': fixture('loop'),
  'write.wasm': writing('ran'),
  ...Object.fromEntries([0, 3, 125, 126, 200, 255].map(code => [`exit${code}.wasm`, exiting(code)])),
  'app/package.json': '{"main":"program.wasm"}',
  'app/program.wasm': exiting(7),
  'again.wasm': '(module (import "./again.mjs" "ran" (func $ran)) (import "wasi_snapshot_preview1" "sched_yield" (func (result i32))) (memory (export "memory") 1) (func (export "_start") (call $ran)))',
  'again.mjs': 'export const ran = () => { console.log("ran"); import("./again.wasm?2") }',
  'trap.wasm': `(module (import "wasi_snapshot_preview1" "sched_yield" (func (result i32))) (memory (export "memory") 1)
    (func $inner unreachable) (func (export "_start") (call $inner)))`,
  'entry.wasm': '(module (func (export "") (result i32) (i32.const 12)))',
  'plain.wasm': '(module (import "./log.mjs" "log" (func $log)) (func (export "_start") (call $log)))',
  'log.mjs': 'export const log = () => console.log("from JS")',
  'later.wasm': '(module (import "./later.mjs" "later" (func $later)) (func (export "_start") (call $later)))',
  'later.mjs': 'export const later = () => { setTimeout(() => console.log("later"), 20) }',
  'throws.wasm': '(module (import "./throws.mjs" "f" (func $f)) (func (export "_start") (call $f)))',
  'throws.mjs': 'export const f = () => { throw new RangeError("mine") }',
  'library.wasm': '(module (import "./log.mjs" "log" (func $log)) (func (export "f")) (start $log))',
  'imports.mjs': 'import "./write.wasm"\nawait import("./write.wasm?again")\nconsole.log("imported")',
  'requires.cjs': 'require("./write.wasm")\nconsole.log("required")',
  'worker.mjs': `
    import { Worker } from 'node:worker_threads'
    new Worker(new URL('./imports.mjs', import.meta.url))`,
  'worker-entry.mjs': `${head}
    import { once } from 'node:events'
    import { Worker } from 'node:worker_threads'
    const [code] = await once(new Worker(new URL('./write.wasm', import.meta.url)), 'exit')
    assert.equal(code, 0)`,
})
const program = (file, args = [], options = {}) => made.node([...hooks, file, ...args], options)

describe('a program', () => {
  test('gets the arguments, after its name, and the input; what it writes is the output', () => {
    const { stdout, stderr, status } = program('echo.wasm', ['a', 'b c', 'ä🙂', '--flag'], { input: 'the input' })
    const [name, ...lines] = stdout.split('\n')
    assert.match(name, /echo\.wasm$/)
    assert.deepEqual([lines.slice(0, 4), stderr, status], [['a', 'b c', 'ä🙂', '--flag'], '', 0])
    assert.ok(stdout.endsWith('the input'))
  })

  test('passes on megabytes exactly', () => {
    const input = randomBytes(3 * 1024 * 1024)
    const { stdout } = program('echo.wasm', [], { input, encoding: 'buffer', maxBuffer: 1 << 26 })
    assert.ok(stdout.subarray(-input.length).equals(input))
  })

  test('is not given the environment', () => {
    const { stdout } = program('echo.wasm', [], { input: '', env: { WASMPORT_TEST_SECRET: 'secret' } })
    assert.ok(!stdout.includes('secret'))
  })

  test('ends with its exit code', () => {
    for (const code of [0, 3, 125, 126, 200, 255]) {
      const { status, signal, stderr } = program(`exit${code}.wasm`)
      assert.deepEqual([status, signal, stderr], [code, null, ''])
    }
    assert.equal(program('count.wasm', ['a', 'b', 'c']).status, 3)
    assert.equal(program('entry.wasm').status, 12)
  })

  test('that traps ends with 1 and says where', () => {
    const { status, signal, stderr } = program('trap.wasm')
    assert.deepEqual([status, signal], [1, null])
    assert.match(stderr, /RuntimeError/)
    assert.match(stderr, /at .*trap\.wasm:wasm-function\[1\]:0x[0-9a-f]+\n +at .*trap\.wasm:wasm-function\[2\]:0x[0-9a-f]+\n/)
  })

  for (const signal of ['SIGINT', 'SIGTERM']) {
    test(`ends by ${signal}`, async () => {
      const child = spawn(process.execPath, [...hooks, 'loop.wasm'], { cwd: made.dir, stdio: ['ignore', 'pipe', 'inherit'] })
      const exit = once(child, 'exit')
      const [first] = await Promise.race([once(child.stdout, 'data'), exit])
      assert.equal(String(first), 'begun\n')
      child.kill(signal)
      const [code, by] = await exit
      assert.ok(by === signal || code === 128 + { SIGINT: 2, SIGTERM: 15 }[signal], `${code} ${by}`)
    })
  }

  test('that imports JS modules', () => {
    for (const [file, output] of [['plain.wasm', 'from JS\n'], ['later.wasm', 'later\n']]) {
      const { stdout, stderr, status } = program(file)
      assert.deepEqual([stdout, stderr, status], [output, '', 0])
    }
  })

  test('whose JS throws ends with 1 and that error', () => {
    const { stderr, status } = program('throws.wasm')
    assert.equal(status, 1)
    assert.match(stderr, /RangeError: mine\n +at f \(.*throws\.mjs:1:\d+\)/)
  })

  test('that is what a package or directory has for its main file', () => {
    const { status, stderr } = made.node([...hooks, 'app'])
    assert.equal(status, 7, stderr)
  })

  test('is run once, though it is imported again by another URL', () => { assert.equal(passes(made, 'again.wasm'), 'ran\n') })

  test('named by an absolute path, and by NODE_OPTIONS', () => {
    assert.equal(program(`${made.dir}/write.wasm`).stdout, 'ran')
    assert.equal(made.node(['write.wasm'], { env: { NODE_OPTIONS: hooks.join(' ') } }).stdout, 'ran')
  })
})

describe('no program', () => {
  test('a library is loaded, as by an import', () => { assert.equal(passes(made, 'library.wasm'), 'from JS\n') })
  test('what JS imports is not run', () => { assert.equal(passes(made, 'imports.mjs'), 'imported\n') })
  test('what JS requires is not run', { skip: needs.requireOfModules }, () => { assert.equal(passes(made, 'requires.cjs'), 'required\n') })
  test('what -e imports is not run, though its name is the first argument', () => {
    const { stdout, stderr, status } = made.node([...hooks, '-e', 'import("./write.wasm")', 'write.wasm'])
    assert.deepEqual([stdout, stderr, status], ['', '', 0])
  })
  test('what a worker imports is not run', () => { assert.equal(passes(made, 'worker.mjs'), 'imported\n') })
  test('what a worker is made of is not run', () => { assert.equal(passes(made, 'worker-entry.mjs'), '') })
})
