'use strict'

const native = require('../binding.cjs').webAssembly()
const { readLimits, readRequired, toDictionary, toReferenceType } = require('./convert.cjs')
const { requireArguments } = require('./errors.cjs')
const { defineInterface, markAsUncloneable } = require('./interface.cjs')

class Table {
  constructor(descriptor, value = undefined) {
    markAsUncloneable(this)
    if (descriptor === native.token) return
    requireArguments('WebAssembly.Table', arguments.length, 'descriptor')
    const where = 'WebAssembly.Table: descriptor'
    const dictionary = toDictionary(where, descriptor)
    const element = readRequired(where, dictionary, 'element', toReferenceType)
    const { address, initial, maximum } = readLimits(where, dictionary)
    if (value === undefined) native.tableInit(this, element, address, initial, maximum)
    else native.tableInit(this, element, address, initial, maximum, value)
  }

  get length() {
    return native.tableLength(this)
  }

  get(index) {
    requireArguments('WebAssembly.Table.get', arguments.length, 'index')
    return native.tableGet(this, index)
  }

  // In grow() and set() an undefined that is passed is a value, which a table of
  // functions refuses: so the tests of the specification have it.

  grow(delta, value = undefined) {
    requireArguments('WebAssembly.Table.grow', arguments.length, 'delta')
    return arguments.length < 2 ? native.tableGrow(this, delta) : native.tableGrow(this, delta, value)
  }

  set(index, value = undefined) {
    requireArguments('WebAssembly.Table.set', arguments.length, 'index')
    if (arguments.length < 2) native.tableSet(this, index)
    else native.tableSet(this, index, value)
  }

  type() {
    return native.tableType(this)
  }
}

defineInterface(Table)

module.exports = { Table }
