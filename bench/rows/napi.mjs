// Addons compiled to WebAssembly: packages of npm and a guest of ours, on ours from the .wasm alone, by emnapi on V8,
// and native, which is the floor.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { collect, lifetimes } from '../garbage.mjs'
import { interleave, interleaveProcesses, loop } from '../measure.mjs'
import { firstCalls, sides } from '../node-api.mjs'

const inTurn = (call) => async (count) => {
  for (let i = 0; i < count; i++) await call()
  await collect()
}
const inLoop = (call) => loop('call()', { call })

/** The row of a call, in nanoseconds divided by `scale`. */
const row = (name, callOf, { sideOf = inLoop, unit = 'ns', scale = 1, batchMs } = {}) => ({
  unit,
  async measure() {
    const times = await interleave(await sides(name, callOf, sideOf), batchMs)
    return Object.fromEntries(Object.entries(times).map(([side, time]) => [side, time / scale]))
  },
})

const first = (name, call) => ({ unit: 'ms', measure: () => interleaveProcesses(firstCalls(name, call), 11) })

const MICROSECONDS = { unit: 'µs', scale: 1e3 }
const MILLISECONDS = { unit: 'ms', scale: 1e6 }
const PROMISE = { ...MILLISECONDS, sideOf: inTurn, batchMs: 100 }
// Buffers and syntax trees are in the addon's own memory until they are collected.
const BUFFER = { ...MICROSECONDS, sideOf: lifetimes, batchMs: 100 }
const TREE = { ...MILLISECONDS, sideOf: lifetimes, batchMs: 100 }

const text = (length) => 'a text of letters '.repeat(length).slice(0, length)
const megabyte = Buffer.alloc(2 ** 20, 'one megabyte ')
const box = { left: 1.5, top: 2.5, width: 3.5, height: 4.5 }
const salted = { salt: Buffer.alloc(16, 'salt') }

/** JavaScript as it is: the library of esbuild, as often as makes a megabyte. */
const library = readFileSync(createRequire(import.meta.url).resolve('esbuild/lib/main.js'), 'utf8')
const source = Array.from({ length: Math.ceil(2 ** 20 / library.length) }, (_, n) => `function copy${n}(module) {${library}}\n`).join('')

const string = (length) => ({ string }) => {
  const value = text(length)
  return () => string(value)
}
const buffer = (length) => ({ buffer }) => {
  const value = Buffer.alloc(length, 'bytes')
  return () => buffer(value)
}

export const rows = {
  'first crc32': first('crc32', 'first'),
  'first argon2': first('argon2', 'first'),
  'first argon2, async': first('argon2', 'firstAsync'),
  'first oxc': first('oxc', 'first'),
  'empty call': row('guest', ({ empty }) => empty),
  'string of 16': row('guest', string(16)),
  'string of 10 KB': row('guest', string(10_240), MICROSECONDS),
  'object of 4': row('guest', ({ object }) => () => object(box)),
  'buffer of 1 KB': row('guest', buffer(1024), BUFFER),
  'buffer of 1 MB': row('guest', buffer(2 ** 20), BUFFER),
  'crc32 of 1 MB': row('crc32', ({ crc32 }) => () => crc32(megabyte), MICROSECONDS),
  'argon2': row('argon2', ({ hashSync }) => () => hashSync('password', salted), MILLISECONDS),
  'argon2, async': row('argon2', ({ hash }) => () => hash('password', salted), PROMISE),
  'argon2, 8 at once': row('argon2', ({ hash }) => () => Promise.all(Array.from({ length: 8 }, () => hash('password', salted))), PROMISE),
  'oxc of 1 MB': row('oxc', ({ parseSync }) => () => parseSync('main.js', source, {}).program, TREE),
  'oxc of 1 MB, async': row('oxc', ({ parse }) => async () => (await parse('main.js', source, {})).program, PROMISE),
}
