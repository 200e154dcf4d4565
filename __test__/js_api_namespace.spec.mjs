// The namespace `WebAssembly` itself: what is in it, its functions that return
// promises, and all of it in a worker and in place of Node's own.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { after, before, describe, test } from 'node:test'
import { WebAssembly } from 'wasmport'
import { compile } from './fixtures/assemble.mjs'
import { growth } from './fixtures/leaks.mjs'
import { assemble, project } from './fixtures/project.mjs'
import { inWorker, refuses } from './helpers.mjs'

const { CompileError, Instance, LinkError, Module, RuntimeError } = WebAssembly
const builtin = globalThis.WebAssembly

const answer = assemble('(module (func (export "f") (result i32) i32.const 42))')
const importing = assemble('(module (import "m" "f" (func $f)) (start $f))')

describe('the namespace', () => {
  const classes = { Module: 1, Instance: 1, Memory: 1, Table: 1, Global: 1, Tag: 1, Exception: 2, Function: 2 }
  const functions = { validate: 1, compile: 1, instantiate: 1, compileStreaming: 1, instantiateStreaming: 1 }

  test('is an object with a name and no more in it than the standard has', () => {
    assert.equal(Object.prototype.toString.call(WebAssembly), '[object WebAssembly]')
    assert.equal(Object.getPrototypeOf(WebAssembly), Object.prototype)
    assert.deepEqual(Object.getOwnPropertyNames(WebAssembly).sort(),
      [...Object.keys(classes), ...Object.keys(functions), 'CompileError', 'LinkError', 'RuntimeError', 'JSTag',
        // Of the ESM integration.
        'namespaceInstance'].sort())
    assert.equal(globalThis.WebAssembly, builtin)
  })

  test('has functions that loops find, and classes that they do not', () => {
    for (const [name, length] of Object.entries(functions)) {
      const { value, ...attributes } = Object.getOwnPropertyDescriptor(WebAssembly, name)
      assert.deepEqual(attributes, { writable: true, enumerable: true, configurable: true }, name)
      assert.deepEqual([value.name, value.length], [name, length])
      assert.throws(() => new value(answer), TypeError)
      // None of them needs its receiver.
      assert.ok(Reflect.apply(value, undefined, name.endsWith('Streaming') ? [respond(answer)] : [answer]))
    }
    for (const [name, length] of Object.entries(classes)) {
      const { value, ...attributes } = Object.getOwnPropertyDescriptor(WebAssembly, name)
      assert.deepEqual(attributes, { writable: true, enumerable: false, configurable: true }, name)
      assert.deepEqual([value.name, value.length], [name, length])
      assert.deepEqual(Object.getOwnPropertyDescriptor(value, 'prototype'), { value: value.prototype, writable: false, enumerable: false, configurable: false })
      assert.equal(value.prototype.constructor, value)
      assert.equal(value.prototype[Symbol.toStringTag], `WebAssembly.${name}`)
      for (const [key, member] of Object.entries(Object.getOwnPropertyDescriptors(value.prototype))) {
        if (key !== 'constructor') assert.equal(member.enumerable && member.configurable, true, `${name}.${key}`)
      }
    }
  })

  test('has the classes of errors of Node\'s own', () => {
    assert.deepEqual([CompileError, LinkError, RuntimeError], [builtin.CompileError, builtin.LinkError, builtin.RuntimeError])
    assert.ok(new CompileError('x') instanceof Error)
  })
})

/** A Response with what a server of modules would say. */
function respond(body, { type = 'application/wasm', ...options } = {}) {
  return new Response(body, { headers: type === null ? {} : { 'Content-Type': type }, ...options })
}

describe('validate', () => {
  test('says whether the bytes are a module', () => {
    assert.equal(WebAssembly.validate(answer), true)
    assert.equal(WebAssembly.validate(answer.buffer.slice(answer.byteOffset, answer.byteOffset + answer.length)), true)
    for (const bytes of [answer.subarray(1), answer.subarray(0, -1), new Uint8Array(), Buffer.from('(module)')]) {
      assert.equal(WebAssembly.validate(bytes), false)
    }
    refuses(() => WebAssembly.validate(), TypeError, { code: 'ERR_WASMPORT_OPTION' }, '"bytes" is missing')
  })
})

