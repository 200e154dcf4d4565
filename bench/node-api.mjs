// The three sides of a row of Node-API: in this process, and as the first call in a fresh one.
import { deepStrictEqual } from 'node:assert'
import { spawnSync } from 'node:child_process'
import { mkdirSync, renameSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { addons, loaders } from './addons.cjs'

const { include_dir: headers } = createRequire(import.meta.url)('node-api-headers')
const file = (path) => fileURLToPath(new URL(path, import.meta.url))
const directory = file('../target/bench-node-api/')

// WASI of Node says of itself, in each thread of a guest, that it is experimental.
process.env.NODE_NO_WARNINGS = '1'
process.removeAllListeners('warning')

/** Builds the guest for this system, as quick as compiling it is. */
function buildGuest() {
  mkdirSync(directory, { recursive: true })
  const undefinedSymbols = process.platform === 'darwin' ? ['-undefined', 'dynamic_lookup'] : []
  const { status, error } = spawnSync('cc',
    ['-O2', '-shared', '-fPIC', ...undefinedSymbols, '-I', headers, '-o', `${directory}guest.so`, file('node-api/guest.c')],
    { stdio: ['ignore', 2, 2] })
  if (status !== 0) throw new Error('the guest of bench/node-api could not be built for this system', { cause: error })
  // Renamed into place: a benchmark that is running keeps the one that it has loaded.
  renameSync(`${directory}guest.so`, `${directory}guest.node`)
}

const loaded = {}

async function load(name) {
  if (name === 'guest') buildGuest()
  const sides = {}
  for (const [side, loader] of Object.entries(loaders)) sides[side] = await loader(addons[name])
  return sides
}

/**
 * What `sideOf` makes of the addon on each side, for measure.mjs.
 * @param {(addon: object) => () => unknown} callOf the call that is measured, which has to have the same result everywhere
 */
export async function sides(name, callOf, sideOf) {
  const made = {}
  let first
  for (const [side, addon] of Object.entries(await (loaded[name] ??= load(name)))) {
    const result = await callOf(addon)()
    deepStrictEqual(result, first ??= result, `${name} has another result on the side '${side}'`)
    made[side] = sideOf(callOf(addon))
  }
  return made
}

/** Sides that give the milliseconds from nothing to the result of a first call, each in a process of its own. */
export const firstCalls = (name, call) => Object.fromEntries(Object.keys(loaders).map((side) => [side, () => {
  const { status, stdout } = spawnSync(process.execPath, [file('children/addon.cjs'), side, name, call], { stdio: ['ignore', 'pipe', 'inherit'] })
  if (status !== 0) throw new Error(`bench/children/addon.cjs ${side} ${name} ${call} failed`)
  return Number(stdout)
}]))
