// The driver file that the guest needs on V8: emnapi by way of @napi-rs/wasm-runtime, with WASI by Node.
const { readFileSync } = require('node:fs')
const { createRequire } = require('node:module')
const { WASI } = require('node:wasi')

const { getDefaultContext, instantiateNapiModuleSync } =
  createRequire(require.resolve('../../__test__/packages/package.json'))('@napi-rs/wasm-runtime')

const { napiModule } = instantiateNapiModuleSync(readFileSync(`${__dirname}/guest.wasm`), {
  context: getDefaultContext(),
  wasi: new WASI({ version: 'preview1' }),
})

module.exports = napiModule.exports
