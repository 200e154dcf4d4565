'use strict'
// Turns what a user passes into what the binding takes. Names and types are
// checked here, so that a bad option is reported as it was written.

const { constants } = require('node:buffer')
const { resolve } = require('node:path')
const { fileURLToPath } = require('node:url')
const { isArrayBuffer } = require('node:util').types
const { checkObject, optionError, readInteger, typeError } = require('./check.cjs')
const { readWasi } = require('./wasi-options.cjs')

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
  } else if (isArrayBuffer(source)) {
    return { from: new Uint8Array(source), name: '<bytes>' }
  }
  throw optionError('source', 'a path, a file: URL, text that starts with (module, or bytes', source)
}

function fromFile(path) {
  return { from: path, name: path }
}

/** The options of `load` and `loadSync`. */
function loadOptions(options = {}) {
  checkObject(options, 'options', ['imports', 'nodeApi', 'wasi'])
  const { imports, nodeApi = true, wasi } = options
  if (imports !== undefined) checkObject(imports, 'imports')
  if (typeof nodeApi !== 'boolean') throw optionError('nodeApi', 'a boolean', nodeApi)
  return { imports, nodeApi, wasi: readWasi(wasi, 'wasi', 'load') }
}

/** The options of `run`. */
function runOptions(options = {}) {
  const program = readProgram(options, 'run')
  const { imports, signal } = options
  if (imports !== undefined) checkObject(imports, 'imports')
  if (signal !== undefined && !isAbortSignal(signal)) throw optionError('signal', 'an AbortSignal', signal)
  return { ...program, imports, signal }
}

/** The options of `runSync`. */
function runSyncOptions(options = {}) {
  for (const key of ['imports', 'signal']) {
    if (options?.[key] !== undefined) throw typeError(`"${key}" cannot be given to runSync(), which holds the event loop: use run().`)
  }
  return readProgram(options, 'runSync')
}

function readProgram(options, use) {
  const wasi = readWasi(options, '', use)
  const { timeout = 0, maxBuffer = Infinity } = options
  readInteger(timeout, 'timeout', 'a number of milliseconds, 0 for no end', 0, 2 ** 31 - 1)
  if (maxBuffer !== Infinity) readInteger(maxBuffer, 'maxBuffer', 'a number of bytes, or Infinity', 0, Number.MAX_SAFE_INTEGER)
  // More is in no Buffer, and it is one that the result has.
  return { wasi, timeout: timeout || undefined, maxBuffer: Math.min(maxBuffer, constants.MAX_LENGTH) }
}

// Those of other implementations are as good.
function isAbortSignal(value) {
  return typeof value?.aborted === 'boolean' && typeof value.addEventListener === 'function' && typeof value.removeEventListener === 'function'
}

module.exports = { readSource, loadOptions, runOptions, runSyncOptions }
