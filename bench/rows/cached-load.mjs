// From the file name of a 20 MB program to a compiled module, in a process that has not seen it before: ours out of
// the code cache, theirs as a script for node:wasi does it, by V8's lazy compiler.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { interleaveProcesses } from '../measure.mjs'

export const unit = 'ms'

const child = fileURLToPath(new URL('../children/load.cjs', import.meta.url))

function side(name) {
  const { status, stdout } = spawnSync(process.execPath, [child, name], { stdio: ['ignore', 'pipe', 'inherit'] })
  if (status !== 0) throw new Error(`bench/children/load.cjs ${name} failed`)
  return Number(stdout)
}

export function measure() {
  return interleaveProcesses({
    'ours': () => side('wasmport'),
    'node:wasi': () => side('node:wasi'),
  }, 11)
}
