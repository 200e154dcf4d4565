// The `wasmport` command, as a process.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { inspect as describeModule } from 'wasmport'
import { bare, withInit } from './fixtures/init.mjs'
import { assemble, fixture, node, project, root } from './fixtures/project.mjs'

const bin = join(root, 'bin/wasmport.js')
const { dir } = project({
  'echo.wasm': fixture('echo'),
  'open.wasm': fixture('open'),
  // Waits for a connection at descriptor 3, writes to it, and exits with what that returned.
  'serve.wasm': `(module
    (import "wasi_snapshot_preview1" "sock_accept" (func $accept (param i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "sock_send" (func $send (param i32 i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (memory (export "memory") 1) (data (i32.const 0) "\\10\\00\\00\\00\\02\\00\\00\\00") (data (i32.const 16) "hi")
    (func (export "_start")
      (if (call $accept (i32.const 3) (i32.const 0) (i32.const 8)) (then (call $exit (i32.const 99))))
      (call $exit (call $send (i32.load (i32.const 8)) (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 12)))))`,
  'exit.wasm': fixture('exit'),
  'loop.wasm': fixture('loop'),
  'trap.wasm': '(module (func $deep unreachable) (func (export "_start") (call $deep)))',
  'bad.wasm': Buffer.from('this is not a module'),
  'lib.wasm': `(module
    (import "./log.js" "log" (func (param i32)))
    (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))`,
  'tool.wat': `(component (import "wasi:cli/environment@0.2.0" (instance (export "get" (func)))) (import "f" (func $f))
    (instance $run (export "run" (func $f))) (export "wasi:cli/run@0.2.0" (instance $run)))`,
  'long.wasm': `(module (func (export "short")) (func (export "${'x'.repeat(300)}")))`,
  'cut.wasm': fixture('echo').subarray(0, 100),
  'two.wasm': bare([1], [1]),
  'both.wasm': '(module (func (export "_start")) (func (export "_initialize")))',
  'escape.wat': String.raw`(module (@producers (language "\1b[31mC" "") (processed-by "\1b]0;x\07" "1")) (import "\1b[2J" "\07" (func)) (func (export "\1b")))`,
  'data/in.txt': 'in',
  'outside/secret.txt': 'secret',
})
symlinkSync('../outside', join(dir, 'data/out'))
// The assembler of these tests knows no custom sections; `init set` refuses the two that do not fit.
writeFileSync(join(dir, 'tour.wasm'), withInit(assemble(`(module
  (import "./log.js" "log" (func (param i32))) (import "wasi_snapshot_preview1" "sched_yield" (func (result i32)))
  (import "env" "a \\"quoted\\" name" (global (mut f64)))
  (memory (export "memory") 1 2) (table (export "t") 0 funcref) (func (export "_start")) (func (export "free") (param i32)))`),
{ steps: [{ export: '_start' }, { phase: 'dispose', prefix: 'free', args: 'zeros' }] }))
const start = assemble('(module (func (export "_start")))')
writeFileSync(join(dir, 'absent.wasm'), withInit(start, { steps: [{ export: 'setup' }] }))
writeFileSync(join(dir, 'damaged.wasm'), Buffer.concat([start, bare([9]).subarray(8)]))

const wasmport = (args, options) => node([bin, ...args], { cwd: dir, ...options })

/** Runs a command line that must fail with `status` and one line of `message` on stderr. */
function fails(args, status, ...parts) {
  const result = wasmport(args)
  assert.equal(result.status, status, result.stderr)
  assert.equal(result.stdout, '')
  assert.ok(result.stderr.startsWith('wasmport: '), result.stderr)
  assert.doesNotMatch(result.stderr, /\n\s+at /, 'no JS stack')
  for (const part of parts) assert.ok(result.stderr.includes(part), `${result.stderr}\nlacks: ${part}`)
}

