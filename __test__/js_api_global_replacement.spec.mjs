// `node --import wasmport/global`: our WebAssembly in place of Node's own, for a whole program.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { api, child, spawn } from './helpers.mjs'
import { assemble, project, root } from './fixtures/project.mjs'

const flags = ['--import', pathToFileURL(`${root}lib/global.mjs`).href]
const base64 = text => assemble(text).toString('base64')
const bytes = text => `Buffer.from('${base64(text)}', 'base64')`

/** Runs a script with ours in place, and `ours`, `assert` and `text` in scope. */
const replaced = (script, options) => child(`
  const assert = require('node:assert/strict')
  const ours = require(${JSON.stringify(api)}).WebAssembly
  ${script}`, { flags, ...options })

describe('wasmport/global', () => {
  test('makes globalThis.WebAssembly ours, as an ordinary global', () => {
    replaced(`
      assert.equal(WebAssembly, ours)
      assert.equal(globalThis.WebAssembly, ours)
      assert.deepEqual(Object.getOwnPropertyDescriptor(globalThis, 'WebAssembly'),
        { value: ours, writable: true, enumerable: false, configurable: true })
      assert.equal(Object.keys(globalThis).includes('WebAssembly'), false)`)
  })

  test('runs what Node’s own cannot, on every version', () => {
    const text = `(module
      (tag $t (param i32)) (memory (export "a") i64 1) (memory (export "b") 2) (func (export "f") (throw $t (i32.const 5))))`
    assert.equal(replaced(`
      const { a, b, f } = new WebAssembly.Instance(new WebAssembly.Module(${bytes(text)})).exports
      try { f() } catch (error) { console.log(error instanceof WebAssembly.Exception, typeof a.grow(0n), b.grow(0)) }`), 'true bigint 2')
  })

  test('errors are still of the classes that were there before', () => {
    replaced(`
      const vm = require('node:vm')
      const { f } = new WebAssembly.Instance(new WebAssembly.Module(${bytes('(module (func (export "f") unreachable))')})).exports
      assert.throws(f, WebAssembly.RuntimeError)
      assert.throws(() => vm.runInThisContext('new WebAssembly.Module(new Uint8Array(3))'), WebAssembly.CompileError)`)
  })

  test('for packages, CommonJS and ES modules alike, by the name of the package', () => {
    const glue = `
      const bytes = Buffer.from('${base64('(module (func (export "f") (result i32) (i32.const 7)))')}', 'base64')
      const { instance } = await WebAssembly.instantiate(bytes)
      export const f = instance.exports.f
      const seen = WebAssembly
      export { seen as WebAssembly }`
    const { node } = project({
      'node_modules/some-glue/package.json': '{ "name": "some-glue", "type": "module", "exports": "./index.js" }',
      'node_modules/some-glue/index.js': glue,
      'main.mjs': `
        import { createRequire } from 'node:module'
        import { WebAssembly as ours } from 'wasmport'
        import { f, WebAssembly as seen } from 'some-glue'
        console.log(f(), seen === ours, createRequire(import.meta.url)('./old.cjs') === ours, f instanceof ours.Function)`,
      'old.cjs': 'module.exports = WebAssembly',
    })
    const { stdout, stderr, status } = node(['--import', 'wasmport/global', 'main.mjs'])
    assert.equal(stdout, '7 true true true\n', stderr)
    assert.equal(status, 0)
  })

  test('in a worker that is started with the flag, or inherits it', () => {
    const { node } = project({
      'main.mjs': `
        import { once } from 'node:events'
        import { Worker } from 'node:worker_threads'
        const execArgv = process.argv[2] === 'with' ? ['--import', 'wasmport/global'] : undefined
        for (const file of ['worker.cjs', 'worker.mjs']) {
          const worker = new Worker(new URL(file, import.meta.url), { execArgv })
          console.log(file, ...(await once(worker, 'message')))
        }`,
      'worker.cjs': `
        const valid = WebAssembly.validate(${bytes('(module)')})
        require('node:worker_threads').parentPort.postMessage([valid, WebAssembly === require('wasmport').WebAssembly])`,
      'worker.mjs': "import './worker.cjs'",
    })
    const ours = 'worker.cjs [ true, true ]\nworker.mjs [ true, true ]\n'
    assert.equal(node(['main.mjs', 'with']).stdout, ours)
    assert.equal(node(['--import', 'wasmport/global', 'main.mjs']).stdout, ours)
    assert.equal(node(['main.mjs']).stdout, ours.replaceAll('true ]', 'false ]'))
  })

  test('fetch works on, which uses WebAssembly inside of Node', () => {
    assert.equal(replaced(`
      const server = require('node:http').createServer((request, response) => {
        response.setHeader('Content-Type', request.url === '/m.wasm' ? 'application/wasm' : 'text/plain')
        response.end(request.url === '/m.wasm' ? ${bytes('(module (func (export "f") (result i32) (i32.const 9)))')} : 'body of ' + request.url)
      })
      server.listen(0, '127.0.0.1', async () => {
        const url = 'http://127.0.0.1:' + server.address().port
        try {
          const texts = await Promise.all([1, 2, 3].map(n => fetch(url + '/' + n).then(response => response.text())))
          assert.deepEqual(texts, ['body of /1', 'body of /2', 'body of /3'])
          const posted = await fetch(url + '/post', { method: 'POST', body: 'x'.repeat(100000) })
          assert.equal(posted.status, 200)
          await posted.text()
          const { instance } = await WebAssembly.instantiateStreaming(fetch(url + '/m.wasm'))
          assert.equal(instance.exports.f(), 9)
          const module = await WebAssembly.compileStreaming(fetch(url + '/m.wasm'))
          assert.equal(WebAssembly.Module.exports(module).length, 1)
          await assert.rejects(WebAssembly.compileStreaming(fetch(url + '/text')), { name: 'TypeError', code: 'ERR_WEBASSEMBLY_RESPONSE' })
          console.log('done')
        } finally { server.close() }
      })`), 'done')
  })

  test('other parts of Node that use WebAssembly work on', () => {
    assert.equal(replaced(`
      // Node reads the exports of CommonJS modules by a lexer in WebAssembly.
      import('data:text/javascript,import { readFileSync } from "node:fs"; export const type = typeof readFileSync').then(async ({ type }) => {
        const fs = require('node:fs'), os = require('node:os'), path = require('node:path')
        const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'wasmport-test-'))
        try {
          fs.writeFileSync(path.join(dir, 'a.cjs'), 'exports.one = 1; exports.two = 2')
          const { one, two } = await import(require('node:url').pathToFileURL(path.join(dir, 'a.cjs')))
          console.log(type, one + two)
        } finally { fs.rmSync(dir, { recursive: true }) }
      })`), 'function 3')
  })

  test('the rest of wasmport works beside it', () => {
    assert.equal(replaced(`
      const ns = loadSync('(module (func (export "f") (result i32) (i32.const 5)))')
      console.log(ns.f(), ns.f instanceof WebAssembly.Function)`), '5 true')
  })

  test('twice is as good as once', () => {
    const { status, stderr, stdout } = spawn('console.log(typeof WebAssembly.JSTag)', { flags: [...flags, ...flags] })
    assert.deepEqual({ status, stdout }, { status: 0, stdout: 'object\n' }, stderr)
  })
})
