// Everything that is thrown across the border: exceptions of both sides, JS values, traps.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, test } from 'node:test'
import { WebAssembly } from 'wasmport'
import { compile, exportsOf } from './fixtures/assemble.mjs'
import { catcher, makeCatcher } from './fixtures/catcher.mjs'
import { growth } from './fixtures/leaks.mjs'
import { assemble } from './fixtures/project.mjs'
import { api, check, inWorker, refuses, startWorker, thrown } from './helpers.mjs'

const { Exception, JSTag, Tag } = WebAssembly

describe('an Exception that JS throws', () => {
  const { tag, throwing, during } = makeCatcher()
  const exception = new Exception(tag, [42])

  test('is caught by its tag and by catch_all, and not by JSTag', () => {
    const run = throwing(exception)
    assert.equal(run('byTag'), 42)
    assert.equal(run('byAll'), 1)
    assert.equal(run('which'), 1)
    assert.equal(thrown(() => run('byJSTag')), exception)
    assert.equal(thrown(() => run('rethrowJSTag')), exception)
  })

  test('keeps its identity when it is not caught, or rethrown by its reference', () => {
    const run = throwing(exception)
    for (const how of ['pass', 'rethrowTag', 'rethrowAll']) assert.equal(thrown(() => run(how)), exception, how)
  })

  test('is another exception if its payload is thrown again', () => {
    const again = thrown(() => throwing(exception)('throwAgain'))
    assert.notEqual(again, exception)
    assert.equal(again.getArg(tag, 0), 42)
  })

  test('of another tag is no match, though of the same type', () => {
    const other = new Exception(new Tag({ parameters: ['i32'] }), [1])
    const run = throwing(other)
    assert.equal(run('which'), 3)
    assert.equal(run('byAll'), 1)
    for (const how of ['byTag', 'byJSTag', 'pass', 'rethrowTag', 'rethrowAll']) assert.equal(thrown(() => run(how)), other, how)
  })

  test('can be frozen, extended, subclassed or have another prototype', () => {
    class Mine extends Exception { field = 1 }
    const changed = Object.setPrototypeOf(new Exception(tag, [8]), null)
    for (const each of [Object.freeze(new Exception(tag, [8])), Object.assign(new Exception(tag, [8]), { a: 1 }), new Mine(tag, [8]), changed]) {
      assert.equal(throwing(each)('byTag'), 8)
      assert.equal(thrown(() => throwing(each)('rethrowAll')), each)
    }
  })

  test('what only looks like one is a JS value', () => {
    for (const fake of [Object.create(exception), Object.create(Exception.prototype), new Proxy(exception, {})]) {
      assert.equal(throwing(fake)('which'), 2)
      assert.equal(throwing(fake)('byJSTag'), fake)
    }
  })

  test('nothing is caught where nothing is thrown', () => {
    const run = during(() => {})
    assert.equal(run('byTag'), -1)
    assert.equal(run('byAll'), -1)
    assert.equal(run('which'), 0)
    assert.equal(run('byJSTag'), null)
    assert.equal(run('rethrowAll'), undefined)
  })
})

