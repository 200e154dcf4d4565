// One call from JS into an exported function, (i32, i32) -> (i32, i32), whose results come as an array.
import { interleave, loop } from '../measure.mjs'
import { floor, instances } from '../native.mjs'

export const unit = 'ns'

export function measure() {
  const { ours, v8 } = instances(`(module
    (func (export "swap") (param i32 i32) (result i32 i32) (local.get 1) (local.get 0)))`)
  const side = (swap) => loop('swap(i, 7)', { swap })
  return interleave({ ours: side(ours.swap), napi: side(floor().swap), v8: side(v8.swap) })
}
