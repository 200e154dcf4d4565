// How every figure is taken: all sides of a comparison in one process or one run, interleaved round by round so that
// whatever the machine does meanwhile hits them alike, and the median of the rounds reported.

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

const ROUNDS = 31
const WARM_UP_MS = 300

async function elapsed(side, count) {
  const began = process.hrtime.bigint()
  await side(count)
  return Number(process.hrtime.bigint() - began)
}

/** How many operations take about `batchMs`, found after the side has been warmed up. */
async function batchSize(side, batchMs) {
  const until = performance.now() + WARM_UP_MS
  let count = 1
  let each = 0
  while (performance.now() < until) {
    const time = await elapsed(side, count)
    each = time / count
    if (time < batchMs * 1e6) count *= 2
  }
  return Math.max(1, Math.round(batchMs * 1e6 / each))
}

/**
 * Nanoseconds an operation takes on each side. A side is a function that carries out `count` operations.
 * @param {Record<string, (count: number) => unknown>} sides
 * @param {number} batchMs how long a side is measured at a time; more for one that has to collect its garbage in it
 * @returns {Promise<Record<string, number>>} the median of each side
 */
export async function interleave(sides, batchMs = 20) {
  const runs = []
  for (const [name, side] of Object.entries(sides)) runs.push({ name, side, count: await batchSize(side, batchMs), times: [] })
  for (let round = 0; round < ROUNDS; round++) {
    for (const { side, count, times } of runs) times.push(await elapsed(side, count) / count)
  }
  return Object.fromEntries(runs.map(({ name, times }) => [name, median(times)]))
}

/**
 * The same for sides that start a process: each call gives one figure, and one unmeasured round warms the disk.
 * @param {Record<string, () => number>} sides
 */
export function interleaveProcesses(sides, rounds) {
  const times = Object.fromEntries(Object.keys(sides).map((name) => [name, []]))
  for (let round = -1; round < rounds; round++) {
    for (const [name, side] of Object.entries(sides)) {
      const time = side()
      if (round >= 0) times[name].push(time)
    }
  }
  return Object.fromEntries(Object.entries(times).map(([name, values]) => [name, median(values)]))
}

let made = 0

/**
 * The function that `text` is, over the names in `scope`. V8 specialises a function to what it has seen in it, and
 * gives functions of equal text what it learnt from each other; the number at the end makes each its own.
 */
export function fresh(text, scope = {}) {
  return new Function(...Object.keys(scope), `return ${text} // ${++made}`)(...Object.values(scope))
}

/** A side that evaluates `expression` over `scope`, the counter `i` and the value before, `last`, which it keeps alive. */
export function loop(expression, scope) {
  return fresh(`(count) => { let last = 0; for (let i = 0; i < count; i++) last = ${expression}; return last }`, scope)
}
