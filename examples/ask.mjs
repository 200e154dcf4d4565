// Give a program functions of JavaScript. They may be async: the program waits for them, the event loop does not. `this`
// copies from and to the memory of the program (see ask.wat).
import { readFile } from 'node:fs/promises'
import { run } from 'wasmport'

const host = {
  async lookup(name, length, text) {
    const file = new TextDecoder().decode(this.readMemory(name, length))
    const bytes = await readFile(new URL(`app/${file}`, import.meta.url))
    this.writeMemory(text, bytes)
    return bytes.length
  },
}

await run(new URL('ask.wat', import.meta.url), { imports: { host }, timeout: 5000 })