describe('an exception that WebAssembly throws', () => {
  test('is an Exception with its tag and payload', () => {
    const { tag, ...exports } = makeCatcher()
    const exception = thrown(() => exports.throw(-5))
    assert.equal(Object.getPrototypeOf(exception), Exception.prototype)
    assert.equal(exception.is(tag), true)
    assert.equal(exception.getArg(tag, 0), -5)
    assert.notEqual(thrown(() => exports.throw(-5)), exception)
  })

  test('with JSTag is the value itself', () => {
    const { throwValue } = makeCatcher()
    for (const value of [{}, new Error('e'), 'text', 5, 1.5, undefined, null, Symbol('s'), 7n]) {
      assert.ok(Object.is(thrown(() => throwValue(value)), value))
    }
  })

  const parameters = ['i32', 'i64', 'f32', 'f64', 'externref', 'funcref']
  const everything = `(module
    (import "js" "call" (func $call))
    (import "js" "tag" (tag $tag (param ${parameters.join(' ')})))
    (export "tag" (tag $tag))
    (func (export "throw") (param ${parameters.join(' ')}) ${parameters.map((_, n) => `local.get ${n}`).join(' ')} throw $tag)
    (func (export "catch") (result ${parameters.join(' ')})
      (block $caught (result ${parameters.join(' ')}) (try_table (catch $tag $caught) (call $call)) (unreachable))))`

  test('carries numbers, externref and funcref, out and in', () => {
    const tag = new Tag({ parameters })
    let exception
    const exports = exportsOf(everything, { js: { call: () => { throw exception }, tag } })
    assert.equal(exports.tag, tag)
    for (const values of [
      [1, -2n, 0.5, -0, { mine: true }, exports.throw], [-1, 2n ** 63n - 1n, Infinity, NaN, undefined, null], [0, 0n, -0, 1e300, null, exports.catch],
    ]) {
      const caught = thrown(() => exports.throw(...values))
      values.forEach((value, index) => assert.ok(Object.is(caught.getArg(tag, index), value), `${parameters[index]}: ${String(value)}`))
      for (exception of [caught, new Exception(tag, values)]) {
        exports.catch().forEach((value, index) => assert.ok(Object.is(value, values[index]), `${parameters[index]}: ${String(value)}`))
      }
    }
  })

  test('v128 and exnref in it are opaque to JS, but come back whole', () => {
    let held
    const exports = exportsOf(`(module
      (import "js" "keep" (func $keep))
      (import "js" "call" (func $call))
      (tag $inner)
      (tag $tag (export "tag") (param i32 v128 exnref))
      (func $make (result exnref)
        (block $caught (result exnref) (try_table (catch_all_ref $caught) (throw $inner)) unreachable))
      (func (export "throw") (throw $tag (i32.const 9) (v128.const i64x2 11 22) (call $make)))
      (func (export "high") (result i64) (local $bits v128)
        (block $caught (result i32 v128 exnref) (try_table (catch $tag $caught) (call $call)) unreachable)
        (drop) (local.set $bits) (drop)
        (i64x2.extract_lane 1 (local.get $bits)))
      (func (export "inner") (result i32)
        (block $nested
          (try_table (catch $inner $nested)
            (block $caught (result i32 v128 exnref) (try_table (catch $tag $caught) (call $call)) unreachable)
            (throw_ref))
          unreachable)
        (i32.const 1)))`, { js: { keep() {}, call() { throw held } } })
    held = thrown(() => exports.throw())
    const { tag } = exports
    assert.equal(held.is(tag), true)
    assert.equal(held.getArg(tag, 0), 9)
    for (const index of [1, 2]) refuses(() => held.getArg(tag, index), TypeError, { code: 'ERR_WASMPORT_VALUE' }, String(index))
    assert.throws(() => held.getArg(tag, 3), RangeError)
    assert.deepEqual(tag.type(), { parameters: ['i32', 'v128', 'exnref'] })
    assert.equal(exports.high(), 22n)
    assert.equal(exports.inner(), 1)
    assert.throws(() => new Exception(tag, [1, 2, 3]), TypeError)
  })

  test('is the same object after WebAssembly kept it, and the collector ran', () => {
    let throwing
    const tag = new Tag({ parameters: ['externref'] })
    const exports = exportsOf(`(module
      (import "js" "call" (func $call))
      (import "js" "tag" (tag $tag (param externref)))
      (table $kept 50 exnref)
      (func (export "keep") (param i32) (local $e exnref)
        (block $caught (result exnref) (try_table (catch_all_ref $caught) (call $call)) (unreachable))
        (local.set $e)
        (table.set $kept (local.get 0) (local.get $e)))
      (func (export "again") (param i32) (throw_ref (table.get $kept (local.get 0))))
      (func (export "churn") (param i32) (param externref)
        (loop $next
          (block $caught (result externref) (try_table (catch $tag $caught) (throw $tag (local.get 1))) (unreachable))
          (drop)
          (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
          (br_if $next (local.get 0)))))`, { js: { call: () => { throw throwing }, tag } })
    const values = Array.from({ length: 50 }, (_, n) => (n % 2 ? new Exception(tag, [{ n }]) : { n }))
    for (const [n, value] of values.entries()) { throwing = value; exports.keep(n) }
    for (let round = 0; round < 3; round++) {
      exports.churn(20_000, {})
      for (const [n, value] of values.entries()) assert.equal(thrown(() => exports.again(n)), value)
    }
  })

  test('can have a tag that is seen nowhere else', () => {
    const { f } = exportsOf('(module (tag $t (param i64)) (func (export "f") (throw $t (i64.const 3))))')
    const [first, second] = [thrown(f), thrown(f)]
    assert.equal(first.is(JSTag), false)
    assert.notEqual(first, second)
  })
})

