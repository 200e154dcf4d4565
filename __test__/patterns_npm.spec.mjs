// Start-up patterns, as packages from npm and the toolchains behind them have them: Rust, Zig, TinyGo, Emscripten, Javy,
// and those that cannot be loaded without the JavaScript that was made for them.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { brotliDecompressSync } from 'node:zlib'
import { inspect, load, run } from '../index.js'
import { fails, passes } from './fixtures/hooks.mjs'
import { withInit } from './fixtures/init.mjs'
import { assemble, project } from './fixtures/project.mjs'
import './fixtures/scratch.mjs'
import { check } from './helpers.mjs'

const guest = path => fileURLToPath(new URL(`guests/${path}`, import.meta.url))
const installed = path => fileURLToPath(new URL(`../node_modules/${path}`, import.meta.url))

const step = (select, rest) => ({ phase: 'evaluate', select, args: 'none', result: 'ignore', if_missing: 'error', ...rest })
const initialize = step({ export: '_initialize' })
const command = {
  bind: [{ service: 'wasi_snapshot_preview1', memory: 'memory', table: '' }],
  steps: [],
  run: { export: '_start', args: 'none', instance: 'fresh', result: 'exit-code' },
  hide: [],
}

/** A module given as text, with a custom section before its others. Sizes are below 128. */
function withSection(name, content, text) {
  const section = Buffer.from(`\0\0${String.fromCharCode(name.length)}${name}${content}`)
  section[1] = section.length - 2
  const module = assemble(text)
  return Buffer.concat([module.subarray(0, 8), section, module.subarray(8)])
}

/** Checks that a module is refused, and how. */
async function refused(file, properties, ...parts) {
  const error = await load(file).then(() => assert.fail('it was loaded'), caught => caught)
  check(error, Error, properties, ...parts)
}

describe('Rust without a system (wasm32-unknown-unknown), no wasm-bindgen', () => {
  test('@dprint/json has no start: it is ready when it is instantiated', async () => {
    const file = installed('@dprint/json/plugin.wasm')
    assert.deepEqual(inspect(file).plan, { bind: [], steps: [], run: null, hide: [] })
    const plugin = await load(file)
    // The plugin interface of dprint: sizes are returned, and bytes are in a buffer that both sides know.
    const shared = size => new Uint8Array(plugin.memory.buffer, plugin.get_shared_bytes_ptr(), size)
    const received = size => new TextDecoder().decode(shared(size))
    const sent = (text) => {
      const bytes = new TextEncoder().encode(text)
      plugin.clear_shared_bytes(bytes.length)
      shared(bytes.length).set(bytes)
    }
    assert.equal(JSON.parse(received(plugin.get_plugin_info())).name, 'dprint-plugin-json')
    sent(JSON.stringify({ global: {}, plugin: {} }))
    plugin.register_config(1)
    sent('a.json')
    plugin.set_file_path()
    sent('{\n"a":1,"b":[1,2]}')
    assert.equal(plugin.format(1), 1)
    assert.equal(received(plugin.get_formatted_text()), '{\n  "a": 1,\n  "b": [1, 2]\n}\n')
  })
})

describe('Rust for WASI (wasm32-wasip1)', () => {
  test('a program: arguments, environment, input, exit code', async () => {
    const file = guest('rust/command.wasm')
    assert.deepEqual(inspect(file).plan, command)
    const { exitCode, stdout } = await run(file, { args: ['a', 'ä'], env: { NAME: 'value' }, stdin: 'text', stdout: 'pipe' })
    assert.deepEqual([exitCode, String(stdout)], [2, '["a", "ä"] Ok("value") "text"\n'])
  })

  test('its main, each call in a fresh instance, if it is loaded', async () => {
    const { _start: start, ...others } = await load(guest('rust/command.wasm'), { wasi: { args: ['only'] } })
    assert.deepEqual(Object.keys(others), ['__main_void'])
    for (let n = 0; n < 2; n++) assert.throws(start, { code: 'ERR_WASMPORT_EXIT', exitCode: 1 })
  })

  test('a library (cdylib) has no start: what it needs is made by its first use, and stays', async () => {
    const file = guest('rust/library.wasm')
    assert.deepEqual(inspect(file).plan, { ...command, run: null })
    const { count } = await load(file)
    assert.deepEqual([count(1), count(1), count(2), count(1)], [1, 2, 1, 3])
    passes(project({
      'library.wasm': readFileSync(file),
      'main.mjs': `
        import { count } from './library.wasm'
        if (count(7) !== 1 || count(7) !== 2) throw new Error('wrong')`,
    }), 'main.mjs')
  })
})

