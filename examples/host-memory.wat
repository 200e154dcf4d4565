;; A module that hands its host a text the way most do: as an address and a length in its own memory.
;; The host function needs that memory to read the text. The `init` section asks for it: "bind the service `host` to my
;; memory" (docs/INIT-SECTION.md), so that neither the host nor its user has to pass the memory around by hand.
(module
  (import "host" "print" (func $print (param $address i32) (param $length i32)))
  (memory (export "memory") 1)
  (data (i32.const 64) "Hello from linear memory!")
  (func (export "greet")
    (call $print (i32.const 64) (i32.const 25)))

  (@custom "init"
    "\01"                          ;; version 1
    "\01\0e"                       ;; sub-section 1, bind, of 14 bytes:
    "\01"                          ;;   one service
    "\04host" "\06memory" "\00"))  ;;   `host` gets the export `memory`, and no table
