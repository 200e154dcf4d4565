// A bounds-checked cursor over bytes that knows where in the file it is.

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Reads from one frame (a file, a section, a sub-section) and never past its end. */
export class Reader {
  /** `subject` is what is being read, to start every reason with. */
  constructor(bytes, offset, limit, subject) {
    Object.assign(this, { bytes, offset, limit, subject })
  }

  get isAtEnd() {
    return this.offset === this.limit
  }

  /** Throws a CompileError with this offset. */
  fail(offset, reason) {
    const error = new WebAssembly.CompileError(`${this.subject}: ${reason} (at offset 0x${offset.toString(16)})`)
    throw Object.assign(error, { offset })
  }

  byte(what) {
    if (this.isAtEnd) this.fail(this.offset, `it ends where ${what} is expected`)
    return this.bytes[this.offset++]
  }

  /** Whether the next byte is this one; it is read if so. */
  skip(byte) {
    const isNext = !this.isAtEnd && this.bytes[this.offset] === byte
    if (isNext) this.offset++
    return isNext
  }

  /** An unsigned LEB128 integer of at most 32 bits. */
  u32(what) {
    const start = this.offset
    let value = 0
    for (let shift = 0; shift <= 28; shift += 7) {
      const byte = this.byte(what)
      if (shift === 28 && byte & 0xf0) break
      value += (byte & 0x7f) * 2 ** shift
      if (!(byte & 0x80)) return value
    }
    return this.fail(start, `${what} is not a LEB128 integer of 32 bits`)
  }

  /** A LEB128 integer whose value is not needed. */
  skipInteger(what) {
    while (this.byte(what) & 0x80);
  }

  /** A size, then a frame of that many bytes. */
  frame(what, subject = this.subject) {
    const start = this.offset
    const size = this.u32(`the size of ${what}`)
    const left = this.limit - this.offset
    if (size > left) this.fail(start, `${what} has a size of ${size}, but ${left} bytes are left`)
    this.offset += size
    return new Reader(this.bytes, this.offset - size, this.offset, subject)
  }

  /** All that is left. */
  rest(subject) {
    return new Reader(this.bytes, this.offset, this.limit, subject)
  }

  /** A frame of UTF-8. */
  name(what) {
    const { offset, limit } = this.frame(what)
    try {
      return UTF8.decode(this.bytes.subarray(offset, limit))
    } catch {
      return this.fail(offset, `${what} is not UTF-8`)
    }
  }

  vector(what, item) {
    const items = []
    for (let count = this.u32(`the number of ${what}`); count > 0; count--) items.push(item(this))
    return items
  }

  /** One of a few bytes, each with a meaning. */
  choice(what, choices) {
    const start = this.offset
    const byte = this.byte(what)
    if (byte < choices.length) return choices[byte]
    const hex = number => `0x${number.toString(16).padStart(2, '0')}`
    return this.fail(start, `${what} is ${hex(byte)}, and not one of 0x00 to ${hex(choices.length - 1)}`)
  }

  /** Fails unless everything has been read. */
  end(what) {
    if (!this.isAtEnd) this.fail(this.offset, `${this.limit - this.offset} trailing bytes after ${what}`)
  }
}
