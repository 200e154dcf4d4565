// WASI preview 0, the older names: what programs have that were built in 2019. guests/wasi-c/preview0.c checks what differs.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { inspect, load, loadSync } from '../index.js'
import { hooks } from './fixtures/hooks.mjs'
import { project } from './fixtures/project.mjs'
import { execute, names } from './guests/wasi-c/hosts.mjs'
import { guest } from './guests/guest.mjs'
import { refuses } from './helpers.mjs'

const bytes = guest('wasi-c/preview0')

describe('what preview 0 has in another way than preview 1, and what is the same', () => {
  for (const host of names) {
    test(host, async () => {
      const { exitCode, stdout } = await execute(host, bytes, ['preview0', 'one'], { stdin: 'a line\n' })
      assert.deepEqual(stdout.split('\n').filter(line => line.includes('FAILED')), [])
      assert.equal(exitCode, 0)
      assert.equal(stdout.trim().split('\n').length, 33)
    })
  }
})

describe('its names', () => {
  // Those of preview 1, but for sock_accept, which came later.
  const preview1 = inspect(guest('wasi-c/functions')).imports.map(({ name }) => name)
  const types = new Map(inspect(guest('wasi-c/functions')).imports.map(({ name, type }) => [name, type]))
  const importing = name => {
    const { parameters, results } = types.get(name)
    return `(module (import "wasi_unstable" "${name}" (func (param ${parameters.join(' ')}) (result ${results.join(' ')})))
      (memory (export "memory") 1) (func (export "f") (result i32) (i32.const 1)))`
  }

  test('all of them are there', () => {
    for (const name of preview1.filter(name => name !== 'sock_accept')) assert.equal(loadSync(importing(name)).f(), 1, name)
  })

  test('of what came later is told that it is not there', async () => {
    const expected = { code: 'ERR_WASMPORT_LINK', importModule: 'wasi_unstable', importName: 'sock_accept' }
    refuses(() => loadSync(importing('sock_accept')), WebAssembly.LinkError, expected)
    await assert.rejects(load(importing('sock_accept')), { name: 'LinkError', ...expected })
  })
})

test('one module may import both previews', async () => {
  const text = `(module
    (import "wasi_unstable" "fd_seek" (func $seek0 (param i32 i64 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_seek" (func $seek1 (param i32 i64 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "path_open" (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
    (import "wasi_unstable" "proc_exit" (func $exit (param i32)))
    (memory (export "memory") 1) (data (i32.const 0) "new")
    (func (export "_start")
      (if (call $open (i32.const 3) (i32.const 0) (i32.const 0) (i32.const 3) (i32.const 1) (i64.const 70) (i64.const 0) (i32.const 0) (i32.const 16))
        (then (call $exit (i32.const 100))))
      ;; To 5 from the beginning, which is 2 in the one; and on by 2, which is 1 in the other.
      (if (call $seek0 (i32.load (i32.const 16)) (i64.const 5) (i32.const 2) (i32.const 24)) (then (call $exit (i32.const 101))))
      (if (call $seek1 (i32.load (i32.const 16)) (i64.const 2) (i32.const 1) (i32.const 24)) (then (call $exit (i32.const 102))))
      (call $exit (i32.load (i32.const 24)))))`
  const { exitCode } = await execute('run', new TextEncoder().encode(text), [])
  assert.equal(exitCode, 7)
})

test('a program of Node may be one of preview 0', () => {
  const { stdout, stderr, status } = project({ 'old.wasm': guest('c/unstable') }).node([...hooks, 'old.wasm'])
  assert.deepEqual({ stdout, stderr, status }, { stdout: 'preview 0\n', stderr: '', status: 7 })
})
