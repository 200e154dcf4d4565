// The plan of an imported .wasm file: what is bound, what is called when, what is shown.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { cjs, fails, head, hooks, needs, passes, planned } from './fixtures/hooks.mjs'
import { project } from './fixtures/project.mjs'

/** A module whose functions tell a JS module their letter. */
const telling = (names, more = '') => `(module
  (import "./tell.mjs" "tell" (func $tell (param i32)))
  (memory (export "memory") 1)
  ${[...names].map(name => `(func (export "${name}") (call $tell (i32.const ${name.codePointAt(0)})))`).join('\n')} ${more})`
const tell = `
  export const told = []
  export const tell = code => { told.push(String.fromCodePoint(code)) }`
/** In a script: waits for what is done in a task of its own. */
const until = `const until = async done => {
  for (const end = Date.now() + 10_000; !done() && Date.now() < end;) await new Promise(resolve => setTimeout(resolve, 5))
}\n`
/** The same as `tell`, but written out, for what is told when nobody can ask any more. */
const print = 'import { writeSync } from "node:fs"\nexport const tell = code => { writeSync(1, String.fromCodePoint(code)) }'

describe('steps', () => {
  const steps = [
    { export: 't', phase: 'task' }, { export: 'a' }, { export: 'd', phase: 'dispose' }, { export: 'b' }, { export: 'u', phase: 'task' },
    { export: 'e', phase: 'dispose' },
  ]
  const made = project({
    'steps.wasm': planned(telling('abtude'), { steps }),
    'tell.mjs': `${tell}\nglobalThis.told = told`,
    'evaluate.mjs': `${head}${until}
      import './steps.wasm'
      import { told } from './tell.mjs'
      assert.deepEqual(told, ['a', 'b'], 'before the importer')
      await null
      assert.deepEqual(told, ['a', 'b'], 'tasks are no microtasks')
      await until(() => told.includes('u'))
      assert.deepEqual(told, ['a', 'b', 't', 'u'])
      process.on('exit', () => console.log(told.join('')))`,
    'order.mjs': `${head}${until}
      import { told } from './tell.mjs'
      import './late.mjs'
      import './steps.wasm'
      import './last.mjs'
      told.push('main')
      await until(() => told.includes('u'))
      assert.deepEqual(told, ['late', 'a', 'b', 'last', 'main', 't', 'u'])`,
    'late.mjs': 'import { told } from "./tell.mjs"\ntold.push("late")',
    'last.mjs': 'import { told } from "./tell.mjs"\ntold.push("last")',
    'once.mjs': `${head}${until}
      import './steps.wasm'
      import { createRequire } from 'node:module'
      import { told } from './tell.mjs'
      await import('./steps.wasm')
      if (process.features.require_module) createRequire(import.meta.url)('./steps.wasm')
      await until(() => told.includes('u'))
      await new Promise(resolve => setTimeout(resolve, 20))
      assert.deepEqual(told, ['a', 'b', 't', 'u'])`,
    'require.cjs': `${cjs}${until}
      require('./steps.wasm')
      assert.deepEqual(globalThis.told, ['a', 'b'])
      until(() => globalThis.told.includes('u')).then(() => assert.deepEqual(globalThis.told, ['a', 'b', 't', 'u']))`,
  })
  test('evaluate and task, in this order', () => { passes(made, 'evaluate.mjs') })
  test('tasks run when the whole graph has been evaluated', () => { passes(made, 'order.mjs') })
  test('once, however the file is reached', () => { passes(made, 'once.mjs') })
  test('of a file that is required', { skip: needs.requireOfModules }, () => { passes(made, 'require.cjs') })

  const ending = project({
    'steps.wasm': planned(telling('abtude'), { steps }),
    'tell.mjs': print,
    'main.mjs': 'import "./steps.wasm"',
    'exits.mjs': 'import "./steps.wasm"\nprocess.exit(0)',
    'throws.mjs': 'import "./steps.wasm"\nthrow new Error("mine")',
    'worker.mjs': `
      import { Worker } from 'node:worker_threads'
      await new Promise(resolve => new Worker(new URL('./main.mjs', import.meta.url)).on('exit', resolve))
      console.log('-')`,
  })
  test('dispose when the process ends', () => { assert.equal(passes(ending, 'main.mjs'), 'abtude') })
  test('dispose when the process is ended, without the tasks', () => { assert.equal(passes(ending, 'exits.mjs'), 'abde') })
  test('dispose when the program fails', () => {
    const { stdout, status } = ending.node([...hooks, 'throws.mjs'])
    assert.deepEqual([stdout, status], ['abde', 1])
  })
  test('dispose when a worker ends', () => { assert.equal(passes(ending, 'worker.mjs'), 'abtude-\n') })

  test('dispose what was instantiated last first', () => {
    const disposing = name => planned(telling(name), { steps: [{ export: name, phase: 'dispose' }] })
    assert.equal(passes(project({
      'a.wasm': disposing('a'), 'b.wasm': disposing('b'), 'c.wasm': disposing('c'),
      'tell.mjs': print,
      'main.mjs': 'import "./b.wasm"\nimport "./a.wasm"\nawait import("./c.wasm")',
    }), 'main.mjs'), 'cab')
  })

  test('a task sees a cycle of modules settled', () => {
    passes(project({
      'cyclic.wasm': planned(`(module (import "./glue.mjs" "call" (func $call)) (func (export "task") (call $call)) (func (export "g")))`,
        { steps: [{ export: 'task', phase: 'task' }] }),
      'glue.mjs': `
        import { g } from './cyclic.wasm'
        export let result = 'not called'
        export const call = () => { g(); result = late }
        const late = 'settled'`,
      'main.mjs': `${head}${until}
        import './cyclic.wasm'
        import { result } from './glue.mjs'
        await until(() => result !== 'not called')
        assert.equal(result, 'settled')`,
    }), 'main.mjs')
  })

  test('a task waits for a cycle that awaits', () => {
    passes(project({
      'cyclic.wasm': planned(`(module (import "./glue.mjs" "call" (func $call)) (func (export "task") (call $call)))`,
        { steps: [{ export: 'task', phase: 'task' }] }),
      'glue.mjs': `
        import './cyclic.wasm'
        export let result = 'not called'
        export function call() { result = late }
        await new Promise(resolve => setTimeout(resolve, 50))
        const late = 'settled'`,
      'main.mjs': `${head}${until}
        import { result } from './glue.mjs'
        await until(() => result !== 'not called')
        assert.equal(result, 'settled')`,
    }), 'main.mjs')
  })

  test('a task that fails is an uncaught error', () => {
    const stderr = fails(project({
      'fails.wasm': planned('(module (func $named (export "task") unreachable))', { steps: [{ export: 'task', phase: 'task' }] }),
    }), 'fails.wasm')
    assert.match(stderr, /RuntimeError/)
    assert.match(stderr, /fails\.wasm/)
  })

  test('an evaluate step that fails fails the import', () => {
    passes(project({
      'fails.wasm': telling('a', '(func (export "_initialize") unreachable)'),
      'tell.mjs': tell,
      'main.mjs': `${head}
        const error = await import('./fails.wasm').then(() => assert.fail('no error'), error => error)
        assert.ok(error instanceof WebAssembly.RuntimeError && error.code === 'ERR_WASMPORT_TRAP', error.stack)
        assert.match(error.stack, /fails\\.wasm/)
        assert.equal(await import('./fails.wasm').catch(error => error), error)`,
    }), 'main.mjs')
  })
})

