// global.value of a mutable i32. The floor is a native function with one argument that it returns.
import { interleave, loop } from '../measure.mjs'
import { floor, instances } from '../native.mjs'

export const unit = 'ns'

export function measure() {
  const { ours, v8 } = instances('(module (global (export "global") (mut i32) (i32.const 42)))')
  const side = (global) => loop('global.value', { global })
  return interleave({
    ours: side(ours.global),
    napi: loop('identity(i)', { identity: floor().identity }),
    v8: side(v8.global),
  })
}
