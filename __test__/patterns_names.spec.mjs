// Modules that are started by names which no standard has: of those that inference knows, and of those that need a section.
// docs/patterns.md is the table of these.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { WebAssembly, inspect, load, loadSync, run, runSync } from '../index.js'
import { head, hooks, passes } from './fixtures/hooks.mjs'
import { assemble, project } from './fixtures/project.mjs'
import './fixtures/scratch.mjs'
import { entry, guest, plan, step, wasi } from './guests/guest.mjs'
import { refuses } from './helpers.mjs'

/** Imports guests, by file name, into a script. */
const imports = (files, main) => passes(project({ ...files, 'main.mjs': head + main }), 'main.mjs')

describe('inferred', () => {
  test('hs_init of GHC: after _initialize, with zeros', async () => {
    const bytes = guest('c/haskell')
    assert.deepEqual(inspect(bytes).plan, plan({ steps: [step('_initialize'), step('hs_init', { args: 'zeros' })] }))
    for (const { answer } of [await load(bytes), loadSync(bytes)]) assert.equal(answer(), 42)
    imports({ 'haskell.wasm': bytes }, `
      import { answer } from './haskell.wasm'
      assert.equal(answer(), 42)`)
  })

  describe('the export with the empty name, as ITK-Wasm has it', () => {
    const bytes = guest('c/itk')

    test('the plan', () => {
      assert.deepEqual(inspect(bytes).plan, plan({ bind: wasi, steps: [step('_initialize')], run: entry('', 'same') }))
    })

    test('loaded it is a library, and the entry a function like the others', async () => {
      for (const namespace of [await load(bytes), loadSync(bytes)]) {
        assert.deepEqual([namespace.next(), namespace.next()], [1, 2])
        assert.deepEqual([namespace[''](), namespace[''](), namespace.next()], [13, 14, 5])
      }
      imports({ 'itk.wasm': bytes }, `
        import { next, '' as entry } from './itk.wasm'
        assert.deepEqual([next(), next(), entry(), next()], [1, 2, 13, 4])`)
    })

    test('run it is a program, after its constructors', async () => {
      const { exitCode, stdout } = await run(bytes, { stdout: 'pipe' })
      assert.deepEqual([exitCode, stdout.toString()], [11, 'constructed 1 times, call 1\n'])
      const { status, stderr, ...node } = project({ 'itk.wasm': bytes }).node([...hooks, 'itk.wasm'])
      assert.deepEqual([node.stdout, stderr, status], ['constructed 1 times, call 1\n', '', 11])
    })
  })

  test('a start function and _start, as Grain makes: the one at every instantiation, the other when it is run', async () => {
    const bytes = assemble(`(module
      (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
      (memory (export "memory") 1)
      (global $started (mut i32) (i32.const 0))
      (func $start (global.set $started (i32.add (global.get $started) (i32.const 1))))
      (start $start)
      (func (export "_start") (call $exit (i32.add (global.get $started) (i32.const 20))))
      (func (export "started") (result i32) (global.get $started)))`)
    assert.deepEqual(inspect(bytes).plan, plan({ bind: wasi, run: entry('_start', 'fresh') }))
    assert.deepEqual([(await run(bytes)).exitCode, runSync(bytes).exitCode], [21, 21])
    assert.equal((await load(bytes)).started(), 1)
  })
})

describe('_start and _initialize', () => {
  test('both are an error that says what settles it', async () => {
    const bytes = guest('c/both')
    const expected = [WebAssembly.LinkError, { code: 'ERR_WASMPORT_LINK' }, '_start', '_initialize', 'init section']
    refuses(() => inspect(bytes), ...expected)
    refuses(() => loadSync(bytes), ...expected)
    refuses(() => runSync(bytes), ...expected)
    const { stderr, status } = project({ 'both.wasm': bytes, 'main.mjs': 'import "./both.wasm"' }).node([...hooks, 'main.mjs'])
    assert.equal(status, 1)
    assert.match(stderr, /LinkError\]?: .*both\.wasm: .*_start and _initialize/)
  })

  test('a section has each called in its place', () => {
    const bytes = guest('c/both', { steps: [step('_initialize')], run: entry('_start', 'same') })
    assert.equal(loadSync(bytes).state(), 1)
    assert.equal(runSync(bytes).exitCode, 0)
    assert.equal(loadSync(guest('c/both', { steps: [step('_initialize'), step('_start')], run: null })).state(), 11)
  })
})