describe('compile', () => {
  test('resolves to a Module', async () => {
    const promise = WebAssembly.compile(answer)
    assert.equal(Object.getPrototypeOf(promise), Promise.prototype)
    const module = await promise
    assert.equal(Object.getPrototypeOf(module), Module.prototype)
    assert.equal(new Instance(module).exports.f(), 42)
  })

  test('works off this thread, many at once', async () => {
    const modules = await Promise.all(Array.from({ length: 50 }, (_, n) => WebAssembly.compile(assemble(`(module (func (export "f") (result i32) i32.const ${n}))`))))
    assert.deepEqual(modules.map(module => new Instance(module).exports.f()), modules.map((_, n) => n))
  })

  test('rejects, and never throws', async () => {
    for (const wrong of [[], [undefined], [5], [answer, 5]]) await assert.rejects(WebAssembly.compile(...wrong), { name: 'TypeError', code: 'ERR_WASMPORT_OPTION' })
    await assert.rejects(WebAssembly.compile(answer.subarray(4)), CompileError)
    await assert.rejects(WebAssembly.compile(Buffer.concat([answer, Buffer.from([0x7f])])), CompileError)
    const mine = new Error('mine')
    await assert.rejects(WebAssembly.compile(answer, { get builtins() { throw mine } }), error => error === mine)
  })
})

describe('instantiate', () => {
  test('of bytes resolves to a plain object of module and instance', async () => {
    const result = await WebAssembly.instantiate(answer)
    assert.equal(Object.getPrototypeOf(result), Object.prototype)
    assert.deepEqual(Object.entries(Object.getOwnPropertyDescriptors(result)).map(([key, { value, ...attributes }]) => [key, value.constructor, attributes]), [
      ['module', Module, { writable: true, enumerable: true, configurable: true }],
      ['instance', Instance, { writable: true, enumerable: true, configurable: true }],
    ])
    assert.equal(result.instance.exports.f(), 42)
  })

  test('of a Module resolves to an Instance', async () => {
    const instance = await WebAssembly.instantiate(compile(answer))
    assert.equal(Object.getPrototypeOf(instance), Instance.prototype)
    assert.equal(instance.exports.f(), 42)
    class Named extends Module {}
    assert.ok(await WebAssembly.instantiate(new Named(answer)) instanceof Instance)
  })

  const logging = log => ({ get m() { log.push('read'); return { f() { log.push('start') } } } })

  test('of a Module reads the imports at once, and runs the module later', async () => {
    const log = []
    const promise = WebAssembly.instantiate(compile(importing), logging(log))
    log.push('returned')
    await null
    log.push('microtask')
    await promise
    log.push('resolved')
    assert.deepEqual(log, ['read', 'returned', 'microtask', 'start', 'resolved'])
  })

  test('of bytes reads the imports when they are compiled', async () => {
    const log = []
    const promise = WebAssembly.instantiate(importing, logging(log))
    log.push('returned')
    await promise
    assert.deepEqual(log, ['returned', 'read', 'start'])
    const unread = []
    await assert.rejects(WebAssembly.instantiate(importing.subarray(0, -1), logging(unread)), CompileError)
    assert.deepEqual(unread, [])
  })

  test('rejects with whatever is wrong, and never throws', async () => {
    const mine = new Error('mine')
    for (const source of [importing, compile(importing)]) {
      const rejects = (imports, expected) => assert.rejects(WebAssembly.instantiate(source, imports), expected)
      await rejects(undefined, TypeError)
      await rejects(null, TypeError)
      await rejects(5, TypeError)
      await rejects({}, { name: 'TypeError', code: 'ERR_WASMPORT_LINK', importModule: 'm' })
      await rejects({ m: {} }, { name: 'LinkError', code: 'ERR_WASMPORT_LINK', importModule: 'm', importName: 'f' })
      await rejects({ get m() { throw mine } }, error => error === mine)
      await rejects({ m: { f() { throw mine } } }, error => error === mine)
    }
    await assert.rejects(WebAssembly.instantiate(assemble('(module (func $f unreachable) (start $f))')), { name: 'RuntimeError', code: 'ERR_WASMPORT_TRAP' })
    for (const wrong of [[], [undefined], [5], [{}], [new builtin.Module(answer)]]) await assert.rejects(WebAssembly.instantiate(...wrong), { name: 'TypeError', code: 'ERR_WASMPORT_OPTION' })
  })
})

