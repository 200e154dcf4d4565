// When a store goes away, and what stays usable then. Garbage is collected in
// processes of their own, by --expose-gc; finalizers run in turns of the event loop.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { child } from './helpers.mjs'

const gc = { flags: ['--expose-gc'] }

/** In scope of each script: `settle` collects all garbage, `mb` is the resident size. */
const tools = `
  const turn = () => new Promise(resolve => setImmediate(resolve))
  async function settle() { for (let n = 0; n < 10; n++) { gc(); await turn() } }
  const mb = () => process.memoryUsage.rss() / 2 ** 20
  let alive = 0
  const registry = new FinalizationRegistry(() => alive--)
  const track = object => { alive++; registry.register(object); return object }
  const main = async f => { await f(); console.log('done') }
`

/** Runs a script that calls `main` and must get to its end. */
function scenario(script) {
  const lines = child(tools + script, gc).split('\n')
  assert.equal(lines.pop(), 'done')
  return lines.join('\n')
}

describe('a store is freed with the last object over it', () => {
  // Each touches 4 MiB of its own, so that 100 that stay are seen in the resident size.
  const heavy = `\`(module
    (import "js" "f" (func $f (result i32)))
    (import "js" "x" (func $x (param externref)))
    (memory (export "memory") 64)
    (table (export "table") 1 externref)
    (global (export "g") (mut externref) (ref.null extern))
    (func (export "keep") (param externref) (global.set 0 (local.get 0)) (table.set 0 (i32.const 0) (local.get 0)) (call $x (local.get 0)))
    (func (export "touch") (result i32) (memory.fill (i32.const 0) (i32.const 1) (i32.const 4194304)) (call $f)))\``
  const cases = {
    'when nothing else refers to it': 'const ns = track(loadSync(heavy, { imports: { js: { f: () => 1, x() {} } } })); ns.touch()',
    'when its imports close over its namespace':
      'const ns = track(loadSync(heavy, { imports: { js: { f: () => ns.g === null ? 1 : 0, x() {} } } })); ns.touch()',
    'when it holds its own namespace, functions and memory as externrefs':
      `const ns = track(loadSync(heavy, { imports: { js: { f: () => 1, x() { ns } } } })); ns.touch()
       for (const value of [ns.touch, ns.memory, ns.table, ns]) ns.keep(value)`,
    'when a buffer over its memory was looked at':
      'const ns = track(loadSync(heavy, { imports: { js: { f: () => ns.memory.buffer.byteLength, x() {} } } })); ns.touch()',
    'when another instance joined it, in a cycle through JS':
      `const js = { f: () => 1, x() {} }
       const ns = track(loadSync(heavy, { imports: { js } })); ns.touch()
       const other = track(loadSync('(module (import "a" "memory" (memory 64)) (import "a" "touch" (func $t (result i32))) (import "js" "f" (func)) (func (export "t") (result i32) (call $t)))',
         { imports: { a: ns, js: { f: () => other.t } } }))
       other.t(); js.f = () => other`,
    'when two stores import from each other':
      `let b
       const a = track(loadSync(heavy, { imports: { js: { f: () => b === undefined ? 1 : 0, x() {} } } })); a.touch()
       b = track(loadSync(heavy, { imports: { js: { f: a.touch, x() {} } } })); b.touch()`,
    'when it was disposed of': 'const ns = track(loadSync(heavy, { imports: { js: { f: () => 1, x() {} } } })); ns.touch(); ns[Symbol.dispose]()',
    'when loading it failed': `try { track(loadSync('(module (memory 64) (func $s (memory.fill (i32.const 0) (i32.const 1) (i32.const 4194304)) unreachable) (start $s))')) } catch {}`,
  }
  for (const [what, body] of Object.entries(cases)) {
    test(what, () => {
      const [left, grown] = JSON.parse(scenario(`
        const heavy = ${heavy}
        const one = () => { ${body} }
        main(async () => {
          for (let n = 0; n < 5; n++) one()
          await settle()
          const before = mb()
          for (let n = 0; n < 100; n++) { one(); if (n % 10 === 9) await settle() }
          await settle()
          console.log(JSON.stringify([alive, mb() - before]))
        })`))
      assert.ok(left <= 1, `${left} objects are left`)
      assert.ok(grown < 60, `the process grew by ${grown} MiB`)
    })
  }

  test('and not before: any one object keeps all that it needs', () => {
    scenario(`
      const text = \`(module
        (import "js" "f" (func $f (result i32)))
        (memory (export "memory") 1) (table (export "table") 1 funcref) (elem (i32.const 0) $get)
        (global (export "g") (mut i32) (i32.const 4)) (global $x (mut externref) (ref.null extern))
        (func $get (export "get") (result i32) (i32.add (i32.load (i32.const 0)) (call $f)))
        (func (export "keep") (param externref) (global.set $x (local.get 0)))
        (func (export "kept") (result externref) (global.get $x)))\`
      const make = () => {
        const three = { valueOf: () => 3 }
        const ns = loadSync(text, { imports: { js: { f: () => three } } })
        new Int32Array(ns.memory.buffer)[0] = 40
        ns.keep({ deep: 'inside' })
        return ns
      }
      const equal = require('node:assert').strictEqual
      main(async () => {
        const parts = { get: make().get, memory: make().memory, table: make().table, kept: make().kept, buffer: make().memory.buffer, ns: make() }
        for (let n = 0; n < 3; n++) {
          await settle()
          for (let k = 0; k < 50; k++) make()
          equal(parts.get(), 43)
          equal(new Int32Array(parts.memory.buffer)[0], 40)
          equal(parts.table.get(0)(), 43)
          equal(parts.kept().deep, 'inside')
          equal(new Int32Array(parts.buffer)[0], 40)
          equal(parts.ns.g + parts.ns.get(), 47)
        }
      })`)
  })

  test('externrefs that WebAssembly dropped are let go of', () => {
    const [retained] = JSON.parse(scenario(`
      const { id } = loadSync('(module (func (export "id") (param externref) (result externref) (local.get 0)))')
      main(async () => {
        for (let n = 0; n < 3000; n++) id(track(new Uint8Array(1 << 18)))
        await settle()
        console.log(JSON.stringify([alive]))
      })`))
    assert.ok(retained < 1500, `${retained} of 3000 dropped values are still held`)
  })
})

