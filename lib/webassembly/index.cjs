'use strict'
// The namespace object `WebAssembly`.

// Node's own classes, taken before anything puts ours in their place: `instanceof`
// then holds for the errors of both.
const { CompileError, LinkError, RuntimeError } = globalThis.WebAssembly

const native = require('../binding.cjs').webAssembly()
const { copyBytes, isBufferSource, toBufferSource, toCompileOptions, toImportObject } = require('./convert.cjs')
const { requireArguments, wrongType } = require('./errors.cjs')
const { Exception } = require('./exception.cjs')
const { Function } = require('./function.cjs')
const { Global } = require('./global.cjs')
const { Instance, instantiateLater, ofExports } = require('./instance.cjs')
const { nameObjects } = require('./interface.cjs')
const { Memory } = require('./memory.cjs')
const { Module, isModule } = require('./module.cjs')
const { Table } = require('./table.cjs')
const { Tag } = require('./tag.cjs')

// Where a promise is returned, all that is wrong with the arguments is a rejection.
// An async method would do that as well, but is not the plain function it has to be.
const promised = async operation => operation()

// Few programs stream, and what it takes is slow to read.
const readResponse = source => require('./streaming.cjs').readResponse(source)

// The same for the module graph.
const exportsBehind = namespace => require('../esm.cjs').exportsBehind(namespace)

const namespaceInstances = new WeakMap()

// Parameters with a default do not count in the `length` of a function.
const WebAssembly = {
  validate(bytes, options = undefined) {
    const where = 'WebAssembly.validate'
    requireArguments(where, arguments.length, 'bytes')
    const source = toBufferSource(`${where}: bytes`, bytes)
    const { builtins, constants } = toCompileOptions(where, options)
    return native.moduleValidate(copyBytes(source), builtins, constants)
  },

  compile(bytes, options = undefined) {
    return promised(() => {
      const where = 'WebAssembly.compile'
      requireArguments(where, arguments.length, 'bytes')
      const source = toBufferSource(`${where}: bytes`, bytes)
      const { builtins, constants } = toCompileOptions(where, options)
      return native.moduleCompile(copyBytes(source), builtins, constants)
    })
  },

  instantiate(bytes, importObject = undefined, options = undefined) {
    return promised(() => {
      const where = 'WebAssembly.instantiate'
      requireArguments(where, arguments.length, 'bytes')
      if (isModule(bytes)) return instantiateLater(where, bytes, toImportObject(where, importObject), options)
      if (!isBufferSource(bytes)) {
        throw wrongType(`${where}: bytes`, 'a buffer, a view of one or a WebAssembly.Module', bytes)
      }
      const imports = toImportObject(where, importObject)
      const { builtins, constants } = toCompileOptions(where, options)
      const compiling = native.moduleCompile(copyBytes(bytes), builtins, constants)
      return instantiateWhenCompiled(where, compiling, imports, options)
    })
  },

  compileStreaming(source, options = undefined) {
    return promised(async () => {
      const { builtins, constants } = toCompileOptions('WebAssembly.compileStreaming', options)
      return native.moduleCompile(await readResponse(source), builtins, constants)
    })
  },

  instantiateStreaming(source, importObject = undefined, options = undefined) {
    return promised(async () => {
      const where = 'WebAssembly.instantiateStreaming'
      const imports = toImportObject(where, importObject)
      const { builtins, constants } = toCompileOptions(where, options)
      const compiling = native.moduleCompile(await readResponse(source), builtins, constants)
      return instantiateWhenCompiled(where, compiling, imports, options)
    })
  },

  namespaceInstance(namespace) {
    const where = 'WebAssembly.namespaceInstance'
    requireArguments(where, arguments.length, 'namespace')
    const exports = exportsBehind(namespace)
    if (exports === undefined) throw wrongType(`${where}: namespace`, 'the namespace of a WebAssembly module that was imported', namespace)
    if (!namespaceInstances.has(exports)) namespaceInstances.set(exports, ofExports(exports))
    return namespaceInstances.get(exports)
  },

  get JSTag() {
    return native.jsTag()
  },
}

async function instantiateWhenCompiled(where, compiling, imports, options) {
  const module = await compiling
  return { module, instance: await instantiateLater(where, module, imports, options) }
}

const interfaces = {
  Module, Instance, Memory, Table, Global, Tag, Exception, Function, CompileError, LinkError, RuntimeError,
}
for (const [name, value] of Object.entries(interfaces)) {
  Object.defineProperty(WebAssembly, name, { value, writable: true, configurable: true })
}
nameObjects(WebAssembly, 'WebAssembly')

module.exports = { WebAssembly }