describe('run', () => {
  test('the guest gets its name, its arguments and the standard streams, and nothing else', () => {
    const { stdout, stderr, status } = wasmport(['run', './echo.wasm', 'a', 'b c'], { input: 'typed', env: { SECRET: '1' } })
    assert.deepEqual([stdout, stderr, status], ['echo.wasm\na\nb c\ntyped', '', 0])
  })

  test('everything after FILE is the guest\'s, even what looks like an option', () => {
    const lines = args => wasmport(['run', ...args], { input: '' }).stdout
    assert.equal(lines(['echo.wasm', '--dir', '/', '--help', '-x']), 'echo.wasm\n--dir\n/\n--help\n-x\n')
    assert.equal(lines(['echo.wasm', '--', '--env', 'A=1']), 'echo.wasm\n--env\nA=1\n')
    assert.equal(lines(['echo.wasm', '--', 'a', '--', 'b']), 'echo.wasm\na\n--\nb\n')
    assert.equal(lines(['--env', 'A=1', '--', 'echo.wasm', 'b']), 'echo.wasm\nb\nA=1\n')
  })

  test('--env', () => {
    const { stdout } = wasmport(['run', '--env', 'A=1', '--env=B=x=y', '--env', 'C=', 'echo.wasm'], { input: '' })
    assert.equal(stdout, 'echo.wasm\nA=1\nB=x=y\nC=\n')
  })

  test('the exit code is the guest\'s', () => {
    assert.equal(wasmport(['run', 'exit.wasm']).status, 0)
    assert.equal(wasmport(['run', 'exit.wasm', 'a', 'b', 'c']).status, 3)
  })

  test('a large input passes through a pipe whole', () => {
    const input = 'x'.repeat(3 << 20)
    const { stdout, status } = wasmport(['run', 'echo.wasm'], { input, maxBuffer: 8 << 20 })
    assert.equal(status, 0)
    assert.equal(stdout, `echo.wasm\n${input}`)
  })

  describe('--dir', () => {
    const open = (dirs, ...args) => wasmport(['run', ...dirs.flatMap(given => ['--dir', given]), 'open.wasm', ...args]).status
    const NOTCAPABLE = 76, PERM = 63, ROFS = 69, BADF = 8

    test('nothing can be opened without', () => assert.equal(open([], 'data/in.txt'), BADF))
    test('a directory under its own name', () => assert.equal(open(['data'], 'in.txt'), 0))
    test('a directory under another', () => assert.equal(open(['data::/'], 'in.txt'), 0))
    test('what is written is there', () => {
      assert.equal(open(['data::/work'], 'new.txt', 'write'), 0)
      assert.ok(existsSync(join(dir, 'data/new.txt')))
    })
    for (const given of ['data:ro', 'data::/work:ro']) {
      test(`${given} can be read, not written`, () => {
        assert.equal(open([given], 'in.txt'), 0)
        const status = open([given], 'refused.txt', 'write')
        assert.ok([NOTCAPABLE, PERM, ROFS].includes(status), `path_open returned ${status}`)
        assert.ok(!existsSync(join(dir, 'data/refused.txt')))
      })
    }
    test('no way out of it', () => {
      for (const name of ['../outside/secret.txt', 'out/secret.txt']) {
        const status = open(['data'], name)
        assert.ok([NOTCAPABLE, PERM].includes(status), `${name}: path_open returned ${status}`)
      }
    })
    test('a directory that is not there is an error that names it', () => {
      fails(['run', '--dir', 'nowhere', 'open.wasm', 'x'], 1, 'nowhere')
    })
  })

  test('--cwd, as the variable PWD', () => {
    assert.equal(wasmport(['run', '--dir', 'data::/work', '--cwd', '/work', 'echo.wasm'], { input: '' }).stdout, 'echo.wasm\nPWD=/work\n')
  })

  test('--listen, as a socket after the directories', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address()
    await new Promise(resolve => server.close(resolve))
    const child = spawn(process.execPath, [bin, 'run', '--listen', `127.0.0.1:${port}`, 'serve.wasm'], { cwd: dir, stdio: 'inherit' })
    const ended = once(child, 'exit')
    let text = ''
    const dial = () => connect(port, '127.0.0.1').on('data', chunk => { text += chunk }).on('error', () => setTimeout(dial, 50))
    dial()
    assert.deepEqual(await ended, [0, null])
    assert.equal(text, 'hi')
  })

  test('--timeout, with the exit code of a shell for the signal', () => {
    const { status, stdout } = wasmport(['run', '--timeout', '300', 'loop.wasm'])
    assert.deepEqual([status, stdout], [128 + 15, 'begun\n'])
  })

  test('a signal ends it', { skip: process.platform === 'win32' }, async () => {
    const child = spawn(process.execPath, [bin, 'run', 'loop.wasm'], { cwd: dir, stdio: ['ignore', 'pipe', 'inherit'] })
    child.stdout.once('data', () => child.kill('SIGINT'))
    const signal = await new Promise(resolve => child.once('exit', (code, signal) => resolve(signal)))
    assert.equal(signal, 'SIGINT')
  })
})

