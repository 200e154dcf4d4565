// A whole process that imports a wasm file of 1 MB, as wasm-bindgen makes them, and uses it: ours through
// wasmport/register and out of the code cache, theirs as Node itself imports wasm.
import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { interleaveProcesses } from '../measure.mjs'

export const unit = 'ms'

const directory = fileURLToPath(new URL('../../target/bench-import/', import.meta.url))
const register = new URL('../../lib/register.mjs', import.meta.url).href

/** A tokenizer that knows one letter, beside a package.json that says what its own leaves Node to guess: these are ES modules. */
function writeProject() {
  const tiktoken = dirname(createRequire(import.meta.url).resolve('tiktoken/lite'))
  mkdirSync(directory, { recursive: true })
  for (const file of ['tiktoken_bg.js', 'tiktoken_bg.wasm']) copyFileSync(join(tiktoken, file), join(directory, file))
  writeFileSync(join(directory, 'package.json'), '{"type":"module"}')
  writeFileSync(join(directory, 'main.js'), `
    import * as wasm from './tiktoken_bg.wasm'
    import { __wbg_set_wasm, Tiktoken } from './tiktoken_bg.js'
    __wbg_set_wasm(wasm)
    console.log(new Tiktoken('! 0 YQ==', {}, 'a').encode('aaa').length)`)
}

function side(flags) {
  const began = performance.now()
  const { status, stdout, stderr } = spawnSync(process.execPath, [...flags, join(directory, 'main.js')], { encoding: 'utf8' })
  const time = performance.now() - began
  if (status !== 0 || stdout !== '3\n') throw new Error(`node ${flags.join(' ')} ${directory}main.js failed:\n${stderr}`)
  return time
}

export function measure() {
  writeProject()
  return interleaveProcesses({
    'ours': () => side(['--import', register]),
    // Node 20 imports wasm only with the flag, which later ones take without a word.
    'node': () => side(['--no-warnings', '--experimental-wasm-modules']),
  }, 21)
}
