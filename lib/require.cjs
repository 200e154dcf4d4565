'use strict'
// require('./file.wasm') on Node 20, through the table of extensions.

const { pathToFileURL } = require('node:url')
const { interfaceOf } = require('./facade.cjs')
const { instantiate } = require('./esm.cjs')

/** Fills in `module`, the CommonJS module that stands for the wasm file `path`. */
exports.loadModule = function loadModule(module, path) {
  const imports = interfaceOf(path).specifiers.map(name => [name, module.require(name)])
  module.exports = instantiate(pathToFileURL(path).href, imports)
}
