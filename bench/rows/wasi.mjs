// One row for each kind of call to WASI. A guest makes it in a loop, so that the way into the guest costs nothing: the
// same guest by `load` and on V8 with node:wasi; and the same calls in Rust, without WebAssembly.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { interleave } from '../measure.mjs'
import { floor, loadSync } from '../native.mjs'

const directory = fileURLToPath(new URL('../../target/bench-wasi/', import.meta.url))
const guest = fileURLToPath(new URL('../wasi/guest.wasm', import.meta.url))

/** Makes the files that guest.c works with, anew: what was written by an older run is none of this one's. */
function writeFiles() {
  mkdirSync(`${directory}many`, { recursive: true })
  for (let n = 0; n < 100; n++) writeFileSync(`${directory}many/file-${n}`, '')
  writeFileSync(`${directory}source`, Buffer.alloc(100e6, 'one hundred megabytes '))
  writeFileSync(`${directory}target`, '')
}

/** The same guest on V8. */
async function onV8() {
  // What it says of itself when it is imported is not of this table.
  const { emitWarning } = process
  process.emitWarning = () => {}
  const { WASI } = await import('node:wasi')
  process.emitWarning = emitWarning
  const wasi = new WASI({ version: 'preview1', preopens: { '/': directory } })
  const instance = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(guest)), wasi.getImportObject())
  wasi.initialize(instance)
  return instance.exports
}

let guests

async function prepare() {
  writeFiles()
  guests = { ours: loadSync(guest, { wasi: { preopens: { '/': directory } } }), theirs: await onV8() }
  for (const { prepare } of Object.values(guests)) prepare()
  return guests
}

/** The row of an export of the guest, in nanoseconds divided by `scale`. */
const row = (name, unit = 'ns', scale = 1) => ({
  unit,
  async measure() {
    const { ours, theirs } = guests ?? await prepare()
    const { wasiCalls } = floor()
    const times = await interleave({
      'ours': ours[name],
      'node:wasi': theirs[name],
      'Rust': (count) => wasiCalls(directory, name, count),
    })
    return Object.fromEntries(Object.entries(times).map(([side, time]) => [side, time / scale]))
  },
})

export const rows = {
  'fd_write of 64 B': row('fd_write_64'),
  'fd_write of 64 KiB': row('fd_write_64k'),
  'fd_read of 64 B': row('fd_read_64'),
  'fd_read of 64 KiB': row('fd_read_64k'),
  'open, stat, close': row('open_stat_close'),
  'path_filestat_get': row('path_filestat_get'),
  'fd_readdir of 100': row('fd_readdir_100', 'µs', 1e3),
  'clock_time_get': row('clock_time_get'),
  'random_get of 16 B': row('random_get_16'),
  'copy of 100 MB': row('copy_100mb', 'ms', 1e6),
}
