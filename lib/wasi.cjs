'use strict'
// The class of `node:wasi` over our WASI: the same options, checks and methods, so that
// it can take its place in a program, and for either engine, since what it needs of an
// instance is the memory.

const binding = require('./binding.cjs')
const { readWasi } = require('./wasi-options.cjs')
const {
  nodeError, invalidValue, validateArray, validateDescriptor, validateObject, validateType, validateUndefined,
} = require('./wasi-validate.cjs')

// The memory that a function works on. The native half refers to it weakly: a memory of
// ours keeps its instance, which keeps the functions it imports, so that a reference from
// outside would make a cycle that neither heap can free. Here V8 sees all of it.
const memories = new WeakMap()

const MODULES = { unstable: 'wasi_unstable', preview1: 'wasi_snapshot_preview1' }

class WASI {
  #module
  #handle
  #functions
  #started = false
  #exitCode = 0
  // What proc_exit threw, to tell it from all else that can come out of a call.
  #exit

  constructor(options = {}) {
    validateObject(options, 'options')
    const { version } = options
    validateType(version, 'options.version', 'string')
    if (!Object.hasOwn(MODULES, version)) throw invalidValue(version, 'options.version', 'unsupported WASI version')
    this.#module = MODULES[version]
    this.#handle = binding.wasiNew(readOptions(options))
    const { returnOnExit = true } = options
    validateType(returnOnExit, 'options.returnOnExit', 'boolean')
    this.wasiImport = binding.wasiImports(this.#handle, this.#module)
    this.#functions = Object.values(this.wasiImport)
    this.wasiImport.proc_exit = returnOnExit ? code => this.#endCall(code) : code => process.exit(code)
  }

  // An exception is the only thing that ends WebAssembly which an engine is in the midst of.
  #endCall(code) {
    this.#exitCode = code
    this.#exit = nodeError(Error, 'ERR_WASMPORT_EXIT', `The guest called proc_exit(${code}), which ended the call.`)
    this.#exit.exitCode = code
    throw this.#exit
  }

  finalizeBindings(instance, { memory = instance?.exports?.memory } = {}) {
    if (this.#started) throw nodeError(Error, 'ERR_WASI_ALREADY_STARTED', 'WASI instance has already started')
    validateObject(instance, 'instance')
    validateObject(instance.exports, 'instance.exports')
    validateMemory(memory)
    binding.wasiBind(this.#handle, memory)
    for (const each of this.#functions) memories.set(each, memory)
    this.#started = true
  }

  start(instance) {
    this.finalizeBindings(instance)
    const { _start, _initialize } = instance.exports
    validateType(_start, 'instance.exports._start', 'function')
    validateUndefined(_initialize, 'instance.exports._initialize')
    try {
      _start()
    } catch (error) {
      if (error === undefined || error !== this.#exit) throw error
    }
    return this.#exitCode
  }

  initialize(instance) {
    this.finalizeBindings(instance)
    const { _start, _initialize } = instance.exports
    validateUndefined(_start, 'instance.exports._start')
    if (_initialize === undefined) return
    validateType(_initialize, 'instance.exports._initialize', 'function')
    _initialize()
  }

  getImportObject() {
    return { [this.#module]: this.wasiImport }
  }
}

// What `node:wasi` has is checked and converted as it does it, in its order; what is
// ours besides is like the options of load().
function readOptions(options) {
  const { args = [], env = {}, preopens = {} } = options
  validateArray(args, 'options.args')
  const strings = Array.from(args, String)
  validateObject(env, 'options.env')
  const variables = Object.entries(env).filter(([, value]) => value !== undefined).map(([name, value]) => [name, `${value}`])
  validateObject(preopens, 'options.preopens')
  const directories = Object.entries(preopens).map(([guest, host]) => [guest, isObject(host) ? host : String(host)])
  const { stdin = 0, stdout = 1, stderr = 2 } = options
  validateDescriptor(stdin, 'options.stdin')
  validateDescriptor(stdout, 'options.stdout')
  validateDescriptor(stderr, 'options.stderr')
  const { cwd, clocks, random, network } = options
  const read = readWasi({
    args: strings,
    env: Object.fromEntries(variables),
    preopens: Object.fromEntries(directories),
    stdin, stdout, stderr, cwd, clocks, random, network,
  }, 'options', 'load')
  // Any other descriptor is duplicated, and open until the object is garbage. Objects that are
  // given nothing open nothing, as Node's, so that there can be any number of them.
  return { ...read, stdin: unlessOwn(read.stdin, 0), stdout: unlessOwn(read.stdout, 1), stderr: unlessOwn(read.stderr, 2) }
}

function unlessOwn(fd, own) {
  return fd === own ? 'inherit' : fd
}

function isObject(value) {
  return typeof value === 'object' && value !== null
}

// What a memory calls itself says it for both engines, and for those of other contexts.
function validateMemory(memory) {
  if (isObject(memory) && Object.prototype.toString.call(memory) === '[object WebAssembly.Memory]') return
  throw nodeError(
    TypeError, 'ERR_INVALID_ARG_TYPE', '"instance.exports.memory" property must be a WebAssembly.Memory object',
  )
}

module.exports = { WASI }
