// Compiled code on disk: what is kept, when it is used, and that nothing else ever is.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import {
  chmodSync, copyFileSync, existsSync, lstatSync, mkdirSync, readFileSync, readdirSync, readlinkSync, renameSync, rmSync, statSync,
  symlinkSync, truncateSync, utimesSync, writeFileSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { describe, test } from 'node:test'
import { promisify } from 'node:util'
import { versions } from '../index.js'
import { assemble } from './fixtures/project.mjs'
import { esbuild, scratch, spawnAsync } from './fixtures/scratch.mjs'
import { slowModule } from './fixtures/slow.mjs'
import { api } from './helpers.mjs'

const seven = '(module (func (export "f") (result i32) (i32.const 7)))'
const eight = '(module (func (export "f") (result i32) (i32.const 8)))'
const linux = process.platform === 'linux'

/**
 * Loads modules in a process of its own with this environment: for each what its function `f` returns, and whether
 * its code is mapped from the cache.
 */
function probe(sources, env, { before = '' } = {}) {
  const { stdout, stderr, status, signal } = spawnAsync(`const { readFileSync } = require('node:fs')
    ${before}
    const mapped = () => ${linux} ? readFileSync('/proc/self/maps', 'latin1').split('\\n').filter(line => line.includes('.cwasm')).length : 0
    const results = []
    const keep = []
    for (const source of ${JSON.stringify(sources)}) {
      const before = mapped()
      keep.push(loadSync(source))
      results.push({ value: keep.at(-1).f(), hit: mapped() > before })
    }
    process.stdout.write(JSON.stringify(results))`, { env })
  assert.deepEqual([stderr, status, signal], ['', 0, null])
  return JSON.parse(stdout)
}

const load = (source, cache, options) => probe([source], { WASMPORT_CACHE: cache }, options)[0]
const miss = value => ({ value, hit: false })
const hit = value => ({ value, hit: linux })

/** All files below a directory. */
function files(dir) {
  return readdirSync(dir, { withFileTypes: true }).flatMap(entry => {
    const path = join(dir, entry.name)
    return entry.isDirectory() ? files(path) : [path]
  })
}

/** A new cache with the entries of these modules; the entries, in their order. */
function filled(...sources) {
  const cache = join(scratch(), 'cache')
  const entries = sources.map(source => {
    const had = existsSync(cache) ? files(cache) : []
    assert.deepEqual(load(source, cache), miss(source === eight ? 8 : 7))
    const [entry, ...more] = files(cache).filter(path => !had.includes(path))
    assert.ok(entry !== undefined && more.length === 0, 'one entry')
    return entry
  })
  return { cache, entries, entry: entries[0] }
}

