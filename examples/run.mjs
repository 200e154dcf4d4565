// Run a program: esbuild, 20 MB of Go compiled to WASI. It sees the arguments and the input that it is given, and
// nothing else: no files, no environment, no network.
import { run } from 'wasmport'

const esbuild = import.meta.resolve('@esbuild/wasi-preview1/esbuild.wasm')

const { exitCode, stdout } = await run(esbuild, {
  args: ['esbuild', '--minify'],
  stdin: 'export function add(first, second) { return first + second }',
  stdout: 'pipe',
})
console.log(exitCode, stdout.toString())
