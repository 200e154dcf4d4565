// WebAssembly.Module: what it is made of, and what it says of itself.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { WebAssembly } from 'wasmport'
import { compile } from './fixtures/assemble.mjs'
import { growth } from './fixtures/leaks.mjs'
import { assemble } from './fixtures/project.mjs'
import { refuses, thrown } from './helpers.mjs'

const { CompileError, Instance, Module } = WebAssembly
const builtin = globalThis.WebAssembly

const option = { code: 'ERR_WASMPORT_OPTION' }
const empty = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0)
const answer = assemble('(module (func (export "f") (result i32) i32.const 42))')

/** `bytes` at the start of a buffer of a class, with the same options. */
function inside(Buffer, bytes, ...options) {
  const buffer = new Buffer(bytes.length, ...options)
  new Uint8Array(buffer).set(bytes)
  return buffer
}

describe('the bytes', () => {
  const works = module => new Instance(module).exports.f() === 42

  test('are those of a buffer, or of the part that a view shows', () => {
    const padded = new Uint8Array(answer.length + 16)
    padded.set(answer, 8)
    const sources = {
      'an ArrayBuffer': inside(ArrayBuffer, answer),
      'a Buffer': answer,
      'a part of an ArrayBuffer': padded.subarray(8, 8 + answer.length),
      'a DataView': new DataView(padded.buffer, 8, answer.length),
      'a SharedArrayBuffer': inside(SharedArrayBuffer, answer),
      'a view of a SharedArrayBuffer': new Uint8Array(inside(SharedArrayBuffer, answer)),
      'a resizable ArrayBuffer': inside(ArrayBuffer, answer, { maxByteLength: 1000 }),
      'a view that follows a resizable ArrayBuffer': new Uint8Array(inside(ArrayBuffer, answer, { maxByteLength: 1000 })),
    }
    for (const [what, source] of Object.entries(sources)) {
      assert.ok(works(new Module(source)), what)
      assert.equal(WebAssembly.validate(source), true, what)
    }
    assert.throws(() => new Module(padded), CompileError)
  })

  test('are copied', async () => {
    const bytes = Uint8Array.from(answer)
    const module = new Module(bytes)
    const compiling = WebAssembly.compile(bytes)
    const instantiating = WebAssembly.instantiate(bytes)
    bytes.fill(0)
    assert.ok(works(module))
    assert.ok(works(await compiling))
    assert.equal((await instantiating).instance.exports.f(), 42)
  })

  test('of a detached buffer are none', () => {
    const bytes = Uint8Array.from(empty)
    structuredClone(bytes.buffer, { transfer: [bytes.buffer] })
    for (const source of [bytes, bytes.buffer, new Uint8Array()]) {
      assert.equal(WebAssembly.validate(source), false)
      refuses(() => new Module(source), CompileError, { code: 'ERR_WASMPORT_COMPILE' }, 'there are none')
    }
  })

  test('are read after the options, which may change them', () => {
    const bytes = Uint8Array.from(answer)
    const options = { get builtins() { bytes.fill(0) } }
    assert.throws(() => new Module(bytes, options), CompileError)
  })

  test('are not text, which load() takes, nor a component', async () => {
    const text = new TextEncoder().encode('(module)')
    const component = Uint8Array.of(0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0)
    for (const source of [text, component]) {
      assert.equal(WebAssembly.validate(source), false)
      refuses(() => new Module(source), CompileError, {})
      await assert.rejects(WebAssembly.compile(source), CompileError)
      await assert.rejects(WebAssembly.instantiate(source), CompileError)
    }
    assert.match(thrown(() => new Module(component)).message, /component/)
  })

  test('that are invalid are a CompileError of Node\'s own, which says where', async () => {
    const truncated = answer.subarray(0, -3)
    const cases = [
      [truncated, 'offset'],
      [Uint8Array.of(0, 0x61, 0x73, 0x6d, 2, 0, 0, 0), 'version 0x2'],
      [Buffer.concat([answer.subarray(0, -1), Uint8Array.of(0x7e)]), 'offset'], // where a body ends
      [Buffer.from('no wasm'), 'WebAssembly'],
    ]
    for (const [source, words] of cases) {
      const error = thrown(() => new Module(source))
      assert.ok(error instanceof builtin.CompileError, String(error))
      assert.ok(error instanceof CompileError)
      assert.match(error.code, /^ERR_WASMPORT_/)
      assert.ok(error.message.includes(words), error.message)
      assert.equal(WebAssembly.validate(source), false)
      await assert.rejects(WebAssembly.compile(source), { name: 'CompileError', code: error.code })
    }
  })

  test('must be in a buffer', () => {
    for (const wrong of [undefined, null, 5, 'AGFzbQ', {}, [...empty], Symbol('x'), new builtin.Module(empty), new Module(empty)]) {
      refuses(() => new Module(wrong), TypeError, option, 'bytes', 'ArrayBuffer')
      refuses(() => WebAssembly.validate(wrong), TypeError, option)
    }
    refuses(() => new Module(), TypeError, option, '"bytes" is missing')
    assert.throws(() => Module(empty), TypeError)
  })
})

