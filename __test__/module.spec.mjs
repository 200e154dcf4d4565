// From a source to a namespace: where modules come from, how they are compiled, and what inspect says.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { after, describe, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { inspect, load, loadSync, runSync } from 'wasmport'
import { assemble } from './fixtures/project.mjs'
import { child, refuses, thrown } from './helpers.mjs'

const dir = mkdtempSync(join(tmpdir(), 'wasmport-module-'))
after(() => rmSync(dir, { recursive: true }))

const text = '(module (func (export "f") (param i32) (result i32) (i32.add (local.get 0) (i32.const 1))))'
const bytes = assemble(text)

/** A module of `count` functions that no cache has seen, each exported unless `hidden`. */
let salt = process.pid * 1000
const big = (count, hidden = false) => {
  salt++
  const body = n => `(local i32) ${`(local.set 1 (i32.xor (i32.mul (local.get 0) (i32.const ${salt + n})) (local.get 1)))`.repeat(20)} (local.get 1)`
  return assemble(`(module ${Array.from({ length: count }, (_, n) => `(func ${hidden ? '' : `(export "f${n}")`} (param i32) (result i32) ${body(n)})`).join('\n')})`)
}

describe('sources', () => {
  const wasm = join(dir, 'a b#ü.wasm')
  const wat = join(dir, 'text.wat')
  writeFileSync(wasm, bytes)
  writeFileSync(wat, `;; a comment first\n(; and a block ;)\n${text}`)
  const sources = {
    'a path': wasm, 'a relative path': relative('.', wasm), 'a file: URL': pathToFileURL(wasm), 'a file: URL as a string': pathToFileURL(wasm).href,
    'a Buffer': bytes, 'a Uint8Array': new Uint8Array(bytes), 'an ArrayBuffer': new Uint8Array(bytes).buffer,
    'a view with an offset': new Uint8Array([1, 2, 3, ...bytes, 4]).subarray(3, -1), 'text': text, 'bytes of text': Buffer.from(text), 'a .wat file': wat,
    'a .wat file by URL': pathToFileURL(wat),
  }
  for (const [what, source] of Object.entries(sources)) {
    test(what, async () => {
      assert.equal(loadSync(source).f(1), 2)
      assert.equal((await load(source)).f(2), 3)
      assert.deepEqual(inspect(source).exports.map(({ name }) => name), ['f'])
    })
  }

  test('bytes are copied: what happens to them after the call does not matter', async () => {
    const mine = new Uint8Array(bytes)
    const loading = load(mine)
    mine.fill(0)
    structuredClone(mine.buffer, { transfer: [mine.buffer] })
    assert.equal((await loading).f(1), 2)
  })

  test('a file that changed is loaded as it is now', () => {
    const path = join(dir, 'changing.wasm')
    for (const n of [1, 2, 3]) {
      writeFileSync(path, assemble(`(module (func (export "f") (result i32) i32.const ${n}))`))
      assert.equal(loadSync(path).f(), n)
    }
  })
})

