// Run a program on files: it sees the directories that are opened for it, under the names they are opened as.
import { fileURLToPath } from 'node:url'
import { run } from 'wasmport'

const esbuild = import.meta.resolve('@esbuild/wasi-preview1/esbuild.wasm')
const app = fileURLToPath(new URL('app', import.meta.url))

await run(esbuild, {
  args: ['esbuild', 'index.js', '--bundle'],
  preopens: { '/': { path: app, readonly: true } },
})
