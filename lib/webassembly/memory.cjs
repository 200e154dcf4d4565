'use strict'

const { types } = require('node:util')
const native = require('../binding.cjs').webAssembly()
const { isObject, readLimits, readMember, toDictionary } = require('./convert.cjs')
const { requireArguments, typeError, wrongReceiver } = require('./errors.cjs')
const { defineInterface, markAsUncloneable } = require('./interface.cjs')

// The standard lets nobody move the bytes of a memory to another buffer. Node-API
// cannot mark a buffer so, but a method of its own can say it.
function refuse() {
  throw typeError('the bytes of a WebAssembly.Memory cannot be transferred; copy them with slice().')
}
const REFUSED = { transfer: { value: refuse }, transferToFixedLength: { value: refuse } }

class Memory {
  // The last buffer that was asked for: glue asks again and again, and this is
  // faster than the native half. It is detached when the memory grows.
  #buffer

  constructor(descriptor) {
    markAsUncloneable(this)
    if (descriptor === native.token) return
    requireArguments('WebAssembly.Memory', arguments.length, 'descriptor')
    const where = 'WebAssembly.Memory: descriptor'
    const dictionary = toDictionary(where, descriptor)
    const { address, initial, maximum } = readLimits(where, dictionary)
    const shared = readMember(where, dictionary, 'shared', (_, value) => Boolean(value)) ?? false
    if (shared && maximum === undefined) throw typeError(`${where}.maximum is missing: a shared memory must have one.`)
    native.memoryInit(this, address, initial, maximum, shared)
  }

  get buffer() {
    if (!isObject(this) || !(#buffer in this)) throw wrongReceiver('Memory')
    const last = this.#buffer
    // A memory of no size looks as if it were detached.
    if (last !== undefined && last.byteLength !== 0) return last
    const buffer = native.memoryBuffer(this)
    // That of a shared memory is not detached, so it would never be found to be old.
    if (types.isSharedArrayBuffer(buffer)) return buffer
    if (buffer !== last) Object.defineProperties(buffer, REFUSED)
    return this.#buffer = buffer
  }

  grow(delta) {
    requireArguments('WebAssembly.Memory.grow', arguments.length, 'delta')
    return native.memoryGrow(this, delta)
  }

  type() {
    return native.memoryType(this)
  }
}

defineInterface(Memory)

module.exports = { Memory }
