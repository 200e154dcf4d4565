// What a wasm file is given that is imported or required: by the field "wasmport" of package.json, by import attributes.

import assert from 'node:assert/strict'
import { symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { fixture, project } from './fixtures/project.mjs'

const { importOptions } = createRequire(import.meta.url)('../lib/package-options.cjs')

const hooks = ['--import', 'wasmport/register']

/** A program as a module to load: what it does when it starts, it does when `entry` is called. */
function reactor(name, entry) {
  const bytes = fixture(name)
  const at = bytes.indexOf('_start')
  assert.equal(entry.length, '_start'.length)
  return Buffer.concat([bytes.subarray(0, at), Buffer.from(entry), bytes.subarray(at + entry.length)])
}

// Writes its arguments, its environment and its input; opens the file that its first argument names.
const show = reactor('echo', 'show_a')
const open = reactor('open', 'open_a')

const field = value => JSON.stringify({ private: true, wasmport: value })
const args = (...args) => ({ wasi: { args } })

/** The options that a file of such a project has when it is imported. */
function optionsOf(files, path, attributes) {
  const { dir } = project(files)
  return { dir, wasi: importOptions(join(dir, path), attributes).wasi }
}

/** Checks that the options of a.wasm beside such a package.json are refused with a message that has all of `parts`. */
function refused(content, attributes, ...parts) {
  const { dir } = project({ 'package.json': content })
  const path = join(dir, 'a.wasm')
  assert.throws(() => importOptions(path, attributes), error => {
    assert.ok(error instanceof TypeError, String(error))
    assert.equal(error.code, 'ERR_WASMPORT_OPTION')
    for (const part of [attributes ? path : join(dir, 'package.json'), ...parts]) {
      assert.ok(error.stack.includes(part), `${error.stack}\nlacks: ${part}`)
    }
    return true
  })
}

const nothing = {
  args: [], env: [], cwd: undefined, preopens: [], stdin: 'ignore', stdout: 'ignore', stderr: 'ignore',
  clocks: undefined, random: undefined, listen: [], accept: undefined, maxThreads: 64,
}

describe('the field "wasmport" of package.json', () => {
  test('grants nothing where there is none, and what it is not for', () => {
    for (const content of ['{}', '[]', 'null', field({}), field({ './b.wasm': args('b') }), field({ './a.wasm': {} })]) {
      assert.deepEqual(optionsOf({ 'package.json': content }, 'a.wasm').wasi, nothing, content)
    }
    assert.deepEqual(importOptions(null, {}).wasi, nothing)
  })

  test('of an installed package gives directories of its own, not of the program that uses it', () => {
    const own = { './a.wasm': { wasi: { preopens: { '/': '.', '/data': './data' } } } }
    assert.equal(optionsOf({ 'node_modules/p/package.json': field(own) }, 'node_modules/p/a.wasm').wasi.preopens.length, 2)
    for (const path of ['..', '/', '../p2', '../../secrets']) {
      const { dir } = project({ 'node_modules/p/package.json': field({ './a.wasm': { wasi: { preopens: { '/x': path } } } }) })
      assert.throws(() => importOptions(join(dir, 'node_modules/p/a.wasm')), { code: 'ERR_WASMPORT_OPTION', message: /preopens\["\/x"\].*inside of the package/ })
    }
    const { dir } = project({ 'node_modules/p/package.json': field(own), 'secrets/key': 'x' })
    symlinkSync(join(dir, 'secrets'), join(dir, 'node_modules/p/data'))
    assert.throws(() => importOptions(join(dir, 'node_modules/p/a.wasm')), { code: 'ERR_WASMPORT_OPTION' })
  })

  test('of an installed package gives what reaches nothing, but no network and no open files of the program that uses it', () => {
    const installed = wasi => optionsOf({ 'node_modules/p/package.json': field({ './a.wasm': { wasi } }) }, 'node_modules/p/a.wasm').wasi
    const { cwd, clocks, random, maxThreads } = installed({ cwd: '/data', preopens: { '/data': '.' }, clocks: 0, random: 1, maxThreads: 2, network: {} })
    assert.deepEqual([cwd, clocks, random[0], maxThreads], ['/data', 0n, 1, 2])
    for (const [option, wasi] of Object.entries({ network: { network: { listen: ['127.0.0.1:8080'] } }, stdin: { stdin: 0 }, stderr: { stderr: 2 } })) {
      assert.throws(() => installed(wasi), { code: 'ERR_WASMPORT_OPTION', message: new RegExp(`wasi\\.${option}".* in node_modules`) })
    }
    const own = { network: { listen: ['127.0.0.1:8080'] }, stdout: 1 }
    const { listen, stdout } = optionsOf({ 'package.json': field({ './a.wasm': { wasi: own } }) }, 'a.wasm').wasi
    assert.deepEqual([listen, stdout], [['127.0.0.1:8080'], 1])
  })

  test('has the options of load(), with directories relative to it', () => {
    const { dir, wasi } = optionsOf({
      'package.json': field({ './lib/a.wasm': { wasi: {
        args: ['a', 'b'], env: { A: '1' }, preopens: { '/data': './data', '/': { path: '..', readonly: true }, '/abs': '/tmp' },
        stdin: 'typed', stdout: 'inherit', stderr: 'inherit',
      } } }),
    }, 'lib/a.wasm')
    assert.deepEqual(wasi, {
      ...nothing,
      args: ['a', 'b'],
      env: [['A', '1']],
      preopens: [
        { guest: '/data', host: join(dir, 'data'), readonly: false },
        { guest: '/', host: join(dir, '..'), readonly: true },
        { guest: '/abs', host: '/tmp', readonly: false },
      ],
      stdin: Buffer.from('typed'),
      stdout: 'inherit',
      stderr: 'inherit',
    })
  })

  test('has subpath patterns, of which the most specific wins whatever their order', () => {
    const keys = ['./*', './*.wasm', './tools/*', './tools/*.wasm', './tools/x*.wasm', './tools/xy.wasm', './tools/a/*.wasm']
    const cases = {
      'xy.wasm': './*.wasm',
      'xy.wat': './*',
      'tools/b.wasm': './tools/*.wasm',
      'tools/b': './tools/*',
      'tools/x1.wasm': './tools/x*.wasm',
      // The "*" is one character or more.
      'tools/x.wasm': './tools/*.wasm',
      'tools/xy.wasm': './tools/xy.wasm',
      'tools/a/b/c.wasm': './tools/a/*.wasm',
      'tools/b/c.wasm': './tools/*.wasm',
    }
    for (const order of [keys, [...keys].reverse()]) {
      const { dir } = project({ 'package.json': field(Object.fromEntries(order.map(key => [key, args(key)]))) })
      for (const [path, key] of Object.entries(cases)) assert.deepEqual(importOptions(join(dir, path)).wasi.args, [key], path)
    }
  })

  test('is that of the nearest package.json, and never from outside of node_modules', () => {
    const { dir } = project({
      'package.json': field({ './*': args('outer') }),
      'sub/package.json': '{}',
      'node_modules/one/package.json': field({ './*.wasm': args('one') }),
      'node_modules/two/a.wasm': '(module)',
    })
    const got = path => importOptions(join(dir, path)).wasi.args
    assert.deepEqual(got('a.wasm'), ['outer'])
    assert.deepEqual(got('dir/dir/a.wasm'), ['outer'])
    assert.deepEqual(got('sub/a.wasm'), [])
    assert.deepEqual(got('node_modules/one/dir/a.wasm'), ['one'])
    assert.deepEqual(got('node_modules/two/a.wasm'), [])
  })

  describe('is refused as a whole, by the name of the file and of the key, for', () => {
    const cases = [
      ['{', 'not valid JSON'],
      [field('x'), '"wasmport" must be an object; got "x"'],
      [field({ 'b.wasm': {} }), '"wasmport["b.wasm"]"', 'starts with "./"', './*.wasm'],
      [field({ wasi: {} }), '"wasmport["wasi"]"', 'starts with "./"'],
      [field({ './*/*.wasm': {} }), 'one "*" in it at most'],
      [field({ './dir/': {} }), '"wasmport["./dir/"]"', 'path of a file'],
      [field({ './b.wasm': [] }), '"wasmport["./b.wasm"]" must be an object; got an array'],
      [field({ './b.wasm': { wasm: {} } }), 'Unknown option "wasmport["./b.wasm"].wasm"', 'Nearest valid option: "wasi"'],
      [field({ './b.wasm': { args: [] } }), 'Nearest valid option: "wasi.args"'],
      [field({ './b.wasm': { imports: {} } }), '"wasmport["./b.wasm"].imports"', 'modules', 'load()'],
      [field({ './b.wasm': { wasi: { arg: [] } } }), 'Unknown option "wasmport["./b.wasm"].wasi.arg"', '"args"'],
      [field({ './b.wasm': { wasi: { args: [1] } } }), '"wasmport["./b.wasm"].wasi.args[0]" must be a string; got 1 (a number)'],
      [field({ './b.wasm': { wasi: { stdout: 'pipe' } } }), '"wasmport["./b.wasm"].wasi.stdout"', 'only run() and runSync() collect output'],
    ]
    for (const [content, ...parts] of cases) test(content, () => refused(content, undefined, ...parts))
  })
})

describe('import attributes', () => {
  test('have the value of an option as JSON, instead of that of package.json', () => {
    const files = { 'package.json': field({ './a.wasm': { wasi: { args: ['package'], env: { A: '1' } } } }) }
    const { wasi } = optionsOf(files, 'a.wasm', { wasi: '{"args":["attribute"],"preopens":{"/":"data"}}' })
    assert.deepEqual(wasi, { ...nothing, args: ['attribute'], preopens: [{ guest: '/', host: join(process.cwd(), 'data'), readonly: false }] })
    assert.deepEqual(importOptions(null, { wasi: '{"args":["data"]}' }).wasi.args, ['data'])
  })

  describe('are refused, by the name of the file and of the attribute, for', () => {
    const cases = [
      [{ wasi: '{' }, 'import attribute "wasi"', 'not valid JSON'],
      [{ wasi: '1' }, 'import attribute "wasi"', '"wasi" must be an object; got 1 (a number)'],
      [{ wasi: '{"arg":[]}' }, 'Unknown option "wasi.arg"', '"args"'],
      [{ engine: 'x' }, 'unknown import attribute "engine"', 'Valid here: wasi'],
      [{ imports: '{}' }, 'unknown import attribute "imports"'],
      [{ type: 'webassembly' }, 'without the attribute "type"', '"webassembly"', 'Leave it out'],
    ]
    for (const [attributes, ...parts] of cases) test(JSON.stringify(attributes), () => refused('{}', attributes, ...parts))
  })

  test('of what is no file', () => {
    assert.throws(() => importOptions(null, { x: '' }), { name: 'TypeError', message: /a data: URL/ })
  })
})

describe('in a process', () => {
  const made = project({
    'package.json': field({
      './show.wasm': { wasi: { args: ['from', 'package'], env: { A: '1' }, stdin: 'typed', stdout: 'inherit' } },
      './open/*.wasm': { wasi: { args: ['open', 'file'], preopens: { '/': './data' } } },
      './sub/*.wasm': args('sub'),
    }),
    'show.wasm': show,
    'bare/show.wasm': show,
    'open/open.wasm': open,
    'bare/open.wasm': open,
    'data/file': '',
    'import.mjs': 'import { show_a } from "./show.wasm"\nshow_a()',
    'bare.mjs': 'import { show_a } from "./bare/show.wasm"\nshow_a()',
    'require.cjs': 'require("./show.wasm").show_a()',
    'open.mjs': `
      import { open_a } from './open/open.wasm'
      import * as bare from './bare/open.wasm'
      const exit = call => { try { call() } catch (error) { return error.exitCode ?? error.message } }
      process.chdir('data')
      console.log(exit(open_a), exit(bare.open_a) === 0)`,
    'attribute.mjs': `
      import { show_a } from './show.wasm' with { wasi: '{"args":["from","attribute"],"stdout":"inherit"}' }
      show_a()`,
    'wrong.mjs': `
      import './show.wasm' with { wasi: '{"arg":[]}' }`,
    'broken/package.json': field({ './*': { imports: {} } }),
    'broken/show.wasm': show,
    'broken.mjs': 'import "./broken/show.wasm"',
  })

  /** What Node writes to stdout, and to stderr. */
  function outputs(...args) {
    const { stdout, stderr } = made.node(args)
    return [stdout, stderr]
  }

  test('import has what package.json grants', () => {
    assert.deepEqual(outputs(...hooks, 'import.mjs'), ['from\npackage\nA=1\ntyped', ''])
    assert.deepEqual(outputs(...hooks, 'bare.mjs'), ['', ''])
  })

  test('require has it too', () => {
    assert.deepEqual(outputs(...hooks, 'require.cjs'), ['from\npackage\nA=1\ntyped', ''])
  })

  test('a directory is that beside package.json, wherever the process is', () => {
    assert.deepEqual(outputs(...hooks, 'open.mjs'), ['0 false\n', ''])
  })

  test('import attributes reach the guest', () => {
    assert.deepEqual(outputs(...hooks, 'attribute.mjs'), ['from\nattribute\n', ''])
  })

  test('mistakes come out of the import', () => {
    for (const [main, ...parts] of [
      ['wrong.mjs', join(made.dir, 'show.wasm'), 'wasi.arg'],
      ['broken.mjs', join(made.dir, 'broken/package.json'), 'wasmport["./*"].imports'],
    ]) {
      const { stderr, status } = made.node([...hooks, main])
      assert.equal(status, 1)
      for (const part of ['TypeError', 'ERR_WASMPORT_OPTION', ...parts]) assert.ok(stderr.includes(part), `${stderr}\nlacks: ${part}`)
    }
  })
})
