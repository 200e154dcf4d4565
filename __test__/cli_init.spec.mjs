// `wasmport init`, as a process, on modules that real toolchains made.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  chmodSync, closeSync, constants, existsSync, lstatSync, openSync, readFileSync, readSync, readdirSync, statSync, symlinkSync, writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { inspect, loadSync } from 'wasmport'
import { bare, init } from './fixtures/init.mjs'
import { assemble, node, project, root } from './fixtures/project.mjs'

const bin = join(root, 'bin/wasmport.js')
const real = {
  'clang and wasi-libc': '__test__/guests/reactor.wasm',
  'wasm-bindgen': 'node_modules/tiktoken/lite/tiktoken_bg.wasm',
  'wasm-bindgen, with producers': 'node_modules/@resvg/resvg-wasm/index_bg.wasm',
  'Emscripten, dylink.0 first': 'node_modules/web-tree-sitter/web-tree-sitter.wasm',
}
const reactor = readFileSync(join(root, real['clang and wasi-libc']))
// Has an export for each thing that a plan can name.
const everything = assemble(`(module
  (import "wasi_snapshot_preview1" "sched_yield" (func (result i32)))
  (memory (export "mem") 1) (table (export "tab") 1 funcref)
  (func (export "a")) (func (export "b1") (param i32)) (func (export "b2") (param f64))
  (func (export "make") (param i32 i32) (result i32) i32.const 0) (func (export "main") (param i32 i32) (result i32) i32.const 0))`)
const component = Buffer.from([0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0])

const { dir } = project({
  'reactor.wasm': reactor,
  'component.wasm': component,
  'none.wasm': Buffer.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]),
  'damaged.wasm': bare([9]),
  'two.wasm': bare([1], [1]),
  'cut.wasm': reactor.subarray(0, 1000),
  'text.wat': '(module)',
})
const at = name => join(dir, name)
const step = (name, more) => ({ phase: 'evaluate', select: { export: name }, ...more })
const plan = { steps: [step('_initialize')], hide: [{ prefix: '_' }] }

const cli = (args, options) => node([bin, 'init', ...args], { cwd: dir, maxBuffer: 1 << 26, ...options })

/** Runs a command line that must succeed without a word on stderr; returns stdout. */
function ok(args, options) {
  const { status, stdout, stderr } = cli(args, options)
  assert.deepEqual([stderr.toString(), status], ['', 0])
  return stdout
}

/** Runs one that must fail with `status` and one message on stderr. */
function fails(args, status, ...parts) {
  const { status: found, stdout, stderr } = cli(args, { input: '' })
  assert.equal(found, status, stderr)
  assert.equal(stdout, '')
  assert.match(stderr, status === 2 ? /^wasmport: .*\nSee wasmport init --help\.\n$/ : /^wasmport: .*\n$/)
  for (const part of parts) assert.ok(stderr.includes(part), `${stderr}\nlacks: ${part}`)
}

/** The sections of a binary, as text of what they are and their bytes, header included. */
function sections(binary) {
  const found = []
  for (let at = 8; at < binary.length;) {
    let end = at + 1, size = 0, shift = 0
    do size += (binary[end] & 0x7f) * 2 ** shift, shift += 7
    while (binary[end++] & 0x80)
    const name = binary[at] === 0 ? binary.toString('utf8', end + 1, end + 1 + binary[end]) : binary[at]
    found.push([name, binary.toString('hex', at, end + size)])
    at = end + size
  }
  return found
}

const set = (name, json, ...more) => ok(['set', name, '--json', JSON.stringify(json), ...more])
const show = name => JSON.parse(ok(['show', name]))

