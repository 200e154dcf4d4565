'use strict'

const native = require('../binding.cjs').webAssembly()
const { isObject, readMember, toDictionary, toSequence, toUnsignedLong } = require('./convert.cjs')
const { requireArguments, typeError, wrongReceiver } = require('./errors.cjs')
const { defineInterface, markAsUncloneable } = require('./interface.cjs')
const { toTag } = require('./tag.cjs')

let make
let partsOf

class Exception {
  // There is one Tag object for each tag, so it stands for the tag.
  #tag
  // The values as JS has them, each converted to its type and back.
  #payload
  #stack

  constructor(exceptionTag, payload, options = undefined) {
    markAsUncloneable(this)
    if (exceptionTag === native.token) return
    const where = 'WebAssembly.Exception'
    requireArguments(where, arguments.length, 'exceptionTag', 'payload')
    const tag = toTag(`${where}: exceptionTag`, exceptionTag)
    const values = toSequence(`${where}: payload`, payload, (_, value) => value)
    const dictionary = toDictionary(`${where}: options`, options)
    const traceStack = readMember(`${where}: options`, dictionary, 'traceStack', (_, value) => Boolean(value)) ?? false
    this.#tag = tag
    this.#payload = native.exceptionPayload(tag, values)
    if (traceStack) this.#stack = currentStack()
  }

  getArg(exceptionTag, index) {
    checkReceiver(this)
    const where = 'WebAssembly.Exception.getArg'
    requireArguments(where, arguments.length, 'exceptionTag', 'index')
    const tag = toTag(`${where}: exceptionTag`, exceptionTag)
    const position = toUnsignedLong(`${where}: index`, index)
    if (tag !== this.#tag) throw typeError(`${where}: this exception has another tag; ask with is() first.`)
    if (position >= this.#payload.length) {
      const message = `${where}: index is ${position}, but the exception has a payload of ${this.#payload.length}.`
      throw Object.assign(new RangeError(message), { code: 'ERR_WASMPORT_VALUE' })
    }
    if (native.tagIsOpaque(tag, position)) {
      throw typeError(`${where}: payload[${position}] is of a type that JS has no values of.`, 'ERR_WASMPORT_VALUE')
    }
    return this.#payload[position]
  }

  is(exceptionTag) {
    checkReceiver(this)
    const where = 'WebAssembly.Exception.is'
    requireArguments(where, arguments.length, 'exceptionTag')
    return toTag(`${where}: exceptionTag`, exceptionTag) === this.#tag
  }

  get stack() {
    checkReceiver(this)
    return this.#stack
  }

  static {
    make = (tag, payload) => {
      const exception = new Exception(native.token)
      exception.#tag = tag
      exception.#payload = payload
      return exception
    }
    partsOf = value => isObject(value) && #tag in value ? [value.#tag, value.#payload] : undefined
  }
}

defineInterface(Exception)

function checkReceiver(value) {
  if (partsOf(value) === undefined) throw wrongReceiver('Exception')
}

// As an error made by the caller of the constructor would have it.
function currentStack() {
  const holder = {}
  Error.captureStackTrace(holder, Exception)
  return holder.stack
}

module.exports = {
  Exception,
  /** An exception that WebAssembly threw: a Tag and the JS values of its payload. */
  make,
  /** The Tag and the payload of an exception, or undefined for any other value. */
  partsOf,
}
