// The polyfill of the init section, on the plain WebAssembly of Node and of Chromium: against all vectors, and against
// what the addon says of real modules.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync, readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { brotliDecompressSync } from 'node:zlib'
import initWabt from 'wabt'
import { inspect } from 'wasmport'
import * as polyfill from '../lib/init-polyfill.mjs'
import { checkVector } from './fixtures/check-polyfill.mjs'
import { findChromium, inChromium } from './fixtures/chromium.mjs'
import { assemble, root } from './fixtures/project.mjs'
import { append, encode } from './fixtures/section.mjs'
import { moduleVectors } from './fixtures/vectors.mjs'

const { instantiate, plan, run } = polyfill
const node = Number.parseInt(process.versions.node)
const vectors = moduleVectors()
const binary = (text, section) => (section ? append(assemble(text), encode(section)) : assemble(text))
const evaluate = (name, rest) => ({
  phase: 'evaluate', select: { export: name }, args: 'none', result: 'ignore', if_missing: 'error', ...rest,
})

describe('the vectors on this Node', () => {
  for (const vector of vectors) {
    test(`${vector.file}: ${vector.name}`, async t => {
      const wrong = await checkVector(polyfill, vector)
      const isKnown = node === 20 && vector.name === 'bind names one memory of two'
      if (wrong === null && isKnown) return t.skip('in Node 20 a module has one memory')
      assert.deepEqual(wrong, [])
    })
  }
})

const chromium = findChromium()
const skip = chromium ? false : 'there is no Chromium: install it, or name one in the environment variable CHROMIUM'

test('the vectors and the example in Chromium', { skip }, async () => {
  const html = `<!doctype html><iframe src="/examples/polyfill/"></iframe><script type="module">
    import { checkVector } from '/__test__/fixtures/check-polyfill.mjs'
    const report = value => fetch('/report', { method: 'POST', body: JSON.stringify(value) })
    try {
      const polyfill = await import('/lib/init-polyfill.mjs')
      const vectors = await (await fetch('/vectors.json')).json()
      const results = []
      for (const vector of vectors) {
        const bytes = Uint8Array.from(vector.bytes.data)
        results.push({ ...vector, bytes: undefined, wrong: await checkVector(polyfill, { ...vector, bytes }) })
      }
      const example = document.querySelector('iframe')
      let text
      for (let n = 0; n < 300 && !text; n++) {
        await new Promise(resolve => setTimeout(resolve, 100))
        text = example.contentDocument.getElementById('out')?.textContent
      }
      await report({ results, text })
    } catch (error) {
      await report({ error: String(error.stack) })
    }
  </script>`
  const { error, results, text } = await inChromium(chromium, html, { '/vectors.json': JSON.stringify(vectors) })
  assert.ifError(error)
  assert.equal(results.length, vectors.length)
  assert.deepEqual(results.filter(({ wrong }) => wrong?.length !== 0), [])
  assert.equal(text, 'Hello from linear memory!')
})

test('the plans of real modules are those of the addon', () => {
  const { devDependencies } = createRequire(import.meta.url)('../package.json')
  const packages = Object.keys(devDependencies).map(name => join(root, 'node_modules', name))
  const files = [join(root, '__test__'), join(root, 'examples'), ...packages].flatMap(directory =>
    readdirSync(directory, { recursive: true }).filter(file => /\.wasm(\.br)?$/.test(file)).map(file => join(directory, file)))
  assert.ok(files.length > 20)
  for (const file of files) {
    const bytes = file.endsWith('.br') ? brotliDecompressSync(readFileSync(file)) : readFileSync(file)
    const isComponent = bytes[4] !== 1
    if (!isComponent) assert.deepEqual(outcome(() => plan(bytes)), outcome(() => inspect(bytes)), file)
  }
})

/** A plan, or the class of the error and where it is. */
function outcome(call) {
  try {
    const { plan, origin } = call()
    return { plan, origin }
  } catch (error) {
    return { name: error.name, offset: error.offset }
  }
}

test('bytes that are cut off or changed have a plan or an error of the right class', () => {
  const whole = readFileSync(join(root, 'examples/upper.wasm'))
  let errors = 0
  const check = bytes => {
    try {
      plan(bytes)
    } catch (error) {
      assert.ok(error instanceof WebAssembly.CompileError || error instanceof WebAssembly.LinkError, error?.stack)
      errors++
    }
  }
  for (let length = 0; length < whole.length; length++) check(whole.subarray(0, length))
  for (let at = 0; at < whole.length; at++) {
    for (const byte of [0, 0x40, 0x7f, 0x80, 0xff]) check(Buffer.from(whole).fill(byte, at, at + 1))
  }
  assert.ok(errors > whole.length)
})