describe('a JS value that is thrown', () => {
  const { throwing, ...exports } = makeCatcher()
  const values = [
    {}, new Error('mine'), Object.freeze([]), () => {}, Symbol('s'), 'text', '', 0, -0, NaN, 1n, true, false, undefined, null, Promise.resolve(), exports.pass,
    new (class Custom extends Error {})(),
  ]
  for (const value of values) {
    test(`${typeof value} ${typeof value === 'object' ? Object.prototype.toString.call(value) : String(value).slice(0, 30)}`, () => {
      const run = throwing(value)
      assert.ok(Object.is(run('byJSTag'), value), 'caught by JSTag')
      assert.equal(run('byAll'), 1)
      assert.equal(run('which'), 2)
      for (const how of ['pass', 'byTag', 'rethrowJSTag', 'rethrowAll', 'rethrowTag']) {
        assert.ok(Object.is(thrown(() => run(how)), value), how)
      }
    })
  }

  test('keeps its stack and its properties', () => {
    const error = new RangeError('mine', { cause: 5 })
    const { stack } = error
    for (const how of ['pass', 'rethrowAll', 'rethrowJSTag']) {
      assert.equal(thrown(() => throwing(error)(how)), error)
      assert.equal(error.stack, stack)
    }
    assert.deepEqual(Object.getOwnPropertyNames(error).sort(), ['cause', 'message', 'stack'])
  })

  test('is what a conversion throws, too', () => {
    const mine = new Error('mine')
    const { f } = exportsOf(`(module
      (import "js" "f" (func $f (result i32)))
      (import "js" "js" (tag $js (param externref)))
      (func (export "f") (result externref)
        (block $caught (result externref) (try_table (catch $js $caught) (drop (call $f))) (ref.null extern))))`,
    { js: { f: () => ({ valueOf() { throw mine } }), js: JSTag } })
    assert.equal(f(), mine)
    const { g } = exportsOf(`(module
      (import "js" "g" (func $g (result i64)))
      (import "js" "js" (tag $js (param externref)))
      (func (export "g") (result externref)
        (block $caught (result externref) (try_table (catch $js $caught) (drop (call $g))) (ref.null extern))))`,
    { js: { g: () => 5, js: JSTag } })
    check(g(), TypeError, {})
  })
})

describe('traps', () => {
  const { RuntimeError } = WebAssembly
  const traps = `(module
    (memory 1)
    (table 1 funcref)
    (func $forever (call $forever))
    (func $trap (param i32)
      (if (i32.eq (local.get 0) (i32.const 0)) (then unreachable))
      (if (i32.eq (local.get 0) (i32.const 1)) (then (drop (i32.load (i32.const -1)))))
      (if (i32.eq (local.get 0) (i32.const 2)) (then (drop (i32.div_s (i32.const 1) (i32.const 0)))))
      (if (i32.eq (local.get 0) (i32.const 3)) (then (call_indirect (i32.const 0))))
      (if (i32.eq (local.get 0) (i32.const 4)) (then (call_indirect (i32.const 9))))
      (if (i32.eq (local.get 0) (i32.const 5)) (then (throw_ref (ref.null exn)))))
    (func (export "trap") (param i32) (result i32)
      (block $caught (try_table (catch_all $caught) (call $trap (local.get 0))) (return (i32.const 0)))
      (i32.const 1))
    (func (export "forever") (call $forever)))`

  test('cannot be caught by WebAssembly', () => {
    const exports = exportsOf(traps)
    for (let kind = 0; kind < 6; kind++) assert.throws(() => exports.trap(kind), RuntimeError, String(kind))
    assert.equal(exports.trap(6), 0)
  })

  test('of another instance, thrown on by JS, are values that can be', () => {
    const { trap } = exportsOf(traps)
    const { during } = makeCatcher()
    const run = during(() => trap(0))
    assert.ok(run('byJSTag') instanceof RuntimeError)
    assert.equal(run('byAll'), 1)
  })

  test('calls can nest 200 deep through WebAssembly and JS', () => {
    const { set, pass } = makeCatcher()
    let depth = 0
    set(() => { if (++depth < 200) pass() })
    pass()
    assert.equal(depth, 200)
  })

  test('an endless recursion is a RangeError, and the instance works on', () => {
    const exports = exportsOf(traps)
    for (let n = 0; n < 3; n++) assert.throws(exports.forever, RangeError)
    assert.equal(exports.trap(6), 0)
  })

  test('an endless recursion through JS is a RangeError too, which WebAssembly can catch', () => {
    const { set, pass, byAll } = makeCatcher()
    set(() => pass())
    assert.throws(pass, RangeError)
    let depth = 0
    set(() => { if (depth++ < 10) return pass(); const deeper = () => deeper() + 1; return deeper() })
    assert.equal(byAll(), 1)
  })
})

