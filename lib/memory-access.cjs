'use strict'
// Copies to and from a memory, for hosts that allow no ArrayBuffer over it.

const { types } = require('node:util')
const native = require('./binding.cjs').webAssembly()
const { isBufferSource } = require('./webassembly/convert.cjs')
const { wrongType } = require('./webassembly/errors.cjs')
const { Memory } = require('./webassembly/memory.cjs')

/** A copy of `length` bytes of a memory. */
function readMemory(memory, address, length) {
  checkMemory('readMemory', memory)
  const at = toAddress('readMemory', address)
  if (!isSize(length)) throw wrongType('readMemory: length', 'an integer from 0', length)
  checkBounds('readMemory', memory, address, length)
  const bytes = new Uint8Array(length)
  native.memoryRead(memory, at, bytes)
  return bytes
}

/** Copies bytes into a memory. */
function writeMemory(memory, address, bytes) {
  checkMemory('writeMemory', memory)
  const at = toAddress('writeMemory', address)
  if (!isBufferSource(bytes)) {
    throw wrongType('writeMemory: bytes', 'an ArrayBuffer, a SharedArrayBuffer or a view of one', bytes)
  }
  const view = stable(bytes)
  checkBounds('writeMemory', memory, address, view.length)
  native.memoryWrite(memory, at, view)
}

function checkMemory(where, memory) {
  if (!(memory instanceof Memory)) throw wrongType(`${where}: memory`, 'a WebAssembly.Memory', memory)
}

function isSize(value) {
  return Number.isSafeInteger(value) && value >= 0
}

// A Number or a BigInt, whatever the memory has: an address that a function of the
// guest returned is right as it is.
function toAddress(where, address) {
  if (typeof address === 'bigint' ? address >= 0n : isSize(address)) return Number(address)
  throw wrongType(`${where}: address`, 'an integer from 0, as a Number or a BigInt', address)
}

function checkBounds(where, memory, address, length) {
  const size = native.memorySize(memory)
  // Far beyond any memory a BigInt loses digits, which is beyond it still.
  if (Number(address) + length <= size) return
  const error = new RangeError(`${where}: ${length} bytes at address ${address} reach beyond the memory, which has ${size}.`)
  throw Object.assign(error, { code: 'ERR_WASMPORT_VALUE' })
}

/** The bytes as a Uint8Array that no other thread changes while they are copied. */
function stable(bytes) {
  const [buffer, offset] = ArrayBuffer.isView(bytes) ? [bytes.buffer, bytes.byteOffset] : [bytes, 0]
  // A view of a detached buffer cannot be made.
  if (bytes.byteLength === 0) return new Uint8Array()
  const view = new Uint8Array(buffer, offset, bytes.byteLength)
  return types.isSharedArrayBuffer(buffer) ? new Uint8Array(view) : view
}

module.exports = { readMemory, writeMemory }
