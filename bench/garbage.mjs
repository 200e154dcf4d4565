// For rows that make objects with a native side: what is left behind is collected within the measured time, so that
// nobody pays for the other side's.
import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
const gc = runInNewContext('gc')

/** A side that calls `make` `count` times, then collects; finalizers run in a turn of the event loop. */
export const lifetimes = (make) => async (count) => {
  for (let i = 0; i < count; i++) make()
  gc()
  await setImmediate()
}
