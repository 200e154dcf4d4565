// Runs a range of runs in this process: child.mjs SEED FROM TO PROGRESS [LOG], as ../child.mjs does, with --expose-gc. If
// LOG is named, each step is written there before it is taken.

import { openSync, writeSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import { random } from '../random.mjs'
import { runProgram } from './program.mjs'

const [seed, from, to] = process.argv.slice(2, 5).map(Number)
const progress = openSync(process.argv[5], 'r+')
const steps = process.argv[6] === undefined ? undefined : openSync(process.argv[6], 'w')
const position = new Uint32Array(1)
const counts = { calls: 0, succeeded: 0 }
const tell = finding => writeSync(1, `${JSON.stringify(finding)}\n`)
let run = from

/** The guest may throw anything it likes, so only what is no error of its own is a finding. */
function check(error) {
  try {
    if (error?.code === 'ERR_WASMPORT_INTERNAL') tell({ run, what: 'internal error', error: String(error.stack) })
  } catch {
    // It does not like to be looked at.
  }
}

const log = steps === undefined ? () => {} : (...words) => writeSync(steps, `${words.join(' ')}\n`)
process.on('uncaughtException', check)
process.on('unhandledRejection', check)

for (; run < to; run++) {
  position[0] = run
  writeSync(progress, position, 0, 4, 0)
  runProgram(random(seed, run), { counts, check, log })
  // Finalizers and tasks take turns of the event loop.
  if (run % 8 === 0) {
    gc()
    await setImmediate()
  }
}
await setImmediate()
tell({ counts })
// A guest may keep the process alive.
process.exit()
