// What a WASI guest cannot reach: nothing by default, nothing outside of its directories, no change in read-only ones.

import assert from 'node:assert/strict'
import { lstatSync, mkdirSync, readFileSync, readdirSync, readlinkSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { run } from '../index.js'
import { scratch } from './fixtures/scratch.mjs'
import { ERRNO, FOLLOW, OFLAGS, RIGHTS, syscalls } from './guests/syscalls.mjs'

const command = new URL('guests/command.wasm', import.meta.url)

/** All that stands below a directory: contents, targets of links, times of change. */
function snapshot(dir) {
  return readdirSync(dir).sort().flatMap(name => {
    const path = join(dir, name)
    const status = lstatSync(path)
    const line = `${path} ${status.mtimeMs} ${status.nlink}`
    if (status.isDirectory()) return [line, ...snapshot(path)]
    return `${line} ${status.isSymbolicLink() ? readlinkSync(path) : readFileSync(path, 'latin1')}`
  })
}

test('nothing is granted by default', () => {
  process.env.WASMPORT_TEST_SECRET = 'secret'
  const guest = syscalls()
  assert.deepEqual([guest.strings('args'), guest.strings('environ')], [[], []])
  assert.equal(guest.read(0), '')
  assert.equal(guest.write(1, 'nowhere'), 0)
  assert.equal(guest.write(2, 'nowhere'), 0)
  for (let fd = 3; fd < 20; fd++) {
    assert.equal(guest.call('fd_prestat_get', fd, 0), ERRNO.badf)
    assert.notEqual(guest.call('sock_accept', fd, 0, 0), 0)
    assert.equal(guest.write(fd, 'x'), ERRNO.badf)
  }
  for (let dir = 0; dir < 8; dir++) {
    for (const path of ['/etc/passwd', 'package.json', '.', '/']) assert.notEqual(guest.open(path, { dir }).errno, 0)
  }
})

describe('a directory is not left', () => {
  const dir = scratch({ 'outside/secret': 'secret', 'outside/sub/deep': '', 'in/f': 'content', 'in/sub/g': '' })
  const inside = join(dir, 'in')
  const links = {
    'file-rel': '../outside/secret',
    'file-abs': join(dir, 'outside/secret'),
    'file-twice': 'file-rel',
    'dir-rel': '../outside',
    'dir-abs': join(dir, 'outside'),
    'dir-sub': 'sub/../../outside',
    'up': '..',
    'root': '/',
  }
  for (const [name, target] of Object.entries(links)) symlinkSync(target, join(inside, name))
  symlinkSync('f', join(inside, 'fine'))
  const paths = [
    '../outside/secret', 'sub/../../outside/secret', './../outside/secret', join(dir, 'outside/secret'), `/${dir}/outside/secret`,
    'dir-rel/secret', 'dir-abs/secret', 'dir-sub/secret', 'up/outside/secret', `root${dir}/outside/secret`, 'sub/../dir-rel/secret',
    'dir-rel/../outside/secret', 'dir-rel/sub/../secret',
  ]
  const followed = ['file-rel', 'file-abs', 'file-twice']
  const outside = snapshot(join(dir, 'outside'))
  const before = snapshot(inside)

  for (const path of [...paths, ...followed]) {
    test(`by ${path.replaceAll(dir, '<host>')}`, () => {
      const guest = syscalls({ preopens: { '/': inside } })
      assert.equal(guest.open('fine').errno, 0, 'links inside work')
      const refused = (what, errno) => assert.notEqual(errno, 0, what)
      refused('read', guest.open(path).errno)
      refused('write', guest.open(path, { rights: RIGHTS.write }).errno)
      refused('truncate', guest.open(path, { rights: RIGHTS.write, oflags: OFLAGS.trunc }).errno)
      refused('create', guest.open(`${path}`, { rights: RIGHTS.write, oflags: OFLAGS.creat }).errno)
      refused('stat', guest.call('path_filestat_get', 3, FOLLOW, path, 0))
      refused('utimes', guest.call('path_filestat_set_times', 3, FOLLOW, path, 0n, 0n, 5))
      refused('link to it', guest.call('path_link', 3, FOLLOW, path, 3, 'stolen'))
      refused('list', guest.open(path.replace(/\/secret$/, ''), { oflags: OFLAGS.directory }).errno)
      if (followed.includes(path)) return
      const other = `${path}-new`
      refused('create new', guest.open(other, { rights: RIGHTS.write, oflags: OFLAGS.creat }).errno)
      refused('mkdir', guest.call('path_create_directory', 3, other))
      refused('rmdir', guest.call('path_remove_directory', 3, path.replace(/secret$/, 'sub')))
      refused('unlink', guest.call('path_unlink_file', 3, path))
      refused('take', guest.call('path_rename', 3, path, 3, 'stolen'))
      refused('put', guest.call('path_rename', 3, 'f', 3, path))
      refused('link from it', guest.call('path_link', 3, 0, 'f', 3, other))
      refused('symlink', guest.call('path_symlink', 'x', 3, other))
      refused('readlink', guest.call('path_readlink', 3, path, 0, 100, 200))
    })
  }

  test('and nothing was changed by trying', () => {
    assert.deepEqual(snapshot(join(dir, 'outside')), outside)
    assert.deepEqual(snapshot(inside), before)
  })

  test('by a link that the guest makes', () => {
    const guest = syscalls({ preopens: { '/': inside } })
    for (const [index, target] of ['../outside/secret', join(dir, 'outside/secret'), '..', 'dir-rel'].entries()) {
      guest.call('path_symlink', target, 3, `made-${index}`)
      for (const path of [`made-${index}`, `made-${index}/secret`, `made-${index}/outside/secret`]) {
        assert.ok(guest.open(path).errno !== 0 || !guest.read(guest.open(path).fd).includes('secret'), path)
      }
      assert.notEqual(guest.open(`made-${index}`).errno, 0)
      assert.notEqual(guest.open(`made-${index}`, { rights: RIGHTS.write, oflags: OFLAGS.trunc }).errno, 0)
    }
    assert.deepEqual(snapshot(join(dir, 'outside')), outside)
  })

  test('by a C program', async () => {
    const preopens = { '/': inside }
    const copies = [['/file-rel', '/stolen'], ['/../outside/secret', '/stolen'], ['/f', '/dir-abs/secret']]
    for (const copy of copies) {
      const { exitCode, stderr } = await run(command, { args: ['command', 'copy', ...copy], preopens, stderr: 'pipe' })
      assert.equal(exitCode, 1)
      assert.match(stderr.toString(), /^\/.*: /)
    }
    assert.deepEqual(snapshot(join(dir, 'outside')), outside)
  })
})

describe('a read-only directory', () => {
  const make = () => {
    const dir = scratch({ 'f': 'content', 'full/g': 'x' })
    mkdirSync(join(dir, 'empty'))
    return dir
  }
  const start = dir => {
    const guest = syscalls({ preopens: { '/': dir } })
    // What the calls that write do write: three bytes, at 8192.
    guest.bytes(64, 8).set([0, 32, 0, 0, 3, 0, 0, 0])
    return guest
  }
  const opened = (guest, path, options) => guest.open(path, options).errno
  // On the file opened to write, or if that is refused to read.
  const onFile = (guest, name, ...args) => {
    const writable = guest.open('f', { rights: RIGHTS.read | RIGHTS.write })
    const { fd } = writable.errno === 0 ? writable : guest.open('f')
    return guest.call(name, fd, ...args)
  }
  const changes = {
    'open to write': guest => opened(guest, 'f', { rights: RIGHTS.write }),
    'open to read and write': guest => opened(guest, 'f', { rights: RIGHTS.read | RIGHTS.write }),
    'create': guest => opened(guest, 'new', { rights: RIGHTS.write, oflags: OFLAGS.creat }),
    'create without writing': guest => opened(guest, 'new2', { oflags: OFLAGS.creat }),
    'create exclusively': guest => opened(guest, 'new3', { rights: RIGHTS.write, oflags: OFLAGS.creat | OFLAGS.excl }),
    'truncate': guest => opened(guest, 'f', { rights: RIGHTS.write, oflags: OFLAGS.trunc }),
    'make a directory': guest => guest.call('path_create_directory', 3, 'made'),
    'remove a directory': guest => guest.call('path_remove_directory', 3, 'empty'),
    'set times': guest => guest.call('path_filestat_set_times', 3, 0, 'f', 1n, 1n, 5),
    'hard link': guest => guest.call('path_link', 3, 0, 'f', 3, 'linked'),
    'symbolic link': guest => guest.call('path_symlink', 'f', 3, 'symlinked'),
    'rename': guest => guest.call('path_rename', 3, 'full', 3, 'renamed'),
    'write to an open file': guest => onFile(guest, 'fd_write', 64, 1, 8),
    'write at a place': guest => onFile(guest, 'fd_pwrite', 64, 1, 0n, 8),
    'set the size': guest => onFile(guest, 'fd_filestat_set_size', 1n),
    'set times of an open file': guest => onFile(guest, 'fd_filestat_set_times', 1n, 1n, 5),
    'unlink': guest => guest.call('path_unlink_file', 3, 'f'),
  }

  test('refuses every kind of change', () => {
    const dir = make()
    const before = snapshot(dir)
    const guest = start({ path: dir, readonly: true })
    for (const [what, change] of Object.entries(changes)) {
      assert.notEqual(change(guest), 0, what)
      assert.deepEqual(snapshot(dir), before, what)
    }
    assert.equal(guest.read(guest.open('f').fd), 'content')
  })

  test('where one that is not lets each of them happen', () => {
    const dir = make()
    const guest = start({ path: dir, readonly: false })
    for (const [what, change] of Object.entries(changes)) {
      const before = snapshot(dir)
      assert.equal(change(guest), 0, what)
      if (!what.startsWith('open to')) assert.notDeepEqual(snapshot(dir), before, what)
    }
  })

  test('neither takes from nor gives to one that can be written', () => {
    const [fixed, free] = [make(), make()]
    const before = snapshot(fixed)
    const guest = syscalls({ preopens: { '/fixed': { path: fixed, readonly: true }, '/free': free } })
    assert.notEqual(guest.call('path_rename', 4, 'f', 3, 'given'), 0)
    assert.notEqual(guest.call('path_rename', 3, 'f', 4, 'taken'), 0)
    assert.notEqual(guest.call('path_link', 4, 0, 'f', 3, 'given'), 0)
    // A link to a file that may only be read, in a place that may be written, would be a way to write it.
    assert.notEqual(guest.call('path_link', 3, 0, 'f', 4, 'taken'), 0)
    assert.deepEqual(snapshot(fixed), before)
    assert.equal(guest.call('path_rename', 4, 'f', 4, 'moved'), 0, 'a rename that is allowed')
  })
})
