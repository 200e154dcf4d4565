'use strict'
// The public API. Each export is an assignment of its own so that Node finds the
// names when an ES module imports this file.

const binding = require('./lib/binding.cjs')
const { start, carryOutTasks, scheduleTasks } = require('./lib/start.cjs')
const { readSource, loadOptions, runOptions } = require('./lib/options.cjs')

exports.load = async function load(source, options) {
  const { from, name } = readSource(source)
  const { imports, wasi } = loadOptions(options)
  const module = await binding.compile(from, name)
  const { exports, namespace } = start(module, imports, wasi)
  if (module.hasTasks && exports !== undefined) await carryOutTasks(exports)
  return namespace
}

exports.loadSync = function loadSync(source, options) {
  const { from, name } = readSource(source)
  const { imports, wasi } = loadOptions(options)
  const module = binding.compileSync(from, name)
  const { exports, namespace } = start(module, imports, wasi)
  if (module.hasTasks && exports !== undefined) scheduleTasks(exports)
  return namespace
}

exports.run = async function run(source, options) {
  const { from, name } = readSource(source)
  const wasi = runOptions(options)
  return binding.run(await binding.compile(from, name), wasi)
}

exports.runSync = function runSync(source, options) {
  const { from, name } = readSource(source)
  const wasi = runOptions(options)
  return binding.runSync(binding.compileSync(from, name), wasi)
}

exports.inspect = function inspect(source) {
  const { from, name } = readSource(source)
  return binding.describe(from, name)
}

// Whoever does not ask for the JS API does not wait for it to be read. Node finds
// this name for ES modules only if it is written like this; they do get it at once.
const lazy = { get WebAssembly() { return require('./lib/webassembly/index.cjs').WebAssembly } }
Object.defineProperty(exports, 'WebAssembly', { enumerable: true, get: function () { return lazy.WebAssembly } })

exports.readMemory = function readMemory(memory, address, length) {
  return require('./lib/memory-access.cjs').readMemory(memory, address, length)
}

exports.writeMemory = function writeMemory(memory, address, bytes) {
  require('./lib/memory-access.cjs').writeMemory(memory, address, bytes)
}

exports.versions = binding.versions
