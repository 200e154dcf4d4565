'use strict'
// The checks of arguments that Node's own modules make, with their errors: a program
// that was written for `node:wasi` sees the classes, codes and messages it knows.

const { inspect } = require('node:util')

const MAX_INT32 = 2147483647

function nodeError(Class, code, message) {
  return Object.assign(new Class(message), { code })
}

function checkType(holds, value, name, expected) {
  if (holds) return
  const what = name.includes('.') ? 'property' : 'argument'
  throw nodeError(
    TypeError, 'ERR_INVALID_ARG_TYPE', `The "${name}" ${what} must be ${expected}. Received ${describe(value)}`,
  )
}

function describe(value) {
  if (value === undefined || value === null) return `${value}`
  if (typeof value === 'function') return `function ${value.name}`
  if (typeof value === 'object') {
    const name = value.constructor?.name
    return name ? `an instance of ${name}` : inspect(value, { depth: -1 })
  }
  if (typeof value !== 'string') return `type ${typeof value} (${inspect(value)})`
  const start = cut(value, 28, 25)
  return `type string (${start.includes("'") ? JSON.stringify(start) : `'${start}'`})`
}

function cut(text, longest, kept) {
  return text.length > longest ? `${text.slice(0, kept)}...` : text
}

function validateObject(value, name) {
  checkType(typeof value === 'object' && value !== null && !Array.isArray(value), value, name, 'of type object')
}

function validateArray(value, name) {
  checkType(Array.isArray(value), value, name, 'an instance of Array')
}

function validateUndefined(value, name) {
  checkType(value === undefined, value, name, 'undefined')
}

/** `type` is what `typeof` gives. */
function validateType(value, name, type) {
  checkType(typeof value === type, value, name, `of type ${type}`)
}

/** A file descriptor, as far as Node looks. */
function validateDescriptor(value, name) {
  validateType(value, name, 'number')
  const range = Number.isInteger(value) ? `>= 0 && <= ${MAX_INT32}` : 'an integer'
  if (Number.isInteger(value) && value >= 0 && value <= MAX_INT32) return
  throw nodeError(
    RangeError, 'ERR_OUT_OF_RANGE', `The value of "${name}" is out of range. It must be ${range}. Received ${digits(value)}`,
  )
}

// Node separates the digits of what does not fit in 32 bits.
function digits(value) {
  const long = Number.isInteger(value) && Math.abs(value) > 2 ** 32
  return long ? String(value).replace(/\B(?=(?:\d{3})+$)/g, '_') : String(value)
}

function invalidValue(value, name, reason) {
  return nodeError(
    TypeError, 'ERR_INVALID_ARG_VALUE', `The property '${name}' ${reason}. Received ${cut(inspect(value), 128, 128)}`,
  )
}

module.exports = {
  nodeError, invalidValue, validateArray, validateDescriptor, validateObject, validateType, validateUndefined,
}
