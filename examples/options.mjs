// Say what an imported file is given: node --import wasmport/register options.mjs
// It is a program, so importing it runs nothing, and each call of its function is in an instance of its own.
import { _start as hello } from './hello.wasm' with { wasi: '{"args":["hello","Grace"],"stdout":"inherit"}' }

hello()
hello()