test('a component is an error that says so', async () => {
  const component = Uint8Array.of(0, 0x61, 0x73, 0x6d, 13, 0, 1, 0)
  for (const call of [async bytes => plan(bytes), instantiate, run]) {
    await assert.rejects(() => call(component), { name: 'CompileError', offset: 4, message: /component/ })
  }
})

test('bytes may be in any buffer or view, and nothing else', async () => {
  const bytes = binary('(module (func (export "f") (result i32) i32.const 5))')
  const within = new Uint8Array(bytes.length + 4)
  within.set(bytes, 3)
  const view = new DataView(within.buffer, 3, bytes.length)
  for (const source of [view, view.buffer.slice(3, -1), within.subarray(3, -1)]) {
    assert.equal((await instantiate(source)).f(), 5)
  }
  const shared = new Uint8Array(new SharedArrayBuffer(bytes.length))
  for (const source of ['f.wasm', 5, null, [0], shared, shared.buffer]) {
    await assert.rejects(instantiate(source), { name: 'TypeError', message: /expected the bytes/ })
  }
})

test('a namespace is like that of an ES module', async () => {
  const namespace = await instantiate(binary(`(module
    (global $n (export "n") (mut i32) (i32.const 1)) (global (export "big") i64 (i64.const 2))
    (global (export "vector") v128 (v128.const i32x4 0 0 0 0)) (memory (export "m") 1)
    (func (export "add") (global.set $n (i32.add (global.get $n) (i32.const 1)))))`))
  assert.equal(Object.getPrototypeOf(namespace), null)
  assert.ok(Object.isFrozen(namespace))
  assert.deepEqual(Object.keys(namespace), ['add', 'big', 'm', 'n', 'vector'])
  assert.equal(String(namespace[Symbol.toStringTag]), 'Module')
  assert.equal(namespace.big, 2n)
  namespace.add()
  assert.equal(namespace.n, 2)
  assert.ok(namespace.m instanceof WebAssembly.Memory)
  assert.throws(() => namespace.vector, TypeError)
})

test('a service gets the imported memory, the table and all exports, before the steps', async () => {
  const memory = new WebAssembly.Memory({ initial: 1 })
  const given = []
  const service = { __wasm_bind(instance) { given.push({ ...instance, self: this }) }, log() { given.push('init') } }
  const bytes = binary(`(module (import "host" "log" (func $log)) (import "env" "memory" (memory 1))
    (table (export "t") 1 funcref) (func (export "init") (call $log)))`,
  { bind: [{ service: 'host', memory: '', table: 't' }], steps: [evaluate('init')], hide: [{ prefix: '' }] })
  await instantiate(bytes, { host: service, env: { memory } })
  const [{ table, exports, ...instance }, last] = given
  assert.equal(given.length, 2)
  assert.equal(last, 'init')
  assert.deepEqual(Object.keys(exports), ['t', 'init'])
  assert.equal(table, exports.t)
  assert.equal(instance.memory, memory)
  assert.equal(instance.self, service)
})

test('WASI that is inferred needs no hook, and may throw an exit of its own', async () => {
  const bytes = binary(`(module (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (memory (export "memory") 1) (func (export "_start") (call $exit (i32.const 7))))`)
  class ProcessExit extends Error {
    exitCode = 7
  }
  const imports = { wasi_snapshot_preview1: { proc_exit() { throw new ProcessExit() } } }
  assert.equal(await run(bytes, imports), 7)
  const { _start } = await instantiate(bytes, imports)
  assert.throws(_start, ProcessExit)
})

test('what JS throws in a step fails the load, as it is', async () => {
  const bytes = binary('(module (import "env" "f" (func $f)) (func (export "_initialize") (call $f)))')
  for (const thrown of [new RangeError('no'), null, 'text', { exitCode: '0' }]) {
    const env = { f() { throw thrown } }
    await assert.rejects(instantiate(bytes, { env }), error => error === thrown)
  }
})

