// What is said while a module is compiled: to a person at a terminal, and to nobody else.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { assemble } from './fixtures/project.mjs'
import { scratch, spawnAsync } from './fixtures/scratch.mjs'
import { slowModule } from './fixtures/slow.mjs'
import { api } from './helpers.mjs'

// Compiled in about two seconds; after 0.3 s there is something to say.
const slow = assemble(slowModule(20_000))
const name = 'a-module-of-some-size.wasm'
const fast = '(module (func (export "f") (result i32) (i32.const 7)))'
const hello = `(module (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1) (data (i32.const 0) "\\10\\00\\00\\00\\06\\00\\00\\00") (data (i32.const 16) "hello\\n")
  ${slowModule(20_000).slice('(module (memory 1)'.length, -1)}
  (func (export "_start") (drop (call $write (i32.const 2) (i32.const 0) (i32.const 1) (i32.const 8)))))`

const has = command => spawnSync('sh', ['-c', `command -v ${command}`]).status === 0
// A way to run a shell command in a terminal of its own and get what appears there.
const PYTHON = 'import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(["sh", "-c", sys.argv[1]])))'
const terminal = has('script') ? command => ['script', ['-qec', command, '/dev/null']] : has('python3') ? command => ['python3', ['-c', PYTHON, command]] : undefined

/** Runs a script in a terminal, or with its standard error in a file, and returns what appeared in the terminal. */
function inTerminal(script, { columns = 80, redirect = '', env = {} } = {}) {
  const code = `const { load, loadSync, run, runSync } = require(${JSON.stringify(api)});${script}`
  const [command, args] = terminal(`stty cols ${columns} rows 24 && "$NODE" -e "$CODE" ${redirect}`)
  const { NODE_TEST_CONTEXT, ...ours } = process.env
  const { stdout, status } = spawnSync(command, args, {
    encoding: 'utf8', timeout: 60_000, input: '', env: { ...ours, SHELL: '/bin/sh', NODE: process.execPath, CODE: code, ...env },
  })
  assert.equal(status, 0, stdout)
  return stdout
}

/** What a terminal shows after `output`, line by line, and all that was ever on it, with the number of lines that took. */
function screen(output, columns) {
  let lines = ['']
  let [row, column, wrap] = [0, 0, true]
  const seen = []
  const tokens = output.match(/\x1b\[\?7[lh]|\x1b\[[0-2]?K|\x1b\[[^A-Za-z]*[A-Za-z]|[^]/gu) ?? []
  for (const token of tokens) {
    if (token === '\x1b[?7l') wrap = false
    else if (token === '\x1b[?7h') wrap = true
    else if (token === '\x1b[K' || token === '\x1b[0K') lines[row] = lines[row].slice(0, column)
    else if (token === '\x1b[2K') lines[row] = ''
    else if (token.startsWith('\x1b')) assert.fail(`unknown control sequence ${JSON.stringify(token)}`)
    else if (token === '\r') column = 0
    else if (token === '\n') lines[++row] ??= ''
    else {
      if (column === columns && wrap) [row, column] = [row + 1, 0]
      lines[row] = (lines[row] ?? '').padEnd(column).slice(0, column) + token + (lines[row] ?? '').slice(column + 1)
      column = Math.min(column + 1, wrap ? columns : columns - 1)
      seen.push(lines[row])
    }
  }
  return { lines: lines.map(line => line.trimEnd()).join('\n').trimEnd(), seen: seen.join('\n'), rows: row + 1 }
}

describe('without a terminal', () => {
  for (const call of ['await load', 'runSync']) {
    test(`${call} says nothing, however long it takes`, () => {
      const dir = scratch({ [name]: call.includes('run') ? assemble(hello) : slow })
      const { stdout, stderr } = spawnAsync(`const began = performance.now()
        ${call}(${JSON.stringify(join(dir, name))})
        process.stdout.write(String(performance.now() - began))`, { env: { WASMPORT_CACHE: 'off' } })
      assert.equal(stderr, call.includes('run') ? 'hello\n' : '')
      assert.ok(Number(stdout) > 400, `${stdout} ms is too short to show anything`)
    })
  }
})

describe('at a terminal', { skip: !terminal && 'neither script nor python3 is there to make one' }, () => {
  const dir = scratch({ [name]: slow, 'hello.wasm': assemble(hello), 'fast.wasm': assemble(fast) })
  const path = file => JSON.stringify(join(dir, file))
  const off = { WASMPORT_CACHE: 'off' }

  for (const [call, columns] of [['load', 80], ['loadSync', 40]]) {
    test(`${call} names what is compiled and for how long, on one line of ${columns} columns, and leaves nothing behind`, () => {
      const { lines, seen, rows } = screen(inTerminal(`${call}(${path(name)})`, { env: off, columns }), columns)
      // A name may be cut to the width there is.
      assert.ok(seen.includes(name.slice(0, 10)), seen)
      const times = new Set(seen.match(/\d+\.\d s/g))
      assert.ok(times.size >= 3, `the time goes on: ${[...times]}`)
      assert.ok([...times].every(time => parseFloat(time) >= 0.3), 'not before 300 ms')
      assert.equal(lines, '')
      assert.equal(rows, 1)
      assert.doesNotMatch(seen, /cache/, 'there is none')
      assert.doesNotMatch(seen, /wasmport.*wasmport/, 'its own name once')
    })
  }

  test('a program that is run finds the line free', () => {
    const { lines, seen } = screen(inTerminal(`run(${path('hello.wasm')})`, { env: off }), 80)
    assert.ok(seen.includes('hello.wasm'), seen)
    assert.equal(lines, 'hello')
  })

  test('a compilation that is quick is not mentioned, nor is code from the cache', () => {
    assert.equal(inTerminal(`loadSync(${path('fast.wasm')}).f()`, { env: off }), '')
    const options = { env: { WASMPORT_CACHE: join(dir, 'cache') }, redirect: `> "${join(dir, 'stdout')}"` }
    const script = `process.stdout.write(String(loadSync(${path(name)}).f()))`
    assert.ok(inTerminal(script, options).includes(name.slice(0, 10)))
    assert.equal(readFileSync(join(dir, 'stdout'), 'utf8'), '7', 'standard output stays clean')
    assert.equal(inTerminal(script, options), '')
  })

  test('nothing is said on standard error that goes elsewhere, though standard output is a terminal', () => {
    const file = join(dir, 'stderr')
    assert.equal(inTerminal(`loadSync(${path(name)})`, { env: off, redirect: `2> "${file}"` }), '')
    assert.equal(readFileSync(file, 'utf8'), '')
  })
})