describe('errors are one message on stderr, exit code 1', () => {
  test('a missing file', () => fails(['run', 'missing.wasm'], 1, 'missing.wasm', 'ENOENT'))
  test('a directory', () => fails(['run', 'data'], 1, join(dir, 'data'), 'EISDIR'))
  test('not a module', () => fails(['run', 'bad.wasm'], 1, 'bad.wasm', '(ERR_WASMPORT_NOT_WASM)'))
  test('not a program', () => fails(['run', 'lib.wasm'], 1, 'lib.wasm', '(ERR_WASMPORT_'))
  test('a trap', () => fails(['run', 'trap.wasm'], 1, 'unreachable', '(ERR_WASMPORT_TRAP)'))
  test('inspect of a missing file', () => fails(['inspect', 'missing.wasm'], 1, 'missing.wasm', 'ENOENT'))
})

describe('usage errors say so, exit code 2', () => {
  const cases = [
    [[], 'no command given', 'See wasmport --help.'],
    [['walk'], 'unknown command "walk"', 'See wasmport --help.'],
    [['toString'], 'unknown command "toString"'],
    [['run'], 'no FILE given', 'See wasmport run --help.'],
    [['run', '--dirs', 'x', 'echo.wasm'], '--dirs', 'See wasmport run --help.'],
    [['run', '--env', 'A', 'echo.wasm'], '--env A: expected NAME=VALUE'],
    [['run', '--env', '=1', 'echo.wasm'], 'expected NAME=VALUE'],
    [['run', '--dir', 'a::', 'echo.wasm'], '--dir a::: expected HOST[::GUEST][:ro]'],
    [['run', '--dir', 'a::b::c', 'echo.wasm'], 'expected HOST[::GUEST][:ro]'],
    [['run', '--timeout', '1s', 'echo.wasm'], '--timeout 1s: expected milliseconds'],
    [['run', '--timeout', '0', 'echo.wasm'], '--timeout 0: expected milliseconds'],
    [['run', '--listen', 'localhost:80', 'echo.wasm'], 'an IP address and a port', '"localhost:80"'],
    [['run', '--cwd', '/nowhere', 'echo.wasm'], 'cwd'],
    [['inspect'], 'expected one FILE, got 0', 'See wasmport inspect --help.'],
    [['inspect', 'a', 'b'], 'expected one FILE, got 2'],
    [['inspect', '--xml', 'a'], '--xml'],
  ]
  for (const [args, ...parts] of cases) {
    test(`wasmport ${args.join(' ')}`, () => fails(args, 2, ...parts))
  }
})

describe('--help and --version', () => {
  const cases = [
    [['--help'], /^Usage: wasmport COMMAND\n[^]*\n {2}run [^]*\n {2}inspect [^]*\n {2}init show [^]*\n {2}init set [^]*\n {2}init strip /],
    [['-h'], /^Usage: wasmport COMMAND\n/],
    [['run', '--help'], /^Usage: wasmport run [^]*--dir [^]*--env /],
    [['inspect', '-h'], /^Usage: wasmport inspect [^]*--json /],
    [['init', '--help'], /^Usage: wasmport init show [^]*wasmport init set [^]*wasmport init strip [^]*--plan [^]*--json [^]*--output /],
    [['init', 'show', '--help'], /^Usage: wasmport init show /],
    [['init', 'set', '-h'], /^Usage: wasmport init show /],
    [['init', 'strip', '-h'], /^Usage: wasmport init show /],
    [['--version'], /^wasmport \d+\.\d+\.\d+ \(wasmtime \d+\.\d+\.\d+\)\n$/],
  ]
  for (const [args, text] of cases) {
    test(`wasmport ${args.join(' ')}`, () => {
      const { stdout, stderr, status } = wasmport(args)
      assert.deepEqual([stderr, status], ['', 0])
      assert.match(stdout, text)
      for (const line of stdout.split('\n')) assert.ok(line.length <= 110, `too wide: ${line}`)
    })
  }
})

