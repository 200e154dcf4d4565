'use strict'

const { setImmediate: nextTask } = require('node:timers/promises')
const native = require('../binding.cjs').webAssembly()
const { isObject, toImportObject } = require('./convert.cjs')
const { requireArguments, typeError, wrongReceiver } = require('./errors.cjs')
const { defineInterface, markAsUncloneable } = require('./interface.cjs')
const { toModule } = require('./module.cjs')

let instantiateLater, ofExports

class Instance {
  #exports

  // The third argument is ours: `store` names an object whose store the instance joins.
  constructor(module, importObject = undefined, options = undefined) {
    markAsUncloneable(this)
    if (module === native.token) return
    const where = 'WebAssembly.Instance'
    requireArguments(where, arguments.length, 'module')
    toModule(`${where}: module`, module)
    toImportObject(where, importObject)
    this.#exports = native.instanceInit(this, module, readImports(where, module, importObject), options?.store)
  }

  get exports() {
    if (!isObject(this) || !(#exports in this)) throw wrongReceiver('Instance')
    return this.#exports
  }

  static {
    instantiateLater = async (where, module, importObject, options) => {
      const values = readImports(where, module, importObject)
      await nextTask()
      const instance = new Instance(native.token)
      instance.#exports = native.instanceInit(instance, module, values, options?.store)
      return instance
    }

    ofExports = exports => {
      const instance = new Instance(native.token)
      instance.#exports = native.adoptInstance(instance, exports)
      return instance
    }
  }
}

defineInterface(Instance)

/**
 * What `module` imports, read from `importObject`: a value for each import, in the
 * module's order; undefined for those that the engine provides.
 */
function readImports(where, module, importObject) {
  const needs = native.moduleNeeds(module)
  if (importObject === undefined && needs.length > 0) {
    throw typeError(`${where}: the module has imports, so "importObject" must be an object; it is missing.`)
  }
  return needs.map(need => {
    if (need === null) return undefined
    const [moduleName, name] = need
    const provider = importObject[moduleName]
    if (isObject(provider)) return provider[name]
    const error = typeError(
      `${where}: the module imports "${name}" from "${moduleName}", so importObject[${JSON.stringify(moduleName)}] ` +
        `must be an object; it is ${provider === null ? 'null' : `of type ${typeof provider}`}.`,
      'ERR_WASMPORT_LINK',
    )
    throw Object.assign(error, { importModule: moduleName, importName: name })
  })
}

module.exports = {
  Instance,
  /**
   * Resolves to an instance of `module` with what it imports. The imports are read
   * now, and the instance made in a task of its own.
   */
  instantiateLater,
  /** An instance over that of a module which the loader has instantiated, known by its exports. */
  ofExports,
}