describe('compileStreaming and instantiateStreaming', () => {
  let server
  let origin
  const routes = {
    '/answer.wasm': response => response.writeHead(200, { 'Content-Type': 'application/wasm' }).end(answer),
    '/slow.wasm': async response => {
      response.writeHead(200, { 'Content-Type': 'application/wasm' })
      for (const byte of answer) {
        response.write(Buffer.of(byte))
        await new Promise(resolve => setImmediate(resolve))
      }
      response.end()
    },
    '/text': response => response.writeHead(200, { 'Content-Type': 'text/html' }).end(answer),
    '/cut.wasm': response => {
      response.writeHead(200, { 'Content-Type': 'application/wasm', 'Content-Length': answer.length })
      response.write(answer.subarray(0, 10), () => response.destroy())
    },
  }
  before(async () => {
    server = createServer((request, response) => {
      const route = routes[request.url]
      return route ? route(response) : response.writeHead(404, { 'Content-Type': 'application/wasm' }).end()
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    origin = `http://127.0.0.1:${server.address().port}`
  })
  after(() => {
    server.closeAllConnections()
    server.close()
  })

  const refused = { name: 'TypeError', code: 'ERR_WEBASSEMBLY_RESPONSE' }

  test('take what fetch returns, or a promise of it', async () => {
    for (const path of ['/answer.wasm', '/slow.wasm']) {
      const { module, instance } = await WebAssembly.instantiateStreaming(fetch(origin + path))
      assert.ok(module instanceof Module)
      assert.equal(instance.exports.f(), 42)
      const compiled = await WebAssembly.compileStreaming(await fetch(origin + path))
      assert.equal(new Instance(compiled).exports.f(), 42)
    }
  })

  test('take a Response that the program made', async () => {
    assert.ok(await WebAssembly.compileStreaming(respond(answer)) instanceof Module)
    const stream = new ReadableStream({ start(controller) { for (const byte of answer) controller.enqueue(Uint8Array.of(byte)); controller.close() } })
    assert.ok(await WebAssembly.compileStreaming(respond(stream)) instanceof Module)
    const { instance } = await WebAssembly.instantiateStreaming(Promise.resolve(respond(importing)), { m: { f() {} } })
    assert.ok(instance instanceof Instance)
    const strings = assemble('(module (import "s" "hello" (global externref)) (export "hello" (global 0)))')
    const constants = { importedStringConstants: 's' }
    assert.equal((await WebAssembly.instantiateStreaming(respond(strings), {}, constants)).instance.exports.hello.value, 'hello')
    assert.deepEqual(Module.imports(await WebAssembly.compileStreaming(respond(strings), constants)), [])
  })

  test('refuse a Response that is no module, saying which and why', async () => {
    await assert.rejects(WebAssembly.compileStreaming(fetch(`${origin}/text`)), error => error.message.includes(`${origin}/text`) && error.message.includes('text/html'))
    await assert.rejects(WebAssembly.compileStreaming(fetch(`${origin}/text`)), refused)
    await assert.rejects(WebAssembly.compileStreaming(fetch(`${origin}/none`)), error => error.code === refused.code && error.message.includes('404'))
    for (const type of [null, '', 'text/plain', 'application/wasm;', 'application/wasm; charset=utf-8', 'application/javascript']) {
      await assert.rejects(WebAssembly.instantiateStreaming(respond(answer, { type })), refused, type)
    }
    await assert.rejects(WebAssembly.compileStreaming(respond(answer, { status: 500 })), refused)
    const used = respond(answer)
    await used.arrayBuffer()
    await assert.rejects(WebAssembly.compileStreaming(used), refused)
    await assert.rejects(WebAssembly.compileStreaming(respond(answer.subarray(0, 9))), CompileError)
    await assert.rejects(WebAssembly.compileStreaming(respond(null)), CompileError)
    await assert.rejects(WebAssembly.compileStreaming(fetch(`${origin}/cut.wasm`)), error => error instanceof Error && !(error instanceof CompileError))
  })

  test('reject what is no Response, and a promise that is rejected', async () => {
    for (const wrong of [undefined, null, 5, {}, answer, Promise.resolve(answer)]) {
      await assert.rejects(WebAssembly.compileStreaming(wrong), { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' })
      await assert.rejects(WebAssembly.instantiateStreaming(wrong), { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' })
    }
    const mine = new Error('mine')
    await assert.rejects(WebAssembly.compileStreaming(Promise.reject(mine)), error => error === mine)
    await assert.rejects(WebAssembly.instantiateStreaming(respond(importing), { m: {} }), LinkError)
    await assert.rejects(WebAssembly.instantiateStreaming(respond(answer), 5), TypeError)
  })
})

// Uses each class once, and returns what came of it.
const everything = `async function everything(WebAssembly, bytes) {
  const { Exception, Function, Global, Instance, Memory, Module, Table, Tag } = WebAssembly
  const module = new Module(bytes)
  const tag = new Tag({ parameters: ['i32'] })
  const memory = new Memory({ initial: 1 })
  const table = new Table({ element: 'anyfunc', initial: 1 })
  const global = new Global({ value: 'externref', mutable: true }, 'start')
  const thrown = []
  const imports = { m: { memory, table, global, tag, f() { thrown.push(memory.buffer.byteLength); throw new Exception(tag, [7]) } } }
  const { exports } = new Instance(module, imports)
  table.set(0, exports.grow)
  table.get(0)(1)
  global.value = { deep: 'value' }
  const caught = exports.call()
  table.set(0, new Function({ parameters: ['i32'], results: [] }, n => thrown.push(n)))
  table.get(0)(5)
  let trap
  try { exports.trap() } catch (error) { trap = error.constructor === WebAssembly.RuntimeError }
  const later = await WebAssembly.instantiate(bytes, imports)
  return [caught, thrown, exports.global().deep, later.instance.exports.call(), trap, memory.buffer.byteLength, (await WebAssembly.compile(bytes)) instanceof Module]
}`
const user = assemble(`(module
  (import "m" "memory" (memory 1)) (import "m" "table" (table 1 funcref)) (import "m" "global" (global $g (mut externref)))
  (import "m" "tag" (tag $tag (param i32))) (import "m" "f" (func $f))
  (func (export "grow") (param i32) (drop (memory.grow (local.get 0))))
  (func (export "global") (result externref) (global.get $g))
  (func (export "trap") unreachable)
  (func (export "call") (result i32) (block $caught (result i32) (try_table (catch $tag $caught) (call $f)) (i32.const 0))))`).toString('hex')
const outcome = [7, [2 * 65536, 5, 2 * 65536], 'value', 7, true, 2 * 65536, true]

describe('elsewhere', () => {
  test('a worker uses everything, and ends in peace; so do several at once', async () => {
    const script = `${everything}
      const { WebAssembly } = require(${JSON.stringify(new URL('../index.js', import.meta.url).pathname)})
      everything(WebAssembly, Buffer.from('${user}', 'hex')).then(result => parentPort.postMessage(result))`
    const results = await Promise.all([1, 2, 3, 4].map(() => inWorker(script)))
    for (const { code, messages, error } of results) {
      assert.equal(error, undefined)
      assert.deepEqual({ code, messages }, { code: 0, messages: [outcome] })
    }
  })

  test('--import wasmport/global puts it in place of Node\'s own', () => {
    const app = project({
      'app.mjs': `${everything}
        console.log(JSON.stringify(await everything(WebAssembly, Buffer.from('${user}', 'hex'))))
        const descriptor = Object.getOwnPropertyDescriptor(globalThis, 'WebAssembly')
        console.log(JSON.stringify([descriptor.enumerable, descriptor.writable, descriptor.configurable]), WebAssembly === (await import('wasmport')).WebAssembly)`,
    })
    const { status, stdout, stderr } = app.node(['--import', 'wasmport/global', 'app.mjs'])
    assert.equal(stdout, `${JSON.stringify(outcome)}\n[false,true,true] true\n`, stderr)
    assert.equal(status, 0)
  })
})

test('10,000 promises of instances leave the resident size flat', () => {
  const grown = growth(`const bytes = Buffer.from('${answer.toString('hex')}', 'hex')`, `
    WebAssembly.instantiate(bytes).then(({ instance }) => { equal(instance.exports.f(), 42) })
    WebAssembly.compile(bytes.subarray(0, 20)).catch(() => {})`, 10000)
  assert.ok(grown < 40, `grew by ${grown} MiB`)
})
