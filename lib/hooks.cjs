'use strict'
// What the hooks of Node 22 and newer do with wasm.

const { registerHooks } = require('node:module')
const { addAdvice } = require('./advice.cjs')
const { SELF, check, compile, facade, isWasm } = require('./facade.cjs')
const { isSource } = require('./source-phase.cjs')

let resolving = false

/** The answer of the load hook; undefined for what is not ours. */
exports.load = function load(url, context) {
  if (!isWasm(url, context) || isSource(url)) return undefined
  const module = compile(url)
  check(module)
  if (!resolving) {
    // A resolve hook costs every import something, so there is none before it is needed.
    resolving = true
    registerHooks({ resolve })
  }
  // 'module' is right for require() too: both ways in then share one instance.
  // 'wasm' as an answer to require() would abort the process.
  return { format: 'module', source: facade(url, module, context.importAttributes), shortCircuit: true }
}

function resolve(specifier, context, next) {
  if (specifier === SELF) return { url: context.parentURL, shortCircuit: true }
  try {
    return next(specifier, context)
  } catch (error) {
    throw addAdvice(error, specifier, context.parentURL)
  }
}
