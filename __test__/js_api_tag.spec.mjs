// WebAssembly.Tag.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { WebAssembly } from 'wasmport'
import { binary, compile, exportsOf } from './fixtures/assemble.mjs'
import { growth } from './fixtures/leaks.mjs'
import { assemble } from './fixtures/project.mjs'
import { refuses, thrown } from './helpers.mjs'

const { Exception, JSTag, LinkError, Tag } = WebAssembly

describe('new WebAssembly.Tag', () => {
  const types = ['i32', 'i64', 'f32', 'f64', 'v128', 'externref', 'funcref', 'anyref', 'eqref', 'i31ref', 'structref', 'arrayref', 'exnref']

  test('takes the types of its parameters, which type() gives back', () => {
    for (const parameters of [[], ...types.map(type => [type]), types, Array(100).fill('i64')]) {
      const tag = new Tag({ parameters })
      assert.deepEqual(tag.type(), { parameters })
      assert.deepEqual(new Tag(tag.type()).type(), { parameters })
      assert.ok(tag instanceof Tag)
    }
    assert.deepEqual(new Tag({ parameters: ['anyfunc'] }).type(), { parameters: ['funcref'] })
    assert.equal(Object.prototype.toString.call(new Tag({ parameters: [] })), '[object WebAssembly.Tag]')
  })

  test('type() makes a plain object of its own each time', () => {
    const tag = new Tag({ parameters: ['i32'] })
    const type = tag.type()
    assert.notEqual(tag.type(), type)
    type.parameters.push('f64')
    assert.deepEqual(tag.type(), { parameters: ['i32'] })
    assert.equal(Object.getPrototypeOf(type), Object.prototype)
    assert.deepEqual(Object.getOwnPropertyDescriptor(type, 'parameters'), { value: type.parameters, writable: true, enumerable: true, configurable: true })
  })

  test('parameters are any iterable of what converts to a type', () => {
    const named = { toString: () => 'f64' }
    function * list() { yield 'i32'; yield named }
    for (const parameters of [list(), new Set(['i32', 'f64']), ['i32', named]]) {
      assert.deepEqual(new Tag({ parameters }).type(), { parameters: ['i32', 'f64'] })
    }
    const inherits = Object.create({ parameters: ['i64'] })
    assert.deepEqual(new Tag(inherits).type(), { parameters: ['i64'] })
    assert.deepEqual(new Tag(Object.assign(() => {}, { parameters: ['i64'] })).type(), { parameters: ['i64'] })
  })

  test('refuses everything else', () => {
    for (const wrong of [undefined, null, 5, 'i32', {}, { parameters: undefined }, { parameters: null }, { parameters: 'i32' }, { parameters: {} }]) {
      assert.throws(() => new Tag(wrong), TypeError)
    }
    for (const type of ['', 'I32', 'i33', 'void', 'any', undefined, null, 5, Symbol('i32'), ['i32', 'i32']]) {
      assert.throws(() => new Tag({ parameters: [type] }), TypeError)
    }
    assert.throws(() => new Tag(), TypeError)
    assert.throws(() => Tag({ parameters: [] }), TypeError)
    refuses(() => new Tag({ parameters: ['i32', 'text'] }), TypeError, {}, 'parameters[1]', 'text', "'externref'")
    const mine = new Error('mine')
    assert.equal(thrown(() => new Tag({ get parameters() { throw mine } })), mine)
    assert.equal(thrown(() => new Tag({ parameters: (function * () { throw mine })() })), mine)
  })

  test('type() refuses other receivers', () => {
    const { type } = Tag.prototype
    for (const other of [undefined, null, {}, Tag.prototype, Object.create(JSTag), new Exception(new Tag({ parameters: [] }), [])]) {
      assert.throws(() => type.call(other), TypeError)
    }
  })
})