test('10,000 rounds of load, call, throw and dispose leave the resident size flat', () => {
  const [early, late] = JSON.parse(scenario(`
    const mine = new Error('mine')
    main(async () => {
      const sizes = []
      for (let n = 1; n <= 10000; n++) {
        const ns = loadSync(\`(module
          (import "js" "f" (func $f (param externref) (result i32))) (memory (export "memory") 2)
          (func (export "call") (param externref) (result i32) (i32.store (i32.const 0) (i32.const 1)) (call $f (local.get 0)))
          (func (export "trap") unreachable))\`, { imports: { js: { f: value => { if (value === mine) throw mine; return ns.memory.buffer.byteLength } } } })
        if (ns.call({ n }) !== 131072) throw new Error('result')
        try { ns.call(mine); throw new Error('none') } catch (error) { if (error !== mine) throw error }
        try { ns.trap(); throw new Error('none') } catch (error) { if (error.trap !== 'unreachable-code-reached') throw error }
        ns[Symbol.dispose]()
        if (n % 50 === 0) await turn()
        if (n === 2000 || n === 10000) { await settle(); sizes.push(mb()) }
      }
      console.log(JSON.stringify(sizes))
    })`))
  assert.ok(late - early < 25, `${early} MiB after 2,000 rounds, ${late} MiB after 10,000`)
})

describe('buffers outlive what they show', () => {
  const start = `
    let ns = loadSync('(module (memory (export "memory") 1))')
    let buffer = ns.memory.buffer
    let bytes = new Uint8Array(buffer)
    bytes[7] = 77
    const readable = bytes => { let sum = 0; for (const byte of bytes) sum += byte; return sum === 77 || bytes.length === 0 }`

  test('after dispose and collection a kept buffer can be read and written', () => {
    scenario(`${start}
      main(async () => {
        ns[Symbol.dispose](); ns = null
        await settle()
        if (!readable(bytes)) throw new Error('changed')
        bytes.fill(1); bytes = null; buffer = null
        await settle()
      })`)
  })

  const transfers = {
    'structuredClone': 'structuredClone(buffer, { transfer: [buffer] })',
    'ArrayBuffer.prototype.transfer': 'buffer.transfer()',
    'ArrayBuffer.prototype.transfer to another size': 'buffer.transfer(100000)',
    'a MessagePort': `(() => { const { MessageChannel, receiveMessageOnPort } = require('node:worker_threads')
      const { port1, port2 } = new MessageChannel(); port1.postMessage(buffer, [buffer]); const { message } = receiveMessageOnPort(port2); port1.close(); return message })()`,
  }
  for (const [what, transfer] of Object.entries(transfers)) {
    const skip = transfer.includes('.transfer(') && !ArrayBuffer.prototype.transfer
    test(`one that was transferred by ${what}, then dispose and collection`, { skip }, () => {
      scenario(`${start}
        main(async () => {
          let moved
          // Node may refuse to transfer memory that is not its own.
          try { moved = ${transfer} } catch (error) { if (['DataCloneError', 'TypeError'].includes(error.name)) return; throw error }
          if (!readable(new Uint8Array(moved))) throw new Error('changed')
          ns.memory.grow(1)
          if (ns.memory.buffer.byteLength !== 131072) throw new Error('buffer after growth')
          ns[Symbol.dispose](); ns = buffer = bytes = null
          await settle()
          if (!readable(new Uint8Array(moved))) throw new Error('changed')
          new Uint8Array(moved).fill(1); moved = null
          await settle()
        })`)
    })
  }

  test('one whose worker ends after it was moved to this thread', () => {
    scenario(`
      const { Worker } = require('node:worker_threads')
      const once = require('node:events').once
      main(async () => {
        const worker = new Worker(\`const { loadSync } = require('wasmport')
          const { parentPort } = require('node:worker_threads')
          const ns = loadSync('(module (memory (export "memory") 1))')
          new Uint8Array(ns.memory.buffer)[7] = 77
          let moved = ns.memory.buffer
          if (moved.transfer) try { moved = moved.transfer() } catch {}
          try { parentPort.postMessage(moved, [moved]) } catch { parentPort.postMessage(new ArrayBuffer(0)) }\`, { eval: true })
        // Both may come in one turn.
        const [[moved]] = await Promise.all([once(worker, 'message'), once(worker, 'exit')])
        await settle()
        const bytes = new Uint8Array(moved)
        if (bytes.length > 0 && bytes[7] !== 77) throw new Error('changed')
        bytes.fill(1)
        await settle()
      })`.replace("require('wasmport')", `require(${JSON.stringify(new URL('../index.js', import.meta.url).pathname)})`))
  })
})
