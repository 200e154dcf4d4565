// What a host may have in the directories of a WASI guest: devices, pipes, sockets, the files of /proc, names that are no text,
// links where a directory is said to be. None of it leads out, and none of it stops the host. And the numbers of what a guest has open.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, closeSync, mkdirSync, openSync, readFileSync, readdirSync, renameSync, rmSync, statSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { scratch, spawnAsync } from './fixtures/scratch.mjs'
import { snapshot } from './fixtures/snapshot.mjs'
import { ERRNO, FOLLOW, OFLAGS, RIGHTS } from './guests/syscalls.mjs'
import { BUFFER, READ, RESULT, WRITE, errnoName, guestOf, hosts, open } from './guests/wasi-escapes/series.mjs'

const api = new URL('../index.js', import.meta.url).href
const series = new URL('guests/wasi-escapes/series.mjs', import.meta.url).href
const READ_WRITE = RIGHTS.read | RIGHTS.write
const notLinux = process.platform !== 'linux' && 'these files are of Linux'

/** What an opened descriptor gives, at once: its bytes, or the errno. */
function readSome(guest, fd) {
  const errno = guest.call('fd_read', fd, READ, 1, RESULT)
  return errno === 0 ? guest.bytes(BUFFER, guest.u32(RESULT)).toString() : errnoName(errno)
}

/** The names in an open directory, as bytes in hexadecimal, read in pieces of `size`. */
function list(guest, fd, size = 4096) {
  const names = []
  for (let cookie = 0n; ;) {
    assert.equal(guest.call('fd_readdir', fd, BUFFER, size, cookie, RESULT), 0)
    const bytes = guest.bytes(BUFFER, guest.u32(RESULT))
    let at = 0
    while (at + 24 <= bytes.length && at + 24 + bytes.readUInt32LE(at + 16) <= bytes.length) {
      cookie = bytes.readBigUInt64LE(at)
      const length = bytes.readUInt32LE(at + 16)
      names.push(bytes.toString('hex', at + 24, at + 24 + length))
      at += 24 + length
    }
    if (bytes.length < size) return names.sort()
    assert.notEqual(at, 0, 'an entry fits')
  }
}

const hex = names => names.map(name => Buffer.from(name).toString('hex')).sort()

describe('the files of /proc', { skip: notLinux }, () => {
  const secret = 'the secret of a descriptor'
  const outside = scratch({ secret })
  const magic = ['root', 'cwd', 'exe', 'fd/0', 'fd/1', 'root/etc/passwd', 'cwd/package.json', 'task/self/root', `root${outside}/secret`]

  for (const [name, host] of Object.entries(hosts)) {
    test(`${name}: lead nowhere by a link, nor by a directory that was given`, async () => {
      const dir = scratch({ f: '' })
      const links = { root: '/proc/self/root', cwd: '/proc/self/cwd', fd: '/proc/self/fd', exe: '/proc/self/exe', thread: '/proc/thread-self/root' }
      for (const [link, target] of Object.entries(links)) symlinkSync(target, join(dir, link))
      const byLink = [...Object.keys(links), 'root/etc/passwd', 'cwd/package.json', 'fd/0', 'fd/1', `root${outside}/secret`]
      const given = { '/': dir, '/proc': '/proc/self', '/fd': '/proc/self/fd' }
      const calls = (dir, paths) => paths.flatMap(path => [
        open(path, { dir }), open(path, { dir, rights: READ_WRITE }), open(path, { dir, oflags: OFLAGS.directory }),
        ['path_filestat_get', dir, FOLLOW, path, RESULT],
      ])
      const { errnos } = await host([
        ...calls(3, byLink), ...calls(4, magic), ...calls(5, ['0', '1', '2', '3', '4', '5', '10', '20']),
        open('environ', { dir: 4 }), open('../self/environ', { dir: 4 }), open('f'),
      ], { preopens: given })
      const own = errnos.splice(-3)
      assert.deepEqual(new Set(errnos.splice(0, 4 * byLink.length).map(errnoName)), new Set(['perm']))
      // The links of /proc are none that a path could be seen to leave by; they are not followed at all.
      assert.ok(errnos.every(errno => [ERRNO.loop, ERRNO.noent, ERRNO.perm].includes(errno)), errnos.map(errnoName).join())
      assert.deepEqual(own.map(errnoName), ['success', 'perm', 'success'], 'a plain file of a given directory is open, of /proc too')
      assert.equal(readFileSync(join(outside, 'secret'), 'utf8'), secret)
    })
  }
})

