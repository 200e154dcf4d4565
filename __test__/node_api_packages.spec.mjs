// Node-API addons from npm, Rust by napi-rs of three versions. Nothing of their packages is used but the .wasm file; what
// they do is compared with the same addons as native code.

import assert from 'node:assert/strict'
import { mkdirSync, symlinkSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { describe, test } from 'node:test'
import { load } from '../index.js'
import { addon, native, requires, same } from './fixtures/addons.mjs'
import { scratch } from './fixtures/scratch.mjs'

describe('@node-rs/crc32: functions, in memory that is shared, without threads', () => {
  const file = '@node-rs/crc32-wasm32-wasi/crc32.wasm32-wasi.wasm'

  test('checksums of strings and of bytes', async () => {
    const { crc32, crc32c, ...others } = await load(addon(file))
    assert.deepEqual(others, {})
    // The check values of the two algorithms.
    assert.deepEqual([crc32('123456789'), crc32c('123456789')], [0xcbf43926, 0xe3069283])
    assert.deepEqual([crc32(Buffer.from('123456789')), crc32('6789', crc32('12345'))], [0xcbf43926, 0xcbf43926])
    const bytes = new Uint8Array(1 << 20).map((_, n) => n * 31)
    const inputs = ['', 'ä€🙂\0', '\ud800', 'long '.repeat(1e5), new Uint8Array(), bytes, bytes.subarray(3, 70_001), Buffer.from('pooled')]
    for (const input of inputs) {
      for (const of of [crc32, crc32c]) {
        const expected = native('@node-rs/crc32')[of.name]
        assert.deepEqual([of(input), of(input, 7)], [expected(input), expected(input, 7)])
      }
    }
  })

  test('errors are the ones of the native addon', async () => {
    const ours = await load(addon(file))
    for (const input of [undefined, null, 1, {}, new ArrayBuffer(3), Symbol('s'), new Uint16Array(2), new DataView(new ArrayBuffer(2))]) {
      const { code } = await same(({ crc32 }) => crc32(input), ours, native('@node-rs/crc32'))
      assert.equal(code, 'InvalidArg')
    }
    const { code } = await same(({ crc32 }) => crc32('a', 'b'), ours, native('@node-rs/crc32'))
    assert.equal(code, 'NumberExpected')
  })

  test('by require', () => {
    requires(file, `
      assert.deepEqual(Object.keys(addon).sort(), ['crc32', 'crc32c'])
      assert.equal(addon.crc32(Buffer.from('123456789')), 0xcbf43926)`)
  })
})

describe('@node-rs/argon2: work on threads', () => {
  const file = '@node-rs/argon2-wasm32-wasi/argon2.wasm32-wasi.wasm'
  const theirs = native('@node-rs/argon2')
  const salt = Buffer.alloc(16, 7)
  const light = { salt, memoryCost: 256 }

  test('hashes, encoded and raw, sync and async', async () => {
    const ours = await load(addon(file))
    const secret = Buffer.from('pepper')
    for (const [password, options] of [
      ['pässword', light],
      [Buffer.from('pässword'), light],
      ['', { ...light, secret }],
      ['x', { ...light, parallelism: 4, timeCost: 3, outputLen: 12, algorithm: 1, version: 0 }],
      ['x', { ...light, algorithm: 0 }],
    ]) {
      const encoded = theirs.hashSync(password, options)
      const raw = theirs.hashRawSync(password, options)
      assert.deepEqual([ours.hashSync(password, options), await ours.hash(password, options)], [encoded, encoded])
      assert.deepEqual([ours.hashRawSync(password, options), await ours.hashRaw(password, options)], [raw, raw])
      assert.deepEqual(ours.parseOptions(encoded), theirs.parseOptions(encoded))
    }
  })

  test('salts are random, and what one hashes the other verifies', async () => {
    const ours = await load(addon(file))
    const hashes = [ours.hashSync('secret'), await ours.hash('secret')]
    assert.notEqual(...hashes)
    for (const hash of [...hashes, theirs.hashSync('secret')]) {
      for (const { verify, verifySync } of [ours, theirs]) {
        assert.deepEqual([verifySync(hash, 'secret'), await verify(hash, Buffer.from('secret'))], [true, true])
        assert.deepEqual([verifySync(hash, 'Secret'), await verify(hash, 'Secret')], [false, false])
      }
    }
  })

  test('many at once, while the event loop goes on', async () => {
    const ours = await load(addon(file))
    const options = { salt, memoryCost: 4096, timeCost: 4 }
    const expected = Array.from({ length: 24 }, (_, n) => theirs.hashSync(`password ${n}`, options))
    let turns = 0
    let done = false
    const turn = () => { turns++; if (!done) setImmediate(turn) }
    setImmediate(turn)
    assert.deepEqual(await Promise.all(expected.map((_, n) => ours.hash(`password ${n}`, options))), expected)
    done = true
    assert.ok(turns > 10, `${turns} turns of the event loop`)
  })

  test('work that has not begun can be aborted', async () => {
    const ours = await load(addon(file))
    const controller = new AbortController()
    // More than there are threads for at a time.
    const before = Array.from({ length: 16 }, () => ours.hash('x', { memoryCost: 1 << 14 }))
    const aborted = ours.hash('x', light, controller.signal)
    controller.abort()
    await assert.rejects(aborted, { name: 'AbortError', code: 'Cancelled', message: 'AbortError' })
    for (const hash of await Promise.all(before)) assert.match(hash, /^\$argon2id\$/)
    const late = new AbortController()
    assert.equal(await ours.verify(theirs.hashSync('x', light), 'x', null, late.signal), true)
    late.abort()
  })

  test('errors are the ones of the native addon', async () => {
    const ours = await load(addon(file))
    for (const act of [
      ({ hashSync }) => hashSync(),
      ({ hash }) => hash(),
      ({ hashSync }) => hashSync('a', { timeCost: 0 }),
      ({ hash }) => hash('a', { salt: Buffer.alloc(2) }),
      ({ verifySync }) => verifySync('nonsense', 'a'),
      ({ verify }) => verify('nonsense', 'a'),
      ({ parseOptions }) => parseOptions('nonsense'),
    ]) {
      const { code } = await same(act, ours, theirs)
      assert.equal(code, 'InvalidArg', String(act))
    }
  })

  test('by require, and the process ends when its work does', () => {
    requires(file, `
      const [hash, sync] = [await addon.hash('x'), addon.hashSync('x')]
      assert.deepEqual([await addon.verify(sync, 'x'), addon.verifySync(hash, 'y')], [true, false])`)
  })
})

describe('@tailwindcss/oxide: a class, and files read by threads', () => {
  const file = '@tailwindcss/oxide-wasm32-wasi/tailwindcss-oxide.wasm32-wasi.wasm'
  const theirs = native('@tailwindcss/oxide')
  const sources = {
    'src/index.html': '<div class="flex p-4 hover:bg-[#0088cc] md:mt-[calc(100%-1rem)]">é</div>',
    'src/sub/app.tsx': 'export const a = ["underline", `text-${x}`, "w-1/2"]',
    'src/logo.png': 'grid',
    '.gitignore': 'dist\n',
    'dist/out.html': '<p class="ignored">',
    ...Object.fromEntries(Array.from({ length: 40 }, (_, n) => [`src/many/${n}.html`, `<p class="m-${n}">`])),
  }
  const made = scratch(sources)
  mkdirSync(join(made, '.git')) // so that .gitignore counts
  const outside = scratch({ 'secret.html': '<p class="grayscale">' })
  // The scanner asks for the real path of what it reads, which the libc of a guest finds out part by part. So the name of the
  // directory has one part: of a longer one the first is nothing that the guest can see.
  const granted = { wasi: { preopens: { '/project': { path: made, readonly: true } } } }

  /** What a scanner finds, with paths as they are in the project, and in an order that does not depend on threads. */
  const inProject = found => JSON.parse(JSON.stringify(found).replaceAll(JSON.stringify(made).slice(1, -1), '/project'))
  const sorted = things => inProject(things).sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
  const baseFor = ({ Scanner }) => (Scanner === theirs.Scanner ? made : '/project')
  const all = addon => new addon.Scanner({ sources: [{ base: baseFor(addon), pattern: '**/*', negated: false }] })

  /** All that a scanner of these sources says. */
  const scan = list => (addon) => {
    const scanner = new addon.Scanner({ sources: list.map(source => ({ base: baseFor(addon), negated: false, ...source })) })
    const candidates = scanner.scan()
    return {
      candidates,
      files: sorted(scanner.files),
      scannedFiles: sorted(scanner.scannedFiles),
      globs: sorted(scanner.globs),
      normalizedSources: sorted(scanner.normalizedSources),
    }
  }

  test('scans the files of a project', async () => {
    const ours = await load(addon(file), granted)
    const { candidates, files } = await same(scan([{ pattern: '**/*' }]), ours, theirs)
    for (const name of ['hover:bg-[#0088cc]', 'md:mt-[calc(100%-1rem)]', 'underline', 'm-39']) assert.ok(candidates.includes(name), name)
    assert.equal(files.length, 42)
    await same(scan([{ pattern: 'src/**/*.html' }]), ours, theirs)
    const { candidates: some } = await same(scan([{ pattern: '**/*' }, { pattern: 'src/many', negated: true }]), ours, theirs)
    assert.ok(some.includes('flex') && !some.includes('m-1'))
  })

  test('scans what it is given', async () => {
    const ours = await load(addon(file), granted)
    const content = '<div class="é flex p-4">'
    const fromFile = addon => all(addon)
      .scanFiles([{ content, extension: 'html' }, { file: `${baseFor(addon)}/src/sub/app.tsx`, extension: 'tsx' }]).sort()
    assert.ok((await same(fromFile, ours, theirs)).includes('underline'))
    const positions = await same(addon => all(addon).getCandidatesWithPositions({ content, extension: 'html' }), ours, theirs)
    assert.deepEqual(positions.at(-1), { candidate: 'p-4', position: 19 })
    // The second time there is nothing new.
    const scanner = new ours.Scanner({})
    const twice = [1, 2].map(() => scanner.scanFiles([{ content: 'flex', extension: 'html' }]))
    assert.deepEqual(twice, [['flex'], []])
  })

  test('sees what it is granted, and nothing else', async () => {
    symlinkSync(outside, join(made, 'src/way-out'), 'junction')
    const secret = join(outside, 'secret.html')
    const reads = (addon) => {
      const inside = baseFor(addon)
      const scanner = (base, pattern) => new addon.Scanner({ sources: [{ base, pattern, negated: false }] })
      return [
        scanner(outside, '**/*').scan(),
        scanner(inside, 'src/way-out/*.html').scan(),
        ...[secret, `${inside}/src/way-out/secret.html`, `${inside}/../${basename(outside)}/secret.html`]
          .map(file => scanner(dirname(file), '**/*').scanFiles([{ file, extension: 'html' }])),
      ].map(names => names.sort())
    }
    const found = ['class', 'grayscale']
    assert.deepEqual(reads(theirs), Array(5).fill(found), 'else this test shows nothing')
    assert.deepEqual(reads(await load(addon(file), granted)), [[], [], [], [], []])
    // And without a grant it does not see the project.
    const { candidates, files } = scan([{ pattern: '**/*' }])(await load(addon(file)))
    assert.deepEqual([candidates, files], [[], []])
  })

  test('errors are the ones of the native addon', async () => {
    const ours = await load(addon(file), granted)
    const { code } = await same(({ Scanner }) => new Scanner({ sources: [{ base: 1 }] }), ours, theirs)
    assert.equal(code, 'StringExpected')
    const { message } = await same(({ Scanner }) => Scanner.prototype.scan.call({}), ours, theirs)
    assert.equal(message, 'Illegal invocation')
  })

  test('by require, with the options of a package.json', () => {
    requires(file, `
      const scanner = new addon.Scanner({ sources: [{ base: '/project', pattern: '**/*', negated: false }] })
      assert.deepEqual([scanner.scan(), scanner.files], [['class', 'flex'], ['/project/index.html']])`,
    { wasi: { preopens: { '/project': { path: './src', readonly: true } } }, 'src/index.html': '<p class="flex">' })
  })
})