describe('Zig without a system', () => {
  test('@wasm-fmt/zig_fmt has no start, and a function with two results', async () => {
    const file = installed('@wasm-fmt/zig_fmt/zig_fmt.wasm')
    assert.deepEqual(inspect(file).plan, { bind: [], steps: [], run: null, hide: [] })
    const { memory, alloc, format, free_all: freeAll } = await load(file)
    const source = new TextEncoder().encode('const  x=[_]u8{1,2};')
    const at = alloc(source.length)
    new Uint8Array(memory.buffer, at, source.length).set(source)
    const [result, length] = format(at, source.length)
    assert.equal(new TextDecoder().decode(new Uint8Array(memory.buffer, result, length)), 'const x = [_]u8{ 1, 2 };\n')
    freeAll()
  })
})

describe('TinyGo (wasm-unknown)', () => {
  test('@wasm-fmt/gofmt has _initialize, which the plan calls', async () => {
    const file = installed('@wasm-fmt/gofmt/gofmt.wasm')
    assert.deepEqual(inspect(file).plan.steps, [initialize])
    const { format } = await import('@wasm-fmt/gofmt/gofmt_binding.js')
    assert.equal(format(await load(file), 'package  main\nvar a  = 1'), 'package main\n\nvar a = 1\n')
  })

  test('what is not initialised does not work: a section without the step shows it', async () => {
    const binary = withInit(readFileSync(installed('@wasm-fmt/gofmt/gofmt.wasm')), { steps: [] })
    const { format } = await import('@wasm-fmt/gofmt/gofmt_binding.js')
    const namespace = await load(binary)
    assert.throws(() => format(namespace, 'package  main'), { code: 'ERR_WASMPORT_TRAP' })
  })
})

describe('Emscripten with -sSTANDALONE_WASM', () => {
  test('a program is a WASI command', async () => {
    const file = guest('emscripten/command.wasm')
    assert.deepEqual(inspect(file).plan, command)
    const { exitCode, stdout } = await run(file, { args: ['command', 'ä'], stdout: 'pipe' })
    assert.deepEqual([exitCode, String(stdout)], [2, 'constructed 1\n0: command\n1: ä\n'])
  })

  test('a library (--no-entry) is a reactor, whose constructors the plan runs once', async () => {
    const file = guest('emscripten/library.wasm')
    assert.deepEqual(inspect(file).plan.steps, [initialize])
    const library = await load(file)
    assert.deepEqual([library.times_constructed(), library.sum_of_squares(10)], [1, 285])
    passes(project({
      'library.wasm': readFileSync(file),
      'main.mjs': `
        import { sum_of_squares, times_constructed } from './library.wasm'
        if (times_constructed() !== 1 || sum_of_squares(4) !== 14) throw new Error('wrong')`,
    }), 'main.mjs')
  })

  test('with -sALLOW_MEMORY_GROWTH there is one import besides: who loads it gives a function', async () => {
    const file = guest('emscripten/growing.wasm')
    await refused(file, { code: 'ERR_WASMPORT_LINK', importModule: 'env', importName: 'emscripten_notify_memory_growth' },
      'Emscripten, standalone', 'give a function')
    const grown = []
    const { memory, sum_of_squares: sum } = await load(file, {
      imports: { env: { emscripten_notify_memory_growth: index => { grown.push([index, memory.buffer.byteLength]) } } },
    })
    const before = memory.buffer.byteLength
    assert.equal(sum(before / 4) !== -1 && grown.length, 1)
    assert.ok(grown[0][1] > before && grown[0][1] === memory.buffer.byteLength)
  })
})

