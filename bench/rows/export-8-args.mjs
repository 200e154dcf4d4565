// One call from JS into an exported function of eight i32, which returns their sum.
import { interleave, loop } from '../measure.mjs'
import { floor, instances } from '../native.mjs'

export const unit = 'ns'

export function measure() {
  const { ours, v8 } = instances(`(module
    (func (export "sum") (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32)
      (i32.add
        (i32.add (i32.add (local.get 0) (local.get 1)) (i32.add (local.get 2) (local.get 3)))
        (i32.add (i32.add (local.get 4) (local.get 5)) (i32.add (local.get 6) (local.get 7))))))`)
  const side = (sum) => loop('sum(i, last, 2, 3, 4, 5, 6, 7)', { sum })
  return interleave({ ours: side(ours.sum), napi: side(floor().sumOfEight), v8: side(v8.sum) })
}
