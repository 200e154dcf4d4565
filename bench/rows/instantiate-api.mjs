// One `new WebAssembly.Instance` of a compiled module with two JS imports and five exports, left to the garbage collector.
import { lifetimes } from '../garbage.mjs'
import { interleave } from '../measure.mjs'
import { apis, wat } from '../native.mjs'

export const unit = 'ns'

const bytes = wat(`(module
  (import "env" "log" (func $log (param i32 i32)))
  (import "env" "now" (func $now (result f64)))
  (memory (export "memory") 1)
  (table (export "table") 4 funcref)
  (global (export "heap") (mut i32) (i32.const 65536))
  (data (i32.const 16) "Hello from a small module")
  (elem (i32.const 1) $greet $time)
  (func $greet (export "greet") (call $log (i32.const 16) (i32.const 25)))
  (func $time (export "time") (result f64) (call $now)))`)

const imports = { env: { log() {}, now: () => 0 } }

export function measure() {
  const side = ({ Module, Instance }) => {
    const module = new Module(bytes)
    return lifetimes(() => new Instance(module, imports))
  }
  return interleave({ ours: side(apis.ours), v8: side(apis.v8) }, 100)
}