describe('set', () => {
  for (const [toolchain, path] of Object.entries(real)) {
    test(`keeps every other section of a module of ${toolchain}, byte for byte`, () => {
      const before = readFileSync(join(root, path))
      const given = { run: null, hide: [{ prefix: '__' }] }
      set(join(root, path), given, '-o', 'out.wasm')
      const once = readFileSync(at('out.wasm'))
      assert.deepEqual(sections(once).filter(([name]) => name !== 'init'), sections(before))
      assert.equal(sections(once).length, sections(before).length + 1)
      assert.deepEqual(show('out.wasm'), given)
      set('out.wasm', { hide: [] })
      assert.deepEqual(sections(readFileSync(at('out.wasm'))).filter(([name]) => name !== 'init'), sections(before))
      assert.deepEqual(show('out.wasm'), { hide: [] })
      ok(['strip', 'out.wasm'])
      assert.ok(readFileSync(at('out.wasm')).equals(before))
    })
  }

  test('every field comes back from show, those left out with their value', () => {
    writeFileSync(at('all.wasm'), everything)
    const all = {
      bind: [{ service: './host.js', memory: 'mem', table: 'tab' }, { service: 'wasi_snapshot_preview1', memory: '', table: '' }],
      steps: [
        { phase: 'evaluate', select: { export: 'a' }, args: 'none', result: 'ignore', if_missing: 'error' },
        { phase: 'task', select: { prefix: 'b' }, args: 'zeros', result: 'ignore', if_missing: 'error' },
        { phase: 'evaluate', select: { export: 'make' }, args: { service: './host.js' }, result: 'namespace', if_missing: 'error' },
        { phase: 'dispose', select: { export: 'gone' }, args: 'none', result: 'ignore', if_missing: 'skip' },
      ],
      run: { export: 'main', args: 'zeros', instance: 'fresh', result: 'exit-code' },
      hide: [{ export: 'a' }, { prefix: 'b' }],
    }
    set('all.wasm', all)
    assert.deepEqual(show('all.wasm'), all)
    set('all.wasm', { bind: [{ service: 'x' }], steps: [step('a')], run: { export: 'main', args: 'zeros', instance: 'same', result: 'none' } })
    assert.deepEqual(show('all.wasm'), {
      bind: [{ service: 'x', memory: '', table: '' }],
      steps: [all.steps[0]],
      run: { export: 'main', args: 'zeros', instance: 'same', result: 'none' },
    })
    set('all.wasm', {})
    assert.deepEqual(show('all.wasm'), {})
  })

  test('what it says is carried out', () => {
    const source = `(module (global $n (mut i32) (i32.const 0))
      (func (export "setup") (global.set $n (i32.const 7))) (func (export "n") (result i32) (global.get $n)))`
    const { dir } = project({ 'lib.wasm': source })
    const file = join(dir, 'lib.wasm')
    assert.deepEqual([loadSync(file).n(), Object.keys(loadSync(file))], [0, ['n', 'setup']])
    set(file, { steps: [step('setup')], hide: [{ export: 'setup' }] })
    assert.deepEqual([loadSync(file).n(), Object.keys(loadSync(file))], [7, ['n']])
    assert.deepEqual(inspect(file).origin, { bind: 'inferred', steps: 'section', run: 'inferred', hide: 'section' })
  })

  test('JSON comes from a file, from standard input, or from the command line', () => {
    writeFileSync(at('init.json'), JSON.stringify(plan))
    const results = [
      ok(['set', 'reactor.wasm', 'init.json', '-o', '-'], { encoding: 'buffer' }),
      ok(['set', 'reactor.wasm', '-', '-o', '-'], { encoding: 'buffer', input: Buffer.from(JSON.stringify(plan)) }),
      ok(['set', 'reactor.wasm', '--output', '-'], { encoding: 'buffer', input: Buffer.from(JSON.stringify(plan)) }),
      ok(['set', '--json', JSON.stringify(plan), '-o', '-', 'reactor.wasm'], { encoding: 'buffer' }),
    ]
    for (const result of results) assert.ok(result.equals(results[0]))
    assert.deepEqual(inspect(results[0]).plan.hide, plan.hide)
    assert.ok(readFileSync(at('reactor.wasm')).equals(reactor), 'with -o the file stays')
  })

  test('show of one module is what set of another takes', () => {
    set('reactor.wasm', plan, '-o', 'first.wasm')
    ok(['set', 'reactor.wasm', '-o', 'second.wasm'], { input: ok(['show', 'first.wasm']) })
    assert.ok(readFileSync(at('second.wasm')).equals(readFileSync(at('first.wasm'))))
  })

  test('a section that makes no sense, or two, are replaced by one that does', () => {
    for (const name of ['damaged.wasm', 'two.wasm']) {
      set(name, {}, '-o', 'mended.wasm')
      assert.deepEqual(show('mended.wasm'), {})
    }
  })

  test('a component', () => {
    set('component.wasm', { hide: [{ prefix: 'x' }] }, '-o', 'c.wasm')
    assert.deepEqual(show('c.wasm'), { hide: [{ prefix: 'x' }] })
    fails(['set', 'component.wasm', '--json', '{"bind":[]}'], 1, 'component.wasm', 'has no bind part', '(ERR_WASMPORT_LINK)')
  })

  test('the file keeps its mode, a symbolic link stays one, and nothing else is left', { skip: process.platform === 'win32' }, () => {
    const { dir } = project({ 'lib.wasm': reactor })
    symlinkSync('lib.wasm', join(dir, 'link.wasm'))
    chmodSync(join(dir, 'lib.wasm'), 0o751)
    set(join(dir, 'link.wasm'), plan)
    assert.ok(lstatSync(join(dir, 'link.wasm')).isSymbolicLink())
    assert.equal(statSync(join(dir, 'lib.wasm')).mode & 0o777, 0o751)
    assert.deepEqual(show(join(dir, 'lib.wasm')).hide, plan.hide)
    assert.deepEqual(readdirSync(dir).sort(), ['lib.wasm', 'link.wasm', 'node_modules', 'package.json'])
  })

  test('a pipe is written to, not replaced', { skip: process.platform === 'win32' }, () => {
    assert.equal(spawnSync('mkfifo', [at('pipe')]).status, 0)
    // For reading and writing, so that neither side waits for the other.
    const pipe = openSync(at('pipe'), constants.O_RDWR | constants.O_NONBLOCK)
    set('none.wasm', {}, '-o', 'pipe')
    const buffer = Buffer.alloc(100)
    const read = readSync(pipe, buffer)
    closeSync(pipe)
    assert.equal(buffer.toString('hex', 0, read), bare([1]).toString('hex'))
    assert.ok(lstatSync(at('pipe')).isFIFO())
  })
})

