// What a WASI guest cannot reach: nothing by default, no change in read-only directories. wasi_escapes.spec.mjs has the ways out of them.

import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { scratch } from './fixtures/scratch.mjs'
import { snapshot } from './fixtures/snapshot.mjs'
import { ERRNO, OFLAGS, RIGHTS, syscalls } from './guests/syscalls.mjs'

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
