'use strict'
// What is listened to on a stream that the user gave. It may serve hundreds of programs
// at a time, for which it has one listener of each event: of many Node warns.

// By stream, and then by event.
const streams = new WeakMap()

/** Calls `callback` at each such event, until the function is called that this returns. */
function listen(stream, event, callback) {
  const groups = streams.get(stream) ?? new Map()
  streams.set(stream, groups)
  let group = groups.get(event)
  if (!group) {
    const callbacks = new Set()
    group = { callbacks, listener: value => callbacks.forEach(call => call(value)) }
    groups.set(event, group)
    stream.on(event, group.listener)
  }
  group.callbacks.add(callback)
  return () => {
    group.callbacks.delete(callback)
    if (group.callbacks.size > 0 || groups.get(event) !== group) return
    groups.delete(event)
    stream.off(event, group.listener)
  }
}

/**
 * Calls `off`, which leaves the errors of a stream to the user, when none is under way that
 * came of a program: nobody else waits for that, so it would end the process. Of a stream
 * that is being destroyed it may come late, and is the last one.
 */
function leaveErrors(stream, off) {
  setImmediate(() => {
    if (!stream.destroyed || stream.closed) off()
  })
}

module.exports = { listen, leaveErrors }