test('new WebAssembly.Module makes an extensible object of its class', () => {
  const module = new Module(empty)
  assert.equal(Object.getPrototypeOf(module), Module.prototype)
  assert.equal(Object.prototype.toString.call(module), '[object WebAssembly.Module]')
  assert.deepEqual(Reflect.ownKeys(module), [])
  module.note = 1
  assert.equal(module.note, 1)
  class Named extends Module {
    constructor(bytes) { super(bytes); this.name = 'mine' }
    names() { return Module.exports(this).map(({ name }) => name) }
  }
  const named = new Named(answer)
  assert.ok(named instanceof Named && named instanceof Module)
  assert.deepEqual([named.name, named.names()], ['mine', ['f']])
  assert.equal(new Instance(named).exports.f(), 42)
})

describe('what it imports and exports', () => {
  const module = compile(`(module
    (import "a" "f" (func (param i32 i64) (result f32 f64)))
    (import "a" "" (memory 1 2))
    (import "b\\u{e9}" "t" (table 3 externref))
    (import "b\\u{e9}" "g" (global (mut i64)))
    (import "b\\u{e9}" "e" (tag (param f32)))
    (import "a" "f" (func))
    (export "memory" (memory 0)) (export "" (table 0)) (export "2" (global 0)) (export "1" (tag 0)) (export "f" (func 0))
    (export "own" (func $own)) (func $own (param externref) (result funcref) (ref.null func)))`)

  test('is listed in its order, with kinds and types', () => {
    assert.deepEqual(Module.imports(module), [
      { module: 'a', name: 'f', kind: 'function', type: { parameters: ['i32', 'i64'], results: ['f32', 'f64'] } },
      { module: 'a', name: '', kind: 'memory', type: { minimum: 1, maximum: 2, shared: false, address: 'i32' } },
      { module: 'bé', name: 't', kind: 'table', type: { element: 'externref', minimum: 3, address: 'i32' } },
      { module: 'bé', name: 'g', kind: 'global', type: { mutable: true, value: 'i64' } },
      { module: 'bé', name: 'e', kind: 'tag', type: { parameters: ['f32'] } },
      { module: 'a', name: 'f', kind: 'function', type: { parameters: [], results: [] } },
    ])
    assert.deepEqual(Module.exports(module).map(({ name, kind }) => [name, kind]), [
      ['memory', 'memory'], ['', 'table'], ['2', 'global'], ['1', 'tag'], ['f', 'function'], ['own', 'function'],
    ])
    assert.deepEqual(Module.exports(module)[5].type, { parameters: ['externref'], results: ['funcref'] })
  })

  test('is a new list of plain objects each time', () => {
    for (const list of [Module.imports, Module.exports]) {
      const [first] = list(module)
      assert.notEqual(list(module), list(module))
      assert.notEqual(list(module)[0], first)
      assert.equal(Object.getPrototypeOf(first), Object.prototype)
      assert.deepEqual(Object.getOwnPropertyDescriptor(first, 'name'), { value: first.name, writable: true, enumerable: true, configurable: true })
      first.name = 'changed'
      assert.notEqual(list(module)[0].name, 'changed')
      assert.deepEqual(list(compile('(module)')), [])
    }
    assert.deepEqual(Object.keys(Module.imports(module)[0]).slice(0, 3), ['module', 'name', 'kind'])
    assert.deepEqual(Object.keys(Module.exports(module)[0]).slice(0, 2), ['name', 'kind'])
  })

  test('has BigInt sizes where addresses have 64 bits', () => {
    const wide = compile('(module (memory (export "m") i64 1 5) (table (export "t") i64 2 funcref))')
    assert.deepEqual(Module.exports(wide).map(({ type }) => type), [
      { minimum: 1n, maximum: 5n, shared: false, address: 'i64' },
      { element: 'funcref', minimum: 2n, address: 'i64' },
    ])
  })

  test('is asked of a Module of ours alone', () => {
    for (const list of [Module.imports, Module.exports, object => Module.customSections(object, '')]) {
      for (const wrong of [undefined, null, {}, empty, Module, Module.prototype, Object.create(Module.prototype), new Instance(module_())]) {
        refuses(() => list(wrong), TypeError, option, 'moduleObject')
      }
      refuses(() => list(new builtin.Module(empty)), TypeError, option, "a Module of Node's own WebAssembly", 'make it with the WebAssembly of wasmport')
    }
    refuses(() => Module.imports(), TypeError, option, '"moduleObject" is missing')
    function module_() { return new Module(empty) }
  })
})

