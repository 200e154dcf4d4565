// table.get(i) of a table of functions. The floor is a native function with one argument that it returns.
import { interleave, loop } from '../measure.mjs'
import { floor, instances } from '../native.mjs'

export const unit = 'ns'

export function measure() {
  const { ours, v8 } = instances(`(module
    (table (export "table") funcref (elem $a $b $a $b))
    (func $a)
    (func $b (param i32)))`)
  const side = (table) => loop('table.get(i & 3)', { table })
  return interleave({ ours: side(ours.table), napi: side({ get: floor().identity }), v8: side(v8.table) })
}
