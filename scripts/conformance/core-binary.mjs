// Reads the types of a module's functions out of its binary. The JS API has no standard way to ask
// for them, and those that hold a v128 or an exnref decide whether JS may call a function at all.

const names = new Map([[0x7f, 'i32'], [0x7e, 'i64'], [0x7d, 'f32'], [0x7c, 'f64'], [0x7b, 'v128']])
const exceptionHeapTypes = [0x69, 0x74]

/**
 * The types of the functions a valid module exports.
 * @param {Uint8Array} bytes
 * @returns {Map<string, { parameters: ValueType[], results: ValueType[] }>} by export name
 * @typedef {{ name: 'i32' | 'i64' | 'f32' | 'f64' | 'v128' | 'exnref' | 'reference', code: number[] }} ValueType
 */
export function exportedFunctions(bytes) {
  const types = []
  const functions = []
  const exported = new Map()
  const reader = new Reader(bytes)
  reader.position = 8
  while (reader.position < bytes.length) {
    const id = reader.byte()
    const end = reader.number() + reader.position
    if (id === 1) reader.repeat(() => readRecursive(reader, types))
    if (id === 2) reader.repeat(() => readImport(reader, functions))
    if (id === 3) reader.repeat(() => functions.push(reader.number()))
    if (id === 7) {
      reader.repeat(() => {
        const name = reader.name()
        const kind = reader.byte()
        const index = reader.number()
        if (kind === 0) exported.set(name, types[functions[index]])
      })
    }
    reader.position = end
  }
  return exported
}

function readRecursive(reader, types) {
  if (reader.peek() !== 0x4e) return readSubtype(reader, types)
  reader.byte()
  reader.repeat(() => readSubtype(reader, types))
}

function readSubtype(reader, types) {
  if (reader.peek() === 0x50 || reader.peek() === 0x4f) {
    reader.byte()
    reader.repeat(() => reader.number())
  }
  const form = reader.byte()
  const readField = () => {
    readStorage(reader)
    reader.byte()
  }
  const readTypes = () => reader.repeat(() => readValueType(reader))
  switch (form) {
    case 0x60:
      types.push({ parameters: readTypes(), results: readTypes() })
      break
    case 0x5f:
      types.push(reader.repeat(readField))
      break
    case 0x5e:
      types.push(readField())
      break
    default:
      throw new Error(`unknown form 0x${form.toString(16)} in the type section`)
  }
}

function readStorage(reader) {
  const isPacked = reader.peek() === 0x78 || reader.peek() === 0x77
  if (isPacked) reader.byte()
  else readValueType(reader)
}

function readValueType(reader) {
  const start = reader.position
  const first = reader.byte()
  const isLong = first === 0x63 || first === 0x64
  const heap = isLong ? reader.peek() : first
  if (isLong) reader.number()
  const code = [...reader.bytes.subarray(start, reader.position)]
  if (names.has(first)) return { name: names.get(first), code }
  return { name: exceptionHeapTypes.includes(heap) ? 'exnref' : 'reference', code }
}

function readImport(reader, functions) {
  reader.name()
  reader.name()
  switch (reader.byte()) {
    case 0: // a function
      functions.push(reader.number())
      break
    case 1: // a table
      readValueType(reader)
      readLimits(reader)
      break
    case 2: // a memory
      readLimits(reader)
      break
    case 3: // a global
      readValueType(reader)
      reader.byte()
      break
    case 4: // a tag
      reader.byte()
      reader.number()
      break
  }
}

function readLimits(reader) {
  const hasMaximum = reader.byte() & 1
  reader.number()
  if (hasMaximum) reader.number()
}

class Reader {
  position = 0

  constructor(bytes) {
    this.bytes = bytes
  }

  byte() {
    return this.bytes[this.position++]
  }

  peek() {
    return this.bytes[this.position]
  }

  /** An unsigned LEB128; right as a count or an index, and past any other in any case. */
  number() {
    let value = 0
    let scale = 1
    for (;;) {
      const byte = this.byte()
      value += (byte & 0x7f) * scale
      scale *= 0x80
      if (byte < 0x80) return value
    }
  }

  name() {
    const length = this.number()
    const start = this.position
    this.position += length
    return new TextDecoder('utf-8', { ignoreBOM: true }).decode(this.bytes.subarray(start, this.position))
  }

  repeat(read) {
    return Array.from({ length: this.number() }, read)
  }
}
