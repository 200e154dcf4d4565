// A host function that reads the memory of the module that calls it. `__wasm_bind` is called before anything else, once
// the memory exists, because the module's `init` section asks for it (see host-memory.wat).
import { load } from 'wasmport'

let memory
const host = {
  __wasm_bind(instance) {
    memory = instance.memory
  },
  print(address, length) {
    console.log(new TextDecoder().decode(new Uint8Array(memory.buffer, address, length)))
  },
}

const { greet } = await load(new URL('host-memory.wat', import.meta.url), { imports: { host } })
greet()
