// Programs from npm that work on many files: esbuild, which Go made for WASI, and Ruby.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync, readdirSync, symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { describe, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { load, run } from '../index.js'
import { writeModules } from './fixtures/modules.mjs'
import { node, root } from './fixtures/project.mjs'
import { esbuild, scratch, spawnAsync } from './fixtures/scratch.mjs'

const require = createRequire(import.meta.url)
// By require, as its ES modules are for bundlers: it does not say to Node that they are such.
const { RubyVM } = require('@ruby/wasm-wasi')
const ruby = require.resolve('@ruby/3.4-wasm-wasi/dist/ruby.wasm')
// Ruby without what comes with it in Ruby, which this file does not have.
const args = ['ruby.wasm', '--disable-gems', '-e_=0']

describe('esbuild', () => {
  const dir = scratch()
  const entry = writeModules(join(dir, 'src'), 500)
  const bundle = out => [`src/${entry}`, '--bundle', '--sourcemap', '--format=esm', `--outfile=${out}/bundle.js`]

  test('bundles a project of 500 modules as its native build does, byte by byte', async () => {
    const native = require.resolve(`@esbuild/${process.platform}-${process.arch}/bin/esbuild${process.platform === 'win32' ? '.exe' : ''}`)
    const { status, stderr } = spawnSync(native, bundle('native'), { cwd: dir, encoding: 'utf8' })
    assert.equal(status, 0, stderr)

    const delay = monitorEventLoopDelay({ resolution: 1 })
    delay.enable()
    const running = await run(esbuild, {
      args: ['esbuild', ...bundle('wasm')], env: { PWD: '/' }, preopens: { '/': dir }, stdin: 'ignore', stderr: 'pipe',
    })
    delay.disable()
    assert.equal(running.exitCode, 0, running.stderr.toString())
    assert.deepEqual(readdirSync(join(dir, 'wasm')), ['bundle.js', 'bundle.js.map'])
    for (const file of ['bundle.js', 'bundle.js.map']) {
      const [expected, made] = ['native', 'wasm'].map(side => readFileSync(join(dir, side, file)))
      assert.ok(expected.length > 500_000 && made.equals(expected), `${file}: ${made.length} bytes, by the native one ${expected.length}`)
    }
    // This thread was free meanwhile; the row run-loop-delay of the benchmark has the worst delay.
    assert.ok(delay.count > 100, `${delay.count} turns of the event loop`)
    assert.ok(delay.percentile(99) < 20e6, `the event loop waited ${delay.percentile(99) / 1e6} ms`)
  })

  test('and what it made is a program', () => {
    const { status, stdout, stderr } = node([join(dir, 'wasm/bundle.js')], { cwd: dir })
    assert.equal(status, 0, stderr)
    assert.equal(stdout.trim().split('\n').length, 450)
  })

  test('reads from a directory that it may not write to', async () => {
    const options = { args: ['esbuild', ...bundle('out')], env: { PWD: '/' }, stdin: 'ignore', stderr: 'pipe' }
    const { exitCode, stderr } = await run(esbuild, { ...options, preopens: { '/': { path: dir, readonly: true } } })
    assert.equal(exitCode, 1)
    assert.match(stderr.toString(), /out/)
    assert.deepEqual(readdirSync(dir).sort(), ['native', 'src', 'wasm'])
  })
})

/** A script in Ruby that reads, writes and lists files, and does not get out; it results in what it saw. */
const script = `
  records = File.readlines('/data/in.txt', chomp: true).map { |line| line.split(',') }
  Dir.mkdir('/data/out')
  records.each { |name, count| File.write("/data/out/#{name}.txt", name * count.to_i) }
  File.open('/data/out/log', 'a') { |file| file.puts 'one'; file.seek(0, IO::SEEK_SET); file.write 'two' }
  File.rename('/data/out/a.txt', '/data/out/b.txt')
  File.symlink('b.txt', '/data/out/link')
  refused = [['/data/../secret', 'r'], ['/elsewhere', 'r'], ['/data/up/secret', 'r'], ['/data/up/new', 'w']].map do |path, mode|
    File.open(path, mode) { 'opened' }
  rescue SystemCallError
    'refused'
  end
  [
    Dir.children('/data/out').sort, Dir.glob('/data/**/*.txt').sort, File.size('/data/out/b.txt'),
    File.stat('/data/out').directory?, File.read('/data/out/link'), refused.uniq,
    Dir.exist?('/nowhere'), (Dir.children('/data/in.txt') rescue $!.class),
  ].inspect
`
const seen = '[["b.txt", "cc.txt", "link", "log"], ["/data/in.txt", "/data/out/b.txt", "/data/out/cc.txt"], 3, true, "aaa", ["refused"], false, Errno::ENOTDIR]'