describe('customSections', () => {
  /** A custom section. */
  function section(name, ...content) {
    const bytes = [...new TextEncoder().encode(name)]
    return [0, 1 + bytes.length + content.length, bytes.length, ...bytes, ...content]
  }
  const module = new Module(Uint8Array.of(
    ...empty, ...section('a', 1, 2), ...section(''), ...section('a\0b', 3), ...section('é😀', 4), ...section('\ufffd', 5), ...section('a', 6), ...section('a'),
  ))
  const find = name => Module.customSections(module, name).map(buffer => [...new Uint8Array(buffer)])

  test('are found by name, whatever that is, in their order', () => {
    assert.deepEqual(find('a'), [[1, 2], [6], []])
    assert.deepEqual(find(''), [[]])
    assert.deepEqual(find('a\0b'), [[3]])
    assert.deepEqual(find('é😀'), [[4]])
    assert.deepEqual(find('e\u0301😀'), [])
    assert.deepEqual(find('\ufffd'), [[5]])
    assert.deepEqual(find('b'), [])
  })

  test('a name with half a character is no section\'s', () => {
    assert.deepEqual(find('\ud83d'), [])
    assert.deepEqual(find('é\ud83d'), [])
  })

  test('the name is converted to a string, which must be given', () => {
    assert.deepEqual(find({ toString: () => 'a\0b' }), [[3]])
    assert.deepEqual(Module.customSections(new Module(Uint8Array.of(...empty, ...section('undefined', 7))), undefined).length, 1)
    refuses(() => Module.customSections(module), TypeError, option, '"sectionName" is missing')
    assert.throws(() => find(Symbol('a')), TypeError)
  })

  test('are copies in ArrayBuffers', () => {
    const [first] = Module.customSections(module, 'a')
    assert.ok(first instanceof ArrayBuffer)
    new Uint8Array(first).fill(9)
    assert.deepEqual(find('a')[0], [1, 2])
  })
})