describe('bind', () => {
  const greeting = `(module
    (import "./print.mjs" "print" (func $print (param i32 i32)))
    (memory (export "memory") 1) (table (export "table") 3 funcref)
    (data (i32.const 16) "from memory")
    (func (export "_initialize") (call $print (i32.const 21) (i32.const 6)))
    (func (export "hello") (call $print (i32.const 16) (i32.const 11))))`
  const binds = [{ service: './print.mjs', memory: 'memory', table: 'table' }]
  const made = project({
    'hello.wasm': planned(greeting, { binds }),
    'print.mjs': `
      let memory
      export const lines = [], given = []
      export const __wasm_bind = what => { given.push(what); memory = what.memory }
      export const print = (at, length) => { lines.push(Buffer.from(memory.buffer, at, length).toString()) }`,
    'main.mjs': `${head}
      import * as ns from './hello.wasm'
      import { lines, given } from './print.mjs'
      assert.deepEqual(lines, ['memory'])
      ns.hello()
      assert.deepEqual(lines, ['memory', 'from memory'])
      assert.equal(given.length, 1)
      assert.deepEqual([given[0].memory, given[0].table], [ns.memory, ns.table])
      assert.equal(given[0].exports.hello, ns.hello)`,
    'common.wasm': planned(greeting.replace('.mjs', '.cjs'), { binds: [{ ...binds[0], service: './print.cjs' }] }),
    'print.cjs': `
      let memory
      exports.lines = []
      exports.__wasm_bind = what => { memory = what.memory }
      exports.print = (at, length) => { exports.lines.push(Buffer.from(memory.buffer, at, length).toString()) }`,
    'common.mjs': `${head}
      import { hello } from './common.wasm'
      import service from './print.cjs'
      hello()
      assert.deepEqual(service.lines, ['memory', 'from memory'])`,
    'common.cjs': `${cjs}
      require('./common.wasm').hello()
      assert.deepEqual(require('./print.cjs').lines, ['memory', 'from memory'])`,
    'none.wasm': planned(greeting.replace('print.mjs', 'none.mjs'), { binds: [{ ...binds[0], service: './none.mjs' }] }),
    'none.mjs': 'export const print = () => {}',
  })
  test('a JS module gets the memory, the table and the exports, before anything is called', () => { passes(made, 'main.mjs') })
  test('a CommonJS module', () => { passes(made, 'common.mjs') })
  test('a CommonJS module, by require', () => { passes(made, 'common.cjs') })
  test('a module without __wasm_bind is a LinkError that says so', () => {
    const stderr = fails(made, 'none.wasm')
    assert.match(stderr, /LinkError/)
    assert.match(stderr, /none\.mjs.*__wasm_bind|__wasm_bind.*none\.mjs/)
  })

  test('a service gives a step its arguments', () => {
    passes(project({
      'module.wasm': planned(`(module (import "./service.mjs" "f" (func)) (memory (export "memory") 1) (global $sum (mut i32) (i32.const 0))
        (func (export "start") (param i32 i32) (global.set $sum (i32.add (local.get 0) (local.get 1))))
        (func (export "sum") (result i32) (global.get $sum)))`,
      { binds: [{ service: './service.mjs' }], steps: [{ export: 'start', args: { service: './service.mjs' } }] }),
      'service.mjs': 'export const asked = [], f = () => {}\nexport const __wasm_bind = () => ({ args(name) { asked.push(name); return [40, 2] } })',
      'main.mjs': `${head}
        import { sum } from './module.wasm'
        import { asked } from './service.mjs'
        assert.deepEqual([sum(), asked], [42, ['start']])`,
    }), 'main.mjs')
  })
})

