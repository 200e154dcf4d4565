// A whole process that runs `esbuild --version`: ours from the code cache, theirs a script for node:wasi.
import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { interleaveProcesses } from '../measure.mjs'

export const unit = 'ms'

const require = createRequire(import.meta.url)
const { version } = require('@esbuild/wasi-preview1/package.json')
const esbuild = require.resolve('@esbuild/wasi-preview1/esbuild.wasm')
const file = (path) => fileURLToPath(new URL(path, import.meta.url))

function side(args) {
  const began = performance.now()
  const { status, stdout } = spawnSync(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  const time = performance.now() - began
  if (status !== 0 || stdout.toString().trim() !== version) throw new Error(`node ${args.join(' ')} did not print ${version}`)
  return time
}

export function measure() {
  return interleaveProcesses({
    'ours': () => side([file('../../bin/wasmport.js'), 'run', esbuild, '--version']),
    'node:wasi': () => side([file('../children/node-wasi.mjs'), esbuild, '--version']),
  }, 11)
}