describe('loading', () => {
  test('each load is an instance of its own', async () => {
    const counter = '(module (global $n (mut i32) (i32.const 0)) (func (export "f") (result i32) (global.set $n (i32.add (global.get $n) (i32.const 1))) (global.get $n)))'
    const [a, b] = [loadSync(counter), await load(counter)]
    assert.deepEqual([a.f(), a.f(), b.f(), a.f()], [1, 2, 1, 3])
  })

  test('many loads of one file at once', async () => {
    const path = join(dir, 'at-once.wasm')
    writeFileSync(path, big(50))
    const all = await Promise.all(Array.from({ length: 40 }, () => load(path)))
    const value = all[0].f7(5)
    assert.ok(all.every(ns => ns.f7(5) === value))
    assert.equal(new Set(all).size, 40)
  })

  test('many loads at once, good and bad mixed, each end as they should', async () => {
    const all = Array.from({ length: 60 }, (_, n) => [
      () => load(`(module (func (export "f") (result i32) i32.const ${n}))`), () => load(join(dir, 'nowhere')), () => load('(module (func (result i32)))'),
    ][n % 3]())
    const results = await Promise.allSettled(all)
    results.forEach(({ status, value, reason }, n) => {
      if (n % 3 === 0) assert.equal(value?.f(), n)
      else assert.deepEqual([status, reason.code], ['rejected', n % 3 === 1 ? 'ENOENT' : 'ERR_WASMPORT_COMPILE'])
    })
  })

  test('the event loop turns while a module is compiled', async () => {
    const module = big(4000, true)
    let ticks = 0
    let longest = 0
    let last = performance.now()
    const timer = setInterval(() => {
      ticks++
      longest = Math.max(longest, performance.now() - last)
      last = performance.now()
    }, 5)
    const began = performance.now()
    const ns = await load(module)
    const time = performance.now() - began
    clearInterval(timer)
    assert.deepEqual(Object.keys(ns), [])
    assert.ok(time > 100, `compiled in ${time} ms, too fast to tell`)
    assert.ok(ticks >= time / 50, `${ticks} turns in ${time} ms`)
    assert.ok(longest < time / 2, `one turn took ${longest} of ${time} ms`)
  })

  test('WASMPORT_CACHE keeps compiled code, or does not', () => {
    const path = join(dir, 'cached.wasm')
    writeFileSync(path, big(1000))
    const script = `const began = performance.now(); const ns = loadSync(${JSON.stringify(path)}); console.log(performance.now() - began, ns.f999(3))`
    const time = cache => {
      const [ms, value] = child(script, { env: { WASMPORT_CACHE: cache } }).split(' ')
      return [Number(ms), value]
    }
    const [cold, value] = time(join(dir, 'cache'))
    const [warm, again] = time(join(dir, 'cache'))
    const [off, third] = time('off')
    assert.deepEqual([again, third], [value, value])
    assert.ok(warm < cold / 3, `cold ${cold} ms, warm ${warm} ms`)
    assert.ok(off > warm * 3, `off ${off} ms, warm ${warm} ms`)
  })

  test('many functions, exports, imports and nested blocks', () => {
    const many = loadSync(big(3000))
    assert.equal(Object.keys(many).length, 3000)
    const js = Object.fromEntries(Array.from({ length: 1000 }, (_, n) => [`f${n}`, () => n]))
    const { last } = loadSync(`(module ${Object.keys(js).map(name => `(import "js" "${name}" (func (result i32)))`).join('')} (func (export "last") (result i32) (call 999)))`, { imports: { js } })
    assert.equal(last(), 999)
    const { deep } = loadSync(`(module (func (export "deep") (result i32) ${'block '.repeat(20_000)} ${'end '.repeat(20_000)} i32.const 4))`)
    assert.equal(deep(), 4)
  })
})

describe('the namespace', () => {
  const ns = loadSync(`(module (func (export "b")) (func (export "B")) (func (export "a")) (func (export "1")) (func (export "")) (func (export "ü")) (func (export "🙂"))
    (func (export "\\u{ffff}")) (func (export "__proto__")) (func (export "constructor")) (func (export "toString")) (func (export "a\\00b")) (memory (export "m") 1)
    (global (export "mut") (mut i32) (i32.const 0)) (global (export "con") i32 (i32.const 0)))`)

  test('is like that of an ES module', () => {
    assert.equal(Object.getPrototypeOf(ns), null)
    assert.equal(Object.isExtensible(ns), false)
    assert.equal(Object.prototype.toString.call(ns), '[object Module]')
    assert.throws(() => { 'use strict'; ns.added = 1 }, TypeError)
    assert.throws(() => { 'use strict'; ns.a = 1 }, TypeError)
    assert.throws(() => { 'use strict'; delete ns.a }, TypeError)
    assert.equal(ns.hasOwnProperty, undefined)
  })

  test('has the exports by any name, in the order of code units', () => {
    const names = ['', 'B', '__proto__', 'a', 'a\0b', 'b', 'con', 'constructor', 'm', 'mut', 'toString', 'ü', '🙂', '\uffff']
    assert.deepEqual(Object.keys(ns), ['1', ...names])
    for (const name of ['1', ...names]) assert.ok(['function', 'object', 'number'].includes(typeof ns[name]), name)
    assert.equal(typeof Object.getOwnPropertyDescriptor(ns, '__proto__').value, 'function')
    assert.deepEqual(Object.getOwnPropertySymbols(ns), [Symbol.toStringTag, Symbol.dispose])
    assert.equal(Object.getOwnPropertyDescriptor(ns, Symbol.dispose).enumerable, false)
  })

  test('load resolves to a module that exports `then` only by loadSync', () => {
    assert.equal(typeof loadSync('(module (func (export "then")))').then, 'function')
  })

  test('proxies and derived objects see it', () => {
    assert.equal(Object.create(ns).mut, 0)
    assert.equal(new Proxy(ns, {}).mut, 0)
    assert.throws(() => ns[Symbol.dispose].call({}), TypeError)
  })
})