describe('what is shown', () => {
  test('not what is hidden', () => {
    passes(project({
      'hiding.wasm': planned('(module (memory (export "memory") 1) (func (export "_a")) (func (export "b")))',
        { hide: [{ export: 'memory' }, { prefix: '_' }] }),
      'main.mjs': `${head}
        import * as ns from './hiding.wasm'
        assert.deepEqual(Object.keys(ns), ['b'])`,
      'asks.mjs': 'import { _a } from "./hiding.wasm"',
    }), 'main.mjs')
  })

  test('of a command its functions, each call in a fresh instance', () => {
    passes(project({
      'command.wasm': `(module
        (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
        (import "./tell.mjs" "tell" (func $tell (param i32)))
        (memory (export "memory") 1)
        (global $n (export "n") (mut i32) (i32.const 96))
        (func $count (export "count") (result i32)
          (global.set $n (i32.add (global.get $n) (i32.const 1)))
          (call $tell (global.get $n))
          (global.get $n))
        (func (export "_start") (drop (call $count))))`,
      'tell.mjs': tell,
      'main.mjs': `${head}
        import * as ns from './command.wasm'
        import { told } from './tell.mjs'
        assert.deepEqual(told, [], 'it is not run')
        assert.deepEqual(Object.keys(ns), ['_start', 'count'])
        assert.deepEqual([ns.count(), ns.count(), ns._start()], [97, 97, undefined])
        assert.deepEqual(told, ['a', 'a', 'a'])`,
    }), 'main.mjs')
  })

  test('nothing of the host to WASI', () => {
    passes(project({
      'wasi.wasm': `(module
        (import "wasi_snapshot_preview1" "args_sizes_get" (func $args (param i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "environ_sizes_get" (func $environ (param i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "fd_prestat_get" (func $prestat (param i32 i32) (result i32)))
        (memory (export "memory") 1)
        (func (export "granted") (result i32 i32 i32)
          (drop (call $args (i32.const 0) (i32.const 16))) (drop (call $environ (i32.const 4) (i32.const 16)))
          (i32.load (i32.const 0)) (i32.load (i32.const 4)) (call $prestat (i32.const 3) (i32.const 8))))`,
      'main.mjs': `${head}
        import { granted } from './wasi.wasm'
        assert.deepEqual(granted(), [0, 0, 8], 'no arguments, no environment, EBADF for the first directory')`,
    }), 'main.mjs')
  })
})
