// `npm run fuzz`: mutated modules through inspect, load and loadSync, in processes of their own. Nothing may end the
// process or keep it for long, and every refusal has to be an error with a code that is not ERR_WASMPORT_INTERNAL.
//
//   npm run fuzz -- --runs 100000 --seed 1 --jobs 2
//   npm run fuzz -- --seed 1 --only 4711      that run alone; its module goes to target/fuzz-1-4711.wasm
//
//   npm run fuzz -- --target node-api --runs 20000     guests that call Node-API by chance, see fuzz/node-api/program.mjs;
//                                                      with --only, its steps go to target/fuzz-node-api-1-4711.txt
//
// A mutated module can have become one that loops for ever when it is called, which is its own affair. So what is called
// (start functions, steps) is only called where the init section alone was changed; all others are compiled, and
// instantiated if that calls nothing.

import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { corpus } from './fuzz/corpus.mjs'
import { mutated } from './fuzz/mutate.mjs'
import { random } from './fuzz/random.mjs'

// For each target: what one process does, so that not all is lost with it; how long one run may take; what is counted.
const TARGETS = {
  loader: {
    child: 'fuzz/child.mjs', flags: [], batch: 10_000, longMs: 120_000,
    words: ({ compiled, instantiated, started }) => `${compiled} only compiled, ${instantiated} instantiated, ${started} of them with steps`,
  },
  'node-api': {
    child: 'fuzz/node-api/child.mjs', flags: ['--expose-gc', '--no-warnings'], batch: 500, longMs: 60_000,
    words: ({ calls, succeeded }) => `${calls} calls, of which ${succeeded} succeeded`,
  },
}

const { values } = parseArgs({
  options: {
    target: { type: 'string', default: 'loader' },
    runs: { type: 'string', default: '100000' },
    seed: { type: 'string', default: '1' },
    jobs: { type: 'string', default: '1' },
    only: { type: 'string' },
  },
})
const [runs, seed, jobs] = [values.runs, values.seed, values.jobs].map(Number)
const { child, flags, batch: size, longMs, words } = TARGETS[values.target]
const total = {}
const target = fileURLToPath(new URL('../target/', import.meta.url))
const program = fileURLToPath(new URL(child, import.meta.url))
let found = 0

function report({ run, ...finding }) {
  found++
  console.error(`Run ${run} (--target ${values.target} --seed ${seed} --only ${run}):`, finding)
}

/** Does the runs `from` to `to - 1` in a process, which logs if it is told where; returns the one that is next. */
async function batch(from, to, ...log) {
  const progress = `${target}fuzz-progress-${process.pid}-${from}`
  const at = () => readFileSync(progress).readUInt32LE()
  const start = Buffer.alloc(4)
  start.writeUInt32LE(from)
  writeFileSync(progress, start)
  const running = spawn(process.execPath, [...flags, program, seed, from, to, progress, ...log], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, WASMPORT_CACHE: 'off' },
  })
  const ended = new Promise(resolve => running.on('close', (code, signal) => resolve({ code, signal })))
  let last = { run: from, since: Date.now() }
  let hangs = false
  const watchdog = setInterval(() => {
    if (at() !== last.run) last = { run: at(), since: Date.now() }
    hangs = Date.now() - last.since > longMs
    if (hangs) running.kill('SIGKILL')
  }, 1000)
  for await (const line of createInterface({ input: running.stdout })) {
    const { counts, ...finding } = JSON.parse(line)
    if (counts === undefined) report(finding)
    else for (const [key, count] of Object.entries(counts)) total[key] = (total[key] ?? 0) + count
  }
  const { code, signal } = await ended
  clearInterval(watchdog)
  const run = at()
  rmSync(progress)
  if (code === 0) return to
  report({ run, what: hangs ? 'does not end' : 'ends the process', code, signal })
  return run + 1
}

/** Takes one batch after the other from those that are left. */
async function job() {
  while (next < runs) {
    const to = Math.min(next + size, runs)
    let from = next
    next = to
    while (from < to) from = await batch(from, to)
    done += size
    if (process.stderr.isTTY) process.stderr.write(`\r${Math.min(done, runs)} of ${runs} `)
  }
}

mkdirSync(target, { recursive: true })
let next = 0
let done = 0
if (values.only === undefined) {
  await Promise.all(Array.from({ length: jobs }, job))
  console.log(`${runs} runs of seed ${seed}: ${found} findings; ${words(total)}`)
} else if (values.target === 'node-api') {
  const run = Number(values.only)
  const path = `${target}fuzz-node-api-${seed}-${run}.txt`
  await batch(run, run + 1, path)
  console.log(`its steps: ${path}`)
} else {
  const run = Number(values.only)
  const { name, calm, source } = mutated(random(seed, run), await corpus())
  const path = `${target}fuzz-${seed}-${run}.${typeof source === 'string' ? 'wat' : 'wasm'}`
  writeFileSync(path, source)
  console.log(`${name}, ${calm ? 'with an init section' : 'mutated'}: ${path}`)
  await batch(run, run + 1)
}
process.exitCode = found > 0 ? 1 : 0
