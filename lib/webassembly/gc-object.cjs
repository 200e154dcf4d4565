'use strict'
// What JS has of a struct or an array of WebAssembly: an object with an identity and
// nothing else, which the specification calls an Exported GC Object.

const { typeError } = require('./errors.cjs')

const refuse = action => () => {
  const message = `A struct or array of WebAssembly is opaque to JS: its properties cannot be ${action}.`
  throw typeError(message, 'ERR_WASMPORT_VALUE')
}

// An object that nothing can be added to answers every other question as it must.
const target = Object.freeze(Object.create(null))

const handler = {
  set: refuse('set'),
  deleteProperty: refuse('deleted'),
  defineProperty: () => false,
  setPrototypeOf: () => false,
  preventExtensions: () => false,
}

exports.gcObject = () => new Proxy(target, handler)
