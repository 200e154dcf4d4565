'use strict'
// The public API. Each export is an assignment of its own so that Node finds the
// names when an ES module imports this file.

const binding = require('./lib/binding.cjs')
const { readSource, loadOptions, runOptions } = require('./lib/options.cjs')

exports.load = async function load(source, options) {
  const { from, name } = readSource(source)
  const { imports, wasi } = loadOptions(options)
  return binding.instantiate(await binding.compile(from, name), imports, wasi, false)
}

exports.loadSync = function loadSync(source, options) {
  const { from, name } = readSource(source)
  const { imports, wasi } = loadOptions(options)
  return binding.instantiate(binding.compileSync(from, name), imports, wasi, false)
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

exports.versions = binding.versions
