// Use a Node-API addon that was compiled to wasm: node --import wasmport/register addon.mjs
// This is argon2, Rust by napi-rs, as npm has it. Its .wasm file is all that is used: no emnapi, no workers. (In a project
// that has installed it, this is '@node-rs/argon2-wasm32-wasi/argon2.wasm32-wasi.wasm'.)
import { hash, verify } from '../__test__/packages/node_modules/@node-rs/argon2-wasm32-wasi/argon2.wasm32-wasi.wasm'

const hashes = await Promise.all(['one', 'two', 'three'].map((secret) => hash(secret)))
console.log(hashes[0].split('$', 3).join('$'), await verify(hashes[1], 'two'))
