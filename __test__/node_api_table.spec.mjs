// The functions of Node-API that the host has: all that the headers declare up to version 9, each tried by a guest.

import assert from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import { symbols } from 'node-api-headers'

const binding = createRequire(import.meta.url)('../lib/binding.cjs')
const declared = [...symbols.v9.js_native_api_symbols, ...symbols.v9.node_api_symbols].sort()

test('the table has every function up to version 9, and each once', () => {
  const provided = binding.nodeApiFunctions()
  assert.equal(new Set(provided).size, provided.length)
  assert.deepEqual(declared.filter(name => !provided.includes(name)), [])
})

test('and of those that the headers name, none that is newer', () => {
  const newer = [...symbols.v10.js_native_api_symbols, ...symbols.v10.node_api_symbols].filter(name => !declared.includes(name))
  assert.ok(newer.length > 0)
  assert.deepEqual(binding.nodeApiFunctions().filter(name => newer.includes(name)), [])
})

test('a guest calls each', () => {
  const guests = new URL('guests/', import.meta.url)
  const text = readdirSync(guests).filter(name => name.startsWith('node-api')).flatMap(directory => {
    const files = readdirSync(new URL(`${directory}/`, guests)).filter(name => name.endsWith('.c') || name.endsWith('.h'))
    return files.map(file => readFileSync(new URL(`${directory}/${file}`, guests), 'utf8'))
  }).join('\n')
  const called = new Set(text.match(/\b(napi|node_api)_\w+/g))
  // Registration of old: a WebAssembly module cannot register so.
  assert.deepEqual(declared.filter(name => !called.has(name)), ['napi_module_register'])
})