describe('an entry', () => {
  test('is made by the first load and used by the next', () => {
    const { cache, entry } = filled(seven)
    assert.deepEqual(load(seven, cache), hit(7))
    assert.deepEqual(files(cache), [entry], 'no other file')
  })

  test('lies in a directory named by the version, and only the user can reach it', () => {
    const cache = join(scratch(), 'deep/er')
    load(seven, cache, { before: 'process.umask(0)' })
    const [entry] = files(cache)
    const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
    assert.equal(versions.wasmport, version)
    assert.match(basename(dirname(entry)), new RegExp(`^${version.replaceAll('.', '\\.')}-[0-9a-f]{16}$`))
    assert.match(basename(entry), /^[0-9a-f]{64}\.cwasm$/)
    assert.equal(dirname(dirname(entry)), cache)
    if (process.platform === 'win32') return
    assert.equal((statSync(entry).mode & 0o777).toString(8), '600')
    for (const dir of [dirname(entry), cache]) assert.equal((statSync(dir).mode & 0o777).toString(8), '700')
  })

  test('is found by content, wherever that comes from', () => {
    const dir = scratch({ 'a.wasm': assemble(seven), 'b.wasm': assemble(seven), 'c.wasm': assemble(eight), 'd.wat': seven })
    const file = name => join(dir, name)
    const cache = file('cache')
    const loads = [['a.wasm', miss(7)], ['b.wasm', hit(7)], ['c.wasm', miss(8)], ['d.wat', miss(7)]]
    for (const [name, expected] of loads) assert.deepEqual(load(file(name), cache), expected, name)
    assert.deepEqual(load(seven, cache), hit(7), 'text is kept by its own bytes')
    assert.equal(files(cache).length, 3)
  })

  test('stays usable in a process that has loaded it when it is removed', () => {
    const { cache } = filled(seven)
    const { stdout, stderr } = spawnAsync(`const { f } = loadSync(${JSON.stringify(seven)})
      require('node:fs').rmSync(process.env.WASMPORT_CACHE, { recursive: true })
      process.stdout.write(String(f() + loadSync(${JSON.stringify(eight)}).f()))`, { env: { WASMPORT_CACHE: cache } })
    assert.deepEqual([stdout, stderr], ['15', ''])
  })

  test('of a module of 20 MB is loaded in milliseconds', () => {
    const load = `const compiled = require(${JSON.stringify(api)} + '/../lib/binding.cjs')
      const began = performance.now()
      compiled.compileSync(${JSON.stringify(esbuild)}, 'esbuild.wasm')
      process.stdout.write(String(performance.now() - began))`
    const time = () => {
      const { stdout, stderr } = spawnAsync(load)
      assert.equal(stderr, '')
      assert.match(stdout, /^\d+/)
      return Number(stdout)
    }
    time()
    const times = [time(), time(), time()]
    // 15 ms on an idle machine; compiling takes 1000 times that.
    assert.ok(Math.min(...times) < 150, `${times} ms`)
  })
})

describe('a damaged entry is a miss, and is replaced', () => {
  const { cache, entry } = filled(seven)
  const good = readFileSync(entry)
  const size = good.length
  const flipped = at => {
    const bytes = Buffer.from(good)
    bytes[at] ^= 1
    return bytes
  }
  const damages = {
    'empty': Buffer.alloc(0),
    'one byte': good.subarray(0, 1),
    'cut in the head': good.subarray(0, 50),
    'cut in the middle': good.subarray(0, size >> 1),
    'cut before its trailer': good.subarray(0, size - 56),
    'cut in its trailer': good.subarray(0, size - 20),
    'one byte short': good.subarray(0, size - 1),
    'one byte long': Buffer.concat([good, Buffer.alloc(1)]),
    'its trailer alone': good.subarray(size - 56),
    'twice': Buffer.concat([good, good]),
    'zeros': Buffer.alloc(size),
    'garbage': randomBytes(size),
    'garbage with its trailer': Buffer.concat([randomBytes(size - 56), good.subarray(size - 56)]),
    ...Object.fromEntries([0, 17, size >> 2, size >> 1, size - 57, size - 56, size - 40, size - 12, size - 1]
      .map(at => [`a bit flipped at ${at === 0 ? 0 : `${(100 * at / size).toFixed(1)} %, ${at - size}`}`, flipped(at)])),
  }
  for (const [what, bytes] of Object.entries(damages)) {
    test(what, () => {
      // Replaced, not written in place: no test may see the file of another through its mapping.
      writeFileSync(`${entry}.new`, bytes, { mode: 0o600 })
      renameSync(`${entry}.new`, entry)
      assert.deepEqual(load(seven, cache), miss(7))
      assert.ok(readFileSync(entry).equals(good), 'is good again')
      assert.deepEqual(files(cache), [entry])
    })
  }

  test('and the replacement is used', () => assert.deepEqual(load(seven, cache), hit(7)))
})

