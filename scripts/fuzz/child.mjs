// Runs a range of runs in this process: child.mjs SEED FROM TO PROGRESS. Writes which run it is at into the file PROGRESS
// before each, so that whoever started it knows which one ended the process, and what it finds to stdout, one JSON a line.

import { openSync, writeSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import { corpus } from './corpus.mjs'
import { mutated } from './mutate.mjs'
import { random } from './random.mjs'
import { attempt, findings } from './attempt.mjs'

const [seed, from, to] = process.argv.slice(2, 5).map(Number)
const progress = openSync(process.argv[5], 'r+')
const position = new Uint32Array(1)
const modules = await corpus()
const counts = { compiled: 0, instantiated: 0, started: 0 }

let run = from
// Such as a step that is a task of its own and fails.
process.on('uncaughtException', error => findings.check('a task', error))
process.on('unhandledRejection', error => findings.check('a task', error))
findings.report = finding => writeSync(1, `${JSON.stringify({ run, ...finding })}\n`)

for (; run < to; run++) {
  position[0] = run
  writeSync(progress, position, 0, 4, 0)
  const rng = random(seed, run)
  await attempt(rng, mutated(rng, modules), counts)
  // Finalizers and tasks take turns of the event loop.
  if (run % 64 === 0) await setImmediate()
}
await setImmediate()
writeSync(1, `${JSON.stringify({ counts })}\n`)
