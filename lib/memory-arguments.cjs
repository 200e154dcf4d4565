'use strict'
// The arguments of readMemory and writeMemory. `where` is which of them it is, and `code`
// that of the error.

const { types } = require('node:util')
const { isBufferSource } = require('./webassembly/convert.cjs')
const { wrongType } = require('./webassembly/errors.cjs')

// A Number or a BigInt, whatever the memory has: an address that a function of the
// guest returned is right as it is.
function toAddress(where, address, code) {
  if (typeof address === 'bigint' ? address >= 0n : isSize(address)) return Number(address)
  throw wrongType(`${where}: address`, 'an integer from 0, as a Number or a BigInt', address, code)
}

function toLength(where, length, code) {
  if (isSize(length)) return length
  throw wrongType(`${where}: length`, 'an integer from 0', length, code)
}

function isSize(value) {
  return Number.isSafeInteger(value) && value >= 0
}

/** The bytes as a Uint8Array that no other thread changes while they are copied. */
function toBytes(where, bytes, code) {
  if (!isBufferSource(bytes)) {
    throw wrongType(`${where}: bytes`, 'an ArrayBuffer, a SharedArrayBuffer or a view of one', bytes, code)
  }
  const [buffer, offset] = ArrayBuffer.isView(bytes) ? [bytes.buffer, bytes.byteOffset] : [bytes, 0]
  // A view of a detached buffer cannot be made.
  if (bytes.byteLength === 0) return new Uint8Array()
  const view = new Uint8Array(buffer, offset, bytes.byteLength)
  return types.isSharedArrayBuffer(buffer) ? new Uint8Array(view) : view
}

module.exports = { toAddress, toLength, toBytes }
