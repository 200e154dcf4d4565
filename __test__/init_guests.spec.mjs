// Guests that say in their source how they want to be started: in Rust by the macro of crates/init-section-guest, in C
// by wasm_init.h. Their plans are what no inference would make of their exports.
import assert from 'node:assert/strict'
import { setImmediate } from 'node:timers/promises'
import { test } from 'node:test'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { createRequire } from 'node:module'
import { api, child } from './helpers.mjs'

const { inspect, load, loadSync, run } = createRequire(import.meta.url)(api)
const guest = (language) => fileURLToPath(new URL(`guests/init-${language}/guest.wasm`, import.meta.url))

const step = (phase, select, more) => ({ phase, select, args: 'none', result: 'ignore', if_missing: 'error', ...more })

/** The service that the C guest binds, and what the guest said through it. */
function host() {
  const said = []
  let memory
  return {
    said,
    __wasm_bind(bound) {
      memory = bound.memory
    },
    say(text, length) {
      said.push(Buffer.from(memory.buffer, text, length).toString())
    },
  }
}

test('the plan of the C guest is the one in its source', () => {
  const { plan, origin } = inspect(guest('c'))
  assert.deepEqual(plan, {
    bind: [{ service: 'host', memory: 'memory', table: '' }],
    steps: [
      step('evaluate', { export: 'setup_table' }, { args: 'zeros' }),
      step('evaluate', { export: '_initialize' }),
      step('evaluate', { export: 'setup_missing' }, { if_missing: 'skip' }),
      step('task', { export: 'warm_up' }),
      step('dispose', { export: 'shut_down' }),
    ],
    run: null,
    hide: [{ prefix: 'setup_' }, { export: '_initialize' }],
  })
  assert.deepEqual(origin, { bind: 'section', steps: 'section', run: 'section', hide: 'section' })
})

test('the C guest is started in its own order, with its memory bound before', async () => {
  const service = host()
  const namespace = await load(guest('c'), { imports: { host: service } })
  assert.deepEqual(service.said, ['table', 'initialize', 'warm up'])
  assert.deepEqual(Object.keys(namespace), ['_start', 'memory', 'shut_down', 'square', 'warm_up'])
  assert.equal(namespace.square(5), 25)
  namespace[Symbol.dispose]()
  assert.deepEqual(service.said.slice(3), ['shut down'])
})

test('loaded at once, the C guest warms up in a task of its own', async () => {
  const service = host()
  loadSync(guest('c'), { imports: { host: service } })
  assert.deepEqual(service.said, ['table', 'initialize'])
  await setImmediate()
  assert.deepEqual(service.said.slice(2), ['warm up'])
})

test('the C guest shuts down when the process ends', () => {
  const said = child(`
    let memory
    const say = (text, length) => console.log(Buffer.from(memory.buffer, text, length).toString())
    const __wasm_bind = (bound) => { memory = bound.memory }
    loadSync(${JSON.stringify(guest('c'))}, { imports: { host: { say, __wasm_bind } } })`)
  assert.deepEqual(said.split('\n'), ['table', 'initialize', 'warm up', 'shut down'])
})

test('the plan of the Rust guest is the one in its source', () => {
  const { plan, origin } = inspect(guest('rust'))
  assert.deepEqual(plan, {
    bind: [],
    steps: [
      step('evaluate', { export: 'open' }),
      step('evaluate', { prefix: 'register_' }, { args: 'zeros' }),
      step('evaluate', { export: 'absent' }, { if_missing: 'skip' }),
    ],
    run: { export: 'report', args: 'none', instance: 'same', result: 'exit-code' },
    hide: [{ prefix: 'register_' }, { export: 'open' }],
  })
  assert.deepEqual(origin, { bind: 'inferred', steps: 'section', run: 'section', hide: 'section' })
})

test('the Rust guest is started in its own order, and run from its own entry', async () => {
  const namespace = await load(guest('rust'))
  assert.equal(namespace.trace(), 123)
  const names = Object.keys(namespace)
  assert.deepEqual(names.filter((name) => !name.startsWith('__')), ['_initialize', 'memory', 'report', 'trace'])
  assert.equal((await run(guest('rust'))).exitCode, 23)
})

test('the section is not in the memory of the Rust guest', async () => {
  assert.ok(readFileSync(guest('rust')).includes('register_'))
  const { memory } = await load(guest('rust'))
  assert.ok(!Buffer.from(memory.buffer).includes('register_'))
})
