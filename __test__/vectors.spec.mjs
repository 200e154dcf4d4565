// The addon against the vectors of the init section, which are the same for every host.
// Their form: crates/init-section/vectors/README.md.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { inspect, load, loadSync, run, runSync, WebAssembly } from 'wasmport'
import { check, turns } from './helpers.mjs'
import { append, appendText, encode } from './fixtures/section.mjs'

const PLANS = ['infer-bind', 'infer-steps', 'infer-run', 'override', 'link-errors', 'decode-errors', 'malformed']

const vectors = file => JSON.parse(readFileSync(new URL(`../crates/init-section/vectors/${file}.json`, import.meta.url)))
const unhex = text => Buffer.from(text.replaceAll(' ', ''), 'hex')

/** What the addon is given for a vector: bytes, or text with the section as a custom field at its end. */
function source({ wat, hex, section, payload, strip }) {
  const content = section && !strip ? encode(section) : payload === undefined ? undefined : unhex(payload)
  if (hex !== undefined) return content ? append(unhex(hex), content) : unhex(hex)
  return content ? appendText(wat, content) : wat
}

for (const file of PLANS) {
  describe(`the vectors of ${file}.json`, () => {
    for (const vector of vectors(file)) {
      test(vector.name, () => {
        if (!vector.error) {
          const { plan, origin } = inspect(source(vector))
          return assert.deepEqual({ plan, origin }, { plan: vector.plan, origin: vector.origin })
        }
        const { kind, offset, contains = [] } = vector.error
        const Class = { compile: WebAssembly.CompileError, link: WebAssembly.LinkError }[kind]
        // What is no binary could be text for the addon, so it has an error of its own.
        if (contains.includes('not a WebAssembly binary')) return assert.throws(() => inspect(source(vector)), { name: 'CompileError', code: 'ERR_WASMPORT_NOT_WASM' })
        const properties = offset === undefined ? {} : { offset }
        assert.throws(() => inspect(source(vector)), error => check(error, Class, properties, ...contains) ?? true)
      })
    }
  })
}

/** The host that the vectors are for, with the trace of what its guest logged. */
function makeHost() {
  const trace = []
  let memory
  const service = { args: () => [7, 11], namespace: result => ({ result }) }
  const host = {
    log: value => { trace.push(value) },
    byte: at => (memory ? new Uint8Array(memory.buffer)[at] : -1),
    __wasm_bind(bound) {
      memory = bound.memory
      return service
    },
  }
  /** What was logged since the last look. */
  return { imports: { host }, logged: () => trace.splice(0) }
}

/** Checks what a call did against what a vector says of it. */
function expectError(error, { kind, exitCode, contains = [] }) {
  const [Class, code] = {
    compile: [WebAssembly.CompileError],
    link: [WebAssembly.LinkError],
    trap: [WebAssembly.RuntimeError],
    exit: [Error, 'ERR_WASMPORT_EXIT'],
    'no-entry': [Error, 'ERR_WASMPORT_NO_ENTRY'],
  }[kind]
  check(error, Class, { ...(code && { code }), ...(exitCode !== undefined && { exitCode }) }, ...contains.map(part => part.replaceAll('"', '')))
}

const caught = call => {
  try {
    return { value: call() }
  } catch (error) {
    return { error }
  }
}

/** Checks that `call` fails as expected, or does not and returns what it returns. */
function outcome(call, expected) {
  const { value, error } = caught(call)
  if (expected) expectError(error, expected)
  else if (error) throw error
  return value
}

/** Checks the namespace of a vector, its calls, and disposing of it. */
function checkNamespace(namespace, { load: { names, values = {} }, calls = [], dispose = {} }, logged) {
  assert.deepEqual(Object.keys(namespace), names)
  for (const [name, value] of Object.entries(values)) assert.equal(namespace[name], value, name)
  for (const { export: name, args, result, trace = [], error } of calls) {
    const value = outcome(() => namespace[name](...args), error)
    assert.equal(value, result, `the result of ${name}`)
    assert.deepEqual(logged(), trace, `the trace of ${name}`)
  }
  const { trace = [], error } = dispose
  // A namespace that a service made is the service's own, and so is what becomes of it.
  if (!(Symbol.dispose in namespace)) return assert.deepEqual(trace, [], 'there is no way to dispose of it')
  outcome(() => namespace[Symbol.dispose](), error)
  assert.deepEqual(logged(), trace, 'the trace of dispose')
  namespace[Symbol.dispose]()
  assert.deepEqual(logged(), [], 'a second dispose')
}

describe('the vectors of carry-out.json', () => {
  for (const vector of vectors('carry-out')) {
    const { load: loaded, task, run: ran } = vector
    const module = source(vector)

    if (loaded) {
      test(`${vector.name}: loadSync`, async () => {
        const { imports, logged } = makeHost()
        const namespace = outcome(() => loadSync(module, { imports }), loaded.error)
        assert.deepEqual(logged(), (loaded.error ?? loaded).trace ?? [], 'the trace of the load')
        if (loaded.error) return
        await turns()
        assert.deepEqual(logged(), task?.trace ?? [], 'the trace of the tasks')
        checkNamespace(namespace, vector, logged)
      })

      test(`${vector.name}: load`, async () => {
        const { imports, logged } = makeHost()
        const { value, reason } = (await Promise.allSettled([load(module, { imports })]))[0]
        const trace = [...((loaded.error ?? loaded).trace ?? []), ...(task?.trace ?? [])]
        assert.deepEqual(logged(), trace, 'the trace of the load and of its tasks')
        if (loaded.error) return expectError(reason, loaded.error)
        assert.ifError(reason)
        checkNamespace(value, vector, logged)
      })
    }

    if (ran) {
      test(`${vector.name}: run`, async () => {
        const result = outcome(() => runSync(module), ran.error)
        const { value, reason } = (await Promise.allSettled([run(module)]))[0]
        if (ran.error) return expectError(reason, ran.error)
        assert.ifError(reason)
        assert.equal(result.exitCode, ran.exitCode)
        assert.equal(value.exitCode, ran.exitCode)
      })
    }
  }
})
