// Node-API's "Simple asynchronous operations", "Custom asynchronous operations" and "Asynchronous thread-safe function
// calls", on one thread: works are carried out on that of JavaScript. Those on several are in node_api_threads.

import assert from 'node:assert/strict'
import { AsyncLocalStorage, createHook, executionAsyncId, executionAsyncResource } from 'node:async_hooks'
import { describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { chapter, nativeOf, status, wasmOf } from './fixtures/node-api.mjs'
import { loadSync } from '../index.js'
import { spawn, thrown } from './helpers.mjs'

const { covers, compares, wasm } = chapter('async')
const { ok, invalid_arg, generic_failure, handle_scope_mismatch } = status
const [cancelled, callback_scope_mismatch, queue_full, closing, would_deadlock] = [11, 14, 15, 16, 21]

const limited = { timeout: 120_000 }
const local = new AsyncLocalStorage()

/** Starts a work and returns what it is completed with. */
const worked = (guest, number, resource, name = 'work') => new Promise(resolve => {
  guest.start_work(0, (...result) => resolve([...result, local.getStore()]), number, resource, name)
})

/** Makes the thread-safe function of a guest. Returns what it is told of, which grows, and what waits for its end. */
function made(guest, { call, most = 0, threads = 1, byGuest = true } = {}) {
  const log = []
  const [made] = guest.make_function(0, call ?? (n => log.push('js', n)), log, most, threads, byGuest)
  assert.equal(made, ok)
  return { log, ended: async () => { while (!log.includes('end')) await delay(1) } }
}

describe('contexts', limited, () => {
  covers('napi_async_init')
  covers('napi_async_destroy')
  covers('napi_make_callback', () => [
    [undefined, { receiver: 1 }, function (...args) { return [this, args] }, [1, 'two']],
    [undefined, 'text', function () { return typeof this }, []],
    [undefined, {}, () => { throw new RangeError('mine') }, []],
  ])
  covers('napi_open_callback_scope')
  covers('napi_close_callback_scope')

  compares('names and resources of all sorts', guest => ['name', 5, undefined, null, { toString: () => 'mine' }].flatMap(name =>
    [undefined, {}, () => {}, 7, 'text'].map(resource => [guest.make_context(0, resource, name), guest.destroy_context(0)])))

  // Native addons on Node 22 and later crash of these.
  test('what cannot be a name or a resource is refused, and the reason thrown', () => {
    assert.match(thrown(() => wasm.make_context(0, {}, Symbol('name'))).message, /Symbol/)
    assert.match(thrown(() => wasm.make_context(0, null, 'name')).message, /null/)
    const mine = new RangeError('mine')
    assert.equal(thrown(() => wasm.make_context(0, {}, { toString() { throw mine } })), mine)
    assert.equal(thrown(() => wasm.start_work(0, () => {}, 1, {}, { toString() { throw mine } })), mine)
  })

  compares('a callback is called in its context', async guest => {
    const resource = { of: 'test' }
    const seen = []
    local.run('outer', () => guest.make_context(0, resource, 'mine'))
    const look = () => { seen.push(local.getStore(), executionAsyncResource() === resource) }
    seen.push(guest.call_in_context(0, {}, look, []))
    seen.push(guest.call_in_scope(0, {}, look))
    seen.push(guest.call_in_nested_scopes(0, {}, look))
    seen.push(local.getStore(), guest.destroy_context(0))
    return seen
  })

  compares('what a callback puts off runs after the outermost one', async guest => {
    const order = []
    guest.make_context(0, undefined, 'mine')
    await new Promise(resolve => setImmediate(() => {
      const call = n => guest.call_in_context(0, {}, () => {
        order.push(n)
        process.nextTick(() => order.push(`tick ${n}`))
        Promise.resolve().then(() => order.push(`microtask ${n}`))
      }, [])
      call(1)
      call(2)
      order.push('returned')
      setImmediate(resolve)
    }))
    guest.destroy_context(0)
    return order
  })

  compares('hooks are told of it', async guest => {
    const events = { context: [], work: [], kept: [] }
    const ids = new Map()
    const of = event => id => events[ids.get(id)]?.push(event)
    const hook = createHook({
      init(id, type) { events[ids.set(id, type).get(id)]?.push('init') },
      before: of('before'), after: of('after'), destroy: of('destroy'),
    }).enable()
    const seen = () => of('called')(executionAsyncId())
    guest.make_context(0, {}, 'context')
    guest.call_in_context(0, {}, seen, [])
    guest.call_in_scope(0, {}, seen)
    guest.destroy_context(0)
    await worked(guest, 1)
    const { ended } = made(guest, { call: seen })
    guest.push(0, 1, 2)
    guest.release(0)
    await ended()
    await delay(20)
    hook.disable()
    return events
  })

  test('scopes are closed innermost first, handle scopes among them', () => {
    wasm.make_context(0, {}, 'mine')
    assert.deepEqual(wasm.close_in_wrong_order(0), [
      callback_scope_mismatch, handle_scope_mismatch, invalid_arg, invalid_arg, ok, invalid_arg, ok, ok,
    ])
    const error = thrown(() => wasm.leave_scope_open(0))
    assert.equal(error.code, 'ERR_WASMPORT_TRAP')
    assert.match(error.message, /3 scope\(s\) open/)
    // What it left open was closed.
    assert.deepEqual(wasm.call_in_scope(0, {}, () => executionAsyncResource() === undefined), [ok, ok, false, 'NONE', ok])
    wasm.destroy_context(0)
  })

  // Native addons on Node 26 crash of that.
  test('one that is destroyed is there until no code runs in it', () => {
    for (const resource of [undefined, {}]) {
      wasm.make_context(0, resource, 'mine')
      const seen = []
      const look = () => {
        seen.push(wasm.destroy_context(0))
        globalThis.gc?.()
        seen.push(typeof executionAsyncResource())
      }
      assert.deepEqual(wasm.call_in_nested_scopes(0, {}, look).slice(0, 4), [ok, ok, ok, ok])
      assert.deepEqual(seen, [[ok], 'object'])
      assert.deepEqual(wasm.call_in_scope(0, {}, look), [invalid_arg, ok, undefined, 'NONE', invalid_arg])
    }
  })

  test('code that disposes of the addon runs in it to its end', () => {
    const guest = loadSync(wasmOf('async'))
    guest.make_context(0, {}, 'mine')
    const seen = []
    guest.call_in_nested_scopes(0, {}, () => {
      guest[Symbol.dispose]()
      seen.push(typeof executionAsyncResource())
    })
    assert.deepEqual(seen, ['object'])
    assert.equal(thrown(() => guest.destroy_context(0)).code, 'ERR_WASMPORT_DISPOSED')
  })

  test('a number that stands for nothing is refused', () => {
    const statuses = wasm.use_what_is_not_there(0, () => 1)
    assert.ok(statuses.length > 70)
    assert.deepEqual([...new Set(statuses)], [invalid_arg])
  })
})

describe('works', limited, () => {
  covers('napi_create_async_work')
  covers('napi_delete_async_work')
  covers('napi_queue_async_work')
  covers('napi_cancel_async_work')

  compares('are carried out and completed, in the context that made them', async guest => {
    const inContext = local.run('mine', () => worked(guest, 21))
    return [await inContext, await worked(guest, 4, {}), await Promise.all([1, 2, 3].map(n => worked(guest, n)))]
  })

  test('not before the call that queues them has returned', async () => {
    let done = false
    const work = worked(wasm, 1).then(() => { done = true })
    await null
    assert.equal(done, false)
    await work
  })

  compares('their resource is the one that was given', guest => new Promise(resolve => {
    const resource = {}
    guest.start_work(0, () => resolve(executionAsyncResource() === resource), 1, resource, 'mine')
  }))

  test('one that waits can be cancelled, once; one that is queued is not deleted, nor queued again', async () => {
    const log = []
    const statuses = await new Promise(resolve => {
      const statuses = wasm.start_and_cancel(0, (...result) => log.push(result) === 3 && resolve(statuses), 4, {}, 'mine')
    })
    assert.deepEqual(statuses, [ok, ok, ok, ok, generic_failure, generic_failure, ok, ok, ok, generic_failure])
    assert.deepEqual(log.sort(([a], [b]) => a - b), [[ok, 8], [ok, 8], [cancelled, 0]])

    assert.deepEqual(wasm.cancel_kept(0), [generic_failure])
    assert.deepEqual(wasm.queue_again(0), [ok])
    while (log.length < 4) await delay(1)
    assert.deepEqual(log[3], [ok, 8])
    assert.deepEqual([wasm.delete_kept(0), wasm.delete_kept(0), wasm.queue_again(0), wasm.cancel_kept(0)], [[ok], [invalid_arg], [invalid_arg], [invalid_arg]])
  })

  test('one that traps is an uncaught exception, and keeps nothing waiting', () => {
    for (const start of ['start_trapping_work', 'start_work_of_no_function']) {
      const { status, stderr } = spawn(`loadSync(${JSON.stringify(wasmOf('async'))}).${start}(0)`)
      assert.match(stderr, /ERR_WASMPORT_TRAP/)
      assert.equal(status, 1)
    }
  })

  test('the process waits for them', () => {
    const outputs = [`loadSync(${JSON.stringify(wasmOf('async'))})`, `require(${JSON.stringify(nativeOf('async'))})`].map(guest => spawn(`
      const guest = ${guest}
      guest.start_work(0, (...result) => { console.log(result); guest.start_work(0, console.log, 3, undefined, 'b') }, 2, undefined, 'a')`))
    assert.equal(outputs[0].stdout, '[ 0, 4 ]\n0 6\n')
    assert.equal(outputs[0].stdout, outputs[1].stdout)
    assert.equal(outputs[0].status, 0)
  })

  test('disposing of the addon cancels those that wait, and completes the others', async () => {
    const guest = loadSync(wasmOf('async'))
    const log = []
    // Its functions are gone already, those of JavaScript are not.
    guest.start_work(0, (...result) => log.push(result), 5, {}, 'mine')
    guest[Symbol.dispose]()
    assert.deepEqual(log, [[cancelled, 0]])
    assert.equal(thrown(() => guest.start_work(0, () => {}, 5, {}, 'mine')).code, 'ERR_WASMPORT_DISPOSED')
  })
})

describe('thread-safe functions', limited, () => {
  covers('napi_create_threadsafe_function', () => [
    [() => {}, undefined, undefined, 0, 1], [() => {}, undefined, undefined, 5, 3], [() => {}, undefined, undefined, 0, 0],
    [() => {}, undefined, undefined, 2 ** 32 - 1, 2 ** 32 - 1],
  ])
  covers('napi_get_threadsafe_function_context')
  covers('napi_call_threadsafe_function')
  covers('napi_acquire_threadsafe_function')
  covers('napi_release_threadsafe_function')
  covers('napi_ref_threadsafe_function')
  covers('napi_unref_threadsafe_function')

  for (const [how, options] of [['by the guest', {}], ['as it is', { byGuest: false }], ['which there is none of', { call: null }]]) {
    compares(`a function of JavaScript that is called ${how}`, async guest => {
      const { log, ended } = made(guest, options.call === null ? { call: undefined, ...{ byGuest: true } } : options)
      const statuses = [guest.push(0, 1, 3), guest.context(0)]
      assert.deepEqual(log, [])
      await delay(10)
      const calls = [...log]
      statuses.push(guest.push(0, 7, 2), guest.release(0))
      await ended()
      return [statuses, calls, log]
    })
  }

  test('a function without one of JavaScript', async () => {
    const log = []
    assert.deepEqual(wasm.make_function(0, undefined, log, 0, 1, true), [ok])
    assert.deepEqual(wasm.make_function(0, undefined, log, 0, 1, false), [invalid_arg])
    wasm.push(0, 1, 1)
    wasm.release(0)
    while (!log.includes('end')) await delay(1)
    assert.deepEqual(log, ['call', 71, 0, 'end', 41, 1])
  })

  compares('are called in the context that made them, each in a turn of its own', async guest => {
    const order = []
    const { ended } = local.run('mine', () => made(guest, {
      call(n) {
        order.push(n, local.getStore())
        process.nextTick(() => order.push(`tick ${n}`, local.getStore()))
        Promise.resolve().then(() => order.push(`microtask ${n}`, local.getStore()))
      },
    }))
    guest.push(0, 1, 3)
    guest.release(0)
    await ended()
    return order
  })

  compares('take no more than the most that may wait', async guest => {
    const { log, ended } = made(guest, { most: 2 })
    const statuses = [guest.push(0, 1, 4)]
    await delay(10)
    statuses.push(guest.push(0, 5, 3), guest.release(0))
    await ended()
    return [statuses, log]
  })

  test('do not let the thread of JavaScript wait for itself', async () => {
    const { ended } = made(wasm, { most: 1 })
    assert.deepEqual([wasm.push_and_wait(0), wasm.push_and_wait(0)], [[ok], [would_deadlock]])
    assert.deepEqual(wasm.push(0, 1, 1), [queue_full])
    wasm.release(0)
    await ended()
  })

  compares('end when all who use them have released them, with what was queued before', async guest => {
    const { log, ended } = made(guest, { threads: 2 })
    const statuses = [guest.acquire(0), guest.push(0, 1, 2), guest.release(0), guest.release(0)]
    await delay(10)
    const before = [...log]
    statuses.push(guest.push(0, 3, 1), guest.release(0), guest.release(0), guest.push(0, 4, 1))
    await ended()
    return [statuses, before, log, guest.what_was_given_back(0)]
  })

  compares('end at once when one aborts: what waits is given back', async guest => {
    const { log, ended } = made(guest, { threads: 3 })
    const statuses = [guest.push(0, 1, 3), guest.abort_function(0), guest.push(0, 4, 1), guest.acquire(0), guest.release(0)]
    statuses.push(guest.push(0, 5, 1))
    await ended()
    await delay(10)
    assert.deepEqual(statuses.slice(2, 4), [[closing], [closing]])
    return [statuses, log, guest.what_was_given_back(0)]
  })

  test('a thread that still uses one that has ended is told that it is closing', async () => {
    const { ended } = made(wasm, { threads: 3 })
    wasm.abort_function(0)
    await ended()
    await delay(10)
    assert.deepEqual([wasm.push(0, 1, 1), wasm.context(0), wasm.release(0), wasm.push(0, 1, 1)], [[closing], [ok, 1], [ok], [invalid_arg]])
  })

  test('keep the process running until they end, unless they are not to', () => {
    const run = script => [`loadSync(${JSON.stringify(wasmOf('async'))})`, `require(${JSON.stringify(nativeOf('async'))})`].map(guest => {
      const { status, stdout, stderr } = spawn(`const guest = ${guest}\nconst log = []\n${script}`)
      assert.equal(stderr, '')
      return [status, stdout]
    })
    const scripts = [
      "guest.make_function(0, console.log, log, 0, 1, true); setTimeout(() => { guest.push(0, 1, 1); guest.release(0) }, 50).unref(); process.on('exit', () => console.log(log))",
      "guest.make_function(0, console.log, log, 0, 1, true); guest.unrefer(0); setTimeout(() => console.log('too late'), 1e6).unref()",
      "guest.make_function(0, console.log, log, 0, 1, true); guest.unrefer(0); guest.unrefer(0); guest.refer(0); setTimeout(() => { guest.unrefer(0); console.log('now') }, 50).unref()",
    ]
    const outputs = scripts.map(run)
    for (const [ours, theirs] of outputs) assert.deepEqual(ours, theirs)
    assert.deepEqual(outputs.map(([[status, stdout]]) => [status, stdout.includes('too late')]), scripts.map(() => [0, false]))
    assert.match(outputs[0][0][1], /'end'/)
  })

  test('disposing of the addon ends them', async () => {
    const guest = loadSync(wasmOf('async'))
    const { log } = made(guest)
    guest.push(0, 1, 2)
    guest[Symbol.dispose]()
    assert.deepEqual(log, ['end', 41, 1])
    await delay(10)
    assert.deepEqual(log, ['end', 41, 1])
  })

  test('many calls let the event loop turn', async () => {
    let calls = 0
    let turns = 0
    const { ended } = made(wasm, { call: () => calls++ })
    const turn = setInterval(() => turns++, 0)
    for (let n = 0; n < 50; n++) wasm.push(0, 1, 1000)
    wasm.release(0)
    await ended()
    clearInterval(turn)
    assert.equal(calls, 50_000)
    assert.ok(turns > 2, `${turns} turns`)
  })
})

describe('what is thrown later', limited, () => {
  const both = (script, flags = []) => [`loadSync(${JSON.stringify(wasmOf('async'))})`, `require(${JSON.stringify(nativeOf('async'))})`].map(guest => {
    const { status, stdout, stderr } = spawn(`const guest = ${guest}\n${script}`, { flags })
    return { status, stdout, warned: stderr.includes('DEP0168') }
  })
  const listening = "process.on('uncaughtException', (error, origin) => console.log(origin, error.message))\n"

  test('by the completion of a work is an uncaught exception', () => {
    const [ours, theirs] = both(`${listening} guest.start_work(0, () => { throw new Error('mine') }, 1, {}, 'w')`)
    assert.deepEqual(ours, { status: 0, stdout: 'uncaughtException mine\n', warned: false })
    assert.deepEqual(ours, theirs)
    assert.equal(both("guest.start_work(0, () => { throw new Error('mine') }, 1, {}, 'w')")[0].status, 1)
  })

  test('by a thread-safe function is what Node makes of it', () => {
    const script = `${listening} guest.make_function(0, () => { throw new Error('mine') }, [], 0, 1, true); guest.push(0, 1, 2); guest.release(0)`
    for (const flags of [[], ['--force-node-api-uncaught-exceptions-policy=true']]) {
      const [ours, theirs] = both(script, flags)
      assert.deepEqual(ours, theirs)
      assert.equal(ours.warned, flags.length === 0)
    }
  })
})

