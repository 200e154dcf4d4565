// One module of the corpus, changed in a few places.

import { initContent, wrongContent } from './init.mjs'
import { custom, join, split } from './sections.mjs'

// Numbers at the ends of what LEB128 can say, and beyond.
const NUMBERS = [
  [0], [1], [0x7f], [0x80, 0x01], [0xff, 0xff, 0x03], [0x80, 0x80, 0x04], [0x81, 0x80, 0x04], [0xff, 0xff, 0xff, 0xff, 0x0f], [0xff, 0xff, 0xff, 0xff, 0x7f],
  [0x80, 0x80, 0x80, 0x80, 0x08], [0x80, 0x00], [0x80, 0x80, 0x80, 0x80, 0x80, 0x00], [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
]

const LARGE = 10_000

/**
 * A source for `load`, and what is known of it: `calm` if nothing that can be called
 * was changed, so that a plan can call it without fear of a loop without end.
 */
export function mutated(rng, corpus) {
  const { name, text, bytes } = pick(rng, corpus)
  if (text !== undefined && rng.oneIn(10)) return { name, calm: false, source: `(module${scramble(rng, Buffer.from(text.slice(7))).toString('latin1')}` }
  // An init section of the right form is what makes plans; some have other changes besides.
  const kind = rng.below(4)
  if (kind === 0 && bytes[4] === 1) return { name, calm: true, source: withInit(rng, bytes) }
  const base = kind === 1 && bytes[4] === 1 ? withInit(rng, bytes) : bytes
  return { name, calm: false, source: kind === 3 ? scramble(rng, base) : restructure(rng, base, corpus) }
}

// A large one takes as long as dozens of the others.
function pick(rng, corpus) {
  const first = rng.pick(corpus)
  return first.bytes.length > LARGE && !rng.oneIn(16) ? pick(rng, corpus) : first
}

/** With an init section at a place where one may stand. */
function withInit(rng, bytes) {
  const sections = split(bytes)
  const names = exportNames(sections)
  const count = rng.oneIn(20) ? 2 : 1
  for (let n = 0; n < count; n++) {
    const content = (rng.oneIn(2) ? initContent : wrongContent)(rng, names)
    sections.splice(rng.below(sections.length + 1), 0, custom('init', content))
  }
  return join(bytes, sections)
}

function exportNames(sections) {
  const payload = sections.find(({ id }) => id === 7)?.payload
  if (payload === undefined || payload[0] > 127) return []
  const names = []
  for (let n = 0, at = 1; n < payload[0]; n++) {
    const length = payload[at++]
    names.push(payload.toString('utf8', at, at + length))
    at += length + 1
    while (payload[at++] > 127);
  }
  return names
}

// A module that is wrong in one place only passes the furthest.
const few = rng => (rng.oneIn(3) ? 2 + rng.below(3) : 1)

/** Some bytes changed, taken out, put in, or the end cut off. */
function scramble(rng, bytes) {
  const changed = [...bytes]
  for (let n = few(rng); n > 0; n--) {
    const at = rng.below(changed.length)
    switch (rng.below(6)) {
      case 0: changed[at] = rng.below(256); break
      case 1: changed[at] ^= 1 << rng.below(8); break
      case 2: changed.splice(at, rng.below(8)); break
      case 3: changed.splice(at, 0, ...Array.from({ length: rng.below(8) }, () => rng.below(256))); break
      case 4: changed.splice(at, 1, ...rng.pick(NUMBERS)); break
      case 5: if (rng.oneIn(4)) changed.length = at
    }
    if (changed.length === 0) break
  }
  return Buffer.from(changed)
}

/** The same within sections, whose sizes stay right, and to sections as a whole. */
function restructure(rng, bytes, corpus) {
  if (bytes[4] !== 1) return scramble(rng, bytes)
  const sections = split(bytes)
  for (let n = few(rng); n > 0; n--) {
    if (sections.length === 0) break
    const at = rng.below(sections.length)
    const { id, payload } = sections[at]
    switch (rng.below(8)) {
      case 0: sections.splice(at, 1); break
      case 1: sections.splice(rng.below(sections.length), 0, { id, payload }); break
      case 2: sections.splice(rng.below(sections.length), 0, ...sections.splice(at, 1)); break
      case 3: {
        const { bytes: other } = rng.pick(corpus)
        if (other[4] === 1 && other.length > 8) sections.splice(at, 1, rng.pick(split(other)))
        break
      }
      case 4: sections[at] = { id: rng.below(16), payload }; break
      default: if (payload.length > 0) sections[at] = { id, payload: touch(rng, payload) }
    }
  }
  return join(bytes, sections)
}

/** One byte, or one number, of a section. */
function touch(rng, payload) {
  const at = rng.below(payload.length)
  const instead = rng.pick([[rng.below(256)], [payload[at] ^ (1 << rng.below(8))], [(payload[at] + 1) & 0xff], rng.pick(NUMBERS)])
  return Buffer.concat([payload.subarray(0, at), Buffer.from(instead), payload.subarray(at + 1)])
}
