// What a WASI guest asks for without measure: descriptors, depth, lengths, counts and times. It gets an errno or a RuntimeError, soon,
// and the host keeps its memory and its files.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { closeSync, openSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { run } from '../index.js'
import { scratch, spawnAsync } from './fixtures/scratch.mjs'
import { ERRNO, FOLLOW, OFLAGS, RIGHTS } from './guests/syscalls.mjs'
import { BUFFER, READ, RESULT, WRITE, errnoName, guestOf, open } from './guests/wasi-escapes/series.mjs'

const READ_WRITE = RIGHTS.read | RIGHTS.write
const MAX_I64 = (1n << 63n) - 1n
const MIN_I64 = -(1n << 63n)
// As an i64 all bits are set: the greatest u64.
const MAX_U64 = -1n
const MEMORY = 4 * 65536
// Where a test puts many iovecs.
const VECTORS = 1024

const make = files => {
  const dir = scratch(files ?? { f: 'content' })
  return { dir, guest: guestOf({ preopens: { '/': dir } }) }
}
const opened = (guest, ...args) => {
  assert.equal(errnoName(guest.call(...open(...args))), 'success', `${args[0]}`)
  return guest.u32(RESULT)
}

/** What a call comes to: an errno, or 'trap' if it is a RuntimeError that names it. */
function outcome(guest, call) {
  try {
    return guest.call(...call)
  } catch (error) {
    assert.ok(error instanceof WebAssembly.RuntimeError, error.stack)
    assert.equal(error.code, 'ERR_WASMPORT_TRAP')
    assert.ok(error.message.includes(call[0]), error.message)
    return 'trap'
  }
}

/** Runs a body that may take neither long nor memory. */
function cheap(body) {
  const [peak, began] = [process.resourceUsage().maxRSS, Date.now()]
  body()
  assert.ok(Date.now() - began < 30_000, 'soon')
  assert.ok(process.resourceUsage().maxRSS - peak < 256 * 1024, `${process.resourceUsage().maxRSS - peak} KiB were taken`)
}

/** The milliseconds that the processor was busy with `body`, which do not depend on what else it has to do. */
function busy(body) {
  const before = process.cpuUsage()
  body()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}

describe('descriptors without end', () => {
  for (const [kind, args] of Object.entries({ files: ['f'], directories: ['.', { oflags: OFLAGS.directory }] })) {
    test(`${kind}: 1,024 are open, and the host has its own`, () => {
      const { dir, guest } = make()
      const numbers = []
      let errno
      while ((errno = guest.call(...open(...args))) === 0 && numbers.length < 5000) numbers.push(guest.u32(RESULT))
      assert.equal(errnoName(errno), 'mfile')
      assert.deepEqual([numbers.at(0), numbers.at(-1), numbers.length], [4, 1023, 1020])
      closeSync(openSync(join(dir, 'f')))
      assert.deepEqual([outcome(guest, ['path_filestat_get', 3, FOLLOW, 'f', RESULT]), outcome(guest, ['fd_renumber', 1023, 1024])], [0, ERRNO.badf])
      assert.equal(guest.call(...open('new', { oflags: OFLAGS.creat, rights: READ_WRITE })), ERRNO.mfile)
      assert.deepEqual(readdirSync(dir), ['f'], 'what cannot be opened is not made')
      assert.equal(guest.call('fd_close', 500), 0)
      assert.equal(opened(guest, 'f'), 500)
      // Another guest has its own count.
      assert.equal(opened(make().guest, 'f'), 4)
    })
  }
})