describe('identity', () => {
  test('a tag that is imported and exported is the same object', () => {
    const tag = new Tag({ parameters: ['i32'] })
    const text = '(module (import "a" "t" (tag $t (param i32))) (export "one" (tag $t)) (export "two" (tag $t)))'
    const first = exportsOf(text, { a: { t: tag } })
    const second = exportsOf(text, { a: { t: first.one } })
    assert.deepEqual([first.one, first.two, second.one, second.two].map(each => each === tag), [true, true, true, true])
  })

  test('a tag of a module is one object wherever it is seen, with the type that the module gives it', () => {
    const module = compile('(module (tag $t (export "one") (param i64 externref)) (export "two" (tag $t)) (tag (export "other") (param i64 externref)))')
    const first = new WebAssembly.Instance(module).exports
    const second = new WebAssembly.Instance(module).exports
    assert.equal(first.one, first.two)
    assert.notEqual(first.one, first.other)
    assert.notEqual(first.one, second.one)
    assert.deepEqual(first.one.type(), { parameters: ['i64', 'externref'] })
    assert.ok(first.one instanceof Tag)
    assert.equal(Object.getPrototypeOf(first.one), Tag.prototype)
  })

  test('one is the same in many stores', () => {
    const tag = new Tag({ parameters: ['i32'] })
    const module = compile(`(module
      (import "a" "t" (tag $t (param i32))) (import "a" "f" (func $f))
      (export "t" (tag $t))
      (func (export "throw") (param i32) (throw $t (local.get 0)))
      (func (export "catch") (result i32) (block $h (result i32) (try_table (catch $t $h) (call $f)) (i32.const -1))))`)
    let throwing
    const all = Array.from({ length: 20 }, () => new WebAssembly.Instance(module, { a: { t: tag, f: () => throwing() } }).exports)
    for (const [n, one] of all.entries()) {
      assert.equal(one.t, tag)
      throwing = () => all[(n + 7) % all.length].throw(n)
      assert.equal(one.catch(), n)
    }
  })

  test('JSTag is one object, of one externref', () => {
    assert.equal(WebAssembly.JSTag, JSTag)
    assert.ok(JSTag instanceof Tag)
    assert.deepEqual(JSTag.type(), { parameters: ['externref'] })
    const { t } = exportsOf('(module (import "a" "t" (tag $t (param externref))) (export "t" (tag $t)))', { a: { t: JSTag } })
    assert.equal(t, JSTag)
  })
})

describe('as an import', () => {
  const module = compile('(module (import "a" "t" (tag (param i32))))')
  const link = t => () => new WebAssembly.Instance(module, { a: { t } })

  test('must be a Tag of the same type', () => {
    link(new Tag({ parameters: ['i32'] }))()
    for (const parameters of [[], ['i64'], ['i32', 'i32'], ['externref']]) {
      refuses(link(new Tag({ parameters })), LinkError, { importModule: 'a', importName: 't' })
    }
    assert.throws(link(JSTag), LinkError)
  })

  test('nothing else will do', () => {
    const tag = new Tag({ parameters: ['i32'] })
    for (const other of [undefined, null, {}, 5, () => {}, Tag, Object.create(tag), new Proxy(tag, {}), new Exception(tag, [1])]) {
      refuses(link(other), LinkError, { importModule: 'a', importName: 't' })
    }
    if (globalThis.WebAssembly.Tag) {
      refuses(link(new globalThis.WebAssembly.Tag({ parameters: ['i32'] })), LinkError, {}, "Node's own WebAssembly")
    }
  })

  test('Module.imports and Module.exports name its type', () => {
    const module = compile('(module (import "a" "t" (tag $t (param i32 f64))) (export "t" (tag $t)))')
    const type = { parameters: ['i32', 'f64'] }
    assert.deepEqual(WebAssembly.Module.imports(module), [{ module: 'a', name: 't', kind: 'tag', type }])
    assert.deepEqual(WebAssembly.Module.exports(module), [{ name: 't', kind: 'tag', type }])
  })

  test('its type can refer to types of a module', () => {
    const tag = new Tag({ parameters: ['anyref'] })
    const { throw: raise, pair } = exportsOf(binary('gc'), { js: { call() {}, callPair() {}, tag } })
    const object = pair(1)
    assert.equal(thrown(() => raise(object)).getArg(tag, 0), object)
  })
})

describe('memory stays flat', () => {
  test('over 100,000 that are made', () => {
    const grown = growth('', "equal(new WebAssembly.Tag({ parameters: ['i32', 'externref'] }).type().parameters.length, 2)", 100_000)
    assert.ok(grown < 25, `the process grew by ${grown} MiB`)
  })

  test('over 20,000 that an instance uses, and one that all use', () => {
    const bytes = assemble('(module (import "a" "t" (tag $t)) (import "a" "own" (tag $own)) (export "own" (tag $own)) (func (export "f") (throw $t)))')
    const grown = growth(`
      const module = new WebAssembly.Module(Buffer.from('${bytes.toString('base64')}', 'base64'))
      const t = new WebAssembly.Tag({ parameters: [] })`,
    `const own = new WebAssembly.Tag({ parameters: [] })
      const { exports } = new WebAssembly.Instance(module, { a: { t, own } })
      equal(exports.own, own)
      try { exports.f() } catch (error) { equal(error.is(t), true) }`, 20_000)
    assert.ok(grown < 25, `the process grew by ${grown} MiB`)
  })
})
