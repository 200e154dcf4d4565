// The modules that are mutated: small ones, so that a run takes little time, which have between them every section and
// every way to start. All that a plan could call in them returns soon.

import { readFileSync } from 'node:fs'
import initWabt from 'wabt'

const tests = new URL('../../__test__/', import.meta.url)

const texts = {
  'empty': '(module)',
  'functions': `(module
    (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
    (func (export "pair") (param i64 f32) (result f32 i64) (local.get 1) (local.get 0))
    (func (export "fail") unreachable))`,
  'imports': `(module
    (import "env" "f" (func $f (param i32) (result i32)))
    (import "env" "g" (func (param i64 f64)))
    (import "env" "memory" (memory 1 2))
    (import "env" "table" (table 2 funcref))
    (import "env" "global" (global i32))
    (import "env" "counter" (global (mut i64)))
    (func (export "_initialize") (drop (call $f (i32.const 1))))
    (export "memory" (memory 0)))`,
  'segments': `(module
    (memory (export "memory") 1 3) (table (export "table") 4 8 funcref)
    (data (i32.const 16) "some text") (data (i32.const 65530) "end")
    (elem (i32.const 1) $a $b) (elem func $a) (elem declare func $b)
    (func $a (result i32) (i32.const 1)) (func $b (result i32) (i32.const 2))
    (func (export "call") (param i32) (result i32) (call_indirect (result i32) (local.get 0))))`,
  'globals': `(module
    (global (export "answer") i32 (i32.const 42)) (global (export "big") i64 (i64.const -1))
    (global (export "count") (mut i32) (i32.const 0)) (global (export "ref") (mut externref) (ref.null extern))
    (func (export "more") (global.set 2 (i32.add (global.get 2) (i32.const 1)))))`,
  'exceptions': `(module
    (tag $t (export "tag") (param i32 i64))
    (func (export "throw") (throw $t (i32.const 1) (i64.const 2)))
    (func (export "catch") (result i32) try (result i32) i32.const 1 catch_all i32.const 2 end))`,
  'wide': `(module (memory (export "memory") i64 1 2) (data (i64.const 8) "wide")
    (func (export "load") (param i64) (result i32) (i32.load (local.get 0))))`,
  'shared': `(module (memory (export "memory") 1 2 shared)
    (func (export "add") (result i32) (i32.atomic.rmw.add (i32.const 0) (i32.const 1))))`,
  'starting': `(module (import "env" "log" (func $log)) (global $n (mut i32) (i32.const 0))
    (func (export "__wasm_call_ctors") (global.set $n (i32.const 1)))
    (func (export "hs_init") (param i32 i32)) (func (export "n") (result i32) (global.get $n)))`,
  'napi': `(module (import "napi" "napi_get_undefined" (func (param i32 i32) (result i32)))
    (memory (export "memory") 1) (table (export "__indirect_function_table") 1 funcref)
    (func (export "__napi_register__one")) (func (export "napi_register_wasm_v1") (param i32 i32) (result i32) (local.get 1)))`,
  'entry': '(module (memory (export "memory") 1) (func (export "") (result i32) (i32.const 3)))',
  'command': `(module
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (import "wasi_snapshot_preview1" "args_sizes_get" (func $sizes (param i32 i32) (result i32)))
    (memory (export "memory") 1)
    (func (export "_start") (drop (call $sizes (i32.const 0) (i32.const 4))) (call $exit (i32.const 0))))`,
  'reactor': `(module
    (import "wasi_unstable" "clock_time_get" (func $clock (param i32 i64 i32) (result i32)))
    (memory (export "memory") 1) (memory 1)
    (func (export "_initialize") (drop (call $clock (i32.const 0) (i64.const 1) (i32.const 8)))))`,
}

// Garbage collection, strings, string constants; position-independent code; C programs.
const files = [
  'fixtures/binaries/gc.wasm', 'fixtures/binaries/gc_guest.wasm', 'fixtures/binaries/strings.wasm', 'fixtures/binaries/constants.wasm',
  '../node_modules/tree-sitter-json/tree-sitter-json.wasm', 'guests/reactor.wasm', 'guests/command.wasm',
]

// What a component begins with, and an import of the instance wasi:cli/x.
const component = [0, 0x61, 0x73, 0x6d, 13, 0, 1, 0, 7, 3, 1, 0x42, 0, 10, 15, 1, 0, 10, ...Buffer.from('wasi:cli/x'), 5, 0]

/** The modules: each a name, bytes, and the text if there is one. */
export async function corpus() {
  const wabt = await initWabt()
  const assembled = Object.entries(texts).map(([name, text]) => {
    const module = wabt.parseWat(`${name}.wat`, text, { exceptions: true, memory64: true, multi_memory: true, threads: true })
    return { name, text, bytes: Buffer.from(module.toBinary({}).buffer) }
  })
  return [
    ...assembled,
    ...files.map(name => ({ name, bytes: readFileSync(new URL(name, tests)) })),
    { name: 'component', bytes: Buffer.from(component) },
  ]
}
