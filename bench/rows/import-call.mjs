// One call from wasm to an imported JS function, (i32) -> i32. The loop is inside, so that the way in costs nothing.
import { fresh, interleave } from '../measure.mjs'
import { floor, instances } from '../native.mjs'

export const unit = 'ns'

const callee = () => fresh('(x) => x + 1 | 0')

export function measure() {
  const { ours, v8 } = instances(`(module
    (import "js" "f" (func $f (param i32) (result i32)))
    (func (export "loop") (param $n i32) (result i32)
      (local $i i32) (local $sum i32)
      (loop $again
        (local.set $sum (i32.add (local.get $sum) (call $f (local.get $i))))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br_if $again (i32.lt_u (local.get $i) (local.get $n))))
      (local.get $sum)))`, () => ({ js: { f: callee() } }))
  const napi = floor()
  const f = callee()
  return interleave({
    ours: (count) => ours.loop(count),
    napi: (count) => napi.callLoop(f, count),
    v8: (count) => v8.loop(count),
  })
}