describe('show', () => {
  test('prints the parts that the section says, and {} and a word on stderr without one', () => {
    set('reactor.wasm', plan, '-o', 'with.wasm')
    assert.deepEqual(Object.keys(show('with.wasm')), ['steps', 'hide'])
    const { status, stdout, stderr } = cli(['show', 'reactor.wasm'])
    assert.deepEqual([status, stdout, stderr], [0, '{}\n', `wasmport: ${at('reactor.wasm')} has no init section\n`])
  })

  test('--plan prints all of the plan and where it came from, as inspect() has it', () => {
    set('reactor.wasm', plan, '-o', 'with.wasm')
    const { plan: whole, origin } = inspect(at('with.wasm'))
    assert.deepEqual(JSON.parse(ok(['show', '--plan', 'with.wasm'])), { plan: whole, origin })
    assert.equal(whole.bind[0].service, 'wasi_snapshot_preview1')
    assert.deepEqual(origin, { bind: 'inferred', steps: 'section', run: 'inferred', hide: 'section' })
  })

  test('reads the text form too', () => {
    writeFileSync(at('with.wat'), `(module ${init({ hide: [{ export: 'f' }] })} (func (export "f")))`)
    assert.deepEqual(show('with.wat'), { hide: [{ export: 'f' }] })
  })

  test('of a section that is damaged says where', () => {
    fails(['show', 'damaged.wasm'], 1, at('damaged.wasm'), 'unknown version 9', '(at offset 0xf)', '(ERR_WASMPORT_COMPILE)')
    fails(['show', 'two.wasm'], 1, 'there is a second one')
  })
})

describe('strip', () => {
  test('of a module without a section changes nothing', () => {
    const { dir } = project({ 'lib.wasm': reactor })
    ok(['strip', join(dir, 'lib.wasm')])
    assert.ok(readFileSync(join(dir, 'lib.wasm')).equals(reactor))
  })

  test('to standard output or another file', () => {
    set('reactor.wasm', plan, '-o', 'with.wasm')
    const before = readFileSync(at('with.wasm'))
    assert.ok(ok(['strip', 'with.wasm', '-o', '-'], { encoding: 'buffer' }).equals(reactor))
    ok(['strip', '-o', 'without.wasm', 'with.wasm'])
    assert.ok(readFileSync(at('without.wasm')).equals(reactor))
    assert.ok(readFileSync(at('with.wasm')).equals(before))
  })
})

