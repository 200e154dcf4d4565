// One call from JS into an exported function, (externref) -> externref, which returns the object it is given.
import { interleave, loop } from '../measure.mjs'
import { floor, instances } from '../native.mjs'

export const unit = 'ns'

const objects = Array.from({ length: 8 }, (_, i) => ({ i }))

export function measure() {
  const { ours, v8 } = instances(`(module
    (func (export "identity") (param externref) (result externref) (local.get 0)))`)
  const side = (identity) => loop('identity(objects[i & 7])', { identity, objects })
  return interleave({ ours: side(ours.identity), napi: side(floor().identity), v8: side(v8.identity) })
}
