// The same as export-externref with a small number, which ours passes without keeping it for JavaScript (as an i31).
import { interleave, loop } from '../measure.mjs'
import { floor, instances } from '../native.mjs'

export const unit = 'ns'

export function measure() {
  const { ours, v8 } = instances(`(module
    (func (export "identity") (param externref) (result externref) (local.get 0)))`)
  const side = (identity) => loop('identity(i & 1023)', { identity })
  return interleave({ ours: side(ours.identity), napi: side(floor().identity), v8: side(v8.identity) })
}
