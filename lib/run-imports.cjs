'use strict'
// The functions of JavaScript that a program imports. It runs on another thread, which
// waits while one of them is called here, or until the promise that it returned is settled.

const binding = require('./binding.cjs')
const { toAddress, toBytes, toLength } = require('./memory-arguments.cjs')

const VALUE = 'ERR_WASMPORT_VALUE'

// What the addon takes for a length.
const MAX_LENGTH = 2 ** 32 - 1

// ToWebAssemblyValue of the JavaScript API, for the types that cross between threads.
const CONVERSIONS = {
  i32: value => value | 0,
  i64: value => BigInt.asIntN(64, value),
  f32: value => Math.fround(value),
  f64: value => +value,
}

/** What `this` is in such a function: the guest that called it, until it gets its answer. */
class Caller {
  #call
  constructor(call) {
    this.#call = call
  }

  /** A copy of `length` bytes of the memory of the guest. */
  readMemory(address, length) {
    const at = guestAddress('this.readMemory', address)
    if (toLength('this.readMemory', length, VALUE) > MAX_LENGTH) {
      throw rangeError(`this.readMemory: length must be at most ${MAX_LENGTH}; got ${length}.`)
    }
    return within('this.readMemory', at, length, () => binding.readGuest(this.#call, at, length))
  }

  /** Copies bytes into the memory of the guest, all of them or none. */
  writeMemory(address, bytes) {
    const at = guestAddress('this.writeMemory', address)
    const view = toBytes('this.writeMemory', bytes, VALUE)
    within('this.writeMemory', at, view.length, () => binding.writeGuest(this.#call, at, view))
  }
}

// An i32 has no sign in WebAssembly, but arrives with one: an address from 2 GiB is negative here.
function guestAddress(where, address) {
  const negative = Number.isInteger(address) && address < 0 && address >= -(2 ** 31)
  return negative ? address >>> 0 : toAddress(where, address, VALUE)
}

/** Does `access`, and says in the error if the memory ends before what is accessed. */
function within(where, address, length, access) {
  try {
    return access()
  } catch (error) {
    if (error.code !== VALUE) throw error
    throw rangeError(`${where}: ${length} bytes at address ${address} reach beyond the memory of the guest, or it has none.`)
  }
}

function rangeError(message) {
  return Object.assign(new RangeError(message), { code: VALUE })
}

/**
 * Finds what a module imports among `imports`. `options` are for the binding; `thrown` says
 * what one of the functions threw, which ended the program.
 */
function importCalls(module, imports) {
  const functions = binding.importFunctions(module, imports)
  let thrown
  const call = (index, args, pending) => {
    const { function: imported, results } = functions[index]
    const fail = error => {
      thrown ??= { error }
      binding.failImport(pending)
    }
    const answer = value => {
      try {
        binding.answerImport(pending, convert(value, results))
      } catch (error) {
        fail(error)
      }
    }
    try {
      const value = Reflect.apply(imported, new Caller(pending), args)
      if (typeof value?.then === 'function') Promise.resolve(value).then(answer, fail)
      else answer(value)
    } catch (error) {
      fail(error)
    }
  }
  const given = Array.from(functions, Boolean)
  return { options: given.includes(true) ? { call, imports: given } : {}, thrown: () => thrown.error }
}

function convert(value, results) {
  if (results.length === 0) return []
  if (results.length === 1) return [CONVERSIONS[results[0]](value)]
  const values = [...value]
  if (values.length !== results.length) {
    throw new TypeError(`an imported function has ${results.length} results; it returned ${values.length}`)
  }
  return values.map((value, index) => CONVERSIONS[results[index]](value))
}

module.exports = { importCalls }
