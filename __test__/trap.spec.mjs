// Traps: their kinds, their stacks, and V8's own WebAssembly in the same process.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { loadSync, run, runSync } from 'wasmport'
import { assemble } from './fixtures/project.mjs'
import { check, child, inWorker, refuses, spawn, thrown } from './helpers.mjs'

const { RuntimeError } = WebAssembly

describe('kinds', () => {
  const wide = '(i32.const -2147483648)'
  const kinds = {
    'unreachable-code-reached': ['unreachable'],
    'memory-out-of-bounds': [
      '(drop (i32.load (i32.const 65533)))', '(i64.store (i32.const -1) (i64.const 0))', '(drop (i32.load8_u offset=4294967295 (i32.const -1)))',
      '(memory.fill (i32.const 65535) (i32.const 0) (i32.const 2))', '(memory.copy (i32.const 0) (i32.const 65535) (i32.const 2))',
      '(memory.init $d (i32.const 0) (i32.const 3) (i32.const 2))',
    ],
    'integer-division-by-zero': [
      '(drop (i32.div_s (i32.const 1) (i32.const 0)))', '(drop (i32.rem_u (i32.const 1) (i32.const 0)))', '(drop (i64.div_u (i64.const 1) (i64.const 0)))',
    ],
    'integer-overflow': [`(drop (i32.div_s ${wide} (i32.const -1)))`, '(drop (i32.trunc_f64_s (f64.const 1e10)))'],
    'bad-conversion-to-integer': ['(drop (i32.trunc_f64_s (f64.const nan)))', '(drop (i64.trunc_f32_u (f32.const nan)))'],
    'indirect-call-to-null': ['(call_indirect (type $none) (i32.const 1))'],
    'bad-signature': ['(call_indirect (type $other) (i32.const 0))'],
    'table-out-of-bounds': [
      '(call_indirect (type $none) (i32.const 9))', '(drop (table.get $t (i32.const 4)))', '(table.fill $t (i32.const 3) (ref.null func) (i32.const 2))',
      '(table.init $t $e (i32.const 4) (i32.const 0) (i32.const 1))',
    ],
    'null-reference': ['(call_ref $none (ref.null $none))', '(drop (ref.as_non_null (ref.null func)))'],
  }
  for (const [trap, bodies] of Object.entries(kinds)) {
    for (const body of bodies) {
      test(`${trap}: ${body}`, () => {
        const ns = loadSync(`(module (type $none (func)) (type $other (func (param i32) (result i32)))
          (memory 1) (data $d "four") (table $t 4 funcref) (elem (i32.const 0) func $g) (elem $e func $g) (func $g)
          (func (export "f") ${body.replace('(type $other) ', '(type $other) (i32.const 1) ').replace(/^\(call_indirect \(type \$other\)(.*)\)$/s, '(drop (call_indirect (type $other)$1))')})
          (func (export "ok") (result i32) i32.const 6))`)
        for (let n = 0; n < 3; n++) {
          const error = thrown(ns.f)
          check(error, RuntimeError, { code: 'ERR_WASMPORT_TRAP', trap, name: 'RuntimeError', file: '<text>' })
          assert.ok(error.message.length > 5, error.message)
          assert.equal(ns.ok(), 6)
        }
      })
    }
  }

  test('in a program that is run', async () => {
    const program = '(module (func $main (export "_start") (call $inner)) (func $inner unreachable))'
    const TRAP = { code: 'ERR_WASMPORT_TRAP', trap: 'unreachable-code-reached' }
    refuses(() => runSync(program), RuntimeError, TRAP)
    const error = await run(program).catch(caught => caught)
    check(error, RuntimeError, TRAP)
    assert.match(error.stack, /at inner .*\n\s+at main /)
    const endless = '(module (func $r (export "_start") (call $r)))'
    refuses(() => runSync(endless), RangeError, { code: 'ERR_WASMPORT_STACK' })
    check(await run(endless).catch(caught => caught), RangeError, { code: 'ERR_WASMPORT_STACK' })
  })
})

