// A whole process that imports a graph of 500 ES modules, none of them wasm: what wasmport/register costs those who do
// not use it.
import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { interleaveProcesses } from '../measure.mjs'

export const unit = 'ms'

const COUNT = 500
const directory = new URL('../../target/bench-graph/', import.meta.url)
const register = new URL('../../lib/register.mjs', import.meta.url).href

/** A binary tree of modules, each of which counts those below it. */
function writeGraph() {
  mkdirSync(directory, { recursive: true })
  for (let n = 0; n < COUNT; n++) {
    const below = [2 * n + 1, 2 * n + 2].filter(each => each < COUNT)
    writeFileSync(new URL(`m${n}.mjs`, directory), [
      ...below.map(each => `import { count as c${each} } from './m${each}.mjs'`),
      `export const count = ${['1', ...below.map(each => `c${each}`)].join(' + ')}`,
      ...(n === 0 ? ['console.log(count)'] : []),
      '',
    ].join('\n'))
  }
}

function side(flags) {
  const began = performance.now()
  const { status, stdout } = spawnSync(process.execPath, [...flags, fileURLToPath(new URL('m0.mjs', directory))], { encoding: 'utf8' })
  const time = performance.now() - began
  if (status !== 0 || stdout !== `${COUNT}\n`) throw new Error(`node ${flags.join(' ')} did not import the graph`)
  return time
}

export function measure() {
  writeGraph()
  return interleaveProcesses({
    'ours': () => side(['--import', register]),
    'node': () => side([]),
  }, 21)
}
