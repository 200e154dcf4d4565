;; A module that prints from its own memory, and has to be set up before. Its `init` section says both.
(module
  (import "page" "print" (func $print (param $address i32) (param $length i32)))
  (memory (export "memory") 1)
  (data (i32.const 64) "Hello from linear memory?")
  (func (export "setup")
    (i32.store8 (i32.const 88) (i32.const 33))) ;; the question mark becomes an exclamation mark
  (func (export "greet")
    (call $print (i32.const 64) (i32.const 25)))

  (@custom "init"
    "\01"                                ;; version 1
    "\01\0e"                             ;; sub-section 1, bind, of 14 bytes:
    "\01" "\04page" "\06memory" "\00"    ;;   `page` gets the export `memory`, and no table
    "\02\0c"                             ;; sub-section 2, steps, of 12 bytes:
    "\01" "\00" "\00\05setup" "\00" "\00" "\00" ;; `setup` is called while the module is evaluated
    "\04\10"                             ;; sub-section 4, hide, of 16 bytes:
    "\02" "\00\05setup" "\00\06memory")) ;;   neither is part of the namespace
