// Import a module as if it were JavaScript: node --import wasmport/register import.mjs
// This is the tokenizer tiktoken, Rust compiled with wasm-bindgen. Its JavaScript imports a .wasm file, which imports
// JavaScript in turn; all of it is used as it was published. (Node before 20.19 needs --experimental-detect-module too:
// the package does not say that its files are ES modules.)
import { get_encoding } from '../node_modules/tiktoken/tiktoken.js'

const tokenizer = get_encoding('cl100k_base')
const tokens = tokenizer.encode('One wasm, two wasm.')
console.log(tokens.join(' '))
console.log(new TextDecoder().decode(tokenizer.decode(tokens)))
tokenizer.free()
