// Ways out of the directories of a WASI guest, in every host: each is refused, and what stands outside is neither read nor changed.

import assert from 'node:assert/strict'
import { linkSync, mkdirSync, readFileSync, readdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { run } from '../index.js'
import { scratch } from './fixtures/scratch.mjs'
import { snapshot } from './fixtures/snapshot.mjs'
import { FOLLOW, OFLAGS, RIGHTS } from './guests/syscalls.mjs'
import { BUFFER, READ, RESULT, WRITE, errnoName, hosts, open } from './guests/wasi-escapes/series.mjs'

const command = new URL('guests/command.wasm', import.meta.url)
const READ_WRITE = RIGHTS.read | RIGHTS.write

/** The directories of a guest and what stands beside them. */
function make() {
  const dir = scratch({
    'outside/secret': 'secret', 'outside/sub/deep': '', 'in/f': 'content', 'in/sub/g': '', 'in/sub/sub/h': '',
    'fixed/f': 'content', 'fixed/sub/g': 'content', 'free/f': 'content',
  })
  mkdirSync(join(dir, 'fixed/empty'))
  const links = {
    'file-rel': '../outside/secret', 'file-abs': join(dir, 'outside/secret'), 'file-twice': 'file-rel',
    'dir-rel': '../outside', 'dir-abs': join(dir, 'outside'), 'dir-sub': 'sub/../../outside', 'up': '..', 'root': '/',
    'proc': '/proc/self', 'fds': '/proc/self/fd', 'proc-rel': `${'../'.repeat(64)}proc/self`, 'loop': 'loop', 'fine': 'f',
  }
  for (const [name, target] of Object.entries(links)) symlinkSync(target, join(dir, 'in', name))
  symlinkSync('../fixed/f', join(dir, 'free/fixed-file'))
  symlinkSync('../outside', join(dir, 'fixed/dir-rel'))
  const preopens = { '/': join(dir, 'in'), '/fixed': { path: join(dir, 'fixed'), readonly: true }, '/free': join(dir, 'free') }
  return { dir, preopens }
}

// The numbers that the guest has for its directories, and for the first that it opens.
const [IN, FIXED, FREE, OPENED] = [3, 4, 5, 6]

const link = (dir, path, to, name) => ['path_link', dir, 0, path, to, name]
const rename = (dir, path, to, name) => ['path_rename', dir, path, to, name]

/** Everything that can be tried with a path that leads to a file outside. */
const attempts = path => ({
  'open to read': open(path),
  'open without following': open(path, { follow: 0 }),
  'open to write': open(path, { rights: READ_WRITE }),
  'truncate': open(path, { rights: READ_WRITE, oflags: OFLAGS.trunc }),
  'create': open(path, { rights: READ_WRITE, oflags: OFLAGS.creat }),
  'create exclusively': open(`${path}-new`, { rights: READ_WRITE, oflags: OFLAGS.creat | OFLAGS.excl }),
  'list what it is in': open(path.replace(/[^/]+$/, ''), { oflags: OFLAGS.directory }),
  'stat': ['path_filestat_get', IN, FOLLOW, path, RESULT],
  'stat without following': ['path_filestat_get', IN, 0, path, RESULT],
  'set times': ['path_filestat_set_times', IN, FOLLOW, path, 0n, 0n, 5],
  'read as a link': ['path_readlink', IN, path, BUFFER, 4096, RESULT],
  'unlink': ['path_unlink_file', IN, path],
  'make a directory': ['path_create_directory', IN, `${path}-new`],
  'remove a directory': ['path_remove_directory', IN, path.replace(/[^/]+$/, 'sub')],
  'take by rename': rename(IN, path, IN, 'stolen'),
  'put by rename': rename(IN, 'f', IN, path),
  'take by link': link(IN, path, IN, 'stolen'),
  'put by link': link(IN, 'f', IN, `${path}-new`),
  'make a link': ['path_symlink', 'f', IN, `${path}-new`],
})

/** A file that is itself a link to the outside, which the guest may look at, move and remove, but not follow. */
const followed = path => ({
  'open to read': open(path),
  'open to write': open(path, { rights: READ_WRITE }),
  'truncate': open(path, { rights: READ_WRITE, oflags: OFLAGS.trunc }),
  'create': open(path, { rights: READ_WRITE, oflags: OFLAGS.creat }),
  'stat': ['path_filestat_get', IN, FOLLOW, path, RESULT],
  'set times': ['path_filestat_set_times', IN, FOLLOW, path, 0n, 0n, 5],
  'link to what it leads to': ['path_link', IN, FOLLOW, path, IN, 'stolen'],
})

const within = dir => [
  '../outside/secret', 'sub/../../outside/secret', './../outside/secret', '../in/f', 'sub/sub/../../../outside/secret',
  join(dir, 'outside/secret'), `/${dir}/outside/secret`, '/etc/passwd', '/f', '/proc/self/fd/0', '/dev/null',
  'dir-rel/secret', 'dir-abs/secret', 'dir-sub/secret', 'up/outside/secret', `root${dir}/outside/secret`, 'sub/../dir-rel/secret',
  'dir-rel/../outside/secret', 'dir-rel/sub/../secret', 'up/in/f', 'dir-abs/../in/f',
  'proc/environ', `proc/root${dir}/outside/secret`, 'proc/cwd/package.json', 'proc-rel/environ', 'fds/0', 'fds/1', `fds/../root${dir}/outside/secret`,
]

/** Makes the calls of `series`, a record of what they do to [expected errno, call], in a host; the guest ends up reading a file of its own. */
async function expect(host, preopens, series) {
  const own = [open('f', { dir: IN }), ['fd_read', OPENED, READ, 1, RESULT]]
  const calls = [...Object.values(series).map(([, call]) => call), ...own]
  const { errnos, read } = await host(calls, { preopens })
  const found = Object.fromEntries(Object.keys(series).map((what, index) => [what, errnoName(errnos[index])]))
  assert.deepEqual(found, Object.fromEntries(Object.entries(series).map(([what, [errno]]) => [what, errno])))
  assert.deepEqual(errnos.slice(-2), [0, 0], 'its own file is open to it, as the first')
  assert.equal(read, 'content')
}

const all = (errno, prefix, calls) => Object.fromEntries(Object.entries(calls).map(([what, call]) => [`${prefix}: ${what}`, [errno, call]]))

for (const [name, host] of Object.entries(hosts)) {
  describe(name, () => {
    test('a directory is not left by a path', async () => {
      const { dir, preopens } = make()
      const before = snapshot(dir)
      for (const path of within(dir)) await expect(host, preopens, all('perm', path.replaceAll(dir, '<host>'), attempts(path)))
      for (const path of ['file-rel', 'file-abs', 'file-twice']) await expect(host, preopens, all('perm', path, followed(path)))
      assert.deepEqual(snapshot(dir), before)
    })

    test('nor by a link that the guest makes or moves', async () => {
      const { dir, preopens } = make()
      const outside = snapshot(join(dir, 'outside'))
      await expect(host, preopens, {
        'an absolute link': ['perm', ['path_symlink', '/etc/passwd', IN, 'made-abs']],
        'a link to the outside': ['success', ['path_symlink', '../outside/secret', IN, 'made']],
        'a link to its directory': ['success', ['path_symlink', '../outside', IN, 'made-dir']],
        'a link to what is above': ['success', ['path_symlink', '..', IN, 'made-up']],
        ...all('perm', 'by the link', followed('made')),
        ...all('perm', 'by the directory', attempts('made-dir/secret')),
        ...all('perm', 'by what is above', attempts('made-up/outside/secret')),
        // Inside it would lead to in/outside; from one level up, outside.
        'a link that is fine where it is': ['success', ['path_symlink', '../f', IN, 'sub/link']],
        'it works': ['success', ['path_filestat_get', IN, FOLLOW, 'sub/link', RESULT]],
        'it is moved up': ['success', rename(IN, 'sub/link', IN, 'link')],
        'and leads out': ['perm', open('link')],
        'a hard link to a link': ['success', link(IN, 'made', FREE, 'made')],
        'is a link': ['perm', open('made', { dir: FREE })],
      })
      assert.deepEqual(snapshot(join(dir, 'outside')), outside)
    })

    test('a directory that is opened is a directory that is not left', async () => {
      const { dir, preopens } = make()
      const before = snapshot(dir)
      const at = OPENED
      const { errnos } = await host([
        open('sub', { oflags: OFLAGS.directory }),
        open('../f', { dir: at }), open('..', { dir: at }), open('sub/../../f', { dir: at }),
        rename(at, 'g', at, '../g'), link(at, 'g', at, '../g'), ['path_unlink_file', at, '../f'],
        open('g', { dir: at }),
      ], { preopens })
      assert.deepEqual(errnos.map(errnoName), ['success', ...Array(6).fill('perm'), 'success'])
      assert.deepEqual(snapshot(dir), before)
    })

    test('a read-only directory is changed in no way', async () => {
      const { dir, preopens } = make()
      const before = snapshot(dir)
      const file = OPENED
      const sub = OPENED + 1
      await expect(host, preopens, all('perm', 'read-only', {
        'open to write': open('f', { dir: FIXED, rights: READ_WRITE }),
        'open to write only': open('f', { dir: FIXED, rights: RIGHTS.write }),
        'open to append': open('f', { dir: FIXED, rights: READ_WRITE, fdflags: 1 }),
        'truncate': open('f', { dir: FIXED, oflags: OFLAGS.trunc }),
        'truncate and write': open('f', { dir: FIXED, oflags: OFLAGS.trunc, rights: READ_WRITE }),
        'create': open('new', { dir: FIXED, oflags: OFLAGS.creat, rights: READ_WRITE }),
        'create without writing': open('new', { dir: FIXED, oflags: OFLAGS.creat }),
        'create exclusively': open('new', { dir: FIXED, oflags: OFLAGS.creat | OFLAGS.excl }),
        'make a directory': ['path_create_directory', FIXED, 'new'],
        'make a directory below': ['path_create_directory', FIXED, 'sub/new'],
        'remove a directory': ['path_remove_directory', FIXED, 'empty'],
        'unlink': ['path_unlink_file', FIXED, 'f'],
        'make a link': ['path_symlink', 'f', FIXED, 'new'],
        'set times': ['path_filestat_set_times', FIXED, FOLLOW, 'f', 1n, 1n, 5],
        'set times of a directory': ['path_filestat_set_times', FIXED, FOLLOW, 'empty', 1n, 1n, 5],
        'set its own times': ['fd_filestat_set_times', FIXED, 1n, 1n, 5],
        'rename in it': rename(FIXED, 'f', FIXED, 'new'),
        'rename out of it': rename(FIXED, 'f', FREE, 'new'),
        'rename into it': rename(FREE, 'f', FIXED, 'new'),
        'rename over a file in it': rename(FREE, 'f', FIXED, 'f'),
        'link in it': link(FIXED, 'f', FIXED, 'new'),
        // The file could be written by its new name.
        'link out of it': link(FIXED, 'f', FREE, 'new'),
        'link into it': link(FREE, 'f', FIXED, 'new'),
        'its file by a link': open('fixed-file', { dir: FREE, rights: READ_WRITE }),
        'the outside by a link': open('dir-rel/secret', { dir: FIXED }),
      }))
      // Nor does it have to be: a file that is there is not created.
      await expect(host, preopens, {
        'create what is there': ['success', open('f', { dir: FIXED, oflags: OFLAGS.creat })],
        'create a directory that is there': ['isdir', open('sub', { dir: FIXED, oflags: OFLAGS.creat })],
        'create exclusively what is there': ['perm', open('f', { dir: FIXED, oflags: OFLAGS.creat | OFLAGS.excl })],
      })
      // What is opened in it is no more open than it is.
      const { errnos } = await host([
        open('f', { dir: FIXED }), open('sub', { dir: FIXED, oflags: OFLAGS.directory }),
        ['fd_write', file, WRITE, 1, RESULT], ['fd_pwrite', file, WRITE, 1, 0n, RESULT], ['fd_filestat_set_size', file, 1n],
        ['fd_filestat_set_times', file, 1n, 1n, 5], ['fd_allocate', file, 0n, 100n],
        open('g', { dir: sub, rights: READ_WRITE }), open('new', { dir: sub, oflags: OFLAGS.creat }), open('g', { dir: sub, oflags: OFLAGS.trunc }),
        ['path_unlink_file', sub, 'g'], ['path_create_directory', sub, 'new'], rename(sub, 'g', FREE, 'new'), link(sub, 'g', FREE, 'new'),
      ], { preopens })
      assert.deepEqual(errnos.slice(0, 2), [0, 0])
      for (const errno of errnos.slice(2, 7)) assert.notEqual(errno, 0)
      assert.deepEqual(errnos.slice(7).map(errnoName), Array(7).fill('perm'))
      assert.deepEqual(snapshot(dir), before)
    })

    test('what is renamed and linked from one directory to another stays what it was', async () => {
      const { dir, preopens } = make()
      await expect(host, preopens, {
        'over': ['success', rename(FREE, 'f', IN, 'sub/from-free')],
        'and linked back': ['success', link(IN, 'sub/from-free', FREE, 'linked')],
        'not there any more': ['noent', open('f', { dir: FREE })],
        'out by its path': ['perm', rename(IN, 'f', FREE, '../outside/new')],
        'out by a link of its own': ['perm', rename(FREE, 'linked', IN, 'dir-rel/new')],
        'in from outside': ['perm', rename(FREE, '../outside/secret', IN, 'new')],
        'a link from outside': ['perm', link(IN, 'dir-abs/secret', FREE, 'new')],
      })
      assert.deepEqual([readdirSync(join(dir, 'free')), readdirSync(join(dir, 'outside'))], [['fixed-file', 'linked'], ['secret', 'sub']])
      assert.equal(readFileSync(join(dir, 'in/sub/from-free'), 'utf8'), 'content')
    })

    test('a path with NUL, and one that is not UTF-8', async () => {
      const { dir, preopens } = make()
      const before = snapshot(dir)
      for (const path of ['f\0', '\0', 'f\0/../../outside/secret', 'dir-rel\0/secret']) {
        const { 'list what it is in': list, 'remove a directory': remove, ...others } = attempts(path)
        await expect(host, preopens, all('inval', JSON.stringify(path), others))
      }
      for (const path of [[0xff], [0x66, 0xc0, 0xaf], [0xed, 0xa0, 0x80]]) {
        const bytes = Buffer.from(path)
        await expect(host, preopens, all('ilseq', bytes.toString('hex'), {
          'open': open(bytes), 'create': open(bytes, { oflags: OFLAGS.creat, rights: READ_WRITE }),
          'stat': ['path_filestat_get', IN, 0, bytes, RESULT], 'mkdir': ['path_create_directory', IN, bytes],
          'rename': rename(IN, 'f', IN, bytes), 'symlink': ['path_symlink', bytes, IN, 'new'],
        }))
      }
      assert.deepEqual(snapshot(dir), before)
    })

    test('dots and slashes', async () => {
      const { dir, preopens } = make()
      const [before, names] = [snapshot(dir), readdirSync(join(dir, 'in'))]
      const paths = {
        success: ['.', './', './/.', 'sub/..', 'sub/../', 'sub/../f', 'sub//g', 'sub/./g', './sub/../sub/sub/../g', 'sub/', 'sub/.', 'sub//', 'fine'],
        perm: ['..', '../', './..', './../', 'sub/../..', 'sub/../../in/f', '.././in', '/', '//', '/.', '//f'],
        notdir: ['f/', 'f/.', 'f/..', 'f/g', 'sub/g/', 'fine/', 'fine/.'],
        noent: ['', 'missing', 'missing/', 'missing/..', 'missing/../f', 'sub/missing/../../f'],
        loop: ['loop', 'loop/', 'loop/..', 'loop/f'],
      }
      const series = {}
      for (const [errno, list] of Object.entries(paths)) {
        for (const path of list) series[`stat ${path}`] = [errno, ['path_filestat_get', IN, FOLLOW, path, RESULT]]
        if (errno === 'success') continue
        for (const path of list) series[`open ${path}`] = [errno, open(path)]
      }
      await expect(host, preopens, {
        ...series,
        'stat of the link itself': ['success', ['path_filestat_get', IN, 0, 'loop', RESULT]],
        'stat of a file as a directory': ['notdir', ['path_filestat_get', IN, 0, 'f/', RESULT]],
        'unlink a directory': ['isdir', ['path_unlink_file', IN, 'sub']],
        'unlink a file as a directory': ['notdir', ['path_unlink_file', IN, 'f/']],
        'remove a file': ['notdir', ['path_remove_directory', IN, 'f']],
        'remove a link to a directory': ['notdir', ['path_remove_directory', IN, 'dir-rel']],
        'remove what is not empty': ['notempty', ['path_remove_directory', IN, 'sub']],
        'make what is there': ['exist', ['path_create_directory', IN, 'sub/']],
        'make where nothing is': ['noent', ['path_create_directory', IN, 'missing/x']],
        'make nothing': ['noent', ['path_create_directory', IN, '']],
        'link to nothing': ['noent', ['path_symlink', 'f', IN, '']],
        'rename to nothing': ['noent', rename(IN, 'f', IN, '')],
      })
      for (const path of ['.', './', 'sub/..']) {
        const { errnos } = await host([['path_remove_directory', IN, path], ['path_unlink_file', IN, path], rename(IN, path, FREE, 'new')], { preopens })
        for (const errno of errnos) assert.notEqual(errno, 0, `${path}: ${errnos}`)
      }
      assert.deepEqual(snapshot(dir), before)
      await expect(host, preopens, {
        'make with a slash': ['success', ['path_create_directory', IN, 'made/']],
        'remove by a dot': ['inval', ['path_remove_directory', IN, 'made/.']],
        'rename with slashes': ['success', rename(IN, 'made/', IN, 'moved/')],
        'remove with a slash': ['success', ['path_remove_directory', IN, 'moved/']],
        'rename a file that is to be a directory': ['notdir', rename(IN, 'f/', IN, 'moved')],
        'rename a file to a directory that is not there': ['notdir', rename(IN, 'f', IN, 'moved/')],
        'rename a file to one that is there': ['notdir', rename(IN, 'f', IN, 'sub/')],
        'rename a link to a directory as one': ['notdir', rename(IN, 'up/', IN, 'moved')],
        'rename what is not there': ['noent', rename(IN, 'missing', IN, 'moved/')],
      })
      assert.deepEqual(readdirSync(join(dir, 'in')), names)
    })

    test('names as long as they get, and longer', async () => {
      const { dir, preopens } = make()
      const longest = 'n'.repeat(255)
      await expect(host, preopens, {
        'create': ['success', ['path_create_directory', IN, longest]],
        'in it': ['success', ['path_create_directory', IN, `${longest}/${longest}`]],
        'link': ['success', ['path_symlink', 'f', IN, `${longest}/link`]],
        'remove': ['success', ['path_unlink_file', IN, `${longest}/link`]],
        'remove the inner': ['success', ['path_remove_directory', IN, `${longest}/${longest}`]],
        'rename': ['success', rename(IN, longest, IN, 'm'.repeat(255))],
        'remove the outer': ['success', ['path_remove_directory', IN, 'm'.repeat(255)]],
      })
      const before = snapshot(dir)
      const long = { 256: 'n'.repeat(256), 4095: 'n'.repeat(4095), 4096: 'n'.repeat(4096), 'deep': 'sub/../'.repeat(1000) + 'f' }
      for (const [what, path] of Object.entries(long)) {
        await expect(host, preopens, all('nametoolong', what, {
          'open': open(path), 'create': open(path, { oflags: OFLAGS.creat, rights: READ_WRITE }), 'mkdir': ['path_create_directory', IN, path],
          'symlink': ['path_symlink', 'f', IN, path], 'unlink': ['path_unlink_file', IN, path], 'rmdir': ['path_remove_directory', IN, path],
          'rename from': rename(IN, path, IN, 'new'), 'rename to': rename(IN, 'f', IN, path), 'link to': link(IN, 'f', IN, path),
          'stat': ['path_filestat_get', IN, FOLLOW, path, RESULT], 'times': ['path_filestat_set_times', IN, FOLLOW, path, 0n, 0n, 5],
          'readlink': ['path_readlink', IN, path, BUFFER, 4096, RESULT],
        }))
      }
      assert.deepEqual(snapshot(dir), before)
    })

    test('a hard link that the host made is a file of the directory', async () => {
      // The kernel knows no outside of a file with two names: whoever links one into a preopen grants it.
      const { dir, preopens } = make()
      linkSync(join(dir, 'outside/secret'), join(dir, 'in/hard'))
      const { errnos, read } = await host([open('hard', { rights: READ_WRITE }), ['fd_read', OPENED, READ, 1, RESULT]], { preopens })
      assert.deepEqual([errnos, read], [[0, 0], 'secret'])
    })

    test('a preopen that is not there any more, by close or renumber', async () => {
      const { preopens } = make()
      const { errnos, read } = await host([
        open('f'),
        ['fd_renumber', OPENED, FIXED],
        ['fd_prestat_get', FIXED, RESULT],
        open('f', { dir: FIXED }),
        ['fd_read', FIXED, READ, 1, RESULT],
        ['fd_read', OPENED, READ, 1, RESULT],
        ['fd_close', FREE],
        ['fd_prestat_get', FREE, RESULT],
        open('f', { dir: FREE }),
        ['path_create_directory', FREE, 'new'],
        rename(IN, 'f', FREE, 'new'),
        open('sub', { oflags: OFLAGS.directory }),
        open('g', { dir: FREE }),
        ['fd_renumber', FREE, IN],
        ['fd_prestat_get', IN, RESULT],
        open('f'),
        open('../f'),
        open('sub/h'),
      ], { preopens })
      assert.deepEqual(errnos.map(errnoName), [
        'success', 'success', 'badf', 'notdir', 'success', 'badf',
        'success', 'badf', 'badf', 'badf', 'badf',
        'success', 'success', 'success', 'badf', 'noent', 'perm', 'success',
      ])
      assert.equal(read, 'content')
    })
  })
}

test('a C program is told why', async () => {
  const { dir, preopens } = make()
  const before = snapshot(dir)
  const copies = [['/file-rel', '/stolen'], ['/../outside/secret', '/stolen'], ['/f', '/dir-abs/secret'], ['/f', '/fixed/f'], ['/f', '/fixed/new']]
  for (const copy of copies) {
    const { exitCode, stderr } = await run(command, { args: ['command', 'copy', ...copy], preopens, stderr: 'pipe' })
    assert.equal(exitCode, 1)
    assert.match(stderr.toString(), /^\/.*: Operation not permitted/)
  }
  assert.deepEqual(snapshot(dir), before)
})