describe('inspect', () => {
  const text = file => {
    const { stdout, stderr, status } = wasmport(['inspect', file])
    assert.deepEqual([stderr, status], ['', 0])
    return stdout
  }
  const json = (...args) => JSON.parse(wasmport(['inspect', '--json', ...args]).stdout)

  test('prints what a module is, imports and exports, and how it is started', () => {
    assert.equal(text('tour.wasm'), `module ${join(dir, 'tour.wasm')}
  size     ${statSync(join(dir, 'tour.wasm')).size.toLocaleString('en')} bytes
  made by  unknown

imports
  function  "./log.js" "log"                        (i32) -> ()
  function  "wasi_snapshot_preview1" "sched_yield"  () -> (i32)
  global    "env" "a \\"quoted\\" name"               mut f64

exports
  memory    "memory"  1 to 2 pages
  table     "t"       0 or more funcref
  function  "_start"  () -> ()
  function  "free"    (i32) -> ()

plan
  bind   "wasi_snapshot_preview1" to memory "memory"                inferred
  steps  evaluate "_start"                                          from the init section
         dispose all that start with "free" with zeros
  run    "_start" in a fresh instance, its result is the exit code  inferred
  hide   nothing
`)
  })

  test('one long name does not push the types out of sight', () => {
    const line = text('long.wasm').split('\n').find(line => line.includes('"short"'))
    assert.match(line, /^ {2}function {2}"short" {50,60}\(\) -> \(\)$/)
  })

  test('a component', () => {
    assert.equal(text('tool.wat').replace(/size .*/, 'size'), `component ${join(dir, 'tool.wat')}
  size
  made by  unknown

imports
  instance  "wasi:cli/environment@0.2.0"
  function  "f"

exports
  instance  "wasi:cli/run@0.2.0"

plan
  bind   nothing
  steps  nothing
  run    "wasi:cli/run@0.2.0" in a fresh instance, its result is the exit code  inferred
  hide   nothing
`)
  })

  test('--json prints what inspect() returns', () => {
    for (const name of ['tour.wasm', 'tool.wat']) assert.deepEqual(json(name), describeModule(join(dir, name)))
    assert.deepEqual(json('echo.wasm').plan.run.export, '_start')
  })

  describe('of a module without a plan prints all but that and why, exit code 1', () => {
    const cases = [
      ['damaged.wasm', 'unknown version 9', '(at offset', '(ERR_WASMPORT_COMPILE)'],
      ['both.wasm', '_start', '_initialize', '(ERR_WASMPORT_LINK)'],
      ['absent.wasm', 'step 0 of the plan: there is no export "setup"'],
    ]
    for (const [file, ...parts] of cases) {
      test(file, () => {
        const { stdout, stderr, status } = wasmport(['inspect', file])
        assert.equal(status, 1)
        assert.match(stdout, /\nexports\n {2}function {2}"_start" .*\n[^]*\nplan: none\n$/)
        for (const part of [join(dir, file), ...parts]) assert.ok(stderr.includes(part), `${stderr}\nlacks: ${part}`)
        const result = wasmport(['inspect', file, '--json'])
        const { exports, plan, error } = JSON.parse(result.stdout)
        assert.deepEqual([exports[0].name, plan, result.status], ['_start', null, 1])
        assert.equal(`wasmport: ${error.message} (${error.code})\n`, result.stderr)
        assert.equal(typeof error.offset, file === 'damaged.wasm' ? 'number' : 'undefined')
      })
    }
  })

  test('of what is damaged says where', () => {
    fails(['inspect', 'cut.wasm'], 1, join(dir, 'cut.wasm'), '(at offset 0x', '(ERR_WASMPORT_COMPILE)')
    fails(['inspect', 'two.wasm'], 1, 'init section: there is a second one (at offset')
    fails(['inspect', 'bad.wasm'], 1, 'bad.wasm', '(ERR_WASMPORT_NOT_WASM)')
  })

  test('a file cannot say things to the terminal', () => {
    assert.doesNotMatch(text('escape.wat').replaceAll('\n', ''), /[^ -~]/)
  })
})

