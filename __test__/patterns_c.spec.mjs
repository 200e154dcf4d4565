// What clang and Zig make of C, C++ and Zig: the plan that is inferred of it, and that it works by load, run and import with
// no code that drives it. docs/patterns.md is the table of these.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { WebAssembly, inspect, load, loadSync, run, runSync } from '../index.js'
import { cjs, head, hooks, passes } from './fixtures/hooks.mjs'
import { project } from './fixtures/project.mjs'
import './fixtures/scratch.mjs'
import { entry, guest, plan, step, wasi } from './guests/guest.mjs'
import { refuses } from './helpers.mjs'

/** The plan that is followed, and that all of it is inferred. */
function inferred(bytes, parts) {
  const { plan: found, origin } = inspect(bytes)
  assert.deepEqual(found, plan(parts))
  assert.deepEqual(new Set(Object.values(origin)), new Set(['inferred']))
}

const command = { bind: wasi, run: entry('_start', 'fresh') }

/** Where the objects of c/objects.cpp tell what becomes of them. */
function objects(bytes) {
  const events = []
  return { events, namespace: loadSync(bytes, { imports: { './log.mjs': { log: value => { events.push(value) } } } }) }
}

describe('a command', () => {
  for (const [name, made] of [['c/multi', 'Zig, recent wasi-libc'], ['c/multi-wrapped', 'clang 14, its wasi-libc']]) {
    const bytes = guest(name)

    test(`${made}: the plan`, () => inferred(bytes, command))

    test(`${made}: run`, async () => {
      const options = { args: ['multi', '5'], stdout: 'pipe' }
      for (const result of [await run(bytes, options), runSync(bytes, options)]) {
        assert.equal(result.stdout.toString(), '2 arguments, constructed 1 times, call 1\n')
        assert.equal(result.exitCode, 5)
      }
    })

    test(`${made}: as a program of Node`, () => {
      const { stdout, stderr, status } = project({ 'multi.wasm': bytes }).node([...hooks, 'multi.wasm', '5', 'more'])
      assert.equal(stdout, '3 arguments, constructed 1 times, call 1\n')
      assert.deepEqual([stderr, status], ['', 5])
    })

    test(`${made}: its other entries, each call in a fresh instance`, async () => {
      for (const namespace of [await load(bytes), loadSync(bytes)]) {
        assert.deepEqual(Object.keys(namespace).sort(), ['_start', 'constructions', 'leave', 'next'])
        assert.deepEqual([namespace.next(), namespace.next(), namespace.next()], [1, 1, 1])
        refuses(() => namespace.leave(5), Error, { code: 'ERR_WASMPORT_EXIT', exitCode: 5 })
        assert.equal(namespace.next(), 1)
      }
    })

    test(`${made}: imported or required it does not run, and its other entries are there`, () => {
      const all = project({
        'multi.wasm': bytes,
        'main.cjs': `${cjs}
          const { next } = require('./multi.wasm')
          assert.deepEqual([next(), next()], [1, 1])`,
        'main.mjs': `${head}
          import { next } from './multi.wasm'
          import * as namespace from './multi.wasm'
          assert.deepEqual([next(), next(), namespace.next()], [1, 1, 1])
          assert.deepEqual(Object.keys(namespace), ['_start', 'constructions', 'leave', 'next'])`,
      })
      assert.equal(passes(all, 'main.mjs') + passes(all, 'main.cjs'), '')
    })
  }

  test('constructors: where the linker wraps every entry they run, where _start calls them they do not', () => {
    const wrapped = loadSync(guest('c/multi-wrapped'))
    assert.deepEqual([wrapped.constructions(), wrapped.constructions()], [1, 1])
    const { constructions } = loadSync(guest('c/multi'))
    assert.deepEqual([constructions(), constructions()], [0, 0])
  })

  test('a section makes it a library, constructed once, if it exports its constructors', () => {
    const bare = guest('c/multi-exported')
    inferred(bare, command)
    const bytes = guest('c/multi-exported', { steps: [step('__wasm_call_ctors')], run: null, hide: [{ export: '_start' }] })
    const { constructions, next, _start } = loadSync(bytes)
    assert.deepEqual([constructions(), next(), next(), _start], [1, 1, 2, undefined])
    refuses(() => runSync(bytes), Error, { code: 'ERR_WASMPORT_NO_ENTRY' })
  })

  test('of Zig: standard error and the exit code', async () => {
    const bytes = guest('zig/command')
    inferred(bytes, command)
    const { exitCode, stderr } = await run(bytes, { stderr: 'pipe' })
    assert.deepEqual([exitCode, stderr.toString()], [3, 'hello from Zig\n'])
  })

  test('of preview 0', async () => {
    const bytes = guest('c/unstable')
    inferred(bytes, { bind: [{ ...wasi[0], service: 'wasi_unstable' }], run: entry('_start', 'fresh') })
    for (const result of [await run(bytes, { stdout: 'pipe' }), runSync(bytes, { stdout: 'pipe' })]) {
      assert.deepEqual([result.stdout.toString(), result.exitCode], ['preview 0\n', 7])
    }
  })
})

