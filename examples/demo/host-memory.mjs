// Step 4 of the demo: examples/host-memory.mjs, with words.
import { load } from 'wasmport'
import { say } from './say.mjs'

let memory
const host = {
  // Called before anything else, once the memory exists, because the module's init section asks for it.
  __wasm_bind(instance) {
    memory = instance.memory
    say(`host.__wasm_bind is given the module's memory: ${memory.buffer.byteLength} bytes`)
  },
  print(address, length) {
    const text = new TextDecoder().decode(new Uint8Array(memory.buffer, address, length))
    say(`the module calls host.print(${address}, ${length}), which reads there`, `=> "${text}"`)
  },
}

const { greet } = await load(new URL('../host-memory.wat', import.meta.url), { imports: { host } })
greet()
