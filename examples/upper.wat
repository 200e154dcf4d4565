(module
  (import "env" "memory" (memory 1))
  (import "env" "calls" (global $calls (mut i32)))
  (import "env" "empty" (tag $empty (param externref)))

  ;; Makes capitals of the small letters in the first $length bytes, for $caller.
  (func (export "upper") (param $length i32) (param $caller externref)
    (local $byte i32)
    (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
    (if (i32.eqz (local.get $length))
      (then (throw $empty (local.get $caller))))
    (loop $next
      (local.set $length (i32.sub (local.get $length) (i32.const 1)))
      (local.set $byte (i32.load8_u (local.get $length)))
      (if (i32.lt_u (i32.sub (local.get $byte) (i32.const 97)) (i32.const 26))
        (then (i32.store8 (local.get $length) (i32.sub (local.get $byte) (i32.const 32)))))
      (br_if $next (local.get $length)))))
