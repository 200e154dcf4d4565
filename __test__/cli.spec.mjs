// The `wasmport` command, as a process.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { fixture, node, project, root } from './fixtures/project.mjs'

const bin = join(root, 'bin/wasmport.js')
const { dir } = project({
  'echo.wasm': fixture('echo'),
  'open.wasm': fixture('open'),
  'exit.wasm': fixture('exit'),
  'loop.wasm': fixture('loop'),
  'trap.wasm': '(module (func $deep unreachable) (func (export "_start") (call $deep)))',
  'bad.wasm': Buffer.from('this is not a module'),
  'lib.wasm': `(module
    (import "./log.js" "log" (func (param i32)))
    (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))`,
  'data/in.txt': 'in',
  'outside/secret.txt': 'secret',
})
symlinkSync('../outside', join(dir, 'data/out'))

const wasmport = (args, options) => node([bin, ...args], { cwd: dir, ...options })

/** Runs a command line that must fail with `status` and one line of `message` on stderr. */
function fails(args, status, ...parts) {
  const result = wasmport(args)
  assert.equal(result.status, status, result.stderr)
  assert.equal(result.stdout, '')
  assert.ok(result.stderr.startsWith('wasmport: '), result.stderr)
  assert.doesNotMatch(result.stderr, /\n\s+at /, 'no JS stack')
  for (const part of parts) assert.ok(result.stderr.includes(part), `${result.stderr}\nlacks: ${part}`)
}

describe('run', () => {
  test('the guest gets its name, its arguments and the standard streams, and nothing else', () => {
    const { stdout, stderr, status } = wasmport(['run', './echo.wasm', 'a', 'b c'], { input: 'typed', env: { SECRET: '1' } })
    assert.deepEqual([stdout, stderr, status], ['echo.wasm\na\nb c\ntyped', '', 0])
  })

  test('everything after FILE is the guest\'s, even what looks like an option', () => {
    const lines = args => wasmport(['run', ...args], { input: '' }).stdout
    assert.equal(lines(['echo.wasm', '--dir', '/', '--help', '-x']), 'echo.wasm\n--dir\n/\n--help\n-x\n')
    assert.equal(lines(['echo.wasm', '--', '--env', 'A=1']), 'echo.wasm\n--env\nA=1\n')
    assert.equal(lines(['echo.wasm', '--', 'a', '--', 'b']), 'echo.wasm\na\n--\nb\n')
    assert.equal(lines(['--env', 'A=1', '--', 'echo.wasm', 'b']), 'echo.wasm\nb\nA=1\n')
  })

  test('--env', () => {
    const { stdout } = wasmport(['run', '--env', 'A=1', '--env=B=x=y', '--env', 'C=', 'echo.wasm'], { input: '' })
    assert.equal(stdout, 'echo.wasm\nA=1\nB=x=y\nC=\n')
  })

  test('the exit code is the guest\'s', () => {
    assert.equal(wasmport(['run', 'exit.wasm']).status, 0)
    assert.equal(wasmport(['run', 'exit.wasm', 'a', 'b', 'c']).status, 3)
  })

  test('a large input passes through a pipe whole', () => {
    const input = 'x'.repeat(3 << 20)
    const { stdout, status } = wasmport(['run', 'echo.wasm'], { input, maxBuffer: 8 << 20 })
    assert.equal(status, 0)
    assert.equal(stdout, `echo.wasm\n${input}`)
  })

  describe('--dir', () => {
    const open = (dirs, ...args) => wasmport(['run', ...dirs.flatMap(given => ['--dir', given]), 'open.wasm', ...args]).status
    const NOTCAPABLE = 76, PERM = 63, ROFS = 69, BADF = 8

    test('nothing can be opened without', () => assert.equal(open([], 'data/in.txt'), BADF))
    test('a directory under its own name', () => assert.equal(open(['data'], 'in.txt'), 0))
    test('a directory under another', () => assert.equal(open(['data::/'], 'in.txt'), 0))
    test('what is written is there', () => {
      assert.equal(open(['data::/work'], 'new.txt', 'write'), 0)
      assert.ok(existsSync(join(dir, 'data/new.txt')))
    })
    for (const given of ['data:ro', 'data::/work:ro']) {
      test(`${given} can be read, not written`, () => {
        assert.equal(open([given], 'in.txt'), 0)
        const status = open([given], 'refused.txt', 'write')
        assert.ok([NOTCAPABLE, PERM, ROFS].includes(status), `path_open returned ${status}`)
        assert.ok(!existsSync(join(dir, 'data/refused.txt')))
      })
    }
    test('no way out of it', () => {
      for (const name of ['../outside/secret.txt', 'out/secret.txt']) {
        const status = open(['data'], name)
        assert.ok([NOTCAPABLE, PERM].includes(status), `${name}: path_open returned ${status}`)
      }
    })
    test('a directory that is not there is an error that names it', () => {
      fails(['run', '--dir', 'nowhere', 'open.wasm', 'x'], 1, 'nowhere')
    })
  })

  test('a signal ends it', { skip: process.platform === 'win32' }, async () => {
    const child = spawn(process.execPath, [bin, 'run', 'loop.wasm'], { cwd: dir, stdio: ['ignore', 'pipe', 'inherit'] })
    child.stdout.once('data', () => child.kill('SIGINT'))
    const signal = await new Promise(resolve => child.once('exit', (code, signal) => resolve(signal)))
    assert.equal(signal, 'SIGINT')
  })
})

