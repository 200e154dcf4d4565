// What the rows compare: the standard API on ours and on V8, the addon below its API, and the bare Node-API floor of
// bench/floor.
import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

const require = createRequire(import.meta.url)
const root = fileURLToPath(new URL('..', import.meta.url))

export const binding = require('../lib/binding.cjs')

const wasmport = require('../index.js')

export const { loadSync } = wasmport

/** The two implementations of the standard API. */
export const apis = { ours: wasmport.WebAssembly, v8: WebAssembly }

let loaded

/** The floor, after building what is out of date of it (Cargo knows). */
export function floor() {
  return loaded ??= loadFloor()
}

function loadFloor() {
  const { status, error } = spawnSync('cargo',
    ['build', '--release', '--locked', '--quiet', '--target-dir', 'target', '--package', 'wasmport-bench-floor'],
    { cwd: root, stdio: ['ignore', 2, 2] })
  if (status !== 0) throw new Error('the Node-API floor (bench/floor) could not be built', { cause: error })
  const library = {
    win32: 'wasmport_bench_floor.dll',
    darwin: 'libwasmport_bench_floor.dylib',
  }[process.platform] ?? 'libwasmport_bench_floor.so'
  const module = { exports: {} }
  // Where Cargo put it: a copy called .node, for require, would be overwritten under a benchmark that is running.
  process.dlopen(module, `${root}target/release/${library}`)
  return module.exports
}

const wabt = await require('wabt')()

/** The bytes of a module given as text, for the sides that do not read text. */
export function wat(text) {
  const module = wabt.parseWat('bench.wat', text)
  try {
    return module.toBinary({}).buffer
  } finally {
    module.destroy()
  }
}

/**
 * The exports of a module given as text, instantiated through either API.
 * @param {() => object} [imports] makes the import object of a side; what is in it is that side's own
 */
export function instances(text, imports) {
  const bytes = wat(text)
  const exportsOf = ({ Module, Instance }) => new Instance(new Module(bytes), imports?.()).exports
  return { ours: exportsOf(apis.ours), v8: exportsOf(apis.v8) }
}
