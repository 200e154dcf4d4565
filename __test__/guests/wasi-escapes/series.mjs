// A series of calls of WASI preview 1, made by a guest of each host: the same calls, and what came of them.

import { closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { WASI, WebAssembly, run, runSync } from '../../../index.js'
import { assemble } from '../../fixtures/project.mjs'
import { scratch } from '../../fixtures/scratch.mjs'
import { ERRNO, FOLLOW, RIGHTS, signature, syscalls } from '../syscalls.mjs'

/** Where the guest has, for the calls that take them, one buffer to read into and one to write from; and where results go. */
export const READ = 0
export const WRITE = 16
export const RESULT = 64
export const BUFFER = 98304

const WRITTEN = 'broken'
const BUFFER_SIZE = 4096
const STRINGS = 16384
// Before the buffer, so that one write puts out both.
const ERRNOS = BUFFER - 8192

/** The call that opens a path. */
export function open(path, { dir = 3, follow = FOLLOW, oflags = 0, rights = RIGHTS.read, fdflags = 0 } = {}) {
  return ['path_open', dir, follow, path, oflags, rights, 0n, fdflags, RESULT]
}

/** The bytes below RESULT: an iovec to read into, one to write from, and what that one points to. */
function prepared() {
  const bytes = Buffer.alloc(64)
  bytes.writeUInt32LE(BUFFER, READ)
  bytes.writeUInt32LE(BUFFER_SIZE, READ + 4)
  bytes.writeUInt32LE(WRITE + 8, WRITE)
  bytes.writeUInt32LE(WRITTEN.length, WRITE + 4)
  bytes.write(WRITTEN, WRITE + 8)
  return bytes
}

/** The reactor of `syscalls`, with the two buffers. */
export function guestOf(wasi) {
  const guest = syscalls(wasi)
  prepared().copy(guest.bytes(0, 64))
  return guest
}

/** The text of a program that makes the calls, and writes their errnos and what stands in the read buffer to its output. */
export function program(calls) {
  const data = (at, bytes) => `(data (i32.const ${at}) "${bytes.toString('hex').replace(/../g, '\\$&')}")`
  const segments = [data(0, prepared())]
  const places = new Map()
  let next = STRINGS
  const operand = value => {
    if (typeof value === 'bigint') return `(i64.const ${value})`
    if (typeof value === 'number') return `(i32.const ${value})`
    const bytes = Buffer.from(value)
    const key = bytes.toString('latin1')
    if (!places.has(key)) {
      places.set(key, next)
      segments.push(data(next, bytes))
      next += bytes.length
    }
    return `(i32.const ${places.get(key)}) (i32.const ${bytes.length})`
  }
  const body = calls.map(([name, ...args], index) =>
    `(i32.store (i32.const ${ERRNOS + 4 * index}) (call $${name} ${args.map(operand).join(' ')}))`)
  const output = Buffer.alloc(8)
  output.writeUInt32LE(ERRNOS, 0)
  output.writeUInt32LE(BUFFER + BUFFER_SIZE - ERRNOS, 4)
  if (next > ERRNOS || ERRNOS + 4 * calls.length > BUFFER) throw new Error('this series is too long')
  const imports = [...new Set([...calls.map(([name]) => name), 'fd_write'])]
  return `(module
    ${imports.map(name => `(import "wasi_snapshot_preview1" "${name}" (func $${name} ${signature(name)}))`).join('\n')}
    (memory (export "memory") 4)
    ${segments.join('\n')}
    ${data(1024, output)}
    (func (export "_start")
      ${body.join('\n')}
      (drop (call $fd_write (i32.const 1) (i32.const 1024) (i32.const 1) (i32.const ${RESULT})))))`
}

/** What a program wrote, taken apart. */
function results(output, count) {
  return {
    errnos: Array.from({ length: count }, (_, index) => output.readUInt32LE(4 * index)),
    read: output.subarray(BUFFER - ERRNOS).toString().replaceAll('\0', ''),
  }
}

function inClass({ Module, Instance }) {
  return async (calls, options) => {
    const path = join(scratch(), 'output')
    const stdout = openSync(path, 'w')
    const wasi = new WASI({ version: 'preview1', ...options, stdout })
    wasi.start(new Instance(new Module(assemble(program(calls))), wasi.getImportObject()))
    closeSync(stdout)
    return results(readFileSync(path), calls.length)
  }
}

/** Each host, as a function of the calls and the WASI options that returns the errnos, and what was read at last. */
export const hosts = {
  load: async (calls, wasi) => {
    const guest = guestOf(wasi)
    const errnos = calls.map(call => guest.call(...call))
    return { errnos, read: guest.bytes(BUFFER, BUFFER_SIZE).toString().replaceAll('\0', '') }
  },
  run: async (calls, wasi) => results((await run(program(calls), { ...wasi, stdout: 'pipe' })).stdout, calls.length),
  runSync: async (calls, wasi) => results(runSync(program(calls), { ...wasi, stdout: 'pipe' }).stdout, calls.length),
  'the class WASI on the WebAssembly of Node.js': inClass(globalThis.WebAssembly),
  'the class WASI on the WebAssembly of Wasmport': inClass(WebAssembly),
}

const names = new Map(Object.entries(ERRNO).map(([name, number]) => [number, name]))

/** The name of an errno, for messages that say more than a number. */
export const errnoName = number => names.get(number) ?? number
