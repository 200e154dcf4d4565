// Import the module itself, to make instances of it: node --import wasmport/register source.mjs (Node 24 and newer)
import source module from './sum.wasm'

const { exports } = new WebAssembly.Instance(module)
console.log(exports.sum(40, 2))