describe('what is no file', { skip: notLinux }, () => {
  // In a process of its own, which is ended if a call waits.
  const outcome = (dir, script, options) => {
    const result = spawnAsync(`const { guestOf, open, hosts, program, READ, WRITE, RESULT, BUFFER } = await import(${JSON.stringify(series)})
      const preopens = { '/': ${JSON.stringify(dir)} }
      const report = value => process.stdout.write(JSON.stringify(value))
      ${script}`, { timeout: 60_000, ...options })
    assert.equal(result.signal, null, 'the host hangs')
    assert.equal(result.status, 0, result.stderr)
    return JSON.parse(result.stdout)
  }
  const make = () => {
    const dir = scratch({ f: 'content' })
    execFileSync('mkfifo', [join(dir, 'fifo')])
    return dir
  }

  test('a named pipe that nobody else has open does not stop the host', () => {
    const dir = make()
    const result = outcome(dir, `const guest = guestOf({ preopens })
      const results = []
      for (const rights of [2n, 64n, 66n]) {
        const errno = guest.call(...open('fifo', { rights }))
        if (errno !== 0) { results.push([errno]); continue }
        const fd = guest.u32(RESULT)
        // To read from one that it may write itself would be to wait for itself.
        const transfer = rights === 2n ? guest.call('fd_read', fd, READ, 1, RESULT) : guest.call('fd_write', fd, WRITE, 1, RESULT)
        results.push([errno, transfer, guest.u32(RESULT), guest.call('fd_close', fd)])
      }
      results.push([guest.call('path_filestat_get', 3, 1, 'fifo', RESULT)], [guest.call(...open('f'))])
      report(results)`)
    const opened = new Set([0, ERRNO.again, ERRNO.nxio, ERRNO.notsup, ERRNO.perm, ERRNO.inval])
    for (const [errno, transfer = 0] of result.slice(0, 3)) assert.ok(opened.has(errno) && opened.has(transfer), JSON.stringify(result))
    assert.deepEqual(result.slice(3), [[0], [0]])
    assert.equal(statSync(join(dir, 'fifo')).isFIFO(), true)
  })

  test('nor does it stop a program, or keep the process', () => {
    const dir = make()
    const opens = "open('fifo'), open('fifo', { rights: 64n }), open('fifo', { rights: 66n })"
    assert.equal(outcome(dir, `report((await hosts.run([${opens}, open('f')], { preopens })).errnos.at(-1))`), 0)
    // Whoever waits for a pipe that nobody writes to waits as long as a program may.
    const read = "open('fifo', { rights: 66n }), ['fd_read', 4, READ, 1, RESULT], ['fd_read', 4, READ, 1, RESULT]"
    const begun = outcome(dir, `const { run } = await import(${JSON.stringify(api)})
      const { exitCode, signal } = await run(program([${read}]), { preopens, stdout: 'ignore', timeout: 500 })
      report([exitCode, signal])`)
    assert.deepEqual(begun, [null, 'SIGTERM'])
  })

  test('a socket is not connected to', async () => {
    const dir = scratch({ f: '' })
    const server = createServer(() => assert.fail('connected'))
    server.listen(join(dir, 'socket'))
    await once(server, 'listening')
    const result = outcome(dir, `const guest = guestOf({ preopens })
      report([guest.call(...open('socket')), guest.call(...open('socket', { rights: 66n })), guest.call('path_filestat_get', 3, 1, 'socket', RESULT)])`)
    server.close()
    assert.deepEqual(result.map(errnoName), ['nxio', 'nxio', 'success'])
  })

  test('the terminal and the streams of the host are not reached by /dev', () => {
    const result = outcome('/dev', `const guest = guestOf({ preopens })
      const errnos = ['stdin', 'stdout', 'stderr', 'fd/0', 'fd/1'].flatMap(path => [guest.call(...open(path)), guest.call(...open(path, { rights: 66n }))])
      guest.call(...open('tty'))
      report(errnos)`, { input: '' })
    assert.deepEqual(new Set(result.map(errnoName)), new Set(['perm']))
  })

  test('the devices of a directory that was given are its files', () => {
    const result = outcome('/dev', `const guest = guestOf({ preopens })
      const transfer = (path, rights, ...args) => {
        const errno = guest.call(...open(path, { rights }))
        return errno === 0 ? [guest.call(args[0], guest.u32(RESULT), ...args.slice(1)), guest.u32(RESULT)] : ['open', errno]
      }
      guest.bytes(BUFFER, 4096).fill(1)
      const read = transfer('zero', 2n, 'fd_read', READ, 1, RESULT)
      report([read, guest.bytes(BUFFER, 4096).every(byte => byte === 0), transfer('null', 2n, 'fd_read', READ, 1, RESULT),
        transfer('null', 64n, 'fd_write', WRITE, 1, RESULT), transfer('full', 64n, 'fd_write', WRITE, 1, RESULT)[0]])`)
    assert.deepEqual(result, [[0, 4096], true, [0, 0], [0, 6], ERRNO.nospc])
  })
})

