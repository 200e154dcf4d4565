'use strict'
// The errors of the conversions that WebIDL prescribes. What Node has in the same
// places has no code; ours have, and say what was expected.

const { inspect } = require('node:util')

// Node's own, before anything puts ours in its place.
const builtin = globalThis.WebAssembly

const CLASSES = ['Module', 'Instance', 'Memory', 'Table', 'Global', 'Tag', 'Exception']

/** A TypeError with a code. */
function typeError(message, code = 'ERR_WASMPORT_OPTION') {
  return Object.assign(new TypeError(message), { code })
}

/**
 * The error for a value that is not what it must be: `where` is whose it is, such as
 * `WebAssembly.compile: options`.
 */
function wrongType(where, expected, got, code) {
  return typeError(`${where} must be ${expected}; got ${describe(got)}.`, code)
}

/** The error for a method or accessor that was called on something else than its class. */
function wrongReceiver(name) {
  return typeError(`Receiver is not a WebAssembly.${name}`)
}

/** Throws unless there are as many arguments as `names` has names. */
function requireArguments(where, given, ...names) {
  if (given < names.length) throw typeError(`${where}: the argument "${names[given]}" is missing.`)
}

/** The name of the class of Node's own WebAssembly that `value` is an object of, if it is one. */
function foreignClass(value) {
  return CLASSES.find(name => builtin[name] !== undefined && value instanceof builtin[name])
}

// What a value is, in a few words.
function describe(value) {
  if (typeof value === 'function') return 'a function'
  if (typeof value !== 'object' || value === null) return inspect(value)
  const foreign = foreignClass(value)
  if (foreign === undefined) return Array.isArray(value) ? 'an array' : 'an object of another kind'
  return `a ${foreign} of Node's own WebAssembly, which another engine runs: make it with the WebAssembly of wasmport`
}

module.exports = { typeError, wrongType, wrongReceiver, requireArguments, foreignClass }
