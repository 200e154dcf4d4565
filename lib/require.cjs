'use strict'
// require('./file.wasm') on Node 20, through the table of extensions.

const { pathToFileURL } = require('node:url')
const { check, compile, interfaceOf } = require('./facade.cjs')
const { exportsBehind, instantiate } = require('./esm.cjs')

/** Fills in `module`, the CommonJS module that stands for the wasm file `path`. */
exports.loadModule = function loadModule(module, path) {
  const { href } = pathToFileURL(path)
  const compiled = compile(href)
  check(compiled)
  const imports = interfaceOf(compiled).imports.map(({ specifier, names }) => {
    const exported = module.require(specifier)
    // What CommonJS exports is the default export, for whoever imports that.
    return [specifier, names.includes('default') && !exportsBehind(exported) ? { ...exported, default: exported } : exported]
  })
  module.exports = instantiate(href, imports)
}
