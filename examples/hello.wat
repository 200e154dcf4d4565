;; A WASI program that greets the last of its arguments.
(module
  (import "wasi_snapshot_preview1" "args_sizes_get" (func $args_sizes_get (param $count i32) (param $size i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_get" (func $args_get (param $addresses i32) (param $text i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param $file i32) (param $pieces i32) (param $count i32) (param $written i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "Hello, ")
  (data (i32.const 7) "!\n")
  (global $count i32 (i32.const 16)) ;; where the number of arguments is
  (global $size i32 (i32.const 20))  ;; and the length of all their texts, each of which ends with a zero
  (global $addresses i32 (i32.const 64))

  (func (export "_start") (local $texts i32) (local $last i32)
    (drop (call $args_sizes_get (global.get $count) (global.get $size)))
    (if (i32.eqz (i32.load (global.get $count))) (then (return)))
    (local.set $texts (i32.add (global.get $addresses) (i32.mul (i32.load (global.get $count)) (i32.const 4))))
    (if (call $args_get (global.get $addresses) (local.get $texts)) (then (unreachable)))
    (local.set $last (i32.load (i32.sub (local.get $texts) (i32.const 4))))
    (call $print (i32.const 0) (i32.const 7))
    (call $print (local.get $last)
      (i32.sub (i32.add (local.get $texts) (i32.load (global.get $size))) (i32.add (local.get $last) (i32.const 1))))
    (call $print (i32.const 7) (i32.const 2)))

  (func $print (param $address i32) (param $length i32)
    (i32.store (i32.const 32) (local.get $address))
    (i32.store (i32.const 36) (local.get $length))
    (drop (call $fd_write (i32.const 1) (i32.const 32) (i32.const 1) (i32.const 40)))))
