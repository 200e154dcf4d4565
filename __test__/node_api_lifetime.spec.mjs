// Node-API's "Object lifetime management": scopes, references strong and weak, finalizers, and the end of a guest. What
// collection has to do with runs in processes of their own, by --expose-gc.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { chapter, nativeOf, status, wasmOf } from './fixtures/node-api.mjs'
import { child, check, thrown } from './helpers.mjs'
import wasmport from '../index.js'

const { covers, compares, wasm } = chapter('lifetime')
const file = wasmOf('lifetime')
const native = nativeOf('lifetime')

/** In scope of each script: `collect` lets all garbage be collected, and finalizers run. */
const tools = `
  const turn = () => new Promise(resolve => setImmediate(resolve))
  async function collect() { for (let n = 0; n < 10; n++) { gc(); await turn() } }
`

/**
 * Runs the body of an async function that gets the guest, once for this host and once on Node, and returns both results,
 * which are plain data.
 */
function collected(body) {
  return [`loadSync(${JSON.stringify(file)})`, `require(${JSON.stringify(native)})`].map(guest => JSON.parse(child(
    `${tools} ;(async guest => { ${body} })(${guest}).then(result => console.log(JSON.stringify(result)))`, { flags: ['--expose-gc'] })))
}

describe('scopes', () => {
  for (const kind of ['handle', 'escapable_handle']) for (const what of ['open', 'close']) covers(`napi_${what}_${kind}_scope`)
  covers('napi_escape_handle', () => [[undefined, { a: 1 }], [undefined, 1]])
  compares('let one value out, once', guest => guest.escaping(0, 'argument'))
  compares('hold very many handles', guest => guest.many_handles(0, 'argument'))
  test('let out the value itself', () => {
    const value = {}
    assert.equal(wasm.napi_escape_handle(0, undefined, value)[5], value)
    assert.deepEqual(wasm.escaping(0, value).slice(0, 2), [status.ok, status.escape_called_twice])
    assert.equal(wasm.escaping(0, value)[3].argument, value)
  })
})

describe('references', () => {
  covers('napi_create_reference', () => [[{}, 1], [{}, 0], [[], 2 ** 31], [() => 1, 1], [Symbol('s'), 1]])
  for (const name of ['napi_reference_ref', 'napi_reference_unref', 'napi_get_reference_value', 'napi_delete_reference']) covers(name)
  compares('are counted', guest => guest.counting(0, {}))
  test('below none are refused', () => assert.equal(wasm.counting(0, {})[13], status.generic_failure))
  test('give the very value', () => {
    const value = {}
    wasm.refer(0, 3, value, 1)
    assert.equal(wasm.referred(0, 3)[1], value)
    wasm.drop(0, 3)
  })
  test('that were deleted are refused', () => {
    wasm.refer(0, 3, {}, 1)
    assert.deepEqual(wasm.drop(0, 3), [status.ok])
    assert.equal(wasm.referred(0, 3)[0], status.invalid_arg)
    assert.equal(wasm.strengthen(0, 3)[0], status.invalid_arg)
    assert.deepEqual(wasm.drop(0, 3), [status.invalid_arg])
  })

  test('keep a value while they are strong, and not when they are weak', () => {
    const [ours, theirs] = collected(`
      const seen = []
      ;(() => {
        guest.refer(0, 0, { kept: 'strong' }, 1)
        guest.refer(0, 1, { kept: 'weak' }, 0)
        guest.refer(0, 2, { kept: 'until it is weak' }, 1)
        guest.refer(0, 3, { kept: 'since it became strong' }, 0)
        guest.strengthen(0, 3)
      })()
      for (let round = 0; round < 3; round++) {
        await collect()
        // As text, so that nothing is kept by being shown.
        seen.push(JSON.stringify([0, 1, 2, 3].map(slot => guest.referred(0, slot))))
        if (round === 0) guest.weaken(0, 2)
      }
      for (const slot of [0, 1, 2, 3]) seen.push(guest.drop(0, slot))
      return seen`)
    assert.deepEqual(ours, theirs)
    const [kept, gone] = [text => [0, { kept: text }], [0, 'NULL']]
    assert.deepEqual(ours.slice(0, 2).map(text => JSON.parse(text)), [
      [kept('strong'), gone, kept('until it is weak'), kept('since it became strong')],
      [kept('strong'), gone, gone, kept('since it became strong')],
    ])
  })
})