describe('Javy, linked dynamically (import_namespace)', () => {
  // Hand-made in the shape of Javy's: the plugin has the engine and the memory, and names in a section the namespace
  // under which modules import it; a module has the program as data, and gives it to the engine when it is started.
  const namespace = 'javy-default-plugin-v4'
  const plugin = withSection('import_namespace', namespace, `(module
    (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (global $free (mut i32) (i32.const 0))
    (func (export "_initialize")
      (if (global.get $free) (then (unreachable)))
      (global.set $free (i32.const 64)))
    (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
      (global.get $free)
      (global.set $free (i32.add (global.get $free) (local.get 3))))
    (func (export "invoke") (param $at i32) (param $size i32) (param $name i32) (param $name_size i32)
      (if (i32.eqz (global.get $free)) (then (unreachable)))
      (i32.store (i32.const 16) (local.get $at))
      (i32.store (i32.const 20) (local.get $size))
      (drop (call $fd_write (i32.const 1) (i32.const 16) (i32.const 1) (i32.const 24)))))`)
  const program = assemble(`(module
    (import "${namespace}" "memory" (memory 1))
    (import "${namespace}" "cabi_realloc" (func $realloc (param i32 i32 i32 i32) (result i32)))
    (import "${namespace}" "invoke" (func $invoke (param i32 i32 i32 i32)))
    (data $bytecode "hello from the engine\\n")
    (func (export "_start") (local $at i32)
      (local.set $at (call $realloc (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 22)))
      (memory.init $bytecode (local.get $at) (i32.const 0) (i32.const 22))
      (call $invoke (local.get $at) (i32.const 22) (i32.const 0) (i32.const 0))))`)

  /** A project where the plugin is a package, by the name that programs import it by. */
  const files = (main, binary) => project({
    'program.wasm': binary,
    [`node_modules/${namespace}/package.json`]: JSON.stringify({
      exports: './plugin.wasm', wasmport: { './plugin.wasm': { wasi: { stdout: 'inherit' } } },
    }),
    [`node_modules/${namespace}/plugin.wasm`]: plugin,
    'main.mjs': main,
  })

  test('the plugin says its namespace; its exports are given to the program, whose entry is then called', () => {
    const name = Buffer.from(WebAssembly.Module.customSections(new WebAssembly.Module(plugin), 'import_namespace')[0])
    const { plan } = inspect(program)
    assert.deepEqual([plan.steps, plan.run.export, plan.run.instance], [[], '_start', 'same'])
    const made = project({
      'plugin.wasm': plugin,
      'program.wasm': program,
      'main.cjs': `
        const { loadSync } = require('wasmport')
        const plugin = loadSync('plugin.wasm', { wasi: { stdout: 'inherit' } })
        loadSync('program.wasm', { imports: { ${JSON.stringify(String(name))}: plugin } })._start()`,
    })
    assert.equal(passes(made, ['main.cjs']), 'hello from the engine\n')
  })

  test('as ES modules: what the one imports is a package', () => {
    assert.equal(passes(files('import { _start } from "./program.wasm"\n_start()', program), 'main.mjs'), 'hello from the engine\n')
  })

  test('a section makes importing the program run it, once', () => {
    const started = withInit(program, { steps: [{ export: '_start' }], run: null, hide: [{ export: '_start' }] })
    const main = 'import "./program.wasm"\nimport * as ns from "./program.wasm"\nconsole.log(Object.keys(ns))'
    assert.equal(passes(files(main, started), 'main.mjs'), 'hello from the engine\n[]\n')
  })
})

describe('Node-API', () => {
  test('as napi-rs lays it out: registered by name, then as a whole', async () => {
    const file = guest('napi/addon.wasm')
    assert.deepEqual(inspect(file).plan, {
      bind: [{ service: 'napi', memory: 'memory', table: '__indirect_function_table' }],
      steps: [
        initialize,
        step({ prefix: '__napi_register__' }),
        step({ export: 'napi_register_wasm_v1' }, { args: { service: 'napi' }, result: 'namespace' }),
      ],
      run: null,
      hide: [],
    })
    assert.equal((await load(file)).answer(), 42)
  })
})

describe('what cannot be loaded without the JavaScript made for it says so', () => {
  const go = brotliDecompressSync(readFileSync(guest('gojs/main.wasm.br')))

  test('Go for JavaScript hosts (GOOS=js)', async () => {
    await refused(go, { code: 'ERR_WASMPORT_LINK', importModule: 'gojs' }, 'Go for JavaScript hosts', 'wasm_exec.js', 'GOOS=wasip1')
  })

  test('Emscripten without -sSTANDALONE_WASM, its imports minified', async () => {
    await refused(installed('node-sqlite3-wasm/dist/node-sqlite3-wasm.wasm'),
      { code: 'ERR_WASMPORT_LINK', importModule: 'a' }, 'Emscripten', 'wasmport/global', '-sSTANDALONE_WASM')
  })

  test('Emscripten without -sSTANDALONE_WASM, as the main module of others', async () => {
    await refused(installed('web-tree-sitter/web-tree-sitter.wasm'),
      { code: 'ERR_WASMPORT_LINK', importModule: 'env' }, 'Emscripten', 'wasmport/global', '-sSTANDALONE_WASM')
  })

  test('a library for dynamic linking (dylink.0)', async () => {
    await refused(installed('tree-sitter-json/tree-sitter-json.wasm'),
      { code: 'ERR_WASMPORT_LINK', importModule: 'env', importName: '__memory_base' }, 'dylink.0')
  })

  test('wasm-bindgen, for anything but bundlers', async () => {
    for (const file of ['ywasm/ywasm_bg.wasm', '@resvg/resvg-wasm/index_bg.wasm']) {
      await refused(installed(file), { code: 'ERR_WASMPORT_LINK' }, 'wasm-bindgen', 'wasmport/global', '--target bundler')
    }
  })

  test('wasm-bindgen for bundlers, with no bundler-like import of its glue', async () => {
    await refused(installed('tiktoken/tiktoken_bg.wasm'),
      { code: 'ERR_WASMPORT_LINK', importModule: './tiktoken_bg.js' }, 'wasm-bindgen', '_bg.js')
  })

  test('an import of it names the file and says the same', () => {
    const made = project({ 'main.wasm': go, 'main.mjs': 'import "./main.wasm"' })
    const error = fails(made, 'main.mjs')
    assert.match(error, /gojs/)
    assert.match(error, /main\.wasm/)
    assert.match(error, /GOOS=wasip1/)
  })
})
