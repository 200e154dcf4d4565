// Loads hello.wasm as its init section asks: this page gets its memory, and `setup` is called, before `greet` can be.
import { instantiate } from 'wasmport/init-polyfill'

const out = document.getElementById('out')
let memory
const page = {
  __wasm_bind(instance) {
    memory = instance.memory
  },
  print(address, length) {
    out.textContent = new TextDecoder().decode(new Uint8Array(memory.buffer, address, length))
  },
}

const response = await fetch('hello.wasm')
const { greet } = await instantiate(await response.arrayBuffer(), { page })
greet()