describe('start functions', () => {
  const tag = new Tag({ parameters: ['i32'] })
  const module = compile(`(module
    (import "js" "call" (func $call)) (import "js" "tag" (tag $tag (param i32)))
    (func $start (call $call) (throw $tag (i32.const 6))) (start $start))`)

  test('what JS throws in one comes out of the constructor', () => {
    for (const value of [new Error('mine'), 'text', undefined, null, new Exception(tag, [1])]) {
      assert.equal(thrown(() => new WebAssembly.Instance(module, { js: { call: () => { throw value }, tag } })), value)
    }
  })

  test('and what WebAssembly throws', () => {
    const exception = thrown(() => new WebAssembly.Instance(module, { js: { call() {}, tag } }))
    assert.equal(exception.getArg(tag, 0), 6)
    const trapping = compile('(module (func $start unreachable) (start $start))')
    assert.throws(() => new WebAssembly.Instance(trapping), WebAssembly.RuntimeError)
  })

  test('a promise is rejected with it', async () => {
    const mine = new Error('mine')
    const imports = { js: { call: () => { throw mine }, tag } }
    const caught = error => error
    assert.equal(await WebAssembly.instantiate(module, imports).catch(caught), mine)
    const bytes = assemble(`(module (import "js" "call" (func $f)) (start $f))`)
    assert.equal(await WebAssembly.instantiate(bytes, imports).catch(caught), mine)
  })
})

describe('through many frames', () => {
  test('an exception keeps its identity through WebAssembly and JS in turn', () => {
    const tag = new Tag({ parameters: ['i32'] })
    const finished = []
    const levels = []
    const depth = 30
    for (let level = 0; level < depth; level++) {
      const one = makeCatcher(tag)
      const how = ['pass', 'rethrowAll', 'rethrowTag', 'rethrowJSTag', 'byJSTag'][level % 5]
      levels.push(() => one[how]())
      one.set(() => {
        try {
          return levels[level + 1]()
        } catch (error) {
          finished.push(error)
          throw error
        }
      })
    }
    const exception = new Exception(tag, [1])
    levels.push(() => { throw exception })
    assert.equal(thrown(levels[0]), exception)
    assert.deepEqual(finished, Array(depth).fill(exception))
    assert.ok(finished.every(each => each === exception))
  })

  test('in a nested chain each is caught by whoever catches it first', () => {
    const tag = new Tag({ parameters: ['i32'] })
    const [outer, middle, inner] = [makeCatcher(tag), makeCatcher(tag), makeCatcher(tag)]
    const mine = new Error('mine')
    inner.set(() => { throw mine })
    middle.set(() => { inner.rethrowAll() })
    outer.set(() => { try { middle.byTag() } catch (error) { middle.throw(error === mine ? 5 : 0) } })
    assert.equal(outer.byTag(), 5)
    middle.set(() => { inner.throw(8) })
    outer.set(() => { assert.equal(middle.byTag(), 8); throw new Exception(tag, [inner.during(() => inner.throw(9))('byTag')]) })
    assert.equal(outer.byTag(), 9)
  })

  test('one frame after another can throw, catch and throw again', () => {
    const { tag, during, ...exports } = makeCatcher()
    for (let n = 0; n < 200; n++) {
      const caught = thrown(() => exports.throw(n))
      assert.equal(during(() => { throw caught })('byTag'), n)
      assert.equal(thrown(() => during(() => { throw caught })('rethrowTag')), caught)
      assert.equal(during(() => exports.throw(n + 1))('byTag'), n + 1)
    }
  })
})

