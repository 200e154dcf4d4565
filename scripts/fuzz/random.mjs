// Random numbers that are the same for the same seed.

/** A source of numbers for run `run` of seed `seed`. */
export function random(seed, run) {
  let state = (Math.imul(seed, 0x9e3779b1) ^ Math.imul(run + 1, 0x85ebca6b)) >>> 0
  // SplitMix32.
  const next = () => {
    state = (state + 0x9e3779b9) | 0
    let value = state ^ (state >>> 16)
    value = Math.imul(value, 0x21f0aaad)
    value ^= value >>> 15
    value = Math.imul(value, 0x735a2d97)
    return (value ^ (value >>> 15)) >>> 0
  }
  next()
  return {
    /** An integer from 0 to `count - 1`. */
    below: count => Math.floor((next() / 2 ** 32) * count),
    /** True once in `count` times. */
    oneIn: count => next() % count === 0,
    /** One of `items`. */
    pick: items => items[Math.floor((next() / 2 ** 32) * items.length)],
  }
}
