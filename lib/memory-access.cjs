'use strict'
// Copies to and from a memory, for hosts that allow no ArrayBuffer over it.

const native = require('./binding.cjs').webAssembly()
const { toAddress, toBytes, toLength } = require('./memory-arguments.cjs')
const { wrongType } = require('./webassembly/errors.cjs')
const { Memory } = require('./webassembly/memory.cjs')

/** A copy of `length` bytes of a memory. */
function readMemory(memory, address, length) {
  checkMemory('readMemory', memory)
  const at = toAddress('readMemory', address)
  toLength('readMemory', length)
  checkBounds('readMemory', memory, address, length)
  const bytes = new Uint8Array(length)
  native.memoryRead(memory, at, bytes)
  return bytes
}

/** Copies bytes into a memory. */
function writeMemory(memory, address, bytes) {
  checkMemory('writeMemory', memory)
  const at = toAddress('writeMemory', address)
  const view = toBytes('writeMemory', bytes)
  checkBounds('writeMemory', memory, address, view.length)
  native.memoryWrite(memory, at, view)
}

function checkMemory(where, memory) {
  if (!(memory instanceof Memory)) throw wrongType(`${where}: memory`, 'a WebAssembly.Memory', memory)
}

function checkBounds(where, memory, address, length) {
  const size = native.memorySize(memory)
  // Far beyond any memory a BigInt loses digits, which is beyond it still.
  if (Number(address) + length <= size) return
  const error = new RangeError(`${where}: ${length} bytes at address ${address} reach beyond the memory, which has ${size}.`)
  throw Object.assign(error, { code: 'ERR_WASMPORT_VALUE' })
}

module.exports = { readMemory, writeMemory }