test('a guest makes no file that runs as somebody else', () => {
  const dir = scratch({ tool: 'content' })
  chmodSync(join(dir, 'tool'), 0o6755)
  const guest = guestOf({ preopens: { '/': dir } })
  assert.equal(guest.call(...open('made', { oflags: OFLAGS.creat, rights: READ_WRITE })), 0)
  assert.equal(guest.call('path_create_directory', 3, 'directory'), 0)
  assert.equal(statSync(join(dir, 'made')).mode & 0o7111, 0)
  assert.equal(statSync(join(dir, 'directory')).mode & 0o7000, 0)
  // A name can be had for it, by which it is what it was; a copy is none.
  assert.equal(guest.call('path_rename', 3, 'tool', 3, 'renamed'), 0)
  assert.equal(statSync(join(dir, 'renamed')).mode & 0o7777, 0o6755)
})

describe('names that are no text', { skip: notLinux }, () => {
  test('do not keep a directory from being read', () => {
    const dir = scratch({ 'one': '', 'two': '', 'ünï': '' })
    const odd = [[0xff], [0x61, 0xfe, 0x62], [0xed, 0xa0, 0x80], [0x0a], [0x5c], [0x20]].map(bytes => Buffer.from(bytes))
    for (const name of odd) writeFileSync(Buffer.concat([Buffer.from(`${dir}/`), name]), 'odd')
    for (const size of [4096, 64]) {
      const guest = guestOf({ preopens: { '/': dir } })
      const names = list(guest, 3, size)
      const text = hex(['.', '..', 'one', 'two', 'ünï', '\n', '\\', ' '])
      assert.deepEqual(names.filter(name => text.includes(name)), text, 'each name that is text is there, once')
      const others = names.filter(name => !text.includes(name))
      assert.equal(others.length, new Set(others).size)
      for (const path of ['one', '\n', '\\', ' ', 'ünï']) assert.equal(guest.call(...open(path)), 0)
    }
  })

  test('are no way to give the host such a link', () => {
    const dir = scratch()
    symlinkSync(Buffer.from([0xff, 0x2f, 0xfe]), join(dir, 'link'))
    const guest = guestOf({ preopens: { '/': dir } })
    assert.notEqual(guest.call(...open('link')), 0)
    assert.ok([0, ERRNO.ilseq].includes(guest.call('path_readlink', 3, 'link', BUFFER, 4096, RESULT)))
    assert.equal(guest.call('path_unlink_file', 3, 'link'), 0)
    assert.deepEqual(readdirSync(dir), [])
  })
})