describe('across stores', () => {
  /** An instance of `text` in the store of a memory of its own, so that functions of others are bridged. */
  function apart(text, imports) {
    const { memory } = exportsOf('(module (memory (export "memory") 1))')
    return exportsOf(text.replace('(module', '(module (import "own" "memory" (memory 1))'), { ...imports, own: { memory } })
  }

  test('an exception of a function of another store is caught by the tag that both share', () => {
    const tag = new Tag({ parameters: ['i32'] })
    const first = makeCatcher(tag)
    const throwSeven = exportsOf(
      '(module (import "a" "throw" (func $f (param i32))) (func (export "f") (call $f (i32.const 7))))', { a: { throw: first.throw } }).f
    const second = apart(catcher, { js: { call: throwSeven, tag, js: JSTag } })
    assert.equal(second.byTag(), 7)
    assert.equal(second.byAll(), 1)
    const exception = thrown(() => second.rethrowAll())
    assert.equal(exception.is(tag), true)
    assert.equal(exception.getArg(tag, 0), 7)
  })

  test('it keeps its identity on the way there and back', () => {
    const tag = new Tag({ parameters: ['i32'] })
    const first = makeCatcher(tag)
    const second = apart(catcher, { js: { call: first.rethrowAll, tag, js: JSTag } })
    for (const value of [new Exception(tag, [3]), new Error('mine'), 'text', undefined]) {
      first.set(() => { throw value })
      for (const how of ['pass', 'rethrowAll', 'rethrowTag', 'rethrowJSTag']) assert.equal(thrown(() => second[how]()), value, how)
    }
    let caught
    first.set(() => { try { first.throw(4) } catch (error) { caught = error; throw error } })
    assert.equal(second.byTag(), 4)
    assert.equal(thrown(() => second.rethrowTag()), caught)
  })

  test('a tag of one module is the same in another', () => {
    const { tag, f } = exportsOf('(module (tag $t (export "tag") (param i32)) (func (export "f") (throw $t (i32.const 2))))')
    const second = apart(catcher, { js: { call: f, tag, js: JSTag } })
    assert.equal(second.byTag(), 2)
    const exception = thrown(() => second.throw(3))
    assert.equal(exception.getArg(tag, 0), 3)
  })

  test('a JS error passes through two stores', () => {
    const mine = new Error('mine')
    const first = makeCatcher()
    const second = apart(catcher, { js: { call: first.pass, tag: new Tag({ parameters: ['i32'] }), js: JSTag } })
    first.set(() => { throw mine })
    assert.equal(second.byJSTag(), mine)
    assert.equal(thrown(() => second.pass()), mine)
  })

  test('a trap passes through two stores, and the second cannot catch it', () => {
    const { f } = exportsOf('(module (func (export "f") unreachable))')
    const second = apart(catcher, { js: { call: f, tag: new Tag({ parameters: ['i32'] }), js: JSTag } })
    assert.throws(() => second.byAll(), WebAssembly.RuntimeError)
  })
})

describe('the end of a worker is no exception', () => {
  const script = end => `
    const { WebAssembly } = require(${JSON.stringify(api)})
    const bytes = Buffer.from('${assemble(`(module
      (import "js" "f" (func $f))
      (func (export "forever") (loop $next (block $caught (try_table (catch_all $caught) (call $f))) (br $next))))`).toString('base64')}', 'base64')
    const { forever } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { js: { f() { ${end} } } }).exports
    parentPort.postMessage('running')
    forever()`

  test('process.exit() in an import ends it, whatever catches all', async () => {
    assert.deepEqual(await inWorker(script('process.exit(3)')), { code: 3, messages: ['running'], error: undefined })
  })

  test('so does terminate() while exceptions are thrown and caught', async () => {
    const worker = startWorker(script('throw 1'))
    await once(worker, 'message')
    assert.equal(await worker.terminate(), 1)
  })
})

describe('memory stays flat over many exceptions', () => {
  const bytes = assemble(catcher).toString('base64')
  const setup = `
    const tag = new WebAssembly.Tag({ parameters: ['i32'] })
    let throwing
    const module = new WebAssembly.Module(Buffer.from('${bytes}', 'base64'))
    const { exports } = new WebAssembly.Instance(module, { js: { call() { throw throwing }, tag, js: WebAssembly.JSTag } })`
  const cases = {
    'made by JS': 'equal(new WebAssembly.Exception(tag, [n]).getArg(tag, 0), n)',
    'made by JS with a stack': 'equal(typeof new WebAssembly.Exception(tag, [n], { traceStack: true }).stack, "string")',
    'thrown by WebAssembly, caught by JS': 'try { exports.throw(n) } catch (error) { equal(error.getArg(tag, 0), n) }',
    'thrown by JS, caught by WebAssembly': 'throwing = new WebAssembly.Exception(tag, [n]); equal(exports.byTag(), n)',
    'rethrown by WebAssembly': 'throwing = new WebAssembly.Exception(tag, [n]); try { exports.rethrowAll() } catch (error) { equal(error, throwing) }',
    'JS values caught by JSTag': 'throwing = { n, more: new Array(100).fill(n) }; equal(exports.byJSTag(), throwing)',
    'JS values that pass': 'throwing = { n, more: new Array(100).fill(n) }; try { exports.pass() } catch (error) { equal(error, throwing) }',
  }
  for (const [what, round] of Object.entries(cases)) {
    test(`100,000 ${what}`, () => {
      const grown = growth(setup, round, 100_000)
      assert.ok(grown < 25, `the process grew by ${grown} MiB`)
    })
  }
})
