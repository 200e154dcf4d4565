'use strict'
// What the hooks of Node 22 and newer do with wasm.

const { registerHooks } = require('node:module')
const { addAdvice, hasAdvice } = require('./advice.cjs')
const { check, facade, isWasm } = require('./facade.cjs')
const { isSource } = require('./source-phase.cjs')

let advising = false

/** The answer of the load hook; undefined for what is not ours. */
exports.load = function load(url, context) {
  if (!isWasm(url, context) || isSource(url)) return undefined
  check(url)
  const source = facade(url, context.importAttributes)
  if (!advising && hasAdvice(url)) {
    advising = true
    registerHooks({ resolve })
  }
  // 'module' is right for require() too: both ways in then share one instance.
  // 'wasm' as an answer to require() would abort the process.
  return { format: 'module', source, shortCircuit: true }
}

function resolve(specifier, context, next) {
  try {
    return next(specifier, context)
  } catch (error) {
    throw addAdvice(error, specifier, context.parentURL)
  }
}
