'use strict'
// The modules of this realm's module graph that are wasm, each instantiated once
// however it was reached.

const { fileURLToPath } = require('node:url')
const binding = require('./binding.cjs')

const instances = new Map()

/**
 * The namespace of the wasm file at `url`. `imports` holds a [specifier, module]
 * pair for each module it imports; it is not looked at when the file is
 * instantiated already.
 */
exports.instantiate = function instantiate(url, imports) {
  let namespace = instances.get(url)
  if (namespace === undefined) {
    const path = fileURLToPath(url)
    const module = binding.compileSync(path, path)
    namespace = binding.instantiate(module, Object.fromEntries(imports), undefined, true)
    instances.set(url, namespace)
  }
  return namespace
}
