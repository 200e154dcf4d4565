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

exports.WebAssembly = require('./lib/webassembly/index.cjs').WebAssembly
exports.versions = binding.versions
