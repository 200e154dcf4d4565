// A module as its sections, and the numbers in it.

/** `value` as an unsigned LEB128. */
export function leb(value) {
  const bytes = []
  do {
    const rest = Math.floor(value / 128)
    bytes.push((value % 128) | (rest > 0 ? 0x80 : 0))
    value = rest
  } while (value > 0)
  return bytes
}

/** The sections of a module that is right so far, each `{ id, payload }`. */
export function split(module) {
  const sections = []
  for (let at = 8; at < module.length;) {
    const id = module[at++]
    let size = 0
    for (let shift = 1; ; shift *= 128) {
      const byte = module[at++]
      size += (byte & 0x7f) * shift
      if (byte < 0x80) break
    }
    sections.push({ id, payload: module.subarray(at, at + size) })
    at += size
  }
  return sections
}

/** The module of these sections, after the header of `module`. */
export function join(module, sections) {
  return Buffer.concat([module.subarray(0, 8), ...sections.flatMap(({ id, payload }) => [Buffer.from([id, ...leb(payload.length)]), payload])])
}

/** A custom section. */
export function custom(name, content) {
  const text = Buffer.from(name)
  return { id: 0, payload: Buffer.from([...leb(text.length), ...text, ...content]) }
}