describe('inspect guesses the toolchain', () => {
  const packages = {
    'tiktoken/lite/tiktoken_bg.wasm': [/^Rust with wasm-bindgen for bundlers \(walrus 0\.23\.3, wasm-bindgen 0\.2\.100\)$/, /_bg\.js/],
    'ywasm/ywasm_bg.wasm': [/^Rust with wasm-bindgen \(rustc 1\.77\.2, .*wasm-bindgen 0\.2\.91\)$/, /\.js file.*wasmport\/global.*--target bundler/],
    '@resvg/resvg-wasm/index_bg.wasm': [/^Rust with wasm-bindgen \(rustc 1\.76\.0-nightly, /, /--target bundler/],
    'web-tree-sitter/web-tree-sitter.wasm': [/^Emscripten$/, /wasmport\/global.*-sSTANDALONE_WASM/],
    'node-sqlite3-wasm/dist/node-sqlite3-wasm.wasm': [/^Emscripten, with minified imports$/, /-sSTANDALONE_WASM/],
    'tree-sitter-json/tree-sitter-json.wasm': [/^wasm-ld -shared \(dylink\.0\)$/, /link it statically/],
    '@esbuild/wasi-preview1/esbuild.wasm': [/^Go \(Go cmd\/compile go1\./],
  }
  for (const [path, [name, advice]] of Object.entries(packages)) {
    test(path, () => guessed(describeModule(join(root, 'node_modules', path)), name, advice))
  }

  const imported = (module, name, more = '') => `(module (import "${module}" "${name}" (func)) ${more})`
  const marks = [
    ['GOOS=js', imported('gojs', 'runtime.wasmExit', '(func (export "getsp"))'), /^Go for JavaScript hosts$/, /GOOS=wasip1 GOARCH=wasm/],
    ['TinyGo', imported('gojs', 'runtime.ticks'), /^TinyGo/, /-target=wasip1/],
    ['dart2wasm', imported('dart2wasm', '_1'), /^Dart/, /\.mjs/],
    ['Kotlin', imported('js_code', 'kotlin.x'), /^Kotlin/, /wasmWasi/],
    ['GHC with JSFFI', imported('ghc_wasm_jsffi', 'x', '(func (export "hs_init"))'), /^Haskell/, /post-link\.mjs/],
    ['GHC', '(module (func (export "hs_init")))', /^Haskell by GHC$/],
    ['JavaScriptKit', imported('javascript_kit', 'swjs_x'), /^Swift/, /PackageToJS/],
    ['unfinished wasm-bindgen', imported('__wbindgen_placeholder__', '__wbindgen_describe', '(func (export "__wbindgen_describe_x"))'), /before wasm-bindgen/, /run wasm-bindgen/],
    ['napi-rs', imported('env', 'napi_create_object', '(func (export "__napi_register__x_0"))'), /^napi-rs, with Node-API$/],
    ['emnapi', imported('napi', 'napi_create_object'), /^emnapi, with Node-API$/],
    ['Javy', imported('javy-default-plugin-v4', 'invoke'), /^Javy/, /plugin first/],
    ['WASIX', imported('wasix_32v1', 'futex_wait'), /^WASIX/, /wasm32-wasip1/],
    ['AssemblyScript', '(module (import "env" "abort" (func (param i32 i32 i32 i32))))', /^AssemblyScript$/, /--use abort=/],
    ['AssemblyScript without abort', '(module (func (export "__new")) (func (export "__unpin")))', /^AssemblyScript$/],
    ['Grain', '(module (global (export "GRAIN$TABLE_SIZE") i32 (i32.const 0)))', /^Grain$/],
    ['Emscripten, standalone and growing', imported('env', 'emscripten_notify_memory_growth'), /^Emscripten, standalone$/, /give a function/],
    ['Emscripten', '(module (func (export "_emscripten_stack_alloc")))', /^Emscripten$/],
    ['a producers section', `(module (@producers (language "C_plus_plus_14" "") (language "Rust" "") (processed-by "clang" "21.1.0 (x)") (processed-by "walrus" "")))`,
      /^C\+\+14, Rust \(clang 21\.1\.0, walrus\)$/],
    ['tools alone', '(module (@producers (processed-by "wit-component" "0.254.2")))', /^wit-component 0\.254\.2$/],
  ]
  for (const [toolchain, module, name, advice] of marks) test(toolchain, () => guessed(describeModule(module), name, advice))

  test('nothing of what says nothing', () => {
    for (const module of ['(module)', imported('env', 'abort'), imported('env', 'emscripten')]) {
      assert.equal(describeModule(module).toolchain, null)
    }
  })

  function guessed({ toolchain }, name, advice) {
    assert.match(toolchain.name, name)
    if (advice === undefined) assert.ok(!('advice' in toolchain), toolchain.advice)
    else assert.match(toolchain.advice, advice)
  }
})
