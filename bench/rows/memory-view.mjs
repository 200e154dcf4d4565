// A fresh Uint8Array over memory.buffer and the sum of 64 bytes of it, as glue does that reads a string from wasm. The
// floor here is an ArrayBuffer that is a plain property.
import { fresh, interleave, loop } from '../measure.mjs'
import { instances } from '../native.mjs'

export const unit = 'ns'

const READ = `(memory, i) => {
  const bytes = new Uint8Array(memory.buffer)
  let sum = 0
  for (let at = i & 4095, end = at + 64; at < end; at++) sum += bytes[at]
  return sum
}`

export function measure() {
  const { ours, v8 } = instances('(module (memory (export "memory") 1) (data (i32.const 16) "some bytes to be read"))')
  const side = (memory) => loop('read(memory, i)', { memory, read: fresh(READ) })
  return interleave({
    ours: side(ours.memory),
    buffer: side({ buffer: new ArrayBuffer(65_536) }),
    v8: side(v8.memory),
  })
}
