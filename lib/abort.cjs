'use strict'
// What an AbortSignal does to a run.

class AbortError extends Error {
  name = 'AbortError'
  code = 'ABORT_ERR'

  constructor(signal) {
    super('The run was aborted', { cause: signal.reason })
  }
}

// What is to be called when a signal is aborted. One listener for each signal: of many
// Node warns, and one signal may be for hundreds of programs.
const waiting = new WeakMap()

/** Calls `callback` if the signal is aborted, until the function is called that this returns. */
function onAbort(signal, callback) {
  let group = waiting.get(signal)
  if (!group) {
    const callbacks = new Set()
    const listener = () => callbacks.forEach(call => call())
    group = { callbacks, listener }
    waiting.set(signal, group)
    signal.addEventListener('abort', listener, { once: true })
  }
  const { callbacks, listener } = group
  callbacks.add(callback)
  return () => {
    callbacks.delete(callback)
    if (callbacks.size > 0 || waiting.get(signal) !== group) return
    waiting.delete(signal)
    signal.removeEventListener('abort', listener)
  }
}

function throwIfAborted(signal) {
  if (signal?.aborted) throw new AbortError(signal)
}

/** Settles as the promise does, or is rejected as soon as the signal is aborted. */
async function unlessAborted(promise, signal) {
  if (!signal) return promise
  let off
  const aborted = new Promise((resolve, reject) => {
    off = onAbort(signal, () => reject(new AbortError(signal)))
  })
  try {
    return await Promise.race([promise, aborted])
  } finally {
    off()
  }
}

module.exports = { AbortError, onAbort, throwIfAborted, unlessAborted }