describe('what another could have written is not used', { skip: process.platform === 'win32' }, () => {
  test('the entry of another module', () => {
    const { cache, entries } = filled(seven, eight)
    const [good, other] = entries.map(path => readFileSync(path))
    copyFileSync(entries[1], entries[0])
    assert.deepEqual(load(seven, cache), miss(7))
    assert.ok(readFileSync(entries[0]).equals(good))
    assert.ok(readFileSync(entries[1]).equals(other))
    assert.deepEqual(load(eight, cache), hit(8))
  })

  test('a symbolic link to a good entry', () => {
    const { cache, entry } = filled(seven)
    const elsewhere = join(scratch(), 'x.cwasm')
    renameSync(entry, elsewhere)
    symlinkSync(elsewhere, entry)
    const before = readFileSync(elsewhere)
    assert.deepEqual(load(seven, cache), miss(7))
    assert.ok(lstatSync(entry).isFile(), 'the link is replaced')
    assert.ok(readFileSync(elsewhere).equals(before), 'and not followed')
    assert.deepEqual(load(seven, cache), hit(7))
  })

  for (const mode of [0o620, 0o602, 0o666]) {
    test(`an entry of mode ${mode.toString(8)}`, () => {
      const { cache, entry } = filled(seven)
      chmodSync(entry, mode)
      assert.deepEqual(load(seven, cache), miss(7))
      assert.equal((statSync(entry).mode & 0o777).toString(8), '600')
      assert.deepEqual(load(seven, cache), hit(7))
    })
  }

  for (const mode of [0o770, 0o702, 0o777]) {
    test(`a directory of mode ${mode.toString(8)}, which is not written either`, () => {
      const { cache, entry } = filled(seven)
      chmodSync(dirname(entry), mode)
      assert.deepEqual(probe([seven, eight], { WASMPORT_CACHE: cache }), [miss(7), miss(8)])
      assert.deepEqual(files(cache), [entry])
      chmodSync(dirname(entry), 0o700)
      assert.deepEqual(load(seven, cache), hit(7))
    })
  }

  test('a directory that is a symbolic link', () => {
    const { cache, entry } = filled(seven)
    const elsewhere = join(scratch(), 'moved')
    renameSync(dirname(entry), elsewhere)
    symlinkSync(elsewhere, dirname(entry))
    assert.deepEqual(probe([seven, eight], { WASMPORT_CACHE: cache }), [miss(7), miss(8)])
    assert.equal(readlinkSync(dirname(entry)), elsewhere)
    assert.equal(files(elsewhere).length, 1)
  })

  test('a file of another user', { skip: process.getuid?.() !== 0 && 'only root can give files away' }, async () => {
    const { chownSync } = await import('node:fs')
    const { cache, entry } = filled(seven)
    chownSync(entry, 12345, 12345)
    assert.deepEqual(load(seven, cache), miss(7))
    assert.equal(statSync(entry).uid, 0)
    chownSync(dirname(entry), 12345, 12345)
    assert.deepEqual(load(seven, cache), miss(7))
  })
})

