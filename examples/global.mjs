// Run on this engine what knows nothing of it: node --import wasmport/global global.mjs
// This is resvg, which draws SVG, Rust compiled with wasm-bindgen. Its JavaScript uses globalThis.WebAssembly.
import { readFile } from 'node:fs/promises'
import { Resvg, initWasm } from '@resvg/resvg-wasm'

await initWasm(readFile(new URL(import.meta.resolve('@resvg/resvg-wasm/index_bg.wasm'))))

const circle = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 2 2"><circle cx="1" cy="1" r="1"/></svg>'
const image = new Resvg(circle, { fitTo: { mode: 'width', value: 600 } }).render()
console.log(`a PNG of ${image.width} by ${image.height} pixels, ${image.asPng().length} bytes`)