describe('errors are one message on stderr, exit code 1', () => {
  test('a missing file', () => fails(['run', 'missing.wasm'], 1, 'missing.wasm', 'ENOENT'))
  test('a directory', () => fails(['run', 'data'], 1, join(dir, 'data'), 'EISDIR'))
  test('not a module', () => fails(['run', 'bad.wasm'], 1, 'bad.wasm', '(ERR_WASMPORT_NOT_WASM)'))
  test('not a program', () => fails(['run', 'lib.wasm'], 1, 'lib.wasm', '(ERR_WASMPORT_'))
  test('a trap', () => fails(['run', 'trap.wasm'], 1, 'unreachable', '(ERR_WASMPORT_TRAP)'))
  test('inspect of a missing file', () => fails(['inspect', 'missing.wasm'], 1, 'missing.wasm', 'ENOENT'))
})

describe('usage errors say so, exit code 2', () => {
  const cases = [
    [[], 'no command given'],
    [['walk'], 'unknown command "walk"'],
    [['run'], 'no FILE given'],
    [['run', '--dirs', 'x', 'echo.wasm'], '--dirs'],
    [['run', '--env', 'A', 'echo.wasm'], '--env A: expected NAME=VALUE'],
    [['run', '--env', '=1', 'echo.wasm'], 'expected NAME=VALUE'],
    [['run', '--dir', 'a::', 'echo.wasm'], '--dir a::: expected HOST[::GUEST][:ro]'],
    [['run', '--dir', 'a::b::c', 'echo.wasm'], 'expected HOST[::GUEST][:ro]'],
    [['inspect'], 'expected one FILE, got 0'],
    [['inspect', 'a', 'b'], 'expected one FILE, got 2'],
    [['inspect', '--xml', 'a'], '--xml'],
  ]
  for (const [args, message] of cases) {
    test(`wasmport ${args.join(' ')}`, () => fails(args, 2, message, 'See wasmport --help.'))
  }
})

test('--help and --version', () => {
  for (const args of [['--help'], ['-h'], ['run', '--help'], ['inspect', '-h']]) {
    const { stdout, stderr, status } = wasmport(args)
    assert.deepEqual([stderr, status], ['', 0])
    assert.match(stdout, /^Usage:\n {2}wasmport run/)
  }
  assert.match(wasmport(['--version']).stdout, /^wasmport \d+\.\d+\.\d+ \(wasmtime \d+\.\d+\.\d+\)\n$/)
})

describe('inspect', () => {
  test('prints what a module imports, exports and how it is started', () => {
    const { stdout, status } = wasmport(['inspect', 'lib.wasm'])
    assert.equal(status, 0)
    for (const part of ['lib.wasm', './log.js', 'log', 'add']) assert.ok(stdout.includes(part), stdout)
    assert.match(wasmport(['inspect', 'echo.wasm']).stdout, /run .*_start/)
  })

  test('--json prints the same as JSON', () => {
    const description = JSON.parse(wasmport(['inspect', '--json', 'lib.wasm']).stdout)
    assert.equal(description.kind, 'module')
    assert.deepEqual(description.imports.map(({ module, name, kind }) => [module, name, kind]), [['./log.js', 'log', 'function']])
    assert.deepEqual(description.exports.map(({ name, kind }) => [name, kind]), [['add', 'function']])
    assert.deepEqual(JSON.parse(wasmport(['inspect', 'echo.wasm', '--json']).stdout).plan.run.export, '_start')
  })
})
