// One instance of a compiled module of the usual shape: a page of memory with data, a table of functions, an import
// and a few exports. Ours disposes of each, V8 leaves each to the garbage collector.
import { lifetimes } from '../garbage.mjs'
import { interleave } from '../measure.mjs'
import { binding, wat } from '../native.mjs'

export const unit = 'ns'

const bytes = wat(`(module
  (import "env" "log" (func $log (param i32 i32)))
  (memory (export "memory") 1)
  (table (export "__indirect_function_table") 4 funcref)
  (global $sp (mut i32) (i32.const 65536))
  (global (export "__heap_base") i32 (i32.const 1024))
  (data (i32.const 16) "Hello from a module of the usual shape")
  (elem (i32.const 1) $malloc $free $greet)
  (func $malloc (export "malloc") (param $size i32) (result i32)
    (global.set $sp (i32.sub (global.get $sp) (local.get $size)))
    (global.get $sp))
  (func $free (export "free") (param i32))
  (func $greet (export "greet") (call $log (i32.const 16) (i32.const 38))))`)

const imports = { env: { log() {} } }

export function measure() {
  const compiled = binding.compileSync(bytes, 'instantiate')
  const module = new WebAssembly.Module(bytes)
  return interleave({
    ours: lifetimes(() => binding.instantiate(compiled, imports, undefined, false)[Symbol.dispose]()),
    v8: lifetimes(() => new WebAssembly.Instance(module, imports)),
  }, 100)
}
