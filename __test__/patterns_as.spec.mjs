// AssemblyScript: what its compiler makes of top-level code, in each of the ways that it has to start a module. All are
// loaded and imported with no glue of AssemblyScript's.

import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import asc from 'assemblyscript/asc'
import { inspect, load } from '../index.js'
import { head, passes } from './fixtures/hooks.mjs'
import { withInit } from './fixtures/init.mjs'
import { project } from './fixtures/project.mjs'
import './fixtures/scratch.mjs'

// Top-level code computes, and logs what it computed: a string, which is in the memory that the module exports.
const source = `
  @external('./console.mjs', 'log')
  declare function log(text: string): void

  const squares: i32[] = []
  for (let n = 0; n < 5; n++) squares.push(n * n)
  log('squares: ' + squares.join(', '))

  export let starts: i32 = 0
  starts++

  export function square(n: i32): i32 {
    return squares[n]
  }`

/** Compiles the source, without an import for abort(), and returns the bytes. */
async function compile(...flags) {
  let binary
  const { error, stderr } = await asc.main(['main.ts', '--outFile', 'main.wasm', '--use', 'abort=', '--runtime', 'stub', ...flags], {
    readFile: name => (name === 'main.ts' ? source : null),
    writeFile: (name, content) => { binary = Buffer.from(content) },
    listFiles: () => [],
  })
  assert.equal(error, null, stderr.toString())
  return binary
}

/** Reads a string of AssemblyScript: UTF-16, its size in bytes before it. */
const read = (memory, at) => {
  const size = new DataView(memory.buffer).getUint32(at - 4, true)
  return Buffer.from(memory.buffer, at, size).toString('utf16le')
}

/** A service for modules that are imported: it takes the memory, and its log() reads from it. */
const service = `
  const read = ${read}
  let memory
  export const __wasm_bind = bound => { memory = bound.memory }
  export const log = at => console.log(memory ? read(memory, at) : 'no memory')`

/** The same for \`load\`, with what was logged in \`lines\`. */
function host() {
  const lines = []
  let memory
  const log = at => { lines.push(memory ? read(memory, at) : 'no memory') }
  return { lines, imports: { './console.mjs': { __wasm_bind(bound) { memory = bound.memory }, log } } }
}

/** What is logged, and what the module exports, when it is imported. */
function imported(wasm) {
  return passes(project({
    'main.wasm': wasm,
    'console.mjs': service,
    'main.mjs': `${head}
      import { square, starts } from './main.wasm'
      console.log(square(4), starts)`,
  }), 'main.mjs')
}

/** The same by \`load\`. */
async function loaded(wasm) {
  const { lines, imports } = host()
  const { square, starts } = await load(wasm, { imports })
  return `${[...lines, `${square(4)} ${starts}`].join('\n')}\n`
}

const bind = [{ service: './console.mjs' }]
const logged = 'squares: 0, 1, 4, 9, 16\n16 1\n'

describe('with a start function, as by default', () => {
  let wasm
  before(async () => { wasm = await compile() })

  test('it is started by WebAssembly; no step, no entry', async () => {
    assert.deepEqual(inspect(wasm).plan, { bind: [], steps: [], run: null, hide: [] })
    assert.equal(await loaded(wasm), 'no memory\n16 1\n')
    assert.equal(imported(wasm), 'no memory\n16 1\n')
  })

  test('what it imports cannot get at its memory meanwhile, whatever a section says', async () => {
    assert.equal(await loaded(withInit(wasm, { binds: bind })), 'no memory\n16 1\n')
    assert.equal(imported(withInit(wasm, { binds: bind })), 'no memory\n16 1\n')
  })
})

describe('with --exportStart _initialize', () => {
  let wasm
  before(async () => { wasm = await compile('--exportStart', '_initialize') })

  test('it is started with no section', async () => {
    assert.deepEqual(inspect(wasm).plan.steps, [
      { phase: 'evaluate', select: { export: '_initialize' }, args: 'none', result: 'ignore', if_missing: 'error' },
    ])
    assert.equal(await loaded(wasm), 'no memory\n16 1\n')
    assert.equal(imported(wasm), 'no memory\n16 1\n')
  })

  test('a section that binds the service gives it the memory before anything is called', async () => {
    const bound = withInit(wasm, { binds: bind })
    assert.deepEqual(inspect(bound).origin, { bind: 'section', steps: 'inferred', run: 'inferred', hide: 'inferred' })
    assert.equal(await loaded(bound), logged)
    assert.equal(imported(bound), logged)
  })
})

describe('with --exportStart _start', () => {
  let wasm
  before(async () => { wasm = await compile('--exportStart', '_start') })

  test('it is taken for a program, whose entry loading does not call', async () => {
    const { plan } = inspect(wasm)
    assert.deepEqual([plan.steps, plan.run], [[], { export: '_start', args: 'none', instance: 'same', result: 'exit-code' }])
    const { lines, imports } = host()
    const namespace = await load(wasm, { imports })
    assert.deepEqual([lines, namespace.starts], [[], 0])
    // A driver can still call it: nothing is hidden.
    namespace._start()
    assert.deepEqual([lines, namespace.starts, namespace.square(4)], [['no memory'], 1, 16])
  })

  test('a section says that it is an initialiser', async () => {
    const steps = [{ export: '_start' }]
    const library = withInit(wasm, { binds: bind, steps, run: null, hide: steps })
    assert.equal(inspect(library).plan.run, null)
    assert.equal(await loaded(library), logged)
    assert.equal(imported(library), logged)
    const { imports } = host()
    assert.ok(!('_start' in await load(library, { imports })))
  })
})
