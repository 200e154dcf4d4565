// Prints how many milliseconds one load of esbuild.wasm takes in this fresh process: the module only, no instance.
const { readFile } = require('node:fs/promises')
const path = require.resolve('@esbuild/wasi-preview1/esbuild.wasm')

const sides = {
  'wasmport': () => {
    const { compile } = require('../../lib/binding.cjs')
    return () => compile(path, 'esbuild.wasm')
  },
  'node:wasi': () => async () => WebAssembly.compile(await readFile(path)),
}

async function main() {
  const load = sides[process.argv[2]]()
  const began = performance.now()
  await load()
  console.log(performance.now() - began)
}

main()