describe('finalizers', () => {
  const cases = {
    'of a wrap': ['guest.wrap(0, {})', 1],
    'of a wrap that was taken off': ['const o = {}; guest.wrap(0, o); guest.unwrap(0, o)', 0],
    'of a finalizer that was added': ['guest.add_finalizer(0, {})', 1],
    'of three on one object': ['const o = {}; guest.add_finalizer(0, o); guest.add_finalizer(0, o); guest.wrap(0, o)', 3],
    'of an external': ['guest.make_external(0)', 1],
    'of buffers over memory of the guest': ['guest.make_buffers(0)', 2],
    'of a function': ['guest.wrap(0, () => 1)', 1],
    'of an object that only itself refers to': ['const o = {}; o.self = o; guest.wrap(0, o)', 1],
    'of an object that is still there': ['guest.wrap(0, (globalThis.kept = {}))', 0],
    'of a wrap that the guest refers to': ['guest.wrap_strongly(0, {})', 0],
  }
  for (const [what, [act, count]] of Object.entries(cases)) {
    test(`${what}: run ${count} times`, () => {
      const [ours, theirs] = collected(`(() => { ${act} })(); await collect(); return guest.finalized_so_far(0)[0]`)
      assert.deepEqual([ours, theirs], [count, count])
    })
  }

  test('run once for each of thousands, and while others are made', () => {
    const [ours, theirs] = collected(`
      for (let n = 0; n < 5000; n++) {
        guest.wrap(0, {}); guest.add_finalizer(0, {}); guest.make_external(0)
        if (n % 100 === 0) { gc(); await turn() }
      }
      await collect()
      return guest.finalized_so_far(0)[0]`)
    assert.deepEqual([ours, theirs], [15000, 15000])
  })

  test('run also when the guest made its buffers elsewhere in memory meanwhile', () => {
    const [ours] = collected(`
      let bytes = guest.make_buffers(0)[1]
      for (let n = 0; n < 200; n++) guest.make_buffers(0)
      await collect()
      const before = guest.finalized_so_far(0)[0]
      bytes.fill(1)
      bytes = null
      await collect()
      return [before, guest.finalized_so_far(0)[0]]`)
    assert.deepEqual(ours, [401, 402])
  })

  test('may call JavaScript', () => {
    const [ours, theirs] = collected(`
      let called = 0
      ;(() => { guest.calls_back_when_finalized(0, {}, () => called++) })()
      await collect()
      return called`)
    assert.deepEqual([ours, theirs], [1, 1])
  })

  test('that throw are uncaught exceptions', () => {
    const [ours, theirs] = collected(`
      const caught = []
      process.on('uncaughtException', error => caught.push(error.message))
      ;(() => { guest.calls_back_when_finalized(0, {}, () => { throw new Error('mine') }) })()
      await collect()
      return caught`)
    assert.deepEqual(ours, theirs)
  })
})

describe('the end', () => {
  // Node ends an addon with its worker; what it says goes to the descriptor, not to the stream of the worker.
  const endings = {
    'by disposal': `const guest = loadSync(${JSON.stringify(file)}, { wasi: { stdout: 'inherit' } })
      const kept = [{}, {}]
      kept.push(guest.prepare_end(0, ...kept))
      guest[Symbol.dispose]()`,
    'by the end of the process': `const guest = loadSync(${JSON.stringify(file)}, { wasi: { stdout: 'inherit' } })
      globalThis.kept = [{}, {}]
      kept.push(guest.prepare_end(0, ...kept))`,
    'by the end of a worker': `new (require('node:worker_threads').Worker)(\`
      const { loadSync } = require(${JSON.stringify(new URL('../index.js', import.meta.url).pathname)})
      const guest = loadSync(${JSON.stringify(file)}, { wasi: { stdout: 'inherit' } })
      globalThis.kept = [{}, {}]
      kept.push(guest.prepare_end(0, ...kept))\`, { eval: true })`,
    'on Node': `const guest = require(${JSON.stringify(native)})
      globalThis.kept = [{}, {}]
      kept.push(guest.prepare_end(0, ...kept))`,
  }
  for (const [how, script] of Object.entries(endings)) {
    test(`${how} runs hooks, the last first, and then every finalizer once`, () => {
      const said = child(script).split('\n')
      assert.deepEqual(said.slice(0, 5), ['last hook', 'async hook that waits', 'async hook', 'hook that another waits for', 'first hook'])
      // In whatever order; only what is of the whole instance is last.
      assert.deepEqual(said.slice(5).sort(), ['external', 'finalizer', 'instance data', 'wrap'])
      assert.equal(said.at(-1), 'instance data')
    })
  }

  test('by disposal makes what is left of the guest throw', () => {
    const guest = wasmport.loadSync(file)
    const { counting } = guest
    guest[Symbol.dispose]()
    const error = thrown(() => counting(0, {}))
    check(error, Error, { code: 'ERR_WASMPORT_DISPOSED' })
    guest[Symbol.dispose]()
  })

  test('by disposal leaves what the guest gave to JavaScript without harm', () => {
    child(`${tools} ;(async () => {
      let guest = loadSync(${JSON.stringify(file)})
      let external = guest.make_external(0)[1]
      let [, buffer, , arraybuffer] = guest.make_buffers(0)
      let object = {}
      guest.wrap(0, object); guest.add_finalizer(0, object)
      guest.refer(0, 0, object, 0)
      guest[Symbol.dispose]()
      for (const bytes of [buffer, new Uint8Array(arraybuffer)]) { bytes.fill(1); bytes.reduce((sum, byte) => sum + byte, 0) }
      guest = null
      await collect()
      external = buffer = arraybuffer = object = null
      await collect()
    })()`, { flags: ['--expose-gc'] })
  })
})