describe('inspect', () => {
  test('says what is imported and exported, with types, and does not run or compile', () => {
    const description = inspect(`(module
      (import "js" "f" (func (param i32 i64) (result f32 externref))) (import "js" "m" (memory 1 2)) (import "js" "t" (table 3 funcref)) (import "js" "g" (global (mut f64)))
      (func $s unreachable) (start $s) (memory (export "mem") 4) (table (export "tab") 0 9 externref) (global (export "glo") i64 (i64.const 1)) (export "fun" (func $s)))`)
    const { kind, imports, exports, plan, origin } = description
    assert.equal(kind, 'module')
    const offsets = [...imports, ...exports].map(({ offset }) => offset)
    assert.deepEqual(offsets, [...new Set(offsets)].sort((a, b) => a - b), 'one after the other in the file')
    const bare = list => list.map(({ offset: _, ...item }) => item)
    assert.deepEqual(bare(imports), [
      { module: 'js', name: 'f', kind: 'function', type: { parameters: ['i32', 'i64'], results: ['f32', 'externref'] } },
      { module: 'js', name: 'm', kind: 'memory', type: { minimum: 1, maximum: 2, address: 'i32', shared: false } },
      { module: 'js', name: 't', kind: 'table', type: { minimum: 3, address: 'i32', element: 'funcref' } },
      { module: 'js', name: 'g', kind: 'global', type: { value: 'f64', mutable: true } },
    ])
    assert.deepEqual(bare(exports), [
      { name: 'mem', kind: 'memory', type: { minimum: 4, address: 'i32', shared: false } },
      { name: 'tab', kind: 'table', type: { minimum: 0, maximum: 9, address: 'i32', element: 'externref' } },
      { name: 'glo', kind: 'global', type: { value: 'i64', mutable: false } },
      { name: 'fun', kind: 'function', type: { parameters: [], results: [] } },
    ])
    assert.equal(plan.run, null)
    assert.deepEqual(Object.keys(origin).sort(), ['bind', 'hide', 'run', 'steps'])
  })

  test('shows the plan of a program and of a reactor', () => {
    const wasi = '(import "wasi_snapshot_preview1" "sched_yield" (func (result i32))) (memory (export "memory") 1)'
    const program = inspect(`(module ${wasi} (func (export "_start")))`)
    assert.equal(program.plan.run.export, '_start')
    assert.deepEqual(program.plan.bind.map(({ service }) => service), ['wasi_snapshot_preview1'])
    const reactor = inspect(`(module ${wasi} (func (export "_initialize")))`)
    assert.equal(reactor.plan.run, null)
    assert.deepEqual(reactor.plan.steps.map(({ phase, select }) => [phase, select]), [['evaluate', { export: '_initialize' }]])
    assert.equal(reactor.origin.steps, 'inferred')
  })

  test('a component is told apart, and is not loaded by this version', async () => {
    const component = Uint8Array.of(0, 97, 115, 109, 13, 0, 1, 0)
    assert.equal(inspect(component).kind, 'component')
    for (const call of [loadSync, runSync]) refuses(() => call(component), Error, { code: 'ERR_WASMPORT_UNSUPPORTED' }, 'component')
    assert.equal((await load(component).catch(error => error)).code, 'ERR_WASMPORT_UNSUPPORTED')
  })

  test('initialization runs once, in order, before the namespace is there', () => {
    const order = []
    const source = `(module (import "js" "log" (func $log (param i32))) (import "wasi_snapshot_preview1" "sched_yield" (func (result i32))) (memory (export "memory") 1)
      (func $s (call $log (i32.const 1))) (start $s) (func (export "_initialize") (call $log (i32.const 2))))`
    loadSync(source, { imports: { js: { log: n => order.push(n) } } })
    assert.deepEqual(order, [1, 2])
    const mine = new Error('mine')
    assert.equal(thrown(() => loadSync(source, { imports: { js: { log(n) { if (n === 2) throw mine } } } })), mine)
  })
})
