// Errors are API: class, code, properties and what the message says.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { inspect, load, loadSync, run, runSync } from 'wasmport'
import { assemble } from './fixtures/project.mjs'
import { check, refuses, thrown } from './helpers.mjs'

const { CompileError, LinkError, RuntimeError } = WebAssembly
const dir = mkdtempSync(join(tmpdir(), 'wasmport-error-'))
after(() => rmSync(dir, { recursive: true }))

/** Checks all ways in that read a module, the promises too. */
async function checkAll(source, ...expected) {
  for (const call of [loadSync, runSync, inspect]) refuses(() => call(source), ...expected)
  for (const call of [load, run]) check(await call(source).then(() => assert.fail('resolved'), error => error), ...expected)
}

/** The same for what only a compilation finds. */
async function checkCompiled(source, ...expected) {
  for (const call of [loadSync, runSync]) refuses(() => call(source), ...expected)
  for (const call of [load, run]) check(await call(source).then(() => assert.fail('resolved'), error => error), ...expected)
}

describe('what cannot be read', () => {
  const add = assemble('(module (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))')

  test('is not WebAssembly', async () => {
    const NOT_WASM = { code: 'ERR_WASMPORT_NOT_WASM', name: 'CompileError', file: '<bytes>' }
    for (const bytes of [[], [0], [0x7f, 0x45, 0x4c, 0x46, 1], [0, 0x61, 0x73], [0xff, 0xfe], [...Buffer.from('hello')]]) {
      await checkAll(Uint8Array.from(bytes), CompileError, NOT_WASM, '<bytes>', bytes.length === 0 ? 'empty' : bytes[0].toString(16))
    }
    const path = join(dir, 'program.wasm')
    writeFileSync(path, '#!/bin/sh\n')
    await checkAll(path, CompileError, { ...NOT_WASM, file: path }, path)
  })

  test('is truncated: says where', async () => {
    for (let length = 4; length < add.length; length++) {
      // Cut between two sections it is a valid module, only a smaller one.
      if (WebAssembly.validate(add.subarray(0, length))) continue
      await checkCompiled(add.subarray(0, length), CompileError, { code: 'ERR_WASMPORT_COMPILE', file: '<bytes>' }, '<bytes>')
      const { offset } = thrown(() => loadSync(add.subarray(0, length)))
      assert.ok(offset > 0 && offset <= length, `offset ${offset} in ${length} bytes`)
    }
    const path = join(dir, 'truncated.wasm')
    writeFileSync(path, add.subarray(0, add.length - 3))
    await checkCompiled(path, CompileError, { code: 'ERR_WASMPORT_COMPILE', file: path }, path)
  })

  test('is of an unknown version, or garbage behind the header', async () => {
    const COMPILE = { code: 'ERR_WASMPORT_COMPILE' }
    await checkAll(Uint8Array.of(0, 97, 115, 109, 2, 0, 0, 0), CompileError, COMPILE)
    await checkCompiled(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0, 99, 1, 1), CompileError, COMPILE)
    for (let at = 8; at < add.length; at++) {
      for (const value of [0, 0x7f, 0xff]) {
        const bytes = Uint8Array.from(add)
        bytes[at] = value
        try {
          loadSync(bytes)
        } catch (error) {
          check(error, CompileError, COMPILE)
        }
      }
    }
  })

  test('is invalid: says where and what', async () => {
    const invalid = assemble('(module (func (export "f") (result i32) i32.const 1 nop))')
    invalid[invalid.length - 2] = 0x6a // i32.add, for want of a second operand
    await checkCompiled(invalid, CompileError, { code: 'ERR_WASMPORT_COMPILE', offset: invalid.length - 2 }, '<bytes>', 'type mismatch')
  })

  test('is text with a mistake: says the line', async () => {
    await checkAll('(module\n  (func (export "f") i32.cosnt 1))', CompileError, { code: 'ERR_WASMPORT_COMPILE' }, '<text>', 'i32.cosnt', ':2:')
    await checkAll(`(module ${'('.repeat(100_000)}`, CompileError, { code: 'ERR_WASMPORT_COMPILE' })
    await checkAll('(module', CompileError, { code: 'ERR_WASMPORT_COMPILE' })
  })

  test('is a directory or not there', async () => {
    const missing = join(dir, 'missing.wasm')
    await checkAll(dir, Error, { code: 'EISDIR', syscall: 'read', path: dir }, dir)
    await checkAll(missing, Error, { code: 'ENOENT', syscall: 'open', path: missing, errno: -2 }, missing)
    await checkAll(join(dir, 'program.wasm', 'x'), Error, { code: 'ENOTDIR' })
    await checkAll(`${dir}/${'x'.repeat(300)}`, Error, { code: 'ENAMETOOLONG' })
  })
})