test('bytes of the guest that JavaScript moved elsewhere are nowhere left over nothing', () => {
  child(`${tools} const { Worker } = require('node:worker_threads')
    ;(async () => {
      let guest = loadSync(${JSON.stringify(file)})
      const made = [guest.make_buffers(0)[3], guest.make_buffers(0)[1].buffer, guest.make_buffers(0)[3]]
      const moved = []
      for (const [n, buffer] of made.entries()) {
        // Node may refuse to move memory that is not its own.
        try {
          if (n === 2) {
            const worker = new Worker(\`require('node:worker_threads').parentPort.once('message', bytes => {
              new Uint8Array(bytes).fill(2); setTimeout(() => new Uint8Array(bytes).fill(3), 50)
            })\`, { eval: true })
            worker.postMessage(buffer, [buffer])
          } else {
            moved.push(structuredClone(buffer, { transfer: [buffer] }))
          }
        } catch (error) { if (!['DataCloneError', 'TypeError'].includes(error.name)) throw error }
      }
      await collect()
      guest[Symbol.dispose](); guest = null
      made.length = 0
      await collect()
      for (const bytes of moved) new Uint8Array(bytes).fill(1)
      moved.length = 0
      await collect()
      process.exit()
    })()`, { flags: ['--expose-gc'] })
})

describe('a broken end', () => {
  const guest = `const guest = loadSync(${JSON.stringify(file)}, { wasi: { stdout: 'inherit' } })`

  test('traps, after all that is not broken has been done', () => {
    const said = child(`${guest}
      guest.prepare_broken_end(0, (globalThis.kept = {}))
      try { guest[Symbol.dispose]() } catch (error) { console.log(error.constructor.name, error.trap) }
      try { guest.counting(0, {}) } catch (error) { console.log(error.code) }`).split('\n')
    assert.deepEqual(said.slice(0, 3), ['last hook', 'hook that traps', 'first hook'])
    assert.deepEqual(said.slice(3, 5).sort(), ['finalizer', 'finalizer that traps'])
    assert.deepEqual(said.slice(5), ['RuntimeError unreachable-code-reached', 'ERR_WASMPORT_DISPOSED'])
  })

  test('of an object is an uncaught exception', () => {
    const said = child(`${tools}
      ${guest}
      process.on('uncaughtException', error => console.log(error.constructor.name, error.trap))
      ;(() => { guest.traps_when_finalized(0, {}) })()
      collect().then(() => console.log(guest.counting(0, {})[0]))`, { flags: ['--expose-gc'] })
    assert.deepEqual(said.split('\n'), ['finalized', 'RuntimeError unreachable-code-reached', '0'])
  })
})

describe('disposal in the midst', () => {
  test('of a call lets the call end, and no other begin', () => {
    const guest = wasmport.loadSync(file)
    const { calls } = guest
    let report
    try { report = calls(0, () => guest[Symbol.dispose]()) } catch (error) { report = error }
    check(thrown(() => calls(0, () => {})), Error, { code: 'ERR_WASMPORT_DISPOSED' })
    assert.ok(report !== undefined)
  })

  test('of a finalizer is done', () => {
    child(`${tools} ;(async () => {
      const guest = loadSync(${JSON.stringify(file)})
      ;(() => { guest.calls_back_when_finalized(0, {}, () => guest[Symbol.dispose]()) })()
      await collect()
      try { guest.counting(0, {}) } catch (error) { if (error.code === 'ERR_WASMPORT_DISPOSED') process.exit(0); throw error }
      throw new Error('not disposed of')
    })()`, { flags: ['--expose-gc'] })
  })
})

test('10,000 rounds of load, call, throw and dispose leave the resident size flat', () => {
  const [early, late] = JSON.parse(child(`${tools} ;(async () => {
    const mb = () => process.memoryUsage.rss() / 2 ** 20
    const sizes = []
    for (let n = 1; n <= 10000; n++) {
      const guest = loadSync(${JSON.stringify(file)})
      const object = { n }
      guest.wrap(0, object); guest.add_finalizer(0, object); guest.refer(0, 0, object, 1); guest.refer(0, 1, guest, 1)
      guest.make_external(0)
      guest.make_buffers(0)[1].fill(1)
      if (guest.referred(0, 0)[1] !== object) throw new Error('another object')
      guest[Symbol.dispose]()
      if (n % 50 === 0) { gc(); await turn() }
      if (n === 2000 || n === 10000) { await collect(); sizes.push(mb()) }
    }
    console.log(JSON.stringify(sizes))
  })()`, { flags: ['--expose-gc'] }))
  assert.ok(late - early < 25, `${early} MiB after 2,000 rounds, ${late} MiB after 10,000`)
})
