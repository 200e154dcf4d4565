'use strict'
// Turns what a user passes into what the binding takes. Names and types are
// checked here, so that a bad option is reported as it was written; what WASI can
// carry and which files exist is checked where it is used.

const { resolve } = require('node:path')
const { fileURLToPath } = require('node:url')

const WASI_KEYS = ['args', 'env', 'preopens', 'stdin', 'stdout', 'stderr']

// How a module in the text format can begin: a field, a block or a line comment.
const TEXT_FORMAT = /^\s*(\(module|\(component|\(;|;;)/

/**
 * Where a module comes from: `from` is an absolute path or the bytes, `name` is
 * what messages call it.
 */
function readSource(source) {
  if (typeof source === 'string') {
    if (TEXT_FORMAT.test(source)) return { from: Buffer.from(source), name: '<text>' }
    if (source.startsWith('file:')) return fromFile(fileURLToPath(source))
    if (source !== '') return fromFile(resolve(source))
  } else if (source instanceof URL) {
    if (source.protocol === 'file:') return fromFile(fileURLToPath(source))
  } else if (ArrayBuffer.isView(source)) {
    return { from: new Uint8Array(source.buffer, source.byteOffset, source.byteLength), name: '<bytes>' }
  } else if (source instanceof ArrayBuffer) {
    return { from: new Uint8Array(source), name: '<bytes>' }
  }
  throw optionError('source', 'a path, a file: URL, text that starts with (module, or bytes', source)
}

function fromFile(path) {
  return { from: path, name: path }
}

/** The options of `load` and `loadSync`. */
function loadOptions(options = {}) {
  checkObject(options, 'options', ['imports', 'wasi'])
  const { imports, wasi } = options
  if (imports !== undefined) checkObject(imports, 'imports')
  return { imports, wasi: readWasi(wasi, 'wasi', 'ignore') }
}

/** The options of `run` and `runSync`. */
function runOptions(options) {
  return readWasi(options, '', 'inherit')
}

// A program that is run owns the stdio unless told otherwise and can have its
// output collected; a loaded module has neither. Directories of the host are
// relative to `base`, or to the current one.
function readWasi(wasi = {}, where, stdio, base = '') {
  checkObject(wasi, where || 'options', WASI_KEYS)
  const at = key => (where ? `${where}.${key}` : key)
  const outputs = stdio === 'inherit' ? ['inherit', 'pipe', 'ignore'] : ['inherit', 'ignore']
  const { args = [], env = {}, preopens = {}, stdin = stdio, stdout = stdio, stderr = stdio } = wasi
  return {
    args: readArgs(args, at('args')),
    env: readEnv(env, at('env')),
    preopens: readPreopens(preopens, at('preopens'), base),
    stdin: readStdin(stdin, at('stdin')),
    stdout: readWord(stdout, at('stdout'), outputs),
    stderr: readWord(stderr, at('stderr'), outputs),
  }
}

function readArgs(args, where) {
  if (!Array.isArray(args)) throw optionError(where, 'an array of strings', args)
  return Array.from(args, (arg, index) => readString(arg, `${where}[${index}]`))
}

function readEnv(env, where) {
  checkObject(env, where)
  return Object.entries(env).map(([name, value]) => [name, readString(value, `${where}.${name}`)])
}

function readPreopens(preopens, where, base) {
  checkObject(preopens, where)
  return Object.entries(preopens).map(([guest, value]) => {
    const at = `${where}[${JSON.stringify(guest)}]`
    if (typeof value === 'string') return { guest, host: resolve(base, value), readonly: false }
    if (!isObject(value)) throw optionError(at, 'a directory or { path, readonly }', value)
    checkObject(value, at, ['path', 'readonly'])
    const { path, readonly = false } = value
    if (typeof readonly !== 'boolean') throw optionError(`${at}.readonly`, 'true or false', readonly)
    return { guest, host: resolve(base, readString(path, `${at}.path`)), readonly }
  })
}

// Any string but the two words is itself the input.
function readStdin(stdin, where) {
  if (stdin === 'inherit' || stdin === 'ignore' || stdin instanceof Uint8Array) return stdin
  if (typeof stdin === 'string') return Buffer.from(stdin)
  throw optionError(where, "'inherit', 'ignore', or the input as a string or Uint8Array", stdin)
}

function readWord(value, where, words) {
  if (words.includes(value)) return value
  const expected = words.map(word => `'${word}'`).join(' or ')
  throw optionError(where, value === 'pipe' ? `${expected} (only run() can collect output)` : expected, value)
}

function readString(value, where) {
  if (typeof value === 'string') return value
  throw optionError(where, 'a string', value)
}

function isObject(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function checkObject(value, where, keys) {
  if (!isObject(value)) throw optionError(where, 'an object', value)
  if (keys === undefined) return
  for (const key of Object.keys(value)) {
    if (!keys.includes(key)) throw unknownKey(key, where, keys)
  }
}

function unknownKey(key, where, keys) {
  const full = where === 'options' ? key : `${where}.${key}`
  // load() takes what run() takes, one level down: say so rather than guess.
  const moved = keys.includes('wasi') && WASI_KEYS.includes(key)
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

module.exports = { readSource, loadOptions, runOptions, readWasi, checkObject, typeError }
