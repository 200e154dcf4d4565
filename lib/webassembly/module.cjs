'use strict'

// Node's own, before anything puts ours in its place.
const builtin = globalThis.WebAssembly

const native = require('../binding.cjs').webAssembly()
const { copyBytes, toBufferSource, toCompileOptions } = require('./convert.cjs')
const { requireArguments, wrongType } = require('./errors.cjs')
const { defineInterface, markAsUncloneable } = require('./interface.cjs')

let isModule

class Module {
  // Says that the object is a Module; all else that it is, the native half knows.
  #brand

  constructor(bytes, options = undefined) {
    markAsUncloneable(this)
    if (bytes === native.token) return
    const where = 'WebAssembly.Module'
    requireArguments(where, arguments.length, 'bytes')
    const source = toBufferSource(`${where}: bytes`, bytes)
    const { builtins, constants } = toCompileOptions(where, options)
    native.moduleInit(this, copyBytes(source), builtins, constants)
  }

  static exports(moduleObject) {
    const where = 'WebAssembly.Module.exports'
    requireArguments(where, arguments.length, 'moduleObject')
    return native.moduleExports(toModule(`${where}: moduleObject`, moduleObject))
  }

  static imports(moduleObject) {
    const where = 'WebAssembly.Module.imports'
    requireArguments(where, arguments.length, 'moduleObject')
    return native.moduleImports(toModule(`${where}: moduleObject`, moduleObject))
  }

  static customSections(moduleObject, sectionName) {
    const where = 'WebAssembly.Module.customSections'
    requireArguments(where, arguments.length, 'moduleObject', 'sectionName')
    const module = toModule(`${where}: moduleObject`, moduleObject)
    return native.moduleCustomSections(module, `${sectionName}`)
  }

  static {
    isModule = value => typeof value === 'object' && value !== null && #brand in value
  }
}

defineInterface(Module)

// Where the language has sources of modules (Node 24), a Module is one.
const AbstractModuleSource = Object.getPrototypeOf(builtin.Module)
if (AbstractModuleSource !== Function.prototype) {
  Object.setPrototypeOf(Module, AbstractModuleSource)
  Object.setPrototypeOf(Module.prototype, AbstractModuleSource.prototype)
}

function toModule(where, value) {
  if (!isModule(value)) throw wrongType(where, 'a WebAssembly.Module', value)
  return value
}

module.exports = { Module, isModule, toModule }
