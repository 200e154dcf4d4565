'use strict'
// Conversions of JS values as WebIDL prescribes them, in its order: each property is
// read once, and converted before the next is read.

const { types } = require('node:util')
const { typeError, wrongType } = require('./errors.cjs')

const ADDRESS_TYPES = ['i32', 'i64']

// Those of the specification, `funcref` of type reflection, and the other types of
// reference that have a name of one word: what type() gives, a constructor takes.
const NUMBER_TYPES = ['i32', 'i64', 'f32', 'f64', 'v128']
const REFERENCE_TYPES = [
  'externref', 'anyfunc', 'funcref', 'anyref', 'eqref', 'i31ref', 'structref', 'arrayref', 'exnref',
]
const VALUE_TYPES = [...NUMBER_TYPES, ...REFERENCE_TYPES]

const NONE = Object.freeze(Object.create(null))

function isObject(value) {
  return (typeof value === 'object' && value !== null) || typeof value === 'function'
}

/** The object to read a dictionary from. */
function toDictionary(where, value) {
  if (value === undefined || value === null) return NONE
  if (!isObject(value)) throw wrongType(where, 'an object', value)
  return value
}

/** The member `key` of a dictionary, converted, or undefined if it is not there. */
function readMember(where, dictionary, key, convert) {
  const value = dictionary[key]
  return value === undefined ? undefined : convert(`${where}.${key}`, value)
}

/** `readMember` for one that has to be there. */
function readRequired(where, dictionary, key, convert) {
  const value = readMember(where, dictionary, key, convert)
  if (value === undefined) throw typeError(`${where}.${key} is missing.`)
  return value
}

/** The object with the imports, which may be left out. */
function toImportObject(where, value) {
  if (value !== undefined && !isObject(value)) throw wrongType(`${where}: importObject`, 'an object', value)
  return value
}

function toEnumeration(where, value, names) {
  const name = `${value}`
  if (!names.includes(name)) throw wrongType(where, `one of ${names.map(each => `'${each}'`).join(', ')}`, name)
  return name
}

function toAddressType(where, value) {
  return toEnumeration(where, value, ADDRESS_TYPES)
}

function toValueType(where, value) {
  return toEnumeration(where, value, VALUE_TYPES)
}

function toReferenceType(where, value) {
  return toEnumeration(where, value, REFERENCE_TYPES)
}

/** An array of what an iterable has, each converted before the next is asked for. */
function toSequence(where, value, convert) {
  const method = isObject(value) ? value[Symbol.iterator] : undefined
  if (method === undefined || method === null) throw wrongType(where, 'an iterable', value)
  const items = []
  for (const item of { [Symbol.iterator]: () => Reflect.apply(method, value, []) }) {
    items.push(convert(`${where}[${items.length}]`, item))
  }
  return items
}

function toValueTypes(where, value) {
  return toSequence(where, value, toValueType)
}

/** A string without lone surrogates. */
function toUSVString(where, value) {
  return `${value}`.toWellFormed()
}

function toUSVStrings(where, value) {
  return toSequence(where, value, toUSVString)
}

function toNullableUSVString(where, value) {
  return value === null ? null : toUSVString(where, value)
}

/** `[EnforceRange] unsigned long`. */
function toUnsignedLong(where, value) {
  const number = Math.trunc(+value)
  if (!(number >= 0 && number < 2 ** 32)) throw wrongType(where, 'an integer from 0 to 4294967295', value)
  return number + 0 // which has no sign if it is zero
}

/** An AddressValue: a Number, or a BigInt where addresses have 64 bits. */
function toAddress(where, value, addressType) {
  if (addressType === 'i32') return toUnsignedLong(where, value)
  if (typeof value === 'number') throw wrongType(where, 'a BigInt, as addresses have 64 bits here', value)
  // BigInt() would take Numbers too. So many bits leave every integer as it is.
  const integer = BigInt.asIntN(Number.MAX_SAFE_INTEGER, value)
  if (integer < 0n || integer >= 2n ** 64n) throw wrongType(where, 'an integer from 0n to 18446744073709551615n', value)
  return integer
}

/**
 * The `address`, `initial` and `maximum` of a memory or a table. `minimum` is what
 * type reflection calls `initial`.
 *
 * The text of the specification converts the sizes when all have been read; its
 * tests, and every engine, convert each at once.
 */
function readLimits(where, dictionary) {
  const address = readMember(where, dictionary, 'address', toAddressType) ?? 'i32'
  const toSize = (place, value) => toAddress(place, value, address)
  const initial = readMember(where, dictionary, 'initial', toSize)
  const minimum = readMember(where, dictionary, 'minimum', toSize)
  if ((initial === undefined) === (minimum === undefined)) {
    const fault = initial === undefined ? 'initial is missing' : 'initial and minimum are the same thing: leave one out'
    throw typeError(`${where}.${fault}.`)
  }
  const maximum = readMember(where, dictionary, 'maximum', toSize)
  return { address, initial: initial ?? minimum, maximum }
}

/** Whether `value` is a buffer or a view of one, be it shared or resizable. */
function isBufferSource(value) {
  return ArrayBuffer.isView(value) || types.isAnyArrayBuffer(value)
}

function toBufferSource(where, value) {
  if (!isBufferSource(value)) throw wrongType(where, 'an ArrayBuffer, a SharedArrayBuffer or a view of one', value)
  return value
}

/** A copy of the bytes of a buffer or view, which nobody else can change. */
function copyBytes(source) {
  const length = source.byteLength
  // A detached buffer counts as empty, but no view of it can be made.
  if (length === 0) return new Uint8Array()
  const [buffer, offset] = ArrayBuffer.isView(source) ? [source.buffer, source.byteOffset] : [source, 0]
  return new Uint8Array(new Uint8Array(buffer, offset, length))
}

/** WebAssemblyCompileOptions. */
function toCompileOptions(where, value) {
  const place = `${where}: options`
  const dictionary = toDictionary(place, value)
  const builtins = readMember(place, dictionary, 'builtins', toUSVStrings)
  const constants = readMember(place, dictionary, 'importedStringConstants', toNullableUSVString)
  return { builtins, constants }
}

module.exports = {
  copyBytes,
  isBufferSource,
  isObject,
  readLimits,
  readMember,
  readRequired,
  toBufferSource,
  toCompileOptions,
  toDictionary,
  toImportObject,
  toReferenceType,
  toSequence,
  toUnsignedLong,
  toValueType,
  toValueTypes,
}
