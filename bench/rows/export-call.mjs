// One call from JS into an exported function, (i32, i32) -> i32.
import { interleave, loop } from '../measure.mjs'
import { floor, instances } from '../native.mjs'

export const unit = 'ns'

export function measure() {
  const { ours, v8 } = instances(`(module
    (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))`)
  const side = (add) => loop('add(i, last)', { add })
  return interleave({ ours: side(ours.add), napi: side(floor().add), v8: side(v8.add) })
}