test('a service that lacks what a step needs is a link error', async () => {
  const bytes = binary('(module (memory (export "memory") 1) (func (export "init") (result i32) (i32.const 1)))', {
    bind: [{ service: 'host', memory: 'memory', table: '' }],
    steps: [evaluate('init', { args: { service: 'host' }, result: 'namespace' })],
  })
  const given = answer => ({ host: { __wasm_bind: () => answer } })
  for (const [answer, method] of [[undefined, 'args'], [{}, 'args'], [{ args: () => [] }, 'namespace']]) {
    const message = new RegExp(`"${method}" of "host".*__wasm_bind`)
    await assert.rejects(instantiate(bytes, given(answer)), { name: 'LinkError', message })
  }
  assert.equal(await instantiate(bytes, given({ args: () => [], namespace: result => result * 2 })), 2)
})

test('each task step is a task of its own', async () => {
  const seen = []
  const bytes = binary(`(module (import "env" "f" (func $f (param i32)))
    (func (export "a") (call $f (i32.const 1))) (func (export "b") (call $f (i32.const 2))))`,
  { steps: ['a', 'b'].map(name => evaluate(name, { phase: 'task' })) })
  // What a task puts into the queue runs before the next one.
  await instantiate(bytes, { env: { f: n => { seen.push(n); setTimeout(() => seen.push('after')) } } })
  assert.deepEqual(seen, [1, 'after', 2])
})

test('a step that is skipped needs no service', async () => {
  const bytes = binary('(module (func (export "f")))', {
    steps: [evaluate('none', { args: { service: 'nowhere' }, if_missing: 'skip' })],
  })
  assert.deepEqual(Object.keys(await instantiate(bytes)), ['f'])
})

test('limits of every form are read, up to what follows them', () => {
  const limits = [[0, 1], [1, 1, 2], [3, 1, 2], [4, 0x80, 1], [5, 1, 0x80, 1], [8, 1, 0], [9, 1, 2, 0], [13, 1, 2, 0]]
  for (const form of limits) {
    const imports = [2, 1, 0x61, 1, 0x6d, 2, ...form, 6, ...Buffer.from('emnapi'), 1, 0x67, 3, 0x7f, 0]
    const bytes = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 2, imports.length, ...imports]
    assert.deepEqual(plan(Uint8Array.from(bytes)).plan.bind, [{ service: 'napi', memory: '', table: '' }], `${form}`)
  }
})

test('names keep what looks like a byte order mark', async () => {
  const bytes = binary('(module (func (export "\\ef\\bb\\bff")) (func (export "f")))', { hide: [{ export: 'f' }] })
  assert.deepEqual(Object.keys(await instantiate(bytes)), ['\ufefff'])
})

test('it uses nothing that a host could lack', () => {
  const files = ['init-polyfill.mjs', ...readdirSync(join(root, 'lib/init-polyfill')).map(file => `init-polyfill/${file}`)]
  for (const file of files) {
    const text = readFileSync(join(root, 'lib', file), 'utf8')
    for (const [, specifier] of text.matchAll(/\bfrom '([^']*)'|\bimport\(/g)) assert.match(specifier, /^\.\.?\/[\w/-]+\.mjs$/)
    assert.doesNotMatch(text, /\b(process|Buffer|require|globalThis|window|document)\b/, file)
  }
})

test('it is declared as it is, for projects without Node', () => {
  const fixture = join(root, '__test__/fixtures/init-polyfill.types.mts')
  const { status, stdout } = spawnSync(process.execPath, [
    createRequire(import.meta.url).resolve('typescript/bin/tsc'), '--noEmit', '--strict', '--target', 'es2022',
    '--lib', 'es2022,dom,esnext.disposable', '--module', 'nodenext', '--typeRoots', 'none', fixture,
  ], { encoding: 'utf8' })
  assert.equal(status, 0, stdout)
  const declared = [...readFileSync(join(root, 'lib/init-polyfill.d.mts'), 'utf8').matchAll(/^export (?:function|class) (\w+)/gm)]
  assert.deepEqual(declared.map(([, name]) => name).sort(), Object.keys(polyfill).sort())
})

test('examples/polyfill/hello.wasm is made of hello.wat', async () => {
  const wabt = await initWabt()
  const file = extension => readFileSync(join(root, `examples/polyfill/hello.${extension}`))
  const module = wabt.parseWat('hello.wat', file('wat').toString(), { annotations: true })
  assert.deepEqual(file('wasm'), Buffer.from(module.toBinary({}).buffer))
  module.destroy()
})
