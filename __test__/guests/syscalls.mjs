// WASI preview 1 in the hands of a test: a reactor that exports each function as a call of its own, and its memory.

import { loadSync } from '../../index.js'

// Parameters: i for i32, I for i64. All but proc_exit return an errno.
const FUNCTIONS = {
  args_get: 'ii',
  args_sizes_get: 'ii',
  clock_res_get: 'ii',
  clock_time_get: 'iIi',
  environ_get: 'ii',
  environ_sizes_get: 'ii',
  fd_advise: 'iIIi',
  fd_allocate: 'iII',
  fd_close: 'i',
  fd_datasync: 'i',
  fd_fdstat_get: 'ii',
  fd_fdstat_set_flags: 'ii',
  fd_fdstat_set_rights: 'iII',
  fd_filestat_get: 'ii',
  fd_filestat_set_size: 'iI',
  fd_filestat_set_times: 'iIIi',
  fd_pread: 'iiiIi',
  fd_prestat_dir_name: 'iii',
  fd_prestat_get: 'ii',
  fd_pwrite: 'iiiIi',
  fd_read: 'iiii',
  fd_readdir: 'iiiIi',
  fd_renumber: 'ii',
  fd_seek: 'iIii',
  fd_sync: 'i',
  fd_tell: 'ii',
  fd_write: 'iiii',
  path_create_directory: 'iii',
  path_filestat_get: 'iiiii',
  path_filestat_set_times: 'iiiiIIi',
  path_link: 'iiiiiii',
  path_open: 'iiiiiIIii',
  path_readlink: 'iiiiii',
  path_remove_directory: 'iii',
  path_rename: 'iiiiii',
  path_symlink: 'iiiii',
  path_unlink_file: 'iii',
  poll_oneoff: 'iiii',
  proc_exit: 'i',
  proc_raise: 'i',
  random_get: 'ii',
  sched_yield: '',
  sock_accept: 'iii',
  sock_recv: 'iiiiii',
  sock_send: 'iiiii',
  sock_shutdown: 'ii',
}

const type = letter => (letter === 'I' ? 'i64' : 'i32')

/** The signature of a function, in the text format. */
export function signature(name) {
  return `(param ${[...FUNCTIONS[name]].map(type).join(' ')}) ${name === 'proc_exit' ? '' : '(result i32)'}`
}

function text(memory) {
  const names = Object.keys(FUNCTIONS)
  const locals = name => [...FUNCTIONS[name]].map((_, index) => `(local.get ${index})`).join(' ')
  return `(module
    ${names.map(name => `(import "wasi_snapshot_preview1" "${name}" (func $${name} ${signature(name)}))`).join('\n')}
    ${memory}
    (func (export "_initialize"))
    ${names.map(name => `(func (export "${name}") ${signature(name)} (call $${name} ${locals(name)}))`).join('\n')})`
}

export const ERRNO = {
  success: 0, again: 6, badf: 8, exist: 20, fbig: 22, ilseq: 25, inval: 28, isdir: 31, loop: 32, mfile: 33, nametoolong: 37, noent: 44,
  nospc: 51, notdir: 54, notempty: 55, notsock: 57, notsup: 58, nxio: 60, overflow: 61, perm: 63,
}
export const RIGHTS = { read: 2n, write: 64n }
export const OFLAGS = { creat: 1, directory: 2, excl: 4, trunc: 8 }
export const FOLLOW = 1

/** Where the strings go that are given to a call; below it is room for what calls return. */
const STRINGS = 4096

/**
 * Loads the reactor with these WASI options. `memory` is the text of its memory field, `imports` what that needs.
 * In place of a pointer and a length, a call takes a string, or the bytes of one.
 */
export function syscalls(wasi, { memory = '(memory (export "memory") 4)', imports } = {}) {
  const exports = loadSync(text(memory), { wasi, imports })
  const given = imports?.env.memory ?? Object.values(exports).find(value => value.buffer !== undefined)
  const view = () => new DataView(given.buffer)
  const bytes = (at, length) => Buffer.from(given.buffer, at, length)
  const call = (name, ...args) => {
    let at = STRINGS
    const flat = args.flatMap(arg => {
      if (typeof arg === 'number' || typeof arg === 'bigint') return [arg]
      const length = Buffer.from(arg).copy(bytes(at))
      at += length
      return [at - length, length]
    })
    return exports[name](...flat)
  }
  return {
    call,
    bytes,
    u32: at => view().getUint32(at, true),
    /** Opens a path in the directory 3 and returns the errno and the new descriptor. */
    open(path, { follow = FOLLOW, oflags = 0, rights = RIGHTS.read, dir = 3 } = {}) {
      return { errno: call('path_open', dir, follow, path, oflags, rights, 0n, 0, 8), fd: view().getUint32(8, true) }
    },
    /** Reads once, at most 4096 bytes; an errno is an error. */
    read(fd) {
      view().setUint32(0, 8192, true)
      view().setUint32(4, 4096, true)
      const errno = call('fd_read', fd, 0, 1, 8)
      if (errno !== 0) throw new Error(`fd_read: errno ${errno}`)
      return bytes(8192, view().getUint32(8, true)).toString()
    },
    /** Writes a text and returns the errno. */
    write(fd, text) {
      view().setUint32(0, 8192, true)
      view().setUint32(4, bytes(8192).write(text), true)
      return call('fd_write', fd, 0, 1, 8)
    },
    /** The strings of args_get or environ_get. */
    strings(kind) {
      call(`${kind}_sizes_get`, 0, 4)
      const count = view().getUint32(0, true)
      call(`${kind}_get`, 1024, 8192)
      return Array.from({ length: count }, (_, index) => {
        const rest = bytes(view().getUint32(1024 + 4 * index, true))
        return rest.subarray(0, rest.indexOf(0)).toString()
      })
    },
  }
}