describe('a reactor', () => {
  test('C++: objects are constructed once, before anything else', () => {
    const bytes = guest('c/objects-reactor')
    inferred(bytes, { bind: wasi, steps: [step('_initialize')] })
    const { events, namespace } = objects(bytes)
    assert.deepEqual([namespace.total(), namespace.total(), events], [320, 320, [20, 300]])
  })

  test('C++: imported, and its own import is a JS module', () => {
    passes(project({
      'objects.wasm': guest('c/objects-reactor'),
      'log.mjs': 'export const events = []\nexport const log = value => { events.push(value) }',
      'main.mjs': `${head}
        import { total } from './objects.wasm'
        import { events } from './log.mjs'
        assert.deepEqual([total(), events], [320, [20, 300]])`,
    }), 'main.mjs')
  })

  test('Zig: _initialize calls main, once', async () => {
    const bytes = guest('zig/reactor')
    inferred(bytes, { steps: [step('_initialize')] })
    const { mainCalls, square } = await load(bytes)
    assert.deepEqual([mainCalls(), square(3), square(9)], [1, 9, 81])
    passes(project({
      'reactor.wasm': bytes,
      'main.mjs': `${head}
        import { mainCalls, square } from './reactor.wasm'
        assert.deepEqual([mainCalls(), square(3), square(9)], [1, 9, 81])`,
    }), 'main.mjs')
    refuses(() => runSync(bytes), Error, { code: 'ERR_WASMPORT_NO_ENTRY' })
  })

  test('legacy: __wasi_unstable_reactor_start', () => {
    const bytes = guest('c/objects-legacy')
    inferred(bytes, { steps: [step('__wasi_unstable_reactor_start')] })
    const { events, namespace } = objects(bytes)
    assert.deepEqual([namespace.total(), events], [320, [20, 300]])
  })
})

describe('without start files', () => {
  test('exported constructors are called once', () => {
    const bytes = guest('c/objects-ctors')
    inferred(bytes, { bind: wasi, steps: [step('__wasm_call_ctors')] })
    const { events, namespace } = objects(bytes)
    assert.deepEqual([namespace.total(), namespace.total(), events], [320, 320, [20, 300]])
    namespace[Symbol.dispose]()
    assert.deepEqual(events, [20, 300])
  })

  const whole = guest('c/objects-ctors', {
    steps: [step('__wasm_call_ctors'), step('__wasm_call_dtors', { phase: 'dispose' })],
    hide: [{ prefix: '__wasm_call_' }],
  })

  test('a section has destructors called too, when the namespace is disposed of', () => {
    const { events, namespace } = objects(whole)
    assert.deepEqual([Object.keys(namespace).sort(), namespace.total()], [['memory', 'total'], 320])
    namespace[Symbol.dispose]()
    assert.deepEqual(events, [20, 300, -300, -20])
    namespace[Symbol.dispose]()
    assert.equal(events.length, 4)
  })

  test('or when the process ends', () => {
    const stdout = passes(project({
      'objects.wasm': whole,
      'log.mjs': 'export const log = value => { console.log(value) }',
      'main.mjs': 'import { total } from "./objects.wasm"\nconsole.log(total())',
    }), 'main.mjs')
    assert.equal(stdout, '20\n300\n320\n-300\n-20\n')
  })

  test('exports that the linker has wrapped construct at every call: a section gives each its own instance', () => {
    inferred(guest('c/multi-library'), { bind: wasi })
    const bare = loadSync(guest('c/multi-library'))
    assert.deepEqual([bare.constructions(), bare.constructions()], [1, 2])
    const { constructions } = loadSync(guest('c/multi-library', { run: entry('next', 'fresh', 'none') }))
    assert.deepEqual([constructions(), constructions()], [1, 1])
  })

  test('nothing to start: C and Zig', () => {
    for (const name of ['c/bare', 'zig/bare']) {
      inferred(guest(name), {})
      assert.equal(loadSync(guest(name)).add(40, 2), 42)
    }
    const { next } = loadSync(guest('zig/bare'))
    assert.deepEqual([next(), next()], [1, 2])
  })
})