describe('imports', () => {
  const other = loadSync('(module (func (export "function")) (memory (export "memory") 1) (table (export "table") 1 funcref) (global (export "global") (mut i32) (i32.const 0)))')
  const kinds = {
    function: ['(func (param i32) (result f64))', 'function (i32) -> (f64)'],
    memory: ['(memory 1)', 'a memory (a WebAssembly.Memory of wasmport) of at least 1 pages'],
    table: ['(table 1 funcref)', 'a table of funcref (a WebAssembly.Table of wasmport) with at least 1 elements'],
    global: ['(global i32)', 'a global of type i32'],
  }
  const given = {
    function: other.function, memory: other.memory, table: other.table, 'JS function': () => {}, number: 1, BigInt: 1n, string: 'x',
    object: {}, undefined: undefined, null: null, symbol: Symbol('s'), Promise: Promise.resolve(), 'V8 memory': new WebAssembly.Memory({ initial: 1 }),
    'V8 global': new WebAssembly.Global({ value: 'i32' }, 0), 'V8 table': new WebAssembly.Table({ initial: 1, element: 'anyfunc' }),
  }
  const fits = { function: ['JS function'], memory: ['memory'], table: ['table'], global: ['number'] }
  for (const [kind, [text, expected]] of Object.entries(kinds)) {
    test(`a ${kind} import takes a ${fits[kind].join(' or ')} and refuses all else before anything runs`, async () => {
      let ran = false
      const source = `(module (import "js" "run" (func $run)) (import "some module" "the name" ${text}) (start $run))`
      for (const [what, value] of Object.entries(given)) {
        const imports = { js: { run: () => { ran = true } }, 'some module': { 'the name': value } }
        if (fits[kind].includes(what)) {
          loadSync(source, { imports })
          assert.ok(ran)
          ran = false
          continue
        }
        const error = thrown(() => loadSync(source, { imports }))
        check(error, LinkError, { code: 'ERR_WASMPORT_LINK', file: '<text>' })
        check(await load(source, { imports }).catch(caught => caught), LinkError, { code: 'ERR_WASMPORT_LINK' })
        assert.equal(ran, false, `${what}: started`)
        check(error, LinkError, { importModule: 'some module', importName: 'the name' }, '<text>', 'some module.the name', expected, error.found)
        assert.ok(error.expected.includes(expected), error.expected)
        assert.ok(error.found.length > 3 && !error.found.includes('[object'), `${what}: ${error.found}`)
      }
    })
  }

  test('of the right kind and a wrong type', () => {
    const small = loadSync(`(module (func (export "f") (result i32) i32.const 1) (memory (export "m") 1 3) (table (export "t") 1 funcref)
      (global (export "g") (mut i32) (i32.const 0)))`)
    const cases = [['f', '(func (param i32))'], ['m', '(memory 2)'], ['m', '(memory 1 2)'], ['t', '(table 2 funcref)'], ['t', '(table 1 externref)'], ['g', '(global (mut i64))']]
    for (const [name, text] of cases) {
      // With the memory in front the instance joins the store.
      for (const joined of ['', '(import "a" "m" (memory 0))']) {
        const error = thrown(() => loadSync(`(module ${joined} (import "a" "${name}" ${text}))`, { imports: { a: small } }))
        check(error, LinkError, { code: 'ERR_WASMPORT_LINK', file: '<text>', importModule: 'a', importName: name }, '<text>', `a.${name}`, error.expected, error.found)
      }
    }
  })

  test('that are missing: the name, or the whole module', () => {
    const source = '(module (import "env" "log" (func (param i32))))'
    const LINK = { code: 'ERR_WASMPORT_LINK', importModule: 'env', importName: 'log', expected: 'a function (i32) -> ()' }
    for (const imports of [{ env: {} }, { env: { Log() {} } }, {}, { Env: { log() {} } }, undefined]) {
      refuses(() => loadSync(source, { imports }), LinkError, LINK, 'env.log')
    }
    for (const env of [1, 'text', null, true]) refuses(() => loadSync(source, { imports: { env } }), LinkError, LINK, 'env.log')
    refuses(() => runSync('(module (import "env" "log" (func)) (func (export "_start")))'), LinkError,
      { code: 'ERR_WASMPORT_LINK', importModule: 'env', importName: 'log' }, 'env.log')
  })

  test('whose getter throws: the same error', () => {
    const mine = new Error('mine')
    const source = '(module (import "a" "b" (func)))'
    assert.equal(thrown(() => loadSync(source, { imports: { a: { get b() { throw mine } } } })), mine)
    assert.equal(thrown(() => loadSync(source, { imports: { get a() { throw mine } } })), mine)
  })

  test('a start function that throws or traps', () => {
    const mine = new Error('mine')
    assert.equal(thrown(() => loadSync('(module (import "a" "b" (func $f)) (start $f))', { imports: { a: { b() { throw mine } } } })), mine)
    refuses(() => loadSync('(module (func $f unreachable) (start $f))'), RuntimeError, { code: 'ERR_WASMPORT_TRAP', trap: 'unreachable-code-reached' })
    refuses(() => loadSync('(module (memory 1) (data (i32.const 65536) "x"))'), RuntimeError, { code: 'ERR_WASMPORT_TRAP', trap: 'memory-out-of-bounds' })
  })
})

