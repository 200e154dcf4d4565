// Require a module: node --import wasmport/register require.cjs
const { sum } = require('./sum.wasm')

console.log(sum(40, 2))
