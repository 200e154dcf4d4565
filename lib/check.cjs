'use strict'
// How an option is refused: by an error that names it as it was written, and says
// what would be right.

/** Checks that a value is an object and, with `keys`, that it has no others. */
function checkObject(value, where, keys) {
  if (!isObject(value)) throw optionError(where, 'an object', value)
  if (keys === undefined) return
  for (const key of Object.keys(value)) {
    if (!keys.includes(key)) throw unknownKey(key, where, keys)
  }
}

function isObject(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function readString(value, where) {
  if (typeof value === 'string') return value
  throw optionError(where, 'a string', value)
}

/** An array, each element of which `read` turns into another. */
function readArray(value, where, of, read) {
  if (!Array.isArray(value)) throw optionError(where, `an array of ${of}`, value)
  return Array.from(value, (element, index) => read(element, `${where}[${index}]`))
}

/** A whole number from `least` to `most`, which is `what`. */
function readInteger(value, where, what, least, most) {
  if (Number.isInteger(value) && value >= least && value <= most) return value
  throw optionError(where, `${what}, from ${least} to ${most}`, value)
}

function unknownKey(key, where, keys) {
  const full = where === 'options' ? key : `${where}.${key}`
  // Of load() the options of WASI are one level down: say so rather than guess.
  const moved = keys.includes('wasi') && require('./wasi-options.cjs').WASI_KEYS.includes(key)
  const nearest = moved ? `wasi.${key}` : keys.reduce((a, b) => (editDistance(key, b) < editDistance(key, a) ? b : a))
  return typeError(`Unknown option "${full}". Nearest valid option: "${nearest}". Valid here: ${keys.join(', ')}.`)
}

/** How many characters must be inserted, deleted or replaced to make `b` of `a`. */
function editDistance(a, b) {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1))
    }
    row = next
  }
  return row[b.length]
}

function optionError(where, expected, got) {
  return typeError(`"${where}" must be ${expected}; got ${describe(got)}.`)
}

function typeError(message) {
  const error = new TypeError(message)
  error.code = 'ERR_WASMPORT_OPTION'
  return error
}

function describe(value) {
  if (typeof value === 'string') return JSON.stringify(value)
  if (value === null || value === undefined) return String(value)
  if (Array.isArray(value)) return 'an array'
  if (value instanceof URL) return `the URL ${value.href}`
  if (typeof value === 'object') return `an object (${value.constructor?.name ?? 'null prototype'})`
  if (typeof value === 'function') return 'a function'
  return `${String(value)} (a ${typeof value})`
}

module.exports = { checkObject, isObject, readString, readArray, readInteger, optionError, typeError }