describe('where it is', () => {
  test('WASMPORT_CACHE=off: nowhere', () => {
    const home = scratch()
    assert.deepEqual(probe([seven], { WASMPORT_CACHE: 'off', HOME: home, XDG_CACHE_HOME: join(home, 'x') }, { before: `process.chdir(${JSON.stringify(home)})` }), [miss(7)])
    assert.deepEqual(readdirSync(home), [])
  })

  test('XDG_CACHE_HOME, if that is absolute, or else .cache of the home directory', { skip: !linux }, () => {
    const home = scratch()
    const env = { WASMPORT_CACHE: undefined, HOME: home }
    const before = `process.chdir(${JSON.stringify(home)})`
    probe([seven], { ...env, XDG_CACHE_HOME: join(home, 'xdg') }, { before })
    assert.deepEqual([readdirSync(home), readdirSync(join(home, 'xdg'))], [['xdg'], ['wasmport']])
    assert.equal(files(join(home, 'xdg/wasmport')).length, 1)
    rmSync(join(home, 'xdg'), { recursive: true })
    for (const relative of ['xdg', '', undefined]) {
      probe([seven], { ...env, XDG_CACHE_HOME: relative }, { before })
      assert.deepEqual([readdirSync(home), readdirSync(join(home, '.cache'))], [['.cache'], ['wasmport']])
      rmSync(join(home, '.cache'), { recursive: true })
    }
  })

  test('an empty WASMPORT_CACHE is none', { skip: !linux }, () => {
    const home = scratch()
    probe([seven], { WASMPORT_CACHE: '', HOME: home, XDG_CACHE_HOME: undefined }, { before: `process.chdir(${JSON.stringify(home)})` })
    assert.deepEqual(readdirSync(home), ['.cache'])
  })

  test('where nothing can be written, modules are loaded without a cache', () => {
    const dir = scratch({ file: '', 'fixed/x': '' })
    chmodSync(join(dir, 'fixed'), 0o500)
    const places = [join(dir, 'file'), join(dir, 'file/x'), '/proc/nowhere', '/dev/null/x', `${dir}/${'long'.repeat(100)}`]
    if (process.getuid?.() !== 0) places.push(join(dir, 'fixed'))
    for (const place of places) assert.deepEqual(load(seven, place), miss(7))
    assert.deepEqual(readdirSync(dir).sort(), ['file', 'fixed'])
  })

  test('where a directory stands in the place of an entry, likewise', () => {
    const { cache, entry } = filled(seven)
    rmSync(entry)
    mkdirSync(join(entry, 'sub'), { recursive: true })
    assert.deepEqual(load(seven, cache), miss(7))
    assert.deepEqual(readdirSync(dirname(entry)), [basename(entry)])
  })
})

test('processes that fill the cache at once do not disturb each other', async () => {
  const dir = scratch({ 'slow.wasm': assemble(slowModule(4000)) })
  const cache = join(dir, 'cache')
  const env = { ...process.env, WASMPORT_CACHE: cache }
  const code = `process.stdout.write(String(require(${JSON.stringify(api)}).loadSync(${JSON.stringify(join(dir, 'slow.wasm'))}).f()))`
  const one = () => promisify(execFile)(process.execPath, ['-e', code], { env })
  for (let round = 0; round < 3; round++) {
    const results = await Promise.all([one(), one()])
    for (const result of results) assert.deepEqual(result, { stdout: '7', stderr: '' })
    const [entry, ...more] = files(cache)
    assert.deepEqual(more, [], 'nothing is left over')
    assert.deepEqual(load(join(dir, 'slow.wasm'), cache), hit(7))
    rmSync(entry)
  }
})

test('the least recently used entries make room for new ones', () => {
  const { cache, entries } = filled(seven, eight)
  const day = 24 * 60 * 60
  const now = Date.now() / 1000
  const old = (name, age, size) => {
    const path = join(dirname(entries[0]), name)
    writeFileSync(path, '')
    truncateSync(path, size)
    utimesSync(path, now - age * day, now - age * day)
    return path
  }
  // Files with a hole: they take no room on the disk. All versions count, and all entries may hold 1 GiB.
  mkdirSync(join(cache, '0.0.1-0'))
  const oldest = old('../0.0.1-0/a.cwasm', 30, 500e6)
  const older = old('b.cwasm', 20, 500e6)
  const newer = old('c.cwasm', 10, 500e6)
  const leftover = old('d.cwasm.1-1.tmp', 40, 1e6)
  const foreign = old('notes.txt', 50, 500e6)
  utimesSync(entries[0], now - 60 * day, now - 60 * day)
  // Using an entry makes it young; that alone removes nothing.
  assert.deepEqual(load(seven, cache), hit(7))
  assert.ok(statSync(entries[0]).mtimeMs / 1000 > now - day)
  assert.ok(existsSync(oldest))
  load('(module (func (export "f") (result i32) (i32.const 9)))', cache)
  assert.deepEqual([oldest, older, newer, leftover, foreign, ...entries].map(existsSync), [false, true, true, false, true, true, true])
  assert.equal(files(cache).length, 6)
})