describe('with a section', () => {
  test('main of a reactor, as Swift and proxy-wasm have it', async () => {
    assert.deepEqual(inspect(guest('c/argc')).plan, plan({ steps: [step('_initialize')] }))
    assert.equal(loadSync(guest('c/argc')).ran(), 0)
    const bytes = guest('c/argc', { steps: [step('_initialize'), step('__main_argc_argv', { args: 'zeros' })] })
    assert.equal((await load(bytes)).ran(), 1)
    imports({ 'argc.wasm': bytes }, `
      import { ran } from './argc.wasm'
      assert.equal(ran(), 1)`)
  })

  test('wizer-initialize, where nobody has taken the snapshot', async () => {
    assert.deepEqual(inspect(guest('c/wizer')).plan, plan({ steps: [step('_initialize')] }))
    assert.equal(loadSync(guest('c/wizer')).square(5), 0)
    const initialize = step('wizer-initialize', { if_missing: 'skip' })
    const bytes = guest('c/wizer', { steps: [step('_initialize'), initialize], hide: [{ prefix: 'wizer-' }] })
    const { square, ...rest } = await load(bytes)
    assert.deepEqual([square(5), 'wizer-initialize' in rest], [25, false])
    imports({ 'wizer.wasm': bytes }, `
      import { square } from './wizer.wasm'
      assert.equal(square(5), 25)`)
  })

  describe('waPC: two functions to start with, and a host that needs the memory', () => {
    const section = {
      bind: [{ service: 'wapc', memory: 'memory', table: '' }],
      steps: [step('_start'), step('wapc_init')],
      run: null,
      hide: [{ export: '_start' }, { export: 'wapc_init' }],
    }
    // The host's side as a module would be published, told of the memory before anything of the guest is called.
    const host = `
      const bytes = (at, length) => new Uint8Array(memory.buffer, at, length)
      let memory, request, response
      export const logged = []
      export function __wasm_bind(given) { memory = given.memory }
      export function __console_log(at, length) { logged.push(Buffer.from(bytes(at, length)).toString()) }
      export function __guest_response(at, length) { response = Buffer.from(bytes(at, length)).toString() }
      export function __guest_request(operation, payload) {
        bytes(operation, request[0].length).set(Buffer.from(request[0]))
        bytes(payload, request[1].length).set(Buffer.from(request[1]))
      }
      export function invoke(guest, operation, payload) {
        request = [operation, payload]
        response = undefined
        guest.__guest_call(operation.length, payload.length)
        return response
      }`

    test('without it nothing is called', () => {
      const bytes = guest('c/wapc')
      assert.deepEqual(inspect(bytes).plan, plan({ run: entry('_start', 'same') }))
      const wapc = { __console_log: assert.fail, __guest_request: assert.fail, __guest_response: assert.fail }
      assert.equal(loadSync(bytes, { imports: { wapc } }).__guest_call(4, 4), 0)
    })

    test('load', async () => {
      const wapc = await import(`data:text/javascript,${encodeURIComponent(host)}`)
      const namespace = await load(guest('c/wapc', section), { imports: { wapc } })
      assert.deepEqual(Object.keys(namespace).sort(), ['__guest_call', 'memory'])
      assert.deepEqual([wapc.invoke(namespace, 'turn', 'stressed'), wapc.logged], ['desserts', ['started']])
    })

    test('import', () => {
      imports({
        'guest.wasm': guest('c/wapc', section),
        'node_modules/wapc/package.json': '{"exports":"./host.mjs"}',
        'node_modules/wapc/host.mjs': host,
      }, `
        import * as guest from './guest.wasm'
        import { invoke, logged } from 'wapc'
        assert.deepEqual([invoke(guest, 'turn', 'stressed'), logged], ['desserts', ['started']])`)
    })
  })
})
