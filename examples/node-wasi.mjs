// The class of node:wasi, with a sandbox behind it. Nothing but the import is another; WebAssembly is Node's own here.
import { readFile } from 'node:fs/promises'
import { WASI } from 'wasmport'

const wasi = new WASI({ version: 'preview1', args: ['hello', 'Ada'] })
const bytes = await readFile(new URL('hello.wasm', import.meta.url))
const { instance } = await WebAssembly.instantiate(bytes, wasi.getImportObject())
process.exitCode = wasi.start(instance)
