// The ways in which a command gets WASI, with the same interface: standard streams are files in all of them, so that outputs can
// be compared.

import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import * as wasmport from '../../../index.js'
import { scratch } from '../../fixtures/scratch.mjs'

/** The exit code of a command that is loaded as a function. */
function called(start) {
  try {
    start()
    return 0
  } catch (error) {
    if (error.code !== 'ERR_WASMPORT_EXIT') throw error
    return error.exitCode
  }
}

/** By the class, with the modules and instances of this or that engine. */
function byClass({ Module, Instance }, bytes, options) {
  const module = new Module(bytes)
  const version = Module.imports(module).some(({ module }) => module === 'wasi_unstable') ? 'unstable' : 'preview1'
  const wasi = new wasmport.WASI({ version, returnOnExit: true, ...options })
  return wasi.start(new Instance(module, wasi.getImportObject()))
}

const hosts = {
  run: async (bytes, options) => (await wasmport.run(bytes, options)).exitCode,
  runSync: (bytes, options) => wasmport.runSync(bytes, options).exitCode,
  load: async (bytes, wasi) => {
    const { _start } = await wasmport.load(bytes, { wasi })
    return called(_start)
  },
  'the class, V8': (bytes, options) => byClass(globalThis.WebAssembly, bytes, options),
  'the class, Wasmtime': (bytes, options) => byClass(wasmport.WebAssembly, bytes, options),
}

// All of them must work in workers too: files and options go there as they are, and the exit code or the error comes back.
function inWorker(host) {
  const script = `const { parentPort, workerData } = require('node:worker_threads')
    const { bytes, options, host, file } = workerData
    import(file).then(({ hostNamed }) => hostNamed(host)(bytes, options)).then(
      exitCode => parentPort.postMessage({ exitCode }), error => parentPort.postMessage({ error }))`
  return (bytes, options) => new Promise((resolve, reject) => {
    const worker = new Worker(script, { eval: true, workerData: { bytes, options, host, file: import.meta.url } })
    worker.once('error', reject)
    worker.once('message', ({ exitCode, error }) => (error ? reject(error) : resolve(exitCode)))
  })
}

export const hostNamed = name => hosts[name] ?? inWorker(name.replace(' in a worker', ''))
export const names = [...Object.keys(hosts), 'run in a worker', 'load in a worker', 'the class, V8 in a worker']

/** A directory for `execute`: what the guest sees, what it may only read, and its streams. */
export function directory(files = {}) {
  const dir = scratch({ 'ro/fixed': 'fixed', ...files })
  mkdirSync(join(dir, 'root'), { recursive: true })
  writeFileSync(join(dir, 'stdout'), '')
  return dir
}

/** Runs a command by a host to its end: its exit code and what it wrote. */
export async function execute(host, bytes, args, { stdin = '', dir = directory(), ...options } = {}) {
  writeFileSync(join(dir, 'stdin'), stdin)
  const [input, output] = [openSync(join(dir, 'stdin')), openSync(join(dir, 'stdout'), 'w')]
  const preopens = { '/': join(dir, 'root'), '/ro': { path: join(dir, 'ro'), readonly: true } }
  try {
    const exitCode = await hostNamed(host)(bytes, { args, preopens, stdin: input, stdout: output, ...options })
    return { exitCode, stdout: readFileSync(join(dir, 'stdout'), 'utf8') }
  } finally {
    closeSync(input)
    closeSync(output)
  }
}