describe('depth', () => {
  const ok = (guest, ...call) => {
    const errno = guest.call(...call)
    if (errno !== 0) assert.fail(`${call}: ${errnoName(errno)}`)
  }

  /** Goes `depth` directories down from the first, which it makes if they are to be made. Returns the last one. */
  function down(guest, depth, { make }) {
    let at = 3
    for (let level = 0; level < depth; level++) {
      if (make) ok(guest, 'path_create_directory', at, 'd')
      ok(guest, ...open('d', { dir: at, oflags: OFLAGS.directory }))
      if (at !== 3) ok(guest, 'fd_close', at)
      at = guest.u32(RESULT)
    }
    return at
  }

  /** Removes such directories, the upper ones first: no path is long enough for the lower ones. */
  function remove(guest, depth) {
    for (let level = 1; level < depth; level++) {
      ok(guest, 'path_rename', 3, 'd/d', 3, 'rest')
      ok(guest, 'path_remove_directory', 3, 'd')
      ok(guest, 'path_rename', 3, 'rest', 3, 'd')
    }
    ok(guest, 'path_remove_directory', 3, 'd')
  }

  /** Calls `body` with a guest, and clears its directory away, which may be deeper than fs.rmSync can go. */
  function within(body) {
    const { dir, guest } = make({})
    try {
      body(guest)
      assert.deepEqual(readdirSync(dir), [])
    } finally {
      execFileSync('rm', ['-rf', dir])
    }
  }

  test('10,000 directories in each other are made, walked and removed, in ten times the time of 1,000', () => {
    const time = depth => busy(() => within(guest => {
      ok(guest, 'fd_close', down(guest, depth, { make: true }))
      const bottom = down(guest, depth, { make: false })
      assert.equal(guest.call(...open('d', { dir: bottom })), ERRNO.noent)
      assert.equal(guest.call(...open('../d', { dir: bottom })), ERRNO.perm)
      remove(guest, depth)
    }))
    time(100)
    const [few, many] = [time(1000), time(10_000)]
    assert.ok(many < 60 * few + 500, `${few} ms and ${many} ms`)
  })

  test('a path of 2,000 directories is walked, and one that is longer than a path may be is not', () => within(guest => {
    ok(guest, 'fd_close', down(guest, 2100, { make: true }))
    const path = levels => Array(levels).fill('d').join('/')
    for (const levels of [1, 100, 1000, 2000]) opened(guest, path(levels), { oflags: OFLAGS.directory })
    opened(guest, `${path(1000)}${'/..'.repeat(600)}/d`)
    assert.equal(guest.call(...open(`${path(600)}${'/..'.repeat(601)}`)), ERRNO.perm)
    assert.equal(guest.call(...open(path(2100))), ERRNO.nametoolong)
    assert.equal(guest.call('path_create_directory', 3, path(2100)), ERRNO.nametoolong)
    remove(guest, 2100)
  }))

  test('a chain of links has an end', () => {
    const { dir, guest } = make()
    symlinkSync('f', join(dir, 'link-0'))
    for (let n = 1; n <= 100; n++) symlinkSync(`link-${n - 1}`, join(dir, `link-${n}`))
    symlinkSync('.', join(dir, 'here'))
    opened(guest, 'link-10')
    opened(guest, `${'here/'.repeat(10)}f`)
    for (const path of ['link-100', `${'here/'.repeat(100)}f`]) assert.equal(guest.call(...open(path)), ERRNO.loop)
  })

  test('a wide directory is read in small pieces, in ten times the time of one with a tenth', () => {
    const read = count => {
      const { dir, guest } = make({})
      for (let n = 0; n < count; n++) writeFileSync(join(dir, `file-${n}`), '')
      return busy(() => {
        let [found, cookie] = [0, 0n]
        for (;;) {
          assert.equal(guest.call('fd_readdir', 3, BUFFER, 200, cookie, RESULT), 0)
          const used = guest.u32(RESULT)
          const bytes = guest.bytes(BUFFER, used)
          for (let at = 0; at + 24 <= used && at + 24 + bytes.readUInt32LE(at + 16) <= used; at += 24 + bytes.readUInt32LE(at + 16)) {
            found++
            cookie = bytes.readBigUInt64LE(at)
          }
          if (used < 200) break
        }
        assert.equal(found, count + 2)
      })
    }
    read(100)
    const [few, many] = [read(1000), read(10_000)]
    assert.ok(many < 60 * few + 500, `${few} ms and ${many} ms`)
  })
})

