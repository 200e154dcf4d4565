'use strict'
// The options of WASI: what a user passes → what the addon takes. What WASI strings
// can carry and which directories exist is checked where they are used.

const { fstatSync } = require('node:fs')
const { resolve } = require('node:path')
const { isDate, isUint8Array } = require('node:util').types
const { checkObject, isObject, optionError, readArray, readInteger, readString, typeError } = require('./check.cjs')

const WASI_KEYS = [
  'args', 'env', 'cwd', 'preopens', 'stdin', 'stdout', 'stderr', 'clocks', 'random', 'network', 'maxThreads',
]

// What differs by who asks. A program that is run has the standard streams of the
// process unless told otherwise, and its output can be collected; a loaded module has
// neither. Streams of Node move only where the event loop turns meanwhile. The
// options of a run are beside those of WASI.
const USES = {
  load: { keys: WASI_KEYS, stdio: 'ignore', outputs: ['inherit', 'ignore'], streams: false },
  runSync: {
    keys: [...WASI_KEYS, 'timeout', 'maxBuffer'], stdio: 'inherit', outputs: ['inherit', 'pipe', 'ignore'], streams: false,
  },
  run: {
    keys: [...WASI_KEYS, 'imports', 'signal', 'timeout', 'maxBuffer'],
    stdio: 'inherit', outputs: ['inherit', 'pipe', 'ignore'], streams: true,
  },
}

// Virtual clocks count nanoseconds in 64 bits, of which a run needs some itself.
const LAST_INSTANT = 9_000_000_000_000

// How many bits of an address of IPv6 say that the others are one of IPv4.
const MAPPED_BITS = 96

/**
 * The options of WASI at `where`, as `use` may give them: 'load', 'run' or 'runSync'.
 * Directories of the host are relative to `base`, or to the current one.
 */
