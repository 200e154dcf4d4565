'use strict'

const native = require('../binding.cjs').webAssembly()
const { readRequired, toDictionary, toValueTypes } = require('./convert.cjs')
const { requireArguments, wrongType } = require('./errors.cjs')
const { defineInterface } = require('./interface.cjs')

/** The class of exported functions; its constructor makes one of a JS function. */
class Function extends globalThis.Function {
  constructor(type, callable) {
    const where = 'WebAssembly.Function'
    requireArguments(where, arguments.length, 'type', 'callable')
    const dictionary = toDictionary(`${where}: type`, type)
    const parameters = readRequired(`${where}: type`, dictionary, 'parameters', toValueTypes)
    const results = readRequired(`${where}: type`, dictionary, 'results', toValueTypes)
    if (typeof callable !== 'function') throw wrongType(`${where}: callable`, 'a function', callable)
    // Without super(), which would compile its arguments as a program's text.
    const made = native.functionNew(parameters, results, callable)
    return new.target === Function ? made : Object.setPrototypeOf(made, new.target.prototype)
  }

  type() {
    return native.functionType(this)
  }
}

defineInterface(Function)

module.exports = { Function }
