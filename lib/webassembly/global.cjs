'use strict'

const native = require('../binding.cjs').webAssembly()
const { readMember, readRequired, toDictionary, toValueType } = require('./convert.cjs')
const { requireArguments } = require('./errors.cjs')
const { defineInterface, markAsUncloneable } = require('./interface.cjs')

class Global {
  constructor(descriptor, v = undefined) {
    markAsUncloneable(this)
    if (descriptor === native.token) return
    requireArguments('WebAssembly.Global', arguments.length, 'descriptor')
    const where = 'WebAssembly.Global: descriptor'
    const dictionary = toDictionary(where, descriptor)
    const mutable = readMember(where, dictionary, 'mutable', (_, value) => Boolean(value)) ?? false
    const valueType = readRequired(where, dictionary, 'value', toValueType)
    if (v === undefined) native.globalInit(this, valueType, mutable)
    else native.globalInit(this, valueType, mutable, v)
  }

  get value() {
    return native.globalGet(this)
  }

  set value(value) {
    native.globalSet(this, value)
  }

  valueOf() {
    return native.globalGet(this)
  }

  type() {
    return native.globalType(this)
  }
}

defineInterface(Global)

module.exports = { Global }
