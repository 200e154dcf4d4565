// The two native sides: the addon itself, below its public API, and the bare Node-API floor of bench/floor.
import { spawnSync } from 'node:child_process'
import { copyFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

const require = createRequire(import.meta.url)
const root = fileURLToPath(new URL('..', import.meta.url))

export const binding = require('../lib/binding.cjs')

let loaded

/** The floor, after building what is out of date of it (Cargo knows). */
export function floor() {
  return loaded ??= require(buildFloor())
}

function buildFloor() {
  const { status, error } = spawnSync('cargo',
    ['build', '--release', '--locked', '--quiet', '--target-dir', 'target', '--package', 'wasmport-bench-floor'],
    { cwd: root, stdio: ['ignore', 2, 2] })
  if (status !== 0) throw new Error('the Node-API floor (bench/floor) could not be built', { cause: error })
  const library = {
    win32: 'wasmport_bench_floor.dll',
    darwin: 'libwasmport_bench_floor.dylib',
  }[process.platform] ?? 'libwasmport_bench_floor.so'
  const addon = `${root}target/bench-floor.node`
  copyFileSync(`${root}target/release/${library}`, addon)
  return addon
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
