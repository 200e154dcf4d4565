'use strict'
// run() and runSync(): programs, from what the user passes to how they end.

const { isUint8Array } = require('node:util').types
const { AbortError, onAbort, throwIfAborted, unlessAborted } = require('./abort.cjs')
const binding = require('./binding.cjs')
const { readSource, runOptions, runSyncOptions } = require('./options.cjs')
const { importCalls } = require('./run-imports.cjs')

/**
 * Runs a program on a thread of its own. The promise has the streams of the program
 * that are pipes; those of its output are there for who takes them in time.
 */
function run(source, options) {
  let given
  let module
  let streams
  try {
    given = runOptions(options)
    module = readSource(source)
    streams = streamsOf(given.wasi)
  } catch (error) {
    return refused(error, options)
  }
  return Object.defineProperties(perform(module, given, streams), {
    stdin: { value: streams?.stdin ?? null, enumerable: true },
    stdout: { get: () => streams?.output('stdout') ?? null, enumerable: true },
    stderr: { get: () => streams?.output('stderr') ?? null, enumerable: true },
  })
}

/** What is returned for options that are wrong: whoever uses its streams at once is to get that error, and no other. */
function refused(error, options) {
  const stream = name => (options?.[name] === 'pipe' ? require('./run-streams.cjs').refusedStream(error) : null)
  const streams = { stdin: stream('stdin'), stdout: stream('stdout'), stderr: stream('stderr') }
  return Object.assign(Promise.reject(error), streams)
}

/** Who has nothing to do with streams of Node's does not wait for them to be read. */
function streamsOf({ stdin, stdout, stderr }) {
  const plain = word => word === 'inherit' || word === 'ignore'
  if ((plain(stdin) || isUint8Array(stdin)) && plain(stdout) && plain(stderr)) return undefined
  return new (require('./run-streams.cjs').RunStreams)({ stdin, stdout, stderr })
}

async function perform({ from, name }, { wasi, imports, signal, timeout, maxBuffer }, streams) {
  // Code that can be interrupted is slower, and other code: only where somebody may want to.
  const interruptible = signal !== undefined || timeout !== undefined
  let module
  let calls
  const start = stdio => binding.run(module, { ...wasi, ...stdio }, { ...calls.options, timeout, maxBuffer })
  try {
    // The streams can be taken before anything can fail.
    await undefined
    throwIfAborted(signal)
    module = await unlessAborted(binding.compile(from, name, interruptible), signal)
    throwIfAborted(signal)
    calls = importCalls(module, imports)
    const program = streams ? streams.begin(start) : start()
    const { exitCode, signal: endedBy, stdout, stderr, threw } = await untilEnded(program, streams, signal)
    if (threw) throw calls.thrown()
    streams?.destroy()
    return { exitCode, signal: endedBy, stdout, stderr }
  } catch (error) {
    streams?.destroy(error instanceof Error ? error : undefined)
    throw error
  }
}

/** Waits until a program has ended and its output has arrived; an abort ends both. */
async function untilEnded({ promise, interrupt }, streams, signal) {
  const off = signal && onAbort(signal, () => {
    interrupt()
    // At once: when the program has closed its ends, they would end as if it had ended well.
    streams?.destroy(new AbortError(signal))
  })
  // What it wrote before it failed is passed on too.
  const [ended] = await Promise.allSettled([promise])
  off?.()
  throwIfAborted(signal)
  if (streams) await unlessAborted(streams.ended(), signal)
  if (streams?.failure) throw streams.failure
  if (ended.status === 'rejected') throw ended.reason
  return ended.value
}

/** Runs a program on this thread. */
function runSync(source, options) {
  const { wasi, timeout, maxBuffer } = runSyncOptions(options)
  const { from, name } = readSource(source)
  const module = binding.compileSync(from, name, timeout !== undefined)
  const { exitCode, signal, stdout, stderr } = binding.runSync(module, wasi, { timeout, maxBuffer })
  return { exitCode, signal, stdout, stderr }
}

module.exports = { run, runSync }