describe('a directory that is given', () => {
  test('may be a link: it is what that led to when it was given', () => {
    const dir = scratch({ 'first/f': 'first', 'second/f': 'second', 'secret': 'secret' })
    symlinkSync('first', join(dir, 'link'))
    const before = snapshot(join(dir, 'first'))
    const guest = guestOf({ preopens: { '/': join(dir, 'link') } })
    const own = () => { assert.equal(guest.call(...open('f')), 0); return readSome(guest, guest.u32(RESULT)) }
    assert.equal(own(), 'first')
    for (const path of ['..', '../secret', '../second/f', '../link/f']) assert.equal(guest.call(...open(path)), ERRNO.perm)
    unlinkSync(join(dir, 'link'))
    symlinkSync('second', join(dir, 'link'))
    assert.equal(own(), 'first')
    assert.deepEqual(snapshot(join(dir, 'first')), before)
  })

  test('may go away: it is empty then, and what takes its place is not given', () => {
    const dir = scratch({ 'given/f': 'content', 'given/sub/g': '' })
    const guest = guestOf({ preopens: { '/': join(dir, 'given') } })
    assert.equal(guest.call(...open('f')), 0)
    const file = guest.u32(RESULT)
    assert.equal(guest.call(...open('sub', { oflags: OFLAGS.directory })), 0)
    const sub = guest.u32(RESULT)
    rmSync(join(dir, 'given'), { recursive: true })
    mkdirSync(join(dir, 'given'))
    writeFileSync(join(dir, 'given/f'), 'another')
    assert.equal(readSome(guest, file), 'content')
    for (const at of [3, sub]) {
      for (const call of [open('f', { dir: at }), open('n', { dir: at, oflags: OFLAGS.creat, rights: READ_WRITE }), ['path_create_directory', at, 'n'],
        ['path_symlink', 'x', at, 'n'], ['path_unlink_file', at, 'f'], ['path_rename', at, 'f', at, 'n']]) {
        assert.equal(errnoName(guest.call(...call)), 'noent', call.join())
      }
      assert.equal(guest.call(...open('../given/f', { dir: at })), ERRNO.perm)
      assert.ok([0, ERRNO.noent].includes(guest.call('fd_readdir', at, BUFFER, 4096, 0n, RESULT)))
    }
    assert.equal(readFileSync(join(dir, 'given/f'), 'utf8'), 'another')
  })

  test('may be moved: the guest moves with it, and sees nothing of what is around it', () => {
    const dir = scratch({ 'given/sub/g': 'inner', 'elsewhere/secret': 'secret' })
    const guest = guestOf({ preopens: { '/': join(dir, 'given') } })
    assert.equal(guest.call(...open('sub', { oflags: OFLAGS.directory })), 0)
    const sub = guest.u32(RESULT)
    renameSync(join(dir, 'given/sub'), join(dir, 'elsewhere/sub'))
    assert.equal(guest.call(...open('g', { dir: sub })), 0)
    assert.equal(readSome(guest, guest.u32(RESULT)), 'inner')
    for (const path of ['../secret', '..', '../sub/g']) assert.equal(guest.call(...open(path, { dir: sub })), ERRNO.perm)
    assert.equal(guest.call(...open('sub/g')), ERRNO.noent)
    assert.equal(readFileSync(join(dir, 'elsewhere/secret'), 'utf8'), 'secret')
  })

  test('is not left by the directory that the guest begins in', () => {
    const dir = scratch({ 'outside/secret': 'secret', 'in/sub/f': 'content', 'in/g': '' })
    symlinkSync('../outside', join(dir, 'in/rel'))
    symlinkSync(join(dir, 'outside'), join(dir, 'in/abs'))
    const start = cwd => guestOf({ preopens: { '/in': join(dir, 'in') }, cwd })
    for (const cwd of ['/', '/outside', '/in/..', '/in/../outside', '/in/sub/../../outside', '../outside', 'in', '']) {
      assert.throws(() => start(cwd), { code: 'ERR_WASMPORT_OPTION' }, cwd)
    }
    for (const cwd of ['/in/rel', '/in/abs', '/in/rel/sub']) assert.throws(() => start(cwd), { code: /^E(PERM|ACCES|XDEV)$/ }, cwd)
    assert.throws(() => start('/in/g'), { code: 'ENOTDIR' })
    const guest = start('/in/sub')
    assert.equal(guest.call(...open('f', { dir: 4 })), 0)
    for (const path of ['../g', '..', '../../outside/secret']) assert.equal(guest.call(...open(path, { dir: 4 })), ERRNO.perm)
  })

  test('is read-only by its name "." as well', () => {
    const dir = scratch({ 'f': 'content' })
    const before = snapshot(dir)
    const guest = guestOf({ preopens: { '/fixed': { path: dir, readonly: true } }, cwd: '/fixed' })
    assert.equal(guest.call('fd_prestat_dir_name', 4, BUFFER, 1), 0)
    assert.equal(guest.bytes(BUFFER, 1).toString(), '.')
    assert.equal(guest.call(...open('f', { dir: 4 })), 0)
    for (const call of [open('f', { dir: 4, rights: READ_WRITE }), ['path_create_directory', 4, 'n'], ['path_unlink_file', 4, 'f'], open('../f', { dir: 4 })]) {
      assert.equal(guest.call(...call), ERRNO.perm)
    }
    assert.deepEqual(snapshot(dir), before)
  })
})