function readWasi(wasi = {}, where, use, base = '') {
  const { keys, stdio, outputs, streams } = USES[use]
  checkObject(wasi, where || 'options', keys)
  const at = key => (where ? `${where}.${key}` : key)
  const { args = [], env = {}, cwd, preopens = {}, clocks, random, network = {}, maxThreads = 64 } = wasi
  const { stdin = stdio, stdout = stdio, stderr = stdio } = wasi
  return {
    args: readArray(args, at('args'), 'strings', readString),
    env: readEnv(env, at('env')),
    cwd: cwd === undefined ? undefined : readString(cwd, at('cwd')),
    preopens: readPreopens(preopens, at('preopens'), base),
    stdin: readInput(stdin, at('stdin'), streams),
    stdout: readOutput(stdout, at('stdout'), outputs, streams),
    stderr: readOutput(stderr, at('stderr'), outputs, streams),
    clocks: clocks === undefined ? undefined : readInstant(clocks, at('clocks')),
    random: random === undefined ? undefined : readSeed(random, at('random')),
    ...readNetwork(network, at('network')),
    maxThreads: readInteger(maxThreads, at('maxThreads'), 'a number of threads', 0, 65_535),
  }
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

// Any string but the three words is itself the input.
function readInput(stdin, where, streams) {
  if (stdin === 'inherit' || stdin === 'ignore' || isUint8Array(stdin)) return stdin
  if (typeof stdin === 'number') return readDescriptor(stdin, where)
  if (stdin === 'pipe' || isReadable(stdin)) {
    if (streams) return stdin
    throw onlyRun(where, stdin === 'pipe' ? "'pipe'" : 'a stream')
  }
  if (typeof stdin === 'string') return Buffer.from(stdin)
  const words = streams ? "'inherit', 'ignore', 'pipe'" : "'inherit', 'ignore'"
  const others = streams ? 'a file descriptor, or a Readable of node:stream' : 'or a file descriptor'
  throw optionError(where, `${words}, the input as a string or Uint8Array, ${others}`, stdin)
}

function readOutput(output, where, words, streams) {
  if (words.includes(output)) return output
  if (typeof output === 'number') return readDescriptor(output, where)
  if (output === 'pipe') throw typeError(`"${where}" cannot be 'pipe' here: only run() and runSync() collect output.`)
  if (isWritable(output)) {
    if (streams) return output
    throw onlyRun(where, 'a stream')
  }
  const quoted = words.map(word => `'${word}'`).join(', ')
  throw optionError(where, `${quoted}, ${streams ? 'a file descriptor, or a Writable of node:stream that is open' : 'or a file descriptor'}`, output)
}

function onlyRun(where, what) {
  return typeError(`"${where}" cannot be ${what} here: that needs the event loop while the guest runs, which only run() has.`)
}

// Those of other implementations are as good if they are made after Node's, which the
// high water mark tells: of the streams before them, write() calls nobody back. One that
// has ended is an input too, the end of which has been reached.
function isReadable(value) {
  return isEmitter(value) && typeof value.pause === 'function' && typeof value.readableHighWaterMark === 'number'
}

function isWritable(value) {
  return isEmitter(value) && typeof value.writableHighWaterMark === 'number' && value.writable !== false
}

function isEmitter(value) {
  return isObject(value) && typeof value.on === 'function' && typeof value.off === 'function'
}

function readDescriptor(fd, where) {
  readInteger(fd, where, 'a file descriptor', 0, 2 ** 31 - 1)
  try {
    fstatSync(fd)
  } catch ({ code, errno, syscall }) {
    throw Object.assign(new Error(`${code}: "${where}" is ${fd}, which is no open file descriptor`), { code, errno, syscall })
  }
  return fd
}

/** An instant as the nanoseconds since 1970. */
function readInstant(clocks, where) {
  const instant = isDate(clocks) ? clocks.getTime() : clocks
  readInteger(instant, where, 'a Date, or the milliseconds since 1970', 0, LAST_INSTANT)
  return BigInt(instant) * 1_000_000n
}

function readSeed(random, where) {
  if (isUint8Array(random)) return random
  if (!Number.isSafeInteger(random) || random < 0) {
    throw optionError(where, 'the seed of a sequence: a whole number that is not negative, or a Uint8Array', random)
  }
  const seed = new Uint8Array(8)
  new DataView(seed.buffer).setBigUint64(0, BigInt(random), true)
  return seed
}

function readNetwork(network, where) {
  checkObject(network, where, ['listen', 'accept'])
  const { listen = [], accept } = network
  return {
    listen: readArray(listen, `${where}.listen`, 'addresses', readAddress),
    accept: accept === undefined ? undefined : readArray(accept, `${where}.accept`, 'addresses', readPeers),
  }
}

// Whoever gives no address does not wait for node:net to be read.
const isIP = address => require('node:net').isIP(address)

/** An address to listen at. Not port 0: there would be no way to know which one it became. */
function readAddress(address, where) {
  const [, host, port] = /^(.*):(\d{1,5})$/.exec(address) ?? []
  const literal = host?.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host
  const valid = literal === host ? isIP(literal) === 4 : isIP(literal) === 6 && !literal.includes('%')
  if (!valid || !(port >= 1 && port <= 65_535)) {
    throw optionError(where, 'an IP address and a port, such as "127.0.0.1:8080" or "[::1]:8080"', address)
  }
  return `${host}:${Number(port)}`
}

/** One address or, as a prefix and its length, a block of them. */
function readPeers(peers, where) {
  const [, address = '', length] = /^([^/%]*)(?:\/(\d{1,3}))?$/.exec(peers) ?? []
  const bits = { 4: 32, 6: 128 }[isIP(address)]
  // In such a block are addresses of IPv4, as what the peers are compared.
  const mapped = bits === 128 && isMapped(address) ? MAPPED_BITS : 0
  if (bits === undefined || length > bits || length < mapped) {
    throw optionError(where, 'an IP address or a block of them, such as "127.0.0.1" or "10.0.0.0/8"', peers)
  }
  return [address, Number(length ?? bits) - mapped]
}

// A URL has the one form of an address that has many.
function isMapped(address) {
  return /^\[::ffff:[^:]+:[^:]+\]$/.test(new URL(`http://[${address}]`).hostname)
}

module.exports = { readWasi, WASI_KEYS }