describe('lengths and counts', () => {
  const huge = [0x7fffffff, -0x80000000, -1]

  test('of buffers, iovecs, subscriptions and paths that no memory has', () => {
    const { dir, guest } = make()
    const fd = opened(guest, 'f', { rights: READ_WRITE })
    const iovec = 2048
    cheap(() => {
      const refused = call => {
        const result = outcome(guest, call)
        assert.ok(result === 'trap' || result > 0, `${call.join()}: ${result}`)
      }
      for (const size of huge) {
        refused(['random_get', 0, size])
        refused(['random_get', MEMORY - 1, size])
        guest.bytes(iovec, 8).writeUInt32LE(0)
        guest.bytes(iovec, 8).writeInt32LE(size, 4)
        for (const [at, count] of [[iovec, 1], [0, size], [iovec, size], [MEMORY - 8, 2], [-8, 2]]) {
          for (const file of [0, fd]) {
            refused(['fd_read', file, at, count, RESULT])
            refused(['fd_pread', file, at, count, 0n, RESULT])
          }
          for (const file of [1, fd]) {
            refused(['fd_write', file, at, count, RESULT])
            refused(['fd_pwrite', file, at, count, 0n, RESULT])
          }
          refused(['sock_recv', fd, at, count, 0, RESULT, RESULT + 4])
          refused(['sock_send', fd, at, count, 0, RESULT])
        }
        for (const at of [0, 4096, MEMORY - 1, -1]) {
          refused(['path_open', 3, FOLLOW, at, size, 0, RIGHTS.read, 0n, 0, RESULT])
          refused(['path_filestat_get', 3, FOLLOW, at, size, RESULT])
          refused(['path_create_directory', 3, at, size])
          refused(['path_remove_directory', 3, at, size])
          refused(['path_unlink_file', 3, at, size])
          refused(['path_symlink', at, size, 3, 4096, 1])
          refused(['path_symlink', 4096, 1, 3, at, size])
          refused(['path_rename', 3, at, size, 3, 4096, 1])
          refused(['path_rename', 3, 4096, 1, 3, at, size])
          refused(['path_link', 3, 0, at, size, 3, 4096, 1])
          refused(['path_readlink', 3, at, size, BUFFER, 8, RESULT])
        }
        // These may also use as much of it as there is to say.
        outcome(guest, ['path_readlink', 3, 'f', BUFFER, size, RESULT])
        outcome(guest, ['fd_readdir', 3, BUFFER, size, 0n, RESULT])
        outcome(guest, ['fd_prestat_dir_name', 3, BUFFER, size])
      }
      // Their sizes in bytes are small numbers again in 32 bits.
      for (const count of [1 << 29, (1 << 29) + 1, 1 << 30]) {
        refused(['fd_read', fd, READ, count, RESULT])
        refused(['fd_write', fd, WRITE, count, RESULT])
      }
      for (const count of [1 << 28, 0x05555556, 0x0aaaaaab, ...huge]) refused(['poll_oneoff', 0, BUFFER, count, RESULT])
      assert.equal(outcome(guest, ['poll_oneoff', 0, BUFFER, 0, RESULT]), ERRNO.inval)
    })
    assert.deepEqual([readdirSync(dir), statSync(join(dir, 'f')).size], [['f'], 7])
    assert.equal(guest.call('random_get', 0, 16), 0, 'the guest goes on')
  })

  test('of paths that the memory has, but no system', () => {
    const { dir, guest } = make()
    guest.bytes(BUFFER, 150_000).fill('a')
    cheap(() => {
      for (const length of [4096, 65536, 150_000]) {
        for (const call of [['path_open', 3, FOLLOW, BUFFER, length, 1, READ_WRITE, 0n, 0, RESULT], ['path_create_directory', 3, BUFFER, length],
          ['path_filestat_get', 3, FOLLOW, BUFFER, length, RESULT], ['path_symlink', BUFFER, length, 3, 4096, 1], ['path_symlink', 4096, 1, 3, BUFFER, length],
          ['path_rename', 3, BUFFER, length, 3, 4096, 1], ['path_unlink_file', 3, BUFFER, length]]) {
          guest.bytes(4096, 1).write('f')
          assert.equal(errnoName(outcome(guest, call)), 'nametoolong', `${call}`)
        }
      }
    })
    assert.deepEqual(readdirSync(dir), ['f'])
  })

  test('of iovecs that are all the same memory', () => {
    const { dir, guest } = make()
    const fd = opened(guest, 'f')
    const count = 25_000
    const vectors = guest.bytes(VECTORS, 8 * count)
    for (let n = 0; n < count; n++) {
      vectors.writeUInt32LE(0, 8 * n)
      vectors.writeUInt32LE(MEMORY, 8 * n + 4)
    }
    cheap(() => {
      // Together 6.5 GB: the count that is said is not what is left of that in 32 bits.
      const errno = outcome(guest, ['fd_write', 1, VECTORS, count, RESULT])
      if (errno === 0) assert.ok(guest.u32(RESULT) > 0 && guest.u32(RESULT) !== (count * MEMORY) % 2 ** 32, `${guest.u32(RESULT)}`)
      else assert.ok([ERRNO.inval, ERRNO.overflow].includes(errno), errnoName(errno))
    })
    cheap(() => {
      const errno = outcome(guest, ['fd_read', fd, VECTORS, count, RESULT])
      if (errno === 0) assert.equal(guest.u32(RESULT), 7)
      else assert.ok([ERRNO.inval, ERRNO.overflow].includes(errno), errnoName(errno))
    })
    assert.equal(statSync(join(dir, 'f')).size, 7)
  })

  test('of the places in a directory', () => {
    const { guest } = make()
    cheap(() => {
      for (const cookie of [3n, 4n, 1000n, 1n << 32n, MAX_I64, MIN_I64, MAX_U64, -2n]) {
        const errno = outcome(guest, ['fd_readdir', 3, BUFFER, 4096, cookie, RESULT])
        if (errno === 0) assert.ok(guest.u32(RESULT) <= 3 * 32, `${cookie}`)
        else assert.ok([ERRNO.inval, ERRNO.overflow, ERRNO.noent].includes(errno), `${cookie}: ${errnoName(errno)}`)
      }
      for (const size of [0, 1, 23, 24, 25]) {
        assert.equal(outcome(guest, ['fd_readdir', 3, BUFFER, size, 0n, RESULT]), 0)
        assert.equal(guest.u32(RESULT), size)
      }
      assert.equal(outcome(guest, ['fd_readdir', 3, BUFFER, 4096, 0n, RESULT]), 0)
      assert.equal(guest.u32(RESULT), 3 * 24 + '...f'.length)
    })
  })
})

