// Use a module: load it, give it its imports, call its exports.
import { load } from 'wasmport'

const source = `(module
  (import "env" "print" (func $print (param i32)))
  (func (export "triple") (param $x i32) (result i32)
    (call $print (local.get $x))
    (i32.mul (local.get $x) (i32.const 3))))`

const { triple } = await load(source, { imports: { env: { print: (x) => console.log('wasm was given', x) } } })
console.log('and returned', triple(14))