describe('a plan that does not fit the module is refused, and the file stays', () => {
  const cases = [
    [{ steps: [step('setup')] }, 'step 0 of the plan: there is no export "setup"'],
    [{ steps: [step('_initialize'), step('memory')] }, 'step 1 of the plan: the export "memory" is a memory, not a function'],
    [{ steps: [step('leave')] }, 'step 0 of the plan: the export "leave" is (i32) -> ()'],
    [{ run: { export: 'main', instance: 'same', result: 'none' } }, 'run of the plan: there is no export "main"'],
    [{ bind: [{ service: 'napi', table: 'memory' }] }, 'bind of "napi" of the plan: the export "memory" is a memory, not a table'],
  ]
  for (const [json, message] of cases) {
    test(message, () => {
      fails(['set', 'reactor.wasm', '--json', JSON.stringify(json)], 1, at('reactor.wasm'), message, '(ERR_WASMPORT_LINK)')
      assert.ok(readFileSync(at('reactor.wasm')).equals(reactor))
    })
  }
})

describe('JSON that is no section is refused, with where and what', () => {
  const cases = [
    ['{ "steps": [\n  { "phase": "late" } ] }', 'unknown variant `late`, expected one of `evaluate`, `task`, `dispose` at line 2'],
    ['{ "step": [] }', 'unknown field `step`, expected one of `bind`, `steps`, `run`, `hide` at line 1 column 8'],
    ['{ "steps": [{ "phase": "task" }] }', 'missing field `select` at line 1'],
    ['{ "hide": [', 'at line 1 column 11'],
    ['{ "hide": null }', 'invalid type: null'],
    ['[]', 'expected an object with the parts of a plan, found a list'],
    ['', 'at line 1 column 0'],
  ]
  for (const [json, message] of cases) {
    test(json || 'nothing', () => {
      writeFileSync(at('bad.json'), json)
      fails(['set', 'reactor.wasm', 'bad.json'], 1, 'wasmport: bad.json is not the JSON of an init section', message)
      fails(['set', 'reactor.wasm', '--json', json], 1, 'wasmport: --json is not', message)
      assert.ok(readFileSync(at('reactor.wasm')).equals(reactor))
    })
  }
  test('from standard input', () => fails(['set', 'reactor.wasm'], 1, 'standard input is not the JSON of an init section'))
})

describe('other errors', () => {
  const cases = [
    [['set', 'text.wat', '--json', '{}'], 1, 'text.wat', 'text form', 'assemble it first'],
    [['strip', 'text.wat'], 1, 'text.wat', 'assemble it first'],
    [['set', 'package.json', '--json', '{}'], 1, 'package.json is not WebAssembly'],
    [['set', 'cut.wasm', '--json', '{}'], 1, 'cut.wasm', '(at offset 0x', '(ERR_WASMPORT_COMPILE)'],
    [['strip', 'cut.wasm'], 1, 'cut.wasm', '(at offset 0x'],
    [['show', 'missing.wasm'], 1, 'missing.wasm', 'ENOENT'],
    [['set', 'missing.wasm', '--json', '{}'], 1, 'missing.wasm', 'ENOENT'],
    [['set', 'reactor.wasm', 'missing.json'], 1, 'missing.json', 'ENOENT'],
    [['strip', 'reactor.wasm', '-o', 'nowhere/out.wasm'], 1, 'nowhere/out.wasm', 'ENOENT'],
    [['strip', 'reactor.wasm', '-o', '.'], 1, 'EISDIR'],
    [[], 2, 'expected show, set or strip, got nothing'],
    [['get', 'reactor.wasm'], 2, 'expected show, set or strip, got "get"'],
    [['constructor'], 2, 'got "constructor"'],
    [['show'], 2, 'init show: no FILE given'],
    [['strip', 'a', 'b'], 2, 'did not expect "b"'],
    [['set', 'reactor.wasm', 'a.json', 'b'], 2, 'did not expect "b"'],
    [['set', 'reactor.wasm', 'a.json', '--json', '{}'], 2, 'expected JSON-FILE or --json, got both'],
    [['show', '--json', '{}', 'reactor.wasm'], 2, '--json'],
    [['set', 'reactor.wasm', '--force'], 2, '--force'],
  ]
  for (const [args, status, ...parts] of cases) test(`init ${args.join(' ')}`, () => fails(args, status, ...parts))

  test('leave no file behind', () => assert.deepEqual(readdirSync(dir).filter(name => name.endsWith('.tmp')), []))
  test('a missing output directory is not made', () => assert.ok(!existsSync(at('nowhere'))))
})