test('a stream of the host keeps its flags, whatever flags the guest gives it', { skip: notLinux }, () => {
  const path = join(scratch(), 'log')
  writeFileSync(path, 'first\n')
  for (const mode of ['a', 'r+']) {
    const fd = openSync(path, mode)
    const flags = () => readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8').match(/^flags:.*$/m)[0]
    const before = flags()
    const guest = guestOf({ stdout: fd })
    for (const wanted of [5, 4, 1, 0]) {
      guest.call('fd_fdstat_set_flags', 1, wanted)
      assert.equal(flags(), before, `${mode}, ${wanted}`)
    }
    if (mode === 'a') {
      // Whatever it does, it adds.
      guest.call('fd_seek', 1, 0n, 0, RESULT)
      assert.equal(guest.call('fd_write', 1, WRITE, 1, RESULT), 0)
      guest.call('fd_pwrite', 1, WRITE, 1, 0n, RESULT)
      assert.match(readFileSync(path, 'utf8'), /^first\nbroken/)
    }
    closeSync(fd)
  }
})

describe('the numbers of descriptors', () => {
  const make = () => guestOf({ preopens: { '/': scratch({ 'f': 'content', 'sub/g': 'inner' }) } })
  const opened = (guest, ...args) => {
    assert.equal(guest.call(...open(...args)), 0)
    return guest.u32(RESULT)
  }

  test('are used again, the lowest first', () => {
    const guest = make()
    assert.deepEqual([1, 2, 3, 4].map(() => opened(guest, 'f')), [4, 5, 6, 7])
    for (const fd of [6, 4, 5]) assert.equal(guest.call('fd_close', fd), 0)
    for (const fd of [4, 5, 6]) assert.equal(guest.call('fd_read', fd, READ, 1, RESULT), ERRNO.badf)
    assert.deepEqual([1, 2, 3, 4].map(() => opened(guest, 'sub/g')), [4, 5, 6, 8])
    assert.equal(readSome(guest, 4), 'inner')
    assert.equal(readSome(guest, 7), 'content')
  })

  test('those of the streams too, and the streams are gone then', () => {
    const guest = make()
    for (const fd of [0, 1, 2]) assert.equal(guest.call('fd_close', fd), 0)
    for (const fd of [0, 1, 2]) assert.equal(guest.call('fd_close', fd), ERRNO.badf)
    assert.equal(guest.call('fd_write', 1, WRITE, 1, RESULT), ERRNO.badf)
    assert.deepEqual([1, 2, 3, 4].map(() => opened(guest, 'f')), [0, 1, 2, 4])
    assert.equal(readSome(guest, 0), 'content')
  })

  test('of a closed directory mean nothing, and what was opened in it stays open', () => {
    const guest = make()
    const sub = opened(guest, 'sub', { oflags: OFLAGS.directory })
    const file = opened(guest, 'g', { dir: sub })
    assert.equal(guest.call('fd_close', sub), 0)
    assert.equal(readSome(guest, file), 'inner')
    const inSub = [open('g', { dir: sub }), ['fd_readdir', sub, BUFFER, 4096, 0n, RESULT], ['path_filestat_get', sub, FOLLOW, 'g', RESULT],
      ['path_unlink_file', sub, 'g'], ['path_create_directory', sub, 'n'], ['path_rename', sub, 'g', 3, 'g'], ['path_rename', 3, 'f', sub, 'f'],
      ['path_link', 3, 0, 'f', sub, 'f'], ['path_symlink', 'f', sub, 'n']]
    for (const call of inSub) assert.equal(guest.call(...call), ERRNO.badf, call.join())
    assert.equal(opened(guest, 'f'), sub)
    for (const call of inSub) assert.equal(guest.call(...call), ERRNO.notdir, call.join())
  })

  test('can be given to others, which closes those', () => {
    const guest = make()
    const [first, second] = [opened(guest, 'f'), opened(guest, 'sub/g')]
    assert.equal(guest.call('fd_renumber', first, second), 0)
    assert.equal(readSome(guest, second), 'content')
    assert.equal(guest.call('fd_close', first), ERRNO.badf)
    assert.equal(guest.call('fd_renumber', second, second), 0)
    for (const [from, to] of [[first, second], [second, first], [second, 1023], [second, 0x7fffffff], [second, -1], [-1, second], [99, 99]]) {
      assert.equal(guest.call('fd_renumber', from, to), ERRNO.badf, `${from} to ${to}`)
    }
    assert.equal(guest.call('fd_renumber', second, 1), 0)
    assert.equal(guest.call('fd_seek', 1, 0n, 0, RESULT), 0)
    assert.equal(readSome(guest, 1), 'content')
    assert.equal(opened(guest, 'f'), first)
  })
})
