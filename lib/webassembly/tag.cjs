'use strict'

const native = require('../binding.cjs').webAssembly()
const { readRequired, toDictionary, toValueTypes } = require('./convert.cjs')
const { requireArguments, wrongType } = require('./errors.cjs')
const { defineInterface, markAsUncloneable } = require('./interface.cjs')

let isTag

class Tag {
  // Says that the object is a Tag; all else that it is, the native half knows.
  #brand

  constructor(type) {
    markAsUncloneable(this)
    if (type === native.token) return
    requireArguments('WebAssembly.Tag', arguments.length, 'type')
    const where = 'WebAssembly.Tag: type'
    native.tagInit(this, readRequired(where, toDictionary(where, type), 'parameters', toValueTypes))
  }

  type() {
    return native.tagType(this)
  }

  static {
    isTag = value => typeof value === 'object' && value !== null && #brand in value
  }
}

defineInterface(Tag)

function toTag(where, value) {
  if (!isTag(value)) throw wrongType(where, 'a WebAssembly.Tag', value)
  return value
}

module.exports = { Tag, toTag }
