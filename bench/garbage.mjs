// For rows that make objects with a native side: what is left behind is collected within the measured time, so that
// nobody pays for the other side's.
import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
const gc = runInNewContext('gc')

/** Collects; finalizers run in a turn of the event loop. */
export function collect() {
  gc()
  return setImmediate()
}

/** A side that calls `make` `count` times, then collects. */
export const lifetimes = (make) => async (count) => {
  for (let i = 0; i < count; i++) make()
  await collect()
}
