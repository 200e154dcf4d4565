// `npm run demo`: what Wasmport does, on modules that other people made. Each step is a process of its own, so that what
// is read from the code cache really comes from the disk. The cache is a fresh one, so that the first step is cold.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { versions } from 'wasmport'

const steps = [
  {
    title: 'Run a program: esbuild, 20 MB of Go compiled to WebAssembly',
    about: 'Nothing is in the cache yet, so it is first compiled to machine code, which is then kept on disk.',
    file: 'esbuild.mjs',
  },
  {
    title: 'The same once more, in a new process',
    about: 'Now the machine code comes from the cache.',
    file: 'esbuild.mjs',
  },
  {
    title: 'Import a module: tiktoken, the tokenizer of OpenAI, Rust compiled with wasm-bindgen',
    about: 'An ordinary import: node --import wasmport/register makes .wasm files importable.',
    file: 'tiktoken.mjs',
    // The package does not say that its files are ES modules; since 20.19 Node finds that out by itself.
    flags: ['--experimental-detect-module', '--import', 'wasmport/register'],
  },
  {
    title: 'Load a module whose host function reads the memory of its caller',
    about: 'The module says in its init section who needs its memory; nobody passes it around.',
    file: 'host-memory.mjs',
  },
]

const cache = mkdtempSync(join(tmpdir(), 'wasmport-demo-'))
const env = { ...process.env, WASMPORT_CACHE: cache }

console.log(`Wasmport ${versions.wasmport} on Wasmtime ${versions.wasmtime}, Node ${process.version}`)
try {
  for (const [index, { title, about, file, flags = [] }] of steps.entries()) {
    console.log(`\n${index + 1}. ${title}\n   ${about}\n`)
    const path = fileURLToPath(new URL(`demo/${file}`, import.meta.url))
    const began = performance.now()
    const { status, signal } = spawnSync(process.execPath, [...flags, path], { env, stdio: 'inherit' })
    if (status !== 0) throw new Error(`step ${index + 1} of the demo failed (${signal ?? `exit code ${status}`}): ${path}`)
    console.log(`\n   The whole process, Node included: ${(performance.now() - began).toFixed(0)} ms`)
  }
} finally {
  rmSync(cache, { recursive: true, force: true })
}
