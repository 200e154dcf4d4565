// The standard WebAssembly JavaScript API, on this engine: what works with Node's own works with this (see upper.wat).
import { readFile } from 'node:fs/promises'
import { WebAssembly } from 'wasmport'

const memory = new WebAssembly.Memory({ initial: 1 })
const calls = new WebAssembly.Global({ value: 'i32', mutable: true }, 0)
const empty = new WebAssembly.Tag({ parameters: ['externref'] })

const bytes = await readFile(new URL('upper.wasm', import.meta.url))
const { instance } = await WebAssembly.instantiate(bytes, { env: { memory, calls, empty } })
const { upper } = instance.exports

const view = new Uint8Array(memory.buffer)
const { written } = new TextEncoder().encodeInto('one memory', view)
upper(written, null)
console.log(new TextDecoder().decode(view.subarray(0, written)), 'after', calls.value, 'call')

try {
  upper(0, { name: 'nobody' })
} catch (error) {
  if (!(error instanceof WebAssembly.Exception && error.is(empty))) throw error
  console.log('nothing to do for', error.getArg(empty, 0).name)
}
