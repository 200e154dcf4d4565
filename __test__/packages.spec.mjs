// Packages from npm whose modules import a .wasm file, unchanged: with wasmport/register they are imported as any other.

import { mkdirSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { head, hooks, needs, passes } from './fixtures/hooks.mjs'
import { project, root } from './fixtures/project.mjs'
import './fixtures/scratch.mjs'

// So that it shows if Node's own import of WebAssembly, or its WebAssembly, did the work.
const refused = ['--import', new URL('fixtures/glue/v8-refused.mjs', import.meta.url).href]

/** Runs main.mjs of a project that has this package installed. */
function uses(name, main, { flags = [...refused, ...hooks], ...files } = {}) {
  const made = project({ 'main.mjs': head + main, ...files })
  const link = join(made.dir, 'node_modules', name)
  mkdirSync(dirname(link), { recursive: true })
  symlinkSync(join(root, 'node_modules', name), link, 'junction')
  return passes(made, [...flags, 'main.mjs'])
}

// Two packages leave it to Node to find out that their .js files are ES modules.
const typeless = !process.features.require_module && 'this Node takes .js files for CommonJS if no package.json says otherwise'

test('tiktoken: wasm-bindgen for bundlers, by a condition of its package.json', { skip: typeless }, () => {
  uses('tiktoken', `
    import { Tiktoken } from 'tiktoken'
    import { createRequire } from 'node:module'
    assert.match(import.meta.resolve('tiktoken'), /tiktoken\\.js$/)
    const { bpe_ranks, special_tokens, pat_str } = createRequire(import.meta.url)('tiktoken/encoders/cl100k_base.json')
    const encoding = new Tiktoken(bpe_ranks, special_tokens, pat_str)
    const tokens = encoding.encode('hello world, ä€🙂')
    assert.deepEqual([...tokens.subarray(0, 3)], [15339, 1917, 11])
    assert.equal(new TextDecoder().decode(encoding.decode(tokens)), 'hello world, ä€🙂')
    assert.throws(() => encoding.encode('<|endoftext|>'), /not allowed: <\\|endoftext\\|>/)
    encoding.free()`, { flags: [...refused, ...hooks, '--conditions', 'edge-light'] })
})

/** Two documents that are edited apart and merged, with what is common to the two ways to import them. */
const merge = `
  const [a, b] = ['1', '2'].map(peer => {
    const doc = new LoroDoc()
    doc.setPeerId(peer)
    return doc
  })
  a.getText('text').insert(0, 'wörld')
  a.getMap('map').set('key', { nested: [1, 2.5, null, true] })
  b.import(a.export({ mode: 'snapshot' }))
  b.getText('text').insert(0, 'hello ')
  a.getText('text').insert(5, '!')
  a.import(b.export({ mode: 'update', from: a.version() }))
  b.import(a.export({ mode: 'update', from: b.version() }))
  const expected = { text: 'hello wörld!', map: { key: { nested: [1, 2.5, null, true] } } }
  assert.deepEqual([a.toJSON(), b.toJSON()], [expected, expected])
  assert.equal(a.frontiers().length, 2)
  assert.throws(() => a.import(new Uint8Array([1, 2, 3])), /Decode error/)`

test('loro-crdt: wasm-bindgen for bundlers, with snippets of JS', { skip: typeless }, () => {
  uses('loro-crdt', `
    import { LoroDoc, callPendingEvents } from 'loro-crdt/bundler/loro_wasm.js'
    ${merge}
    callPendingEvents()`)
})

test('loro-crdt: the same with all of its API, which needs a hook for names that bundlers complete', { skip: typeless }, () => {
  uses('loro-crdt', `
    import { LoroDoc } from 'loro-crdt/bundler'
    ${merge}
    const events = []
    a.subscribe(event => events.push(event.by))
    a.getText('text').insert(0, 'oh, ')
    a.commit()
    await new Promise(resolve => setTimeout(resolve))
    assert.deepEqual(events, ['local'])`, {
    flags: [...refused, ...hooks, '--import', './complete.mjs'],
    'complete.mjs': `
      import module from 'node:module'
      const resolve = (specifier, context, next) => next(specifier === './loro_wasm' ? './loro_wasm.js' : specifier, context)
      if (module.registerHooks) module.registerHooks({ resolve })
      else module.register('data:text/javascript,export const resolve = ' + encodeURIComponent(String(resolve)))`,
  })
})

/** Known answers of the curve secp256k1, and helpers for them. */
const curve = `
  const bytes = hex => new Uint8Array(Buffer.from(hex, 'hex'))
  const number = n => bytes(n.toString(16).padStart(64, '0'))
  const hex = bytes => Buffer.from(bytes).toString('hex')
  const generator = '79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798'`

// For Node its code reads the .wasm file itself; Wasmport is in the chain, or does it all.
for (const [by, flags] of [['register', hooks], ['register and global', [...refused, ...hooks, '--import', 'wasmport/global']]]) {
  test(`tiny-secp256k1: Rust and C without wasm-bindgen, with ${by}`, () => {
    uses('tiny-secp256k1', `
      import * as ecc from 'tiny-secp256k1'
      ${curve}
      const even = bytes('02' + generator)
      assert.equal(hex(ecc.pointFromScalar(number(1))), '02' + generator)
      assert.deepEqual(ecc.pointMultiply(even, number(2)), ecc.pointAdd(even, even))
      assert.equal(ecc.pointAdd(even, bytes('03' + generator)), null)
      // The first test vector of BIP 340.
      const signature = ecc.signSchnorr(number(0), number(3), number(0))
      assert.equal(hex(signature), 'e907831f80848d1069a5371b402410364bdf1c5f8307b0084c55f1ce2dca8215'
        + '25f66a4a85ea8b71e482a74f382d2ce5ebeee8fdb2172f477df4900d310536c0')
      assert.ok(ecc.verifySchnorr(number(0), ecc.xOnlyPointFromScalar(number(3)), signature))
      const signed = ecc.sign(number(7), number(1))
      assert.deepEqual([ecc.verify(number(7), even, signed), ecc.verify(number(8), even, signed)], [true, false])
      assert.throws(() => ecc.sign(number(7), number(0)), new TypeError('Expected Private'))`, { flags })
  })
}

test('tiny-secp256k1: its secp256k1.wasm, which imports two of its JS modules', () => {
  uses('tiny-secp256k1', `
    import * as wasm from './node_modules/tiny-secp256k1/lib/secp256k1.wasm'
    ${curve}
    wasm.initializeContext()
    // Globals are their values, as ESM integration has them.
    const part = (start, length) => new Uint8Array(wasm.memory.buffer, start, length)
    part(wasm.PRIVATE_INPUT, 32).set(number(1))
    assert.equal(wasm.pointFromScalar(33), 1)
    assert.equal(hex(part(wasm.PUBLIC_KEY_INPUT, 33)), '02' + generator)
    // What JavaScript throws passes through Rust as it is.
    part(wasm.PUBLIC_KEY_INPUT, 33).fill(0)
    assert.throws(() => wasm.pointCompress(33, 33), new TypeError('Expected Point'))`, { flags: hooks })
})

test('gofmt: TinyGo, whose glue calls _initialize itself after the plan did', () => {
  uses('@wasm-fmt/gofmt', `
    import { format } from '@wasm-fmt/gofmt/bundler'
    assert.equal(format('package main\\nfunc  main( ){x:=[]int {1,2}}'), 'package main\\n\\nfunc main() { x := []int{1, 2} }\\n')
    assert.throws(() => format('package'), /expected 'IDENT'/)`)
})

test('gofmt: by a source phase import', { skip: needs.sourcePhase }, () => {
  uses('@wasm-fmt/gofmt', `
    import { format } from '@wasm-fmt/gofmt/esm'
    assert.equal(format('package  main'), 'package main\\n')`, { flags: [...hooks, '--import', 'wasmport/global'] })
})
