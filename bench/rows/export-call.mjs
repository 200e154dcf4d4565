// One call from JS into an exported function, (i32, i32) -> i32.
import { callLoop, interleave } from '../measure.mjs'
import { binding, floor, wat } from '../native.mjs'

export const unit = 'ns'

const bytes = wat(`(module
  (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))`)

export function measure() {
  const ours = binding.instantiate(binding.compileSync(bytes, 'export-call'), undefined, undefined, false)
  const v8 = new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports
  return interleave({
    ours: callLoop(ours.add),
    napi: callLoop(floor().add),
    v8: callLoop(v8.add),
  })
}