describe('a single call that lasts', () => {
  const program = (pages, imports, body) => `(module ${imports} (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (memory (export "memory") ${pages}) (func (export "_start") ${body}))`
  const RANDOM = '(import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))'
  const random = length => program(32768, RANDOM, `(call $exit (call $random (i32.const 0) (i32.const ${length})))`)

  test('ends when the program does', { timeout: 120_000 }, async () => {
    const busy = async (...args) => {
      const before = process.cpuUsage()
      const result = await run(...args)
      const { user, system } = process.cpuUsage(before)
      return { ...result, time: user + system }
    }
    const { exitCode, time: some } = await busy(random(64 << 20), {})
    assert.equal(exitCode, 0)
    // 32 times as much, but for its end.
    const { signal, time } = await busy(random(0x7fff0000), { timeout: 50 })
    assert.equal(signal, 'SIGTERM')
    assert.ok(time < 8 * some, `${time} µs, and ${some} for a part of it`)
  })

  test('is done as a whole, unless the program ends', async () => {
    const open = '(import "wasi_snapshot_preview1" "path_open" (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))'
    const vectors = ['fd_write', 'fd_read'].map(name => `(import "wasi_snapshot_preview1" "${name}" (func $${name} (param i32 i32 i32 i32) (result i32)))`)
    const placed = ['fd_pwrite', 'fd_pread'].map(name => `(import "wasi_snapshot_preview1" "${name}" (func $${name} (param i32 i32 i32 i64 i32) (result i32)))`)
    const is = (condition, step) => `(if (i32.eqz ${condition}) (then (call $exit (i32.const ${step}))))`
    const zero = (call, step) => is(`(i32.eqz ${call})`, step)
    const u32 = (at, value) => `(i32.store (i32.const ${at}) (i32.const ${value}))`
    // Three parts of 3 MB and a bit, from 1 MiB on; it is read into one, from 8 MiB on.
    const [from, to, parts] = [1 << 20, 8 << 20, [1_500_001, 1, 2 << 20]]
    const total = parts.reduce((a, b) => a + b)
    let at = from
    const iovecs = parts.map((length, n) => {
      at += length
      return u32(64 + 8 * n, at - length) + u32(68 + 8 * n, length)
    })
    const call = (name, fd, list, count) => `(call $${name} (i32.load (i32.const ${fd})) (i32.const ${list}) (i32.const ${count}) (i32.const 16))`
    const callAt = (name, fd, list, count) => `(call $${name} (i32.load (i32.const ${fd})) (i32.const ${list}) (i32.const ${count}) (i64.const 10) (i32.const 16))`
    const all = `(i32.eq (i32.load (i32.const 16)) (i32.const ${total}))`
    const opened = (fd, step) => zero(`(call $open (i32.const 3) (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 1) (i64.const 66) (i64.const 0) (i32.const 0) (i32.const ${fd}))`, step)
    const text = program(256, [open, ...vectors, ...placed].join(''), `
      (i32.store8 (i32.const 0) (i32.const 102)) ${iovecs.join('')} ${u32(128, to)} ${u32(132, 4 << 20)}
      (memory.fill (i32.const ${from}) (i32.const 7) (i32.const ${total}))
      (i32.store8 (i32.const ${from + total - 1}) (i32.const 9))
      ${opened(32, 1)} ${opened(36, 2)}
      ${zero(call('fd_write', 32, 64, 3), 3)} ${is(all, 4)}
      ${zero(call('fd_read', 36, 128, 1), 5)} ${is(all, 6)}
      ${is(`(i32.eq (i32.load8_u (i32.const ${to + total - 1})) (i32.const 9))`, 7)}
      ${zero(callAt('fd_pwrite', 32, 64, 3), 8)} ${is(all, 9)}
      (memory.fill (i32.const ${to}) (i32.const 0) (i32.const ${total}))
      ${zero(callAt('fd_pread', 32, 128, 1), 10)} ${is(all, 11)}
      ${is(`(i32.eq (i32.load16_u (i32.const ${to + total - 2})) (i32.const 0x0907))`, 12)}
      (call $exit (i32.const 100))`)
    for (const options of [{}, { timeout: 60_000 }]) {
      const dir = scratch()
      assert.equal((await run(text, { preopens: { '/': dir }, ...options })).exitCode, 100)
      assert.equal(statSync(join(dir, 'f')).size, total + 10)
    }
  })

  test('and does not wait where the guest does not want to', { skip: process.platform === 'win32' && 'this system has no mkfifo' }, () => {
    const fifo = join(scratch(), 'fifo')
    execFileSync('mkfifo', [fifo])
    // In a process of its own, which is ended if it waits.
    const { status, stdout, stderr } = spawnAsync(`
      const { guestOf } = await import(${JSON.stringify(new URL('guests/wasi-escapes/series.mjs', import.meta.url).href)})
      // Open for both, so that it does not wait for another process; nobody reads.
      const guest = guestOf({ stdout: require('node:fs').openSync(${JSON.stringify(fifo)}, 'r+') })
      guest.bytes(0, 8).writeUInt32LE(8192)
      guest.bytes(4, 4).writeUInt32LE(200_000)
      const flags = guest.call('fd_fdstat_set_flags', 1, 4)
      const results = [flags, guest.call('fd_write', 1, 0, 1, 64), guest.u32(64), guest.call('fd_write', 1, 0, 1, 64)]
      console.log(JSON.stringify(results))`, { timeout: 60_000 })
    assert.equal(status, 0, stderr)
    const [flags, errno, written, again] = JSON.parse(stdout)
    assert.deepEqual([flags, errno, again], [0, 0, ERRNO.again])
    assert.ok(written > 0 && written < 200_000, `${written}`)
  })
})