test('a library is not run', async () => {
  refuses(() => runSync('(module (func (export "f")))'), Error, { code: 'ERR_WASMPORT_NO_ENTRY' }, 'load()', '<text>')
  check(await run('(module (func (export "f")))').catch(error => error), Error, { code: 'ERR_WASMPORT_NO_ENTRY' }, 'load()')
})

describe('a Promise from an import that WebAssembly calls synchronously', () => {
  const cases = {
    'where a number is needed': '(result i32)', 'where a BigInt is needed': '(result i64)', 'where a float is needed': '(result f64)',
    'where several results are needed': '(result i32 i32)', 'where a number and a reference are needed': '(param externref) (result i32)',
  }
  for (const [what, type] of Object.entries(cases)) {
    test(`${what} is a TypeError that names the import`, () => {
      const args = type.includes('param') ? '(ref.null extern)' : ''
      const { f } = loadSync(`(module (import "host" "fetch" (func $f ${type})) (func (export "f") ${type.replace('(param externref) ', '')} (call $f ${args})))`,
        { imports: { host: { fetch: async () => 1 } } })
      refuses(f, TypeError, { code: 'ERR_WASMPORT_VALUE', importModule: 'host', importName: 'fetch' }, 'host.fetch', 'Promise', 'synchronous')
    })
  }

  test('where nothing or any value is needed is fine', () => {
    const promise = Promise.resolve(1)
    const { f, g } = loadSync(
      '(module (import "a" "f" (func $f)) (import "a" "g" (func $g (result externref))) (func (export "f") (call $f)) (func (export "g") (result externref) (call $g)))',
      { imports: { a: { f: () => promise, g: () => promise } } },
    )
    assert.equal(f(), undefined)
    assert.equal(g(), promise)
  })
})

test('a type that refers to itself is named in the error, to one level', () => {
  const text = '(module (rec (type $loop (func (param (ref null $loop)) (result i32)))) (import "a" "f" (func (type $loop))))'
  refuses(() => loadSync(text, { imports: { a: { f: 1 } } }), LinkError, { code: 'ERR_WASMPORT_LINK' }, 'import a.f', '(func ')
})
