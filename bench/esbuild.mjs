// A bundle of 500 modules by esbuild, for the rows that measure a run of it.
import { spawnSync } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { writeModules } from '../__test__/fixtures/modules.mjs'

const require = createRequire(import.meta.url)
const directory = fileURLToPath(new URL('../target/bench-esbuild/', import.meta.url))
const child = fileURLToPath(new URL('children/esbuild.cjs', import.meta.url))
let entry, first

function bundle(name, command, args, options) {
  entry ??= (rmSync(directory, { recursive: true, force: true }), writeModules(`${directory}src`, 500))
  const out = `${name.replace(':', '-')}.js`
  const began = performance.now()
  const { status, stdout, stderr } = spawnSync(command,
    [...args, `src/${entry}`, '--bundle', '--sourcemap', '--log-level=warning', `--outfile=${out}`], { encoding: 'utf8', ...options })
  const time = performance.now() - began
  if (status !== 0) throw new Error(`${name} did not bundle the project:\n${stderr}`)
  const text = readFileSync(directory + out, 'utf8').replace(/^\/\/# sourceMappingURL.*/m, '')
  if (text !== (first ??= text)) throw new Error(`${name} made another bundle than the side before it`)
  return { stdout, time }
}

// On Node 20 and 22 a call of node:wasi that V8 makes by its shortest way crashes the process before long.
const flags = Number(process.versions.node.split('.')[0]) < 24 ? ['--no-turbo-fast-api-calls'] : []

const guest = (side, flags) => JSON.parse(bundle(side, process.execPath, ['--no-warnings', ...flags, child, side, directory]).stdout)

/** Takes what fails for what failed by chance, once: now and then node:wasi of Node 20 does not find half of the files. */
function patiently(measure) {
  try {
    return measure()
  } catch {
    return measure()
  }
}

/** The sides of a row that measures the `time` or the `delay` of a run in WebAssembly, in a process of its own. */
export const guests = (figure) => ({
  'ours': () => guest('wasmport', [])[figure],
  'node:wasi': () => patiently(() => guest('node:wasi', flags))[figure],
})

/** The same by the esbuild of this system, as a whole process. */
export const native = () =>
  bundle('native', require.resolve(`@esbuild/${process.platform}-${process.arch}/bin/esbuild`), [], { cwd: directory }).time
