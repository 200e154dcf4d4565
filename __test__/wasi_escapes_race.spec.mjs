// A link that is changed between check and use: another process points it in and out of the directory while the guest goes through
// it. The guest sees what is inside or nothing; what is outside is neither read nor changed.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { lstatSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { scratch } from './fixtures/scratch.mjs'
import { snapshot } from './fixtures/snapshot.mjs'
import { ERRNO, FOLLOW, OFLAGS, RIGHTS } from './guests/syscalls.mjs'
import { BUFFER, READ, RESULT, WRITE, errnoName, guestOf, open } from './guests/wasi-escapes/series.mjs'

const READ_WRITE = RIGHTS.read | RIGHTS.write
const MILLISECONDS = 2000
const INSIDE = 'inside'
const SECRET = 'the secret outside'

/** Runs a loop in a process of its own, with node:fs in scope and `dir` as working directory, while `body` runs. */
async function during(dir, loop, body) {
  const script = `const fs = require('node:fs'); process.stdout.write('ready')
    // What the guest does in between may make a step fail; the next one goes on.
    for (let n = 0; ; n++) try { ${loop} } catch {}`
  const child = spawn(process.execPath, ['-e', script], { cwd: dir, stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(child, 'exit')
  await once(child.stdout, 'data')
  try {
    body()
  } finally {
    child.kill('SIGKILL')
    await ended
  }
}

/** Repeats `step` for a while, and until what it counts has been seen in both states of the link. */
function forAWhile(step, seen) {
  const began = Date.now()
  const both = () => seen.through > 20 && seen.refused > 20
  while (Date.now() - began < MILLISECONDS || (!both() && Date.now() - began < 10 * MILLISECONDS)) step()
  assert.ok(both(), `the link was seen in one state only: ${JSON.stringify(seen)}`)
}

/** The text that a descriptor gives, which is closed then. */
function readAll(guest, fd) {
  assert.equal(guest.call('fd_read', fd, READ, 1, RESULT), 0)
  const text = guest.bytes(BUFFER, guest.u32(RESULT)).toString()
  assert.equal(guest.call('fd_close', fd), 0)
  return text
}

const make = () => {
  const dir = scratch({
    'outside/file': SECRET, 'outside/victim': SECRET, 'in/real/file': INSIDE, 'in/real/victim': INSIDE, 'in/file': INSIDE, 'in/free': INSIDE,
  })
  mkdirSync(join(dir, 'outside/beside'))
  return { dir, guest: guestOf({ preopens: { '/': join(dir, 'in') } }) }
}

// Takes the place of `name` at once, as a new link.
const flip = (name, ...targets) => `fs.symlinkSync(${JSON.stringify(targets)}[n % ${targets.length}], 'in/next')
  fs.renameSync('in/next', 'in/${name}')`

for (const [kind, target] of Object.entries({ relative: () => '../outside', absolute: dir => join(dir, 'outside') })) {
  test(`a link to a file, ${kind}`, async () => {
    const { dir, guest } = make()
    const outside = snapshot(join(dir, 'outside'))
    symlinkSync('file', join(dir, 'in/link'))
    await during(dir, flip('link', 'real/victim', join(target(dir), 'victim')), () => {
      const seen = { through: 0, refused: 0 }
      const count = errno => {
        assert.ok([0, ERRNO.perm, ERRNO.noent].includes(errno), `errno ${errnoName(errno)}`)
        seen[errno === 0 ? 'through' : 'refused']++
        return errno === 0
      }
      forAWhile(() => {
        if (count(guest.call(...open('link')))) assert.notEqual(readAll(guest, guest.u32(RESULT)), SECRET)
        if (count(guest.call('path_filestat_get', 3, FOLLOW, 'link', RESULT))) {
          assert.notEqual(guest.bytes(RESULT + 32, 8).readBigUInt64LE(), BigInt(SECRET.length))
        }
        if (count(guest.call(...open('link', { rights: READ_WRITE })))) {
          const fd = guest.u32(RESULT)
          assert.equal(guest.call('fd_write', fd, WRITE, 1, RESULT), 0)
          assert.equal(guest.call('fd_close', fd), 0)
        }
        for (const oflags of [OFLAGS.trunc, OFLAGS.creat | OFLAGS.trunc]) {
          if (count(guest.call(...open('link', { rights: READ_WRITE, oflags })))) guest.call('fd_close', guest.u32(RESULT))
        }
        count(guest.call('path_filestat_set_times', 3, FOLLOW, 'link', 1n, 1n, 5))
        if (count(guest.call('path_link', 3, FOLLOW, 'link', 3, 'linked'))) {
          const linked = join(dir, 'in/linked')
          assert.ok(lstatSync(linked).isSymbolicLink() || readFileSync(linked, 'utf8') !== SECRET)
          assert.equal(guest.call('path_unlink_file', 3, 'linked'), 0)
        }
      }, seen)
    })
    assert.deepEqual(snapshot(join(dir, 'outside')), outside)
  })

  test(`a link to a directory, ${kind}`, async () => {
    const { dir, guest } = make()
    const outside = snapshot(join(dir, 'outside'))
    symlinkSync('real', join(dir, 'in/link'))
    await during(dir, flip('link', 'real', target(dir)), () => {
      const seen = { through: 0, refused: 0 }
      const allowed = [0, ERRNO.perm, ERRNO.noent, ERRNO.exist]
      const errnoOf = (...call) => {
        const errno = guest.call(...call)
        assert.ok(allowed.includes(errno), `${call.join()}: errno ${errnoName(errno)}`)
        if (errno === 0) seen.through++
        if (errno === ERRNO.perm) seen.refused++
        return errno
      }
      forAWhile(() => {
        if (errnoOf(...open('link/file')) === 0) assert.equal(readAll(guest, guest.u32(RESULT)), INSIDE)
        if (errnoOf(...open('link/../link/./file')) === 0) assert.equal(readAll(guest, guest.u32(RESULT)), INSIDE)
        if (errnoOf(...open('link', { oflags: OFLAGS.directory })) === 0) {
          const fd = guest.u32(RESULT)
          if (guest.call(...open('file', { dir: fd })) === 0) assert.equal(readAll(guest, guest.u32(RESULT)), INSIDE)
          assert.equal(guest.call('fd_readdir', fd, BUFFER, 4096, 0n, RESULT), 0)
          assert.equal(guest.bytes(BUFFER, guest.u32(RESULT)).includes('beside'), false)
          assert.equal(guest.call('fd_close', fd), 0)
        }
        if (errnoOf(...open('link/made', { rights: READ_WRITE, oflags: OFLAGS.creat })) === 0) guest.call('fd_close', guest.u32(RESULT))
        errnoOf('path_rename', 3, 'link/made', 3, 'link/renamed')
        errnoOf('path_unlink_file', 3, 'link/renamed')
        errnoOf('path_unlink_file', 3, 'link/made')
        errnoOf('path_unlink_file', 3, 'link/linked')
        errnoOf('path_link', 3, 0, 'free', 3, 'link/linked')
        errnoOf('path_symlink', 'x', 3, 'link/symlinked')
        errnoOf('path_unlink_file', 3, 'link/symlinked')
        errnoOf('path_remove_directory', 3, 'link/beside')
        errnoOf('path_create_directory', 3, 'link/new')
        errnoOf('path_remove_directory', 3, 'link/new')
        errnoOf('path_filestat_set_times', 3, 0, 'link/victim', 1n, 1n, 5)
        // Whatever it takes out of the link is from inside.
        if (errnoOf('path_rename', 3, 'link/victim', 3, 'taken') === 0) {
          assert.equal(readFileSync(join(dir, 'in/taken'), 'utf8'), INSIDE)
          assert.equal(guest.call('path_rename', 3, 'taken', 3, 'real/victim'), 0)
        }
      }, seen)
    })
    assert.deepEqual(snapshot(join(dir, 'outside')), outside)
  })
}

test('a directory that is a link now and then', async () => {
  const { dir, guest } = make()
  const outside = snapshot(join(dir, 'outside'))
  const loop = `fs.renameSync('in/real', 'in/kept'); fs.symlinkSync('../outside', 'in/real')
    fs.unlinkSync('in/real'); fs.renameSync('in/kept', 'in/real')`
  await during(dir, loop, () => {
    const seen = { through: 0, refused: 0 }
    forAWhile(() => {
      const errno = guest.call(...open('real/file', { rights: READ_WRITE }))
      assert.ok([0, ERRNO.perm, ERRNO.noent].includes(errno), `errno ${errnoName(errno)}`)
      if (errno === 0) {
        const fd = guest.u32(RESULT)
        assert.equal(readAll(guest, fd), INSIDE)
      }
      seen[errno === 0 ? 'through' : 'refused']++
      if (guest.call(...open('real/made', { rights: READ_WRITE, oflags: OFLAGS.creat })) === 0) guest.call('fd_close', guest.u32(RESULT))
      guest.call('path_unlink_file', 3, 'real/made')
    }, seen)
  })
  assert.deepEqual(snapshot(join(dir, 'outside')), outside)
})

test('a directory that is moved out while the guest is in it', async () => {
  // What is above it is inside at one moment, and outside at the next.
  const { dir, guest } = make()
  mkdirSync(join(dir, 'in/a/b/c'), { recursive: true })
  await during(dir, "fs.renameSync('in/a/b', 'outside/b'); fs.renameSync('outside/b', 'in/a/b')", () => {
    const seen = { through: 0, refused: 0 }
    forAWhile(() => {
      for (const path of ['a/b/../../file', 'a/b/c/../../../file', 'a/b/c/../../b/c/../../../file', 'a/b/../file', 'a/b/c/../../file']) {
        const errno = guest.call(...open(path))
        seen[errno === 0 ? 'through' : 'refused']++
        if (errno === 0) assert.equal(readAll(guest, guest.u32(RESULT)), INSIDE)
        else assert.ok([ERRNO.noent, ERRNO.perm].includes(errno), `${path}: errno ${errnoName(errno)}`)
      }
    }, seen)
  })
  assert.equal(readFileSync(join(dir, 'outside/file'), 'utf8'), SECRET)
})
