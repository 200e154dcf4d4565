// Puts the WebAssembly of Wasmport in place of Node's own, for a whole program:
// node --import wasmport/global app.mjs

import { createRequire } from 'node:module'

const { WebAssembly } = createRequire(import.meta.url)('./webassembly/index.cjs')

Object.defineProperty(globalThis, 'WebAssembly', {
  value: WebAssembly, writable: true, enumerable: false, configurable: true,
})
