// What the specs of the core share: catching what is thrown, and running code in a
// process or a worker of its own, where a crash is a result and not the end of the tests.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { inspect } from 'node:util'
import { Worker } from 'node:worker_threads'
import { node, root } from './fixtures/project.mjs'

/** The path of the public API, for code that runs elsewhere. */
export const api = `${root}index.js`

/** What such code begins with. */
const prelude = `const { load, loadSync, run, runSync, inspect } = require(${JSON.stringify(api)});\n`

/** What `call` throws, whatever it is; fails if it does not throw. */
export function thrown(call) {
  let result
  try {
    result = call()
  } catch (error) {
    return error
  }
  return assert.fail(`threw nothing, returned ${inspect(result)}`)
}

/** Checks that an error is of a class, has these properties, and a message with all of `parts`. */
export function check(error, Class, properties, ...parts) {
  assert.ok(error instanceof Class, `${error?.stack ?? String(error)}\nis no ${Class.name}`)
  for (const [key, value] of Object.entries(properties)) {
    assert.deepEqual(error[key], value, `${key} of ${error.stack}`)
  }
  for (const part of parts) assert.ok(error.message.includes(part), `${error.message}\nlacks: ${part}`)
}

/** `check` of what `call` throws. */
export function refuses(call, ...expected) {
  check(thrown(call), ...expected)
}

/**
 * Runs CommonJS text in a process of its own, with the public API in scope, and
 * returns what spawnSync does.
 */
export function spawn(script, { flags = [], ...options } = {}) {
  return node([...flags, '-e', prelude + script], options)
}

/** The same for a script that must succeed: returns its trimmed standard output. */
export function child(script, options) {
  const { status, signal, stdout, stderr } = spawn(script, options)
  assert.deepEqual({ status, signal }, { status: options?.status ?? 0, signal: null }, stderr + stdout)
  return stdout.trim()
}

/** Starts a worker of CommonJS text with the public API and `parentPort` in scope. */
export function startWorker(script, options) {
  const ports = "const { parentPort, workerData } = require('node:worker_threads');\n"
  return new Worker(prelude + ports + script, { eval: true, ...options })
}

/** Runs such a worker to its end: its exit code, its messages, and its error if it threw. */
export async function inWorker(script, options) {
  const worker = startWorker(script, options)
  const messages = []
  let error
  worker.on('message', message => messages.push(message))
  worker.on('error', caught => { error = caught })
  const code = await new Promise(resolve => worker.on('exit', resolve))
  return { code, messages, error }
}

/** Turns of the event loop, in which finalizers run. */
export async function turns(count = 5) {
  for (let n = 0; n < count; n++) await new Promise(resolve => setImmediate(resolve))
}

/** A port of the loopback that is free. */
export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  await once(server, 'close')
  return port
}
