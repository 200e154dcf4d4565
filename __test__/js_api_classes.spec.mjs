// What all classes of the JS API have in common: what they look like, and whose they are.

import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { describe, test } from 'node:test'
import * as wasmport from 'wasmport'
import { WebAssembly } from 'wasmport'
import { exportsOf } from './fixtures/assemble.mjs'
import { assemble } from './fixtures/project.mjs'
import { api, check, child, inWorker, thrown } from './helpers.mjs'

const builtin = globalThis.WebAssembly
const classes = { Module: 1, Instance: 1, Memory: 1, Table: 1, Global: 1, Tag: 1, Exception: 2, Function: 2 }

// A Module is a source of the ESM integration where the language has these (Node 24): the class that V8's Module extends.
const parents = { Function, Module: Object.getPrototypeOf(builtin.Module) }

describe('each class', () => {
  for (const [name, length] of Object.entries(classes)) {
    const Class = WebAssembly[name]

    test(`${name}: the class is as WebIDL has it`, () => {
      assert.deepEqual([Class.name, Class.length], [name, length])
      assert.throws(() => Class(), TypeError)
      assert.throws(() => new Class(), TypeError)
      assert.deepEqual(Object.getOwnPropertyDescriptor(Class, 'prototype'), {
        value: Class.prototype, writable: false, enumerable: false, configurable: false,
      })
      assert.equal(Object.getPrototypeOf(Class), parents[name] ?? Function.prototype)
    })

    test(`${name}: so is the prototype`, () => {
      assert.equal(Object.getPrototypeOf(Class.prototype), parents[name]?.prototype ?? Object.prototype)
      assert.deepEqual(Object.getOwnPropertyDescriptor(Class.prototype, 'constructor'), {
        value: Class, writable: true, enumerable: false, configurable: true,
      })
      assert.deepEqual(Object.getOwnPropertyDescriptor(Class.prototype, Symbol.toStringTag), {
        value: `WebAssembly.${name}`, writable: false, enumerable: false, configurable: true,
      })
    })

    test(`${name}: so are the members, which refuse other receivers`, () => {
      for (const target of [Class, Class.prototype]) {
        for (const key of Reflect.ownKeys(target)) {
          if (['constructor', 'length', 'name', 'prototype', Symbol.toStringTag].includes(key)) continue
          const { value, get, set, enumerable, configurable, writable } = Object.getOwnPropertyDescriptor(target, key)
          assert.ok(enumerable && configurable, key)
          if (value !== undefined) {
            assert.equal(writable, true, key)
            assert.equal(value.name, key)
            assert.ok(!Object.hasOwn(value, 'prototype'), key)
            assert.throws(() => value.call({}), TypeError, key)
            assert.throws(() => new value(), TypeError, key)
          } else {
            assert.equal(get.name, `get ${key}`)
            for (const other of [undefined, null, {}, Class.prototype]) assert.throws(() => get.call(other), TypeError, key)
            assert.equal(set?.name, set && `set ${key}`)
          }
        }
      }
    })
  }

  test('has the members of the specification, and type()', () => {
    const members = Object.fromEntries(Object.keys(classes).map(name => [name, Object.keys(WebAssembly[name].prototype)]))
    assert.deepEqual(members, {
      Module: [], Instance: ['exports'], Memory: ['buffer', 'grow', 'type'], Table: ['length', 'get', 'grow', 'set', 'type'],
      Global: ['value', 'valueOf', 'type'], Tag: ['type'], Exception: ['getArg', 'is', 'stack'], Function: ['type'],
    })
    assert.deepEqual(Object.keys(WebAssembly.Module), ['exports', 'imports', 'customSections'])
  })
})

