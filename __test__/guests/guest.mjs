// The guests that are committed here, with or without an init section, and what their plans are made of.

import { existsSync, readFileSync } from 'node:fs'
import { brotliDecompressSync } from 'node:zlib'
import { append, encode } from '../fixtures/section.mjs'

/** The bytes of a guest, such as 'c/multi'; `section` is the plan of an init section to put into it. */
export function guest(name, section) {
  const file = new URL(`${name}.wasm`, import.meta.url)
  const packed = new URL(`${name}.wasm.br`, import.meta.url)
  const bytes = existsSync(file) ? readFileSync(file) : brotliDecompressSync(readFileSync(packed))
  return section ? append(bytes, encode(section)) : bytes
}

/** A step that calls an export while the module is evaluated. */
export const step = (name, rest) => ({
  phase: 'evaluate', select: { export: name }, args: 'none', result: 'ignore', if_missing: 'error', ...rest,
})

/** The entry of a plan. */
export const entry = (name, instance, result = 'exit-code') => ({ export: name, args: 'none', instance, result })

/** A plan of which only these parts are not empty. */
export const plan = parts => ({ bind: [], steps: [], run: null, hide: [], ...parts })

/** The memory of a module goes to WASI. */
export const wasi = [{ service: 'wasi_snapshot_preview1', memory: 'memory', table: '' }]
