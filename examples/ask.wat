;; A program that asks its host for the text of a name, and writes it.
(module
  (import "host" "lookup" (func $lookup (param $name i32) (param $length i32) (param $text i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param $file i32) (param $pieces i32) (param $count i32) (param $written i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 16) "greet.js")
  (global $name i32 (i32.const 16))
  (global $text i32 (i32.const 1024))
  (func (export "_start")
    ;; The one piece to write: where it is, and its length.
    (i32.store (i32.const 0) (global.get $text))
    (i32.store (i32.const 4) (call $lookup (global.get $name) (i32.const 8) (global.get $text)))
    (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))
