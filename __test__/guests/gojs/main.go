// What Go makes for browsers (GOOS=js): a module that only the wasm_exec.js of the same Go version can start.
package main

import "syscall/js"

func main() {
	js.Global().Set("answer", 42)
}
