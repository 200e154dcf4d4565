// What the public API takes as a source and as options, and how it refuses the rest.

import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { relative } from 'node:path'
import { describe, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { inspect, load, loadSync, readMemory, run, runSync, versions, WebAssembly, writeMemory } from 'wasmport'
import { fixture, project } from './fixtures/project.mjs'

const add = '(module (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))'
const { dir } = project({ 'add.wasm': add, 'echo.wasm': fixture('echo') })
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
  assert.deepEqual({ ...api }, { inspect, load, loadSync, readMemory, run, runSync, versions, WebAssembly, writeMemory })
  assert.equal(api.WebAssembly, WebAssembly)
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
    [{ stdin: 0 }, `"stdin" must be 'inherit', 'ignore', or the input as a string or Uint8Array; got 0 (a number)`],
    [{ stdout: 'pip' }, `"stdout" must be 'inherit' or 'pipe' or 'ignore'; got "pip"`],
    [{ stderr: 2 }, `"stderr" must be 'inherit' or 'pipe' or 'ignore'; got 2 (a number)`],
    [null, '"options" must be an object; got null'],
    ['-v', '"options" must be an object; got "-v"'],
  ]
  for (const [options, message] of cases) {
    test(message, async () => {
      refused(() => runSync(echo, options), message)
      await assert.rejects(run(echo, options), { code: 'ERR_WASMPORT_OPTION' })
    })
  }

  test('load names an option of WASI with its whole path', async () => {
    refused(() => loadSync(path, { wasi: { args: [null] } }), '"wasi.args[0]" must be a string; got null')
    refused(() => loadSync(path, { wasi: 1 }), '"wasi" must be an object; got 1 (a number)')
    refused(() => loadSync(path, { imports: 1 }), '"imports" must be an object; got 1 (a number)')
    refused(() => loadSync(path, { wasi: { stdout: 'pipe' } }), '"wasi.stdout" must be', 'only run() can collect output')
    await assert.rejects(load(path, { wasi: 1 }), { code: 'ERR_WASMPORT_OPTION' })
  })

  test('what WASI strings cannot carry is refused too', () => {
    refused(() => runSync(echo, { args: ['a\0b'] }), 'args[0]')
    refused(() => runSync(echo, { env: { 'A=B': '1' } }), 'A=B')
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

  test('input as bytes, and ignored output', () => {
    assert.equal(runSync(echo, { stdin: Buffer.from('bytes'), stdout: 'pipe' }).stdout.toString(), 'bytes')
    const { stdout, stderr } = runSync(echo, { stdin: 'x', stdout: 'ignore', stderr: 'ignore' })
    assert.deepEqual([stdout, stderr], [null, null])
  })
})