describe('stack', () => {
  const lines = error => error.stack.split('\n').map(line => line.trim())

  test('shows the functions of WebAssembly by name, innermost first, above those of JS', () => {
    const { entry } = loadSync(`(module
      (func $innermost unreachable) (func $middle (call $innermost)) (func $outer (export "entry") (call $middle)))`)
    function callerInJs() { entry() }
    const stack = lines(thrown(callerInJs))
    assert.match(stack[0], /^RuntimeError: .*unreachable/)
    assert.match(stack[1], /^at innermost \(<text>:wasm-function\[0\]:0x[0-9a-f]+\)$/)
    assert.match(stack[2], /^at middle \(<text>:wasm-function\[1\]:0x/)
    assert.match(stack[3], /^at outer \(<text>:wasm-function\[2\]:0x/)
    assert.match(stack[4], /^at callerInJs /)
  })

  test('shows functions without a name by their index, after the imports', () => {
    const { f } = loadSync('(module (import "a" "b" (func)) (func (export "f") (call 2)) (func unreachable))', { imports: { a: { b() {} } } })
    const stack = lines(thrown(f))
    assert.match(stack[1], /^at <text>:wasm-function\[2\]:0x/)
    assert.match(stack[2], /^at <text>:wasm-function\[1\]:0x/)
  })

  test('names the file of each frame, of instances that call each other too', () => {
    const a = loadSync(Buffer.from('(module (memory (export "m") 1) (func $trapping (export "trap") unreachable))'))
    const b = loadSync('(module (import "a" "m" (memory 1)) (import "a" "trap" (func $t)) (func $calling (export "f") (call $t)))', { imports: { a } })
    const stack = lines(thrown(() => b.f()))
    assert.match(stack[1], /^at trapping \(<bytes>:/)
    assert.match(stack[2], /^at calling \(<text>:/)
  })

  test('JS in between is there, below the WebAssembly that it called', () => {
    const ns = loadSync('(module (import "js" "f" (func $f)) (func $trapping (export "trap") unreachable) (func $out (export "out") (call $f)))',
      { imports: { js: { f: function between() { ns.trap() } } } })
    function outside() { ns.out() }
    const stack = lines(thrown(outside))
    const at = name => stack.findIndex(line => line.startsWith(`at ${name} `))
    assert.equal(at('trapping'), 1)
    assert.ok(at('between') > at('trapping') && at('outside') > at('between'), stack.join('\n'))
  })

  test('of an endless recursion names the function', () => {
    const { r } = loadSync('(module (func $recursive (export "r") (call $recursive)))')
    assert.match(thrown(r).stack, /^RangeError: Maximum call stack size exceeded.*\n\s+at recursive /)
  })

  test('survives programs that change how stacks are made', () => {
    const { f } = loadSync('(module (func $f (export "f") unreachable))')
    const { stackTraceLimit, prepareStackTrace } = Error
    try {
      Error.stackTraceLimit = 0
      assert.match(thrown(f).stack, /at f /)
      Error.stackTraceLimit = stackTraceLimit
      Error.prepareStackTrace = (error, sites) => sites
      check(thrown(f), RuntimeError, { trap: 'unreachable-code-reached' })
    } finally {
      Object.assign(Error, { stackTraceLimit, prepareStackTrace })
    }
  })
})

// In each of these processes both engines take signals for their own traps.
const both = `
  const assert = require('node:assert')
  const bytes = Uint8Array.from(${JSON.stringify([...assemble(`(module (import "js" "f" (func $f))
    (memory 1) (func $oob (export "oob") (result i32) (i32.load (i32.const 70000))) (func (export "call") (call $f))
    (func (export "zero") (result i32) (i32.div_s (i32.const 1) (i32.const 0))) (func (export "unreachable") unreachable)
    (func $r (export "recurse") (call $r)))`)])})
  const v8 = (f = () => {}) => new WebAssembly.Instance(new WebAssembly.Module(bytes), { js: { f } }).exports
  const ours = (f = () => {}) => loadSync(bytes, { imports: { js: { f } } })
  function traps(instance, code) {
    for (const name of ['oob', 'zero', 'unreachable', 'oob']) {
      assert.throws(() => instance[name](), error => error instanceof WebAssembly.RuntimeError && error.code === code, name)
    }
    assert.throws(() => instance.recurse(), RangeError)
  }
  const v8Traps = instance => traps(instance ?? v8(), undefined)
  const ourTraps = instance => traps(instance ?? ours(), 'ERR_WASMPORT_TRAP')
`
const orders = {
  'V8 first': 'v8Traps(); ourTraps(); v8Traps(); ourTraps()',
  'ours first': 'ourTraps(); v8Traps(); ourTraps(); v8Traps()',
  'a V8 trap inside an import of ours': 'const o = ours(() => v8Traps()); o.call(); ourTraps(o); o.call()',
  'our trap inside an import of V8': 'const v = v8(() => ourTraps()); v.call(); v8Traps(v); v.call()',
  'deep inside each other': 'let depth = 0; const f = () => { if (depth++ < 20) { (depth % 2 ? o : v).call() } v8Traps(); ourTraps() }; const o = ours(f), v = v8(f); o.call()',
  'out through both': `let error; const v = v8(() => inner.oob()), inner = ours(), o = ours(() => v.call())
    assert.throws(() => o.call(), caught => { error = caught; return caught.code === 'ERR_WASMPORT_TRAP' }); assert.match(error.stack, /at .*wasm-function/)
    const p = ours(() => w.oob()), w = v8(); assert.throws(() => p.call(), caught => caught instanceof WebAssembly.RuntimeError && caught.code === undefined)`,
}

describe("V8's own traps and ours in one process", () => {
  for (const [what, script] of Object.entries(orders)) {
    test(what, () => assert.equal(child(`${both}; ${script}; console.log('alive')`), 'alive'))
    test(`${what}, in a worker`, async () => {
      const { messages, error } = await inWorker(`${both}; ${script}; parentPort.postMessage('alive')`)
      assert.deepEqual([messages, error], [['alive'], undefined])
    })
  }

  test('in the main thread while a worker that has the addon traps all the time', async () => {
    assert.equal(child(`${both}
      const { Worker } = require('node:worker_threads')
      const worker = new Worker(${JSON.stringify(`const { loadSync } = require('wasmport')
${both}
for (let n = 0; n < 50; n++) { ourTraps(); v8Traps() }`)}, { eval: true })
      let ended = false
      worker.on('exit', code => { ended = true; assert.equal(code, 0) })
      ;(function again() { ourTraps(); v8Traps(); ended ? console.log('alive') : setImmediate(again) })()`, { cwd: new URL('..', import.meta.url) }), 'alive')
  })

  test('a signal that is nobody\'s trap ends the process as ever', { skip: process.platform === 'win32' }, () => {
    for (const signal of ['SIGSEGV', 'SIGABRT']) {
      assert.equal(spawn(`${both}; v8Traps(); ourTraps(); process.kill(process.pid, '${signal}'); setTimeout(() => {}, 9999)`).signal, signal)
    }
  })
})