describe('the options', () => {
  test('are read in order, each converted before the next', () => {
    const log = []
    const options = {
      get importedStringConstants() { log.push('importedStringConstants'); return { toString() { log.push('toString'); return 's' } } },
      get builtins() { log.push('builtins'); return { * [Symbol.iterator]() { log.push('next'); yield { toString() { log.push('set'); return 'js-string' } } } } },
    }
    for (const use of [() => new Module(empty, options), () => WebAssembly.validate(empty, options)]) {
      log.length = 0
      use()
      assert.deepEqual(log, ['builtins', 'next', 'set', 'importedStringConstants', 'toString'])
    }
  })

  test('that are wrong are TypeErrors, and promises of them', async () => {
    const wrong = [5, 'js-string', { builtins: 5 }, { builtins: 'js-string' }, { builtins: {} }, { importedStringConstants: Symbol('s') }]
    for (const options of wrong) {
      assert.throws(() => new Module(empty, options), TypeError)
      assert.throws(() => WebAssembly.validate(empty, options), TypeError)
      await assert.rejects(WebAssembly.compile(empty, options), TypeError)
    }
    for (const options of [undefined, null, {}, () => {}, { builtins: [] }, { importedStringConstants: null }, { builtins: ['unheard of'] }]) {
      assert.ok(new Module(empty, options) instanceof Module)
    }
    refuses(() => new Module(empty, { builtins: 5 }), TypeError, option, 'options.builtins', 'an iterable')
  })

  test('leave out of the imports what the engine provides', () => {
    const text = `(module
      (import "wasm:js-string" "length" (func (param externref) (result i32)))
      (import "wasm:js-string" "none" (func))
      (import "s" "hello" (global externref)) (import "js" "f" (func)))`
    const names = options => Module.imports(compile(text, options)).map(({ name }) => name)
    assert.deepEqual(names(), ['length', 'none', 'hello', 'f'])
    assert.deepEqual(names({ builtins: ['js-string'] }), ['none', 'hello', 'f'])
    assert.deepEqual(names({ importedStringConstants: 's' }), ['length', 'none', 'f'])
    assert.deepEqual(names({ builtins: ['js-string'], importedStringConstants: 's' }), ['none', 'f'])
  })

  test('are part of what is valid', () => {
    const bytes = assemble('(module (import "wasm:js-string" "length" (func (param i32))))')
    assert.equal(WebAssembly.validate(bytes), true)
    assert.equal(WebAssembly.validate(bytes, { builtins: ['js-string'] }), false)
    refuses(() => new Module(bytes, { builtins: ['js-string'] }), CompileError, {}, 'wasm:js-string.length')
    assert.equal(WebAssembly.validate(empty, { builtins: ['js-string', 'js-string'] }), false)
  })
})

describe('modules that are dropped leave the resident size flat', () => {
  test('10,000 of the same bytes', () => {
    const grown = growth(`const bytes = Buffer.from('${answer.toString('hex')}', 'hex')`, `
      const module = new WebAssembly.Module(bytes)
      equal(WebAssembly.Module.exports(module).length, 1)
      equal(WebAssembly.Module.customSections(module, 'x').length, 0)`, 10000)
    assert.ok(grown < 15, `grew by ${grown} MiB`)
  })

  test('600 of different bytes, each with 256 KiB of its own', () => {
    // Nothing is to be kept on disk of what is compiled once.
    const setup = "process.env.WASMPORT_CACHE = 'off'; const empty = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]"
    const grown = growth(setup, `
      // A custom section of 2^18 bytes, whose name has one.
      const content = new Uint32Array(1 << 16).fill(n)
      const bytes = Buffer.concat([Buffer.from([...empty, 0, 0x82, 0x80, 0x10, 1, 97]), Buffer.from(content.buffer)])
      equal(WebAssembly.Module.customSections(new WebAssembly.Module(bytes), 'a')[0].byteLength, 1 << 18)`, 600)
    assert.ok(grown < 45, `grew by ${grown} MiB`)
  })
})
