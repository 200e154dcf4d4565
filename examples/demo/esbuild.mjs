// Steps 1 and 2 of the demo: esbuild minifies its input and bundles files.
import { fileURLToPath } from 'node:url'
import { run } from 'wasmport'
import { say, timed } from './say.mjs'

const esbuild = import.meta.resolve('@esbuild/wasi-preview1/esbuild.wasm')
const app = fileURLToPath(new URL('../app', import.meta.url))

/** What the program printed. It sees these options and nothing else: no other file, no environment, no network. */
async function output(options) {
  const { exitCode, stdout } = await run(esbuild, { ...options, stdout: 'pipe' })
  if (exitCode !== 0) throw new Error(`esbuild ended with exit code ${exitCode}`)
  return stdout.toString().trim()
}

const source = 'export function add(first, second) { return first + second }'
const minify = await timed(() => output({ args: ['esbuild', '--minify'], stdin: source }))
say(`minify ${source}`, `=> ${minify.result}`, `load and run: ${minify.time}`)

const bundle = await timed(() => output({
  args: ['esbuild', 'index.js', '--bundle', '--minify'],
  preopens: { '/': { path: app, readonly: true } },
}))
say('bundle the two files of examples/app, which is opened read-only as /', `=> ${bundle.result}`,
  `run again: ${bundle.time}`)
