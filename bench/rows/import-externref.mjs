// One call from wasm to an imported JS function, (externref) -> externref. The loop is inside, as in import-call.
import { fresh, interleave } from '../measure.mjs'
import { floor, instances } from '../native.mjs'

export const unit = 'ns'

const callee = () => fresh('(x) => x')

export function measure() {
  const { ours, v8 } = instances(`(module
    (import "js" "f" (func $f (param externref) (result externref)))
    (func (export "loop") (param $x externref) (param $n i32)
      (loop $again
        (local.set $x (call $f (local.get $x)))
        (local.set $n (i32.sub (local.get $n) (i32.const 1)))
        (br_if $again (local.get $n)))))`, () => ({ js: { f: callee() } }))
  const napi = floor()
  const f = callee()
  const object = {}
  return interleave({
    ours: (count) => ours.loop(object, count),
    napi: (count) => napi.passLoop(f, object, count),
    v8: (count) => v8.loop(object, count),
  })
}
