'use strict'
// What Node is given in place of a .wasm file: the text of an ES module that
// imports what the wasm imports, instantiates it and exports what it exports.
// Node then resolves, orders and caches it like any other module.

const { fileURLToPath, pathToFileURL } = require('node:url')

const runtime = pathToFileURL(require.resolve('./esm.cjs')).href

// Supplied by the binding; there is no JS module of these names.
const WASI_MODULES = new Set(['wasi_snapshot_preview1', 'wasi_unstable'])

/**
 * Whether a load hook answers for this URL: a .wasm file, whatever query or hash
 * follows, or a file without extension that Node found to be wasm.
 */
function isWasm(url, context) {
  return url.startsWith('file:') && (context.format === 'wasm' || /^[^?#]*\.wasm(?:[?#]|$)/.test(url))
}

/** What the wasm file at `path` imports from JS, as specifiers, and the names its namespace has. */
function interfaceOf(path) {
  // Loaded by the first wasm file, so that registering the hooks costs nothing.
  const binding = require('./binding.cjs')
  const { kind, imports, exports, plan } = binding.describe(path, path)
  // What a component imports are no JS modules: whether it can be loaded is for the binding to say.
  const modules = new Set(kind === 'module' ? imports.map(entry => entry.module) : [])
  const hidden = name => plan.hide.some(select => 'prefix' in select ? name.startsWith(select.prefix) : name === select.export)
  return {
    specifiers: [...modules].filter(name => !WASI_MODULES.has(name)),
    names: exports.map(entry => entry.name).filter(name => !hidden(name)),
  }
}

/** The source text of the ES module that stands for the wasm file at `url`. */
function facade(url) {
  const { specifiers, names } = interfaceOf(fileURLToPath(url))
  const imports = specifiers.map((name, n) => ({ local: `i${n}`, name: JSON.stringify(name) }))
  const exports = names.map((name, n) => ({ local: `e${n}`, name: JSON.stringify(name) }))
  // Any name can be imported and exported as a string, so each gets a numbered
  // local. There is no top-level await: require() could not wait for it.
  return [
    `import { instantiate } from ${JSON.stringify(runtime)}`,
    ...imports.map(({ local, name }) => `import * as ${local} from ${name}`),
    `const namespace = instantiate(${JSON.stringify(url)}, [`,
    ...imports.map(({ local, name }) => `  [${name}, ${local}],`),
    '])',
    ...exports.map(({ local, name }) => `const ${local} = namespace[${name}]`),
    `export { ${exports.map(({ local, name }) => `${local} as ${name}`).join(', ')} }`,
    '',
  ].join('\n')
}

module.exports = { isWasm, interfaceOf, facade }
