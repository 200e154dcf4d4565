// The addons that the rows of Node-API load, and the three ways to load one: ours from the .wasm alone; emnapi on V8,
// by the driver file that the package has for it; native, built for this system.
const { createRequire } = require('node:module')
const { pathToFileURL } = require('node:url')

const packages = createRequire(require.resolve('../__test__/packages/package.json'))

// As little work as Argon2 can do, so that a load is not hidden behind it.
const LEAST = { memoryCost: 8, timeCost: 1, parallelism: 1 }

/** Each with its calls that are measured from the load on. */
const addons = {
  guest: {
    wasm: require.resolve('./node-api/guest.wasm'),
    driver: require.resolve('./node-api/emnapi.cjs'),
    native: () => require('../target/bench-node-api/guest.node'),
  },
  crc32: {
    wasm: '@node-rs/crc32-wasm32-wasi/crc32.wasm32-wasi.wasm',
    driver: '@node-rs/crc32-wasm32-wasi',
    native: () => packages('@node-rs/crc32'),
    first: ({ crc32 }) => crc32('hello'),
  },
  argon2: {
    wasm: '@node-rs/argon2-wasm32-wasi/argon2.wasm32-wasi.wasm',
    driver: '@node-rs/argon2-wasm32-wasi',
    native: () => packages('@node-rs/argon2'),
    first: ({ hashSync }) => hashSync('password', LEAST),
    firstAsync: ({ hash }) => hash('password', LEAST),
  },
  oxc: {
    wasm: '@oxc-parser/binding-wasm32-wasi/parser.wasm32-wasi.wasm',
    driver: '@oxc-parser/binding-wasm32-wasi',
    native: () => import(pathToFileURL(packages.resolve('oxc-parser/src-js/bindings'))),
    first: ({ parseSync }) => parseSync('a.js', 'let a = 1', {}).program,
  },
}

/** What loads an addon, by the name of the side. */
const loaders = {
  ours: ({ wasm }) => require('../index.js').loadSync(packages.resolve(wasm)),
  emnapi: ({ driver }) => packages(driver),
  native: ({ native }) => native(),
}

module.exports = { addons, loaders }