describe('numbers at their ends', () => {
  test('arguments that are no value of their type', () => {
    const { guest } = make()
    for (const value of [256, 65536, 0x7fffffff, -1, -0x80000000]) {
      const calls = [
        ['clock_time_get', value, 0n, RESULT], ['clock_res_get', value, RESULT], ['fd_advise', 3, 0n, 0n, value], ['fd_seek', 3, 0n, value, RESULT],
        ['proc_raise', value], ['sock_shutdown', 3, value],
      ]
      for (const call of calls) assert.equal(errnoName(outcome(guest, call)), 'inval', call.join())
    }
    for (const value of [65536, 0x7fffffff, -1]) {
      const calls = [
        open('f', { oflags: value }), open('f', { fdflags: value }), ['fd_fdstat_set_flags', 1, value], ['fd_filestat_set_times', 3, 0n, 0n, value],
        ['path_filestat_set_times', 3, FOLLOW, 'f', 0n, 0n, value], ['sock_recv', 3, READ, 1, value, RESULT, RESULT + 4], ['sock_accept', 3, value, RESULT],
      ]
      for (const call of calls) assert.equal(errnoName(outcome(guest, call)), 'inval', call.join())
    }
    assert.equal(errnoName(outcome(guest, ['fd_fdstat_set_rights', 3, MAX_U64, 0n])), 'inval')
    // Who asks for all rights to a file gets those that there are.
    for (const rights of [MAX_U64, MAX_I64]) {
      const fd = opened(guest, 'f', { rights })
      assert.equal(guest.call('fd_read', fd, READ, 1, RESULT), 0)
      assert.equal(guest.bytes(BUFFER, guest.u32(RESULT)).toString(), 'content')
    }
  })

  test('sizes, offsets and times of a file', () => {
    const { dir, guest } = make()
    const fd = opened(guest, 'f', { rights: READ_WRITE })
    const refused = (call, ...errnos) => {
      const result = outcome(guest, call)
      assert.ok(errnos.map(name => ERRNO[name]).includes(result), `${call.join()}: ${errnoName(result)}`)
    }
    cheap(() => {
      for (const size of [MAX_I64, MIN_I64, MAX_U64]) {
        refused(['fd_filestat_set_size', fd, size], 'fbig', 'inval')
        refused(['fd_allocate', fd, 0n, size], 'fbig', 'inval', 'nospc')
        refused(['fd_allocate', fd, size, size], 'fbig', 'inval', 'nospc')
        refused(['fd_pwrite', fd, WRITE, 1, size, RESULT], 'fbig', 'inval', 'overflow')
      }
      for (const offset of [MIN_I64, MAX_U64]) refused(['fd_pread', fd, READ, 1, offset, RESULT], 'inval', 'overflow')
      for (const whence of [0, 1, 2]) refused(['fd_seek', fd, MIN_I64, whence, RESULT], 'inval', 'overflow')
      for (const whence of [3, 255]) refused(['fd_seek', fd, 0n, whence, RESULT], 'inval')
      refused(['fd_advise', fd, MAX_U64, MAX_U64, 0], 'success', 'inval', 'overflow')
      for (const advice of [6, 255]) refused(['fd_advise', fd, 0n, 0n, advice], 'inval')
      // The year 2554, which a file system may not know.
      refused(['fd_filestat_set_times', fd, MAX_U64, MAX_U64, 5], 'success', 'inval', 'overflow')
      refused(['path_filestat_set_times', 3, FOLLOW, 'f', MAX_U64, MAX_U64, 5], 'success', 'inval', 'overflow')
      // Bits that contradict each other or mean nothing.
      for (const flags of [3, 12, 15, 16, 0xffff]) {
        refused(['fd_filestat_set_times', fd, 0n, 0n, flags], 'inval')
        refused(['path_filestat_set_times', 3, FOLLOW, 'f', 0n, 0n, flags], 'inval')
      }
      refused(open('f', { oflags: 0xffff }), 'inval')
      refused(open('f', { fdflags: 0xffff }), 'inval')
      refused(open('f', { follow: 0x7fff }), 'inval')
      for (const clock of [4, 99]) {
        refused(['clock_time_get', clock, 0n, RESULT], 'inval')
        refused(['clock_res_get', clock, RESULT], 'inval')
      }
      for (const signal of [31, 99, 255]) refused(['proc_raise', signal], 'inval')
    })
    assert.equal(statSync(join(dir, 'f')).size, 7)
  })

  test('times to wait, which end when something else happens', () => {
    const { guest } = make()
    const fd = opened(guest, 'f')
    for (const clock of [0, 1]) {
      for (const [timeout, flags] of [[MAX_U64, 0], [MAX_U64, 1], [MAX_I64, 0], [MAX_I64, 1]]) {
        const bytes = guest.bytes(BUFFER, 96).fill(0)
        bytes[0] = 1
        bytes.writeUInt32LE(clock, 16)
        bytes.writeBigInt64LE(timeout, 24)
        bytes.writeBigInt64LE(MAX_U64, 32)
        bytes.writeUInt16LE(flags, 40)
        bytes[48] = 2
        bytes[56] = 1
        bytes.writeUInt32LE(fd, 64)
        assert.equal(guest.call('poll_oneoff', BUFFER, BUFFER + 256, 2, RESULT), 0)
        assert.deepEqual([guest.u32(RESULT), guest.bytes(BUFFER + 256, 1)[0]], [1, 2])
      }
    }
    // An instant that is over.
    const bytes = guest.bytes(BUFFER, 48).fill(0)
    bytes.writeUInt16LE(1, 40)
    assert.equal(guest.call('poll_oneoff', BUFFER, BUFFER + 256, 1, RESULT), 0)
    assert.equal(guest.u32(RESULT), 1)
  })

  test('descriptors', () => {
    const { guest } = make()
    for (const fd of [4, 1023, 1024, 0x7fffffff, -0x80000000, -1]) {
      const calls = [
        ['fd_advise', fd, 0n, 0n, 0], ['fd_allocate', fd, 0n, 1n], ['fd_close', fd], ['fd_datasync', fd], ['fd_fdstat_get', fd, RESULT],
        ['fd_fdstat_set_flags', fd, 0], ['fd_fdstat_set_rights', fd, 0n, 0n], ['fd_filestat_get', fd, RESULT], ['fd_filestat_set_size', fd, 0n],
        ['fd_filestat_set_times', fd, 0n, 0n, 0], ['fd_pread', fd, READ, 1, 0n, RESULT], ['fd_prestat_get', fd, RESULT],
        ['fd_prestat_dir_name', fd, BUFFER, 1], ['fd_pwrite', fd, WRITE, 1, 0n, RESULT], ['fd_read', fd, READ, 1, RESULT],
        ['fd_readdir', fd, BUFFER, 64, 0n, RESULT], ['fd_renumber', fd, 3], ['fd_renumber', 3, fd], ['fd_seek', fd, 0n, 0, RESULT],
        ['fd_sync', fd], ['fd_tell', fd, RESULT], ['fd_write', fd, WRITE, 1, RESULT], open('f', { dir: fd }), ['path_unlink_file', fd, 'f'],
        ['path_filestat_get', fd, FOLLOW, 'f', RESULT], ['path_link', fd, 0, 'f', 3, 'n'], ['path_rename', 3, 'f', fd, 'n'],
        ['sock_accept', fd, 0, RESULT], ['sock_recv', fd, READ, 1, 0, RESULT, RESULT + 4], ['sock_send', fd, WRITE, 1, 0, RESULT], ['sock_shutdown', fd, 1],
      ]
      for (const call of calls) assert.equal(errnoName(outcome(guest, call)), 'badf', call.join())
    }
  })
})