/** A directory in which `data` is what Ruby is given, with a link in it that leads out. */
function files() {
  const dir = scratch({ 'data/in.txt': 'a,3\ncc,2\n', secret: 'secret' })
  symlinkSync('..', join(dir, 'data/up'))
  return dir
}

/** Checks what the script left. */
function left(dir) {
  assert.deepEqual(readdirSync(join(dir, 'data/out')).sort(), ['b.txt', 'cc.txt', 'link', 'log'])
  assert.equal(readFileSync(join(dir, 'data/out/cc.txt'), 'utf8'), 'cccc')
  assert.equal(readFileSync(join(dir, 'data/out/log'), 'utf8'), 'one\ntwo')
  assert.deepEqual(readdirSync(dir).sort(), ['data', 'secret'])
}

/** Ruby by `load`, with the JavaScript of its package. */
async function loadRuby(wasi) {
  const vm = new RubyVM()
  const imports = {}
  vm.addToImports(imports)
  const exports = await load(ruby, { imports, wasi })
  // It asks whether this is an instance, and for the exports of it.
  await vm.setInstance(Object.create(WebAssembly.Instance.prototype, { exports: { value: exports } }))
  vm.initialize(args)
  return vm
}

describe('Ruby', () => {
  test('reads, writes and lists the files of a preopen', async () => {
    const dir = files()
    const vm = await loadRuby({ preopens: { '/data': join(dir, 'data') } })
    assert.equal(vm.eval(script).toString(), seen)
    left(dir)
  })

  test('does not write to a directory that it may only read', async () => {
    const dir = files()
    const vm = await loadRuby({ preopens: { '/data': { path: join(dir, 'data'), readonly: true } } })
    assert.equal(vm.eval("File.read('/data/in.txt')").toString(), 'a,3\ncc,2\n')
    for (const line of ["File.write('/data/new', '')", "File.write('/data/in.txt', '')", "Dir.mkdir('/data/new')", "File.unlink('/data/in.txt')"]) {
      assert.match(vm.eval(`begin; ${line}; rescue SystemCallError => error; error.class.to_s; end`).toString(), /^Errno::/, line)
    }
    assert.deepEqual(readdirSync(join(dir, 'data')), ['in.txt', 'up'])
    assert.equal(readFileSync(join(dir, 'data/in.txt'), 'utf8'), 'a,3\ncc,2\n')
  })

  // Its package as it is meant to be used, with our class in the place of that of node:wasi.
  for (const [engine, flags] of [['V8', []], ['ours', ['--import', pathToFileURL(join(root, 'lib/global.mjs')).href]]]) {
    test(`the same by the class WASI, on the WebAssembly of ${engine}`, () => {
      const dir = files()
      const { status, stdout, stderr } = spawnAsync(`
        const { WASI } = require(${JSON.stringify(join(root, 'index.js'))})
        const { RubyVM } = require(${JSON.stringify(require.resolve('@ruby/wasm-wasi'))})
        const module = await WebAssembly.compile(require('node:fs').readFileSync(${JSON.stringify(ruby)}))
        const wasip1 = new WASI({ version: 'preview1', preopens: { '/data': ${JSON.stringify(join(dir, 'data'))} } })
        const { vm } = await RubyVM.instantiateModule({ module, wasip1, args: ${JSON.stringify(args)} })
        console.log(vm.eval(${JSON.stringify(script)}).toString())`, { flags })
      assert.equal(status, 0, stderr)
      assert.equal(stdout.trim(), seen)
      left(dir)
    })
  }
})
