'use strict'
// The functions of JavaScript that a program imports. It runs on another thread, which
// waits while one of them is called here, or until the promise that it returned is settled.

const binding = require('./binding.cjs')

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
    return binding.readGuest(this.#call, Number(address), Number(length))
  }

  /** Copies bytes into the memory of the guest, all of them or none. */
  writeMemory(address, bytes) {
    const view = ArrayBuffer.isView(bytes)
      ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
      : new Uint8Array(bytes)
    binding.writeGuest(this.#call, Number(address), view)
  }
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