describe('shared memory', () => {
  // The start function, which wasm-ld makes, writes the data of the module for the first instance alone.
  const bytes = guest('c/shared')

  test('instances of one memory: its data is written once', async () => {
    inferred(bytes, {})
    const memory = new WebAssembly.Memory({ initial: 257, maximum: 1024, shared: true })
    const first = await load(bytes, { imports: { env: { memory } } })
    assert.deepEqual([first.next(), first.next()], [41, 42])
    const second = await load(bytes, { imports: { env: { memory } } })
    assert.deepEqual([second.next(), first.next(), second.next()], [43, 44, 45])
  })

  test('imported: the memory comes of a package', () => {
    passes(project({
      'shared.wasm': bytes,
      'node_modules/env/package.json': '{"exports":"./memory.mjs"}',
      'node_modules/env/memory.mjs': `
        import { WebAssembly } from 'wasmport'
        export const memory = new WebAssembly.Memory({ initial: 257, maximum: 1024, shared: true })`,
      'main.mjs': `${head}
        import { next } from './shared.wasm'
        import { next as other } from './shared.wasm?other'
        assert.deepEqual([next(), next(), other(), next()], [41, 42, 43, 44])`,
    }), 'main.mjs')
  })
})

describe('dynamic linking (-shared)', () => {
  const bytes = guest('c/side', {
    steps: [step('__wasm_apply_data_relocs'), step('__wasm_call_ctors')],
    hide: [{ prefix: '__wasm_' }],
  })
  const places = { __memory_base: 1024, __table_base: 4 }

  test('a section has its data relocated before it is constructed, wherever it lies', () => {
    const bare = guest('c/side')
    inferred(bare, { steps: [step('__wasm_call_ctors')] })
    const env = {
      memory: new WebAssembly.Memory({ initial: 1 }),
      __indirect_function_table: new WebAssembly.Table({ element: 'anyfunc', initial: 8 }),
      ...places,
    }
    refuses(() => loadSync(bare, { imports: { env } }).sum(), WebAssembly.RuntimeError, { code: 'ERR_WASMPORT_TRAP' })
    const namespace = loadSync(bytes, { imports: { env } })
    assert.deepEqual(Object.keys(namespace).sort(), ['constructions', 'sum'])
    assert.deepEqual([namespace.constructions(), namespace.sum()], [20, 321])
    assert.equal(new Int32Array(env.memory.buffer, places.__memory_base, 32).includes(300), true)
  })

  test('imported: its places come of a package', () => {
    passes(project({
      'side.wasm': bytes,
      'node_modules/env/package.json': '{"exports":"./places.mjs"}',
      'node_modules/env/places.mjs': `
        import { WebAssembly } from 'wasmport'
        export const memory = new WebAssembly.Memory({ initial: 1 })
        export const __indirect_function_table = new WebAssembly.Table({ element: 'anyfunc', initial: 8 })
        export const __memory_base = ${places.__memory_base}, __table_base = ${places.__table_base}`,
      'main.mjs': `${head}
        import { constructions, sum } from './side.wasm'
        assert.deepEqual([constructions(), sum()], [20, 321])`,
    }), 'main.mjs')
  })
})