describe('the namespace', () => {
  test('is one object, however the package is loaded', async () => {
    assert.equal(createRequire(import.meta.url)('wasmport').WebAssembly, WebAssembly)
    assert.equal((await import('wasmport')).WebAssembly, WebAssembly)
    assert.equal(wasmport.default.WebAssembly, WebAssembly)
  })

  test('has everything that Node’s own has', () => {
    for (const key of Reflect.ownKeys(builtin)) {
      // Promise integration is to come.
      if (!['Suspending', 'promising', 'SuspendError'].includes(key)) assert.ok(key in WebAssembly, String(key))
    }
  })

  test('JSTag is an accessor without a setter', () => {
    const { get, ...attributes } = Object.getOwnPropertyDescriptor(WebAssembly, 'JSTag')
    assert.deepEqual(attributes, { set: undefined, enumerable: true, configurable: true })
    assert.equal(get.name, 'get JSTag')
    assert.equal(get.call(undefined), WebAssembly.JSTag)
    assert.throws(() => { WebAssembly.JSTag = 5 }, TypeError)
  })

  test('its members can be replaced, which changes nothing inside', () => {
    const text = '(module (memory (export "m") 1) (func (export "f") unreachable))'
    child(`
      const { WebAssembly } = require(${JSON.stringify(api)})
      const assert = require('node:assert')
      const { Tag, Exception, Module, Instance, Memory, RuntimeError } = WebAssembly
      for (const key of Object.getOwnPropertyNames(WebAssembly)) delete WebAssembly[key]
      delete globalThis.WebAssembly
      const { f, m } = new Instance(new Module(Buffer.from('${assemble(text).toString('base64')}', 'base64'))).exports
      assert.throws(f, RuntimeError)
      assert.ok(m instanceof Memory)
      assert.ok(new Exception(new Tag({ parameters: [] }), []) instanceof Exception)`)
  })

  test('each worker has one of its own', async () => {
    const { messages } = await inWorker(`
      const { WebAssembly } = require(${JSON.stringify(api)})
      const tag = new WebAssembly.Tag({ parameters: ['i32'] })
      parentPort.postMessage([new WebAssembly.Exception(tag, [5]).getArg(tag, 0), WebAssembly.JSTag.type().parameters[0]])`)
    assert.deepEqual(messages, [[5, 'externref']])
  })
})

describe('errors', () => {
  test('are of Node’s own classes', async () => {
    const caught = promise => promise.then(() => assert.fail('no rejection'), error => error)
    const { f } = exportsOf('(module (func (export "f") unreachable))')
    const needs = assemble('(module (import "a" "b" (func)))')
    check(thrown(f), builtin.RuntimeError, { code: 'ERR_WASMPORT_TRAP' })
    check(thrown(() => new WebAssembly.Module(new Uint8Array(3))), builtin.CompileError, {})
    check(thrown(() => exportsOf(needs, { a: {} })), builtin.LinkError, { importModule: 'a', importName: 'b' })
    check(await caught(WebAssembly.compile(new Uint8Array(3))), builtin.CompileError, {})
    check(await caught(WebAssembly.instantiate(needs, { a: {} })), builtin.LinkError, { importModule: 'a', importName: 'b' })
  })
})

describe('objects of Node’s own WebAssembly', () => {
  test('are refused with a word on what to do', async () => {
    const module = new builtin.Module(assemble('(module)'))
    const memory = new builtin.Memory({ initial: 1 })
    const table = new builtin.Table({ initial: 1, element: 'anyfunc' })
    const global = new builtin.Global({ value: 'i32', mutable: true }, 0)
    for (const call of [
      () => new WebAssembly.Instance(module),
      () => WebAssembly.Module.exports(module),
      () => WebAssembly.instantiate(module),
      () => exportsOf('(module (import "a" "m" (memory 1)))', { a: { m: memory } }),
      () => exportsOf('(module (import "a" "t" (table 1 funcref)))', { a: { t: table } }),
      () => exportsOf('(module (import "a" "g" (global (mut i32))))', { a: { g: global } }),
    ]) {
      await assert.rejects(async () => call(), /Node's own WebAssembly.* make it with the WebAssembly/s, String(call))
    }
  })

  test('but functions are taken as any function', () => {
    const bytes = assemble('(module (func (export "f") (param i32) (result i32) (i32.add (local.get 0) (i32.const 1))))')
    const { f } = new builtin.Instance(new builtin.Module(bytes)).exports
    const { g } = exportsOf(`(module
      (import "a" "f" (func $f (param i32) (result i32)))
      (func (export "g") (result i32) (call $f (i32.const 4))))`, { a: { f } })
    assert.equal(g(), 5)
  })
})
