'use strict'
// The public API. Each export is an assignment of its own so that Node finds the
// names when an ES module imports this file.

const binding = require('./lib/binding.cjs')
const { start, carryOutTasks, scheduleTasks } = require('./lib/start.cjs')
const { readSource, loadOptions } = require('./lib/options.cjs')

exports.load = async function load(source, options) {
  const { from, name } = readSource(source)
  const { imports, nodeApi, wasi } = loadOptions(options)
  const module = await binding.compile(from, name)
  if (!nodeApi) binding.refuseNodeApi(module, imports)
  const { exports, namespace } = start(module, imports, wasi)
  if (module.hasTasks && exports !== undefined) await carryOutTasks(exports)
  return namespace
}

exports.loadSync = function loadSync(source, options) {
  const { from, name } = readSource(source)
  const { imports, nodeApi, wasi } = loadOptions(options)
  const module = binding.compileSync(from, name)
  if (!nodeApi) binding.refuseNodeApi(module, imports)
  const { exports, namespace } = start(module, imports, wasi)
  if (module.hasTasks && exports !== undefined) scheduleTasks(exports)
  return namespace
}

exports.run = function run(source, options) {
  return require('./lib/run.cjs').run(source, options)
}

exports.runSync = function runSync(source, options) {
  return require('./lib/run.cjs').runSync(source, options)
}

exports.inspect = function inspect(source) {
  const { from, name } = readSource(source)
  return binding.describe(from, name)
}

// Whoever does not ask for these does not wait for them to be read. Node finds the
// names for ES modules only if they are written like this; they do get them at once.
const lazy = {
  get WebAssembly() { return require('./lib/webassembly/index.cjs').WebAssembly },
  get WASI() { return require('./lib/wasi.cjs').WASI },
}
Object.defineProperty(exports, 'WebAssembly', { enumerable: true, get: function () { return lazy.WebAssembly } })
Object.defineProperty(exports, 'WASI', { enumerable: true, get: function () { return lazy.WASI } })

exports.readMemory = function readMemory(memory, address, length) {
  return require('./lib/memory-access.cjs').readMemory(memory, address, length)
}

exports.writeMemory = function writeMemory(memory, address, bytes) {
  require('./lib/memory-access.cjs').writeMemory(memory, address, bytes)
}

exports.versions = binding.versions
