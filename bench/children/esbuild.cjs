// Bundles the project in a directory by esbuild.wasm, in this fresh process, and prints two figures in milliseconds:
// how long that took from the file name of the program on, and the longest time that the event loop was kept waiting.
const { readFile } = require('node:fs/promises')
const { monitorEventLoopDelay } = require('node:perf_hooks')

const [side, directory, ...args] = process.argv.slice(2)
const path = require.resolve('@esbuild/wasi-preview1/esbuild.wasm')
const options = { args: ['esbuild', ...args], env: { PWD: '/' }, preopens: { '/': directory } }

const sides = {
  'wasmport': () => {
    const { run } = require('../../index.js')
    return async () => (await run(path, options)).exitCode
  },
  'node:wasi': () => {
    const { WASI } = require('node:wasi')
    return async () => {
      const wasi = new WASI({ version: 'preview1', returnOnExit: true, ...options })
      const module = await WebAssembly.compile(await readFile(path))
      return wasi.start(await WebAssembly.instantiate(module, wasi.getImportObject()))
    }
  },
}

async function main() {
  const bundle = sides[side]()
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  // Its timer has to be running before it can be late.
  await new Promise(resolve => setTimeout(resolve, 10))
  delay.reset()
  const began = performance.now()
  process.exitCode = await bundle()
  const time = performance.now() - began
  await new Promise(resolve => setTimeout(resolve, 10))
  console.log(JSON.stringify({ time, delay: delay.max / 1e6 }))
}

main()
