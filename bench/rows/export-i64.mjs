// One call from JS into an exported function, (i64, i64) -> i64: two BigInts read and one made.
import { interleave, loop } from '../measure.mjs'
import { floor, instances } from '../native.mjs'

export const unit = 'ns'

const numbers = Array.from({ length: 8 }, (_, i) => (1n << 40n) + BigInt(i))

export function measure() {
  const { ours, v8 } = instances(`(module
    (func (export "add") (param i64 i64) (result i64) (i64.add (local.get 0) (local.get 1))))`)
  const side = (add) => loop('add(numbers[i & 7], numbers[0])', { add, numbers })
  return interleave({ ours: side(ours.add), napi: side(floor().addBigInts), v8: side(v8.add) })
}
