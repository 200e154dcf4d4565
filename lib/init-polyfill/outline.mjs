// What a plan depends on: the imports and exports of a module, with the signatures that `WebAssembly.Module.exports`
// does not tell, and the `init` section. They are read in one pass. All else is left to the host, which validates the
// module when it compiles it.

import { Reader } from './reader.mjs'

const KINDS = ['function', 'table', 'memory', 'global', 'tag']

/** The imports, the exports and the undecoded `init` section of a module. */
export function readOutline(bytes) {
  const file = new Reader(bytes, 0, bytes.length, 'file')
  readHeader(file)
  const outline = { types: [], functions: [], imports: [], exports: [], init: null }
  const seen = new Set()
  while (!file.isAtEnd) {
    const start = file.offset
    const id = file.byte('a section id')
    const section = file.frame(`section ${id}`, `section ${id}`)
    if (id === 0) {
      if (section.name('the name of a custom section') !== 'init') continue
      if (outline.init) outline.init.fail(start, 'there is a second one')
      outline.init = section.rest('init section')
      continue
    }
    if (seen.has(id)) file.fail(start, `a second section with the id ${id}`)
    seen.add(id)
    const item = ITEMS[id]
    if (!item) continue
    section.vector('items', () => item(section, outline))
    section.end('the last item')
  }
  return outline
}

const ITEMS = { 1: readTypes, 2: readImport, 3: readFunction, 7: readExport }

/** The bytes of an ArrayBuffer or of a view of one. */
export function bytesOf(source) {
  const isView = ArrayBuffer.isView(source)
  const buffer = isView ? source.buffer : source
  // Shared bytes could change between reading and compiling, and `WebAssembly` does not take them either.
  if (buffer?.[Symbol.toStringTag] !== 'ArrayBuffer') {
    throw new TypeError('expected the bytes of a module, in an ArrayBuffer or a view of one')
  }
  return isView ? new Uint8Array(buffer, source.byteOffset, source.byteLength) : new Uint8Array(buffer)
}

function readHeader(file) {
  const [magic, version] = [0, 4].map(at => file.bytes.slice(at, at + 4).join())
  if (magic !== '0,97,115,109') file.fail(0, 'not a WebAssembly binary: it does not start with \\0asm')
  if (file.bytes.length < 8) file.fail(file.bytes.length, 'it ends in its header')
  if (version === '13,0,1,0') file.fail(4, 'a component, of which this host has no support; expected a core module')
  if (version !== '1,0,0,0') file.fail(4, `unknown version ${version} of the binary format`)
  file.offset = 8
}

function readTypes(reader, { types }) {
  const one = () => types.push(readType(reader))
  if (reader.skip(0x4e)) reader.vector('types of a group', one)
  else one()
}

/** A function type, or null for a type of another form. */
function readType(reader) {
  if (reader.skip(0x50) || reader.skip(0x4f)) reader.vector('supertypes', () => reader.u32('a supertype'))
  const start = reader.offset
  const form = reader.byte('the form of a type')
  if (form === 0x60) {
    return { params: reader.vector('parameters', readValueType), results: reader.vector('results', readValueType) }
  }
  const readField = () => [readValueType(reader), reader.byte('the mutability of a field')]
  if (form === 0x5f) reader.vector('fields', readField)
  else if (form === 0x5e) readField()
  else reader.fail(start, `unknown form of type 0x${form.toString(16)}`)
  return null
}

const NUMBERS = { 0x7f: 'i32', 0x7e: 'i64', 0x7d: 'f32', 0x7c: 'f64' }
const VALUE_TYPES = { ...NUMBERS, 0x7b: 'v128', 0x70: 'funcref', 0x6f: 'externref' }

function readValueType(reader) {
  const byte = reader.byte('a value type')
  // These two are followed by what is referred to. No plan depends on it.
  if (byte === 0x63 || byte === 0x64) reader.skipInteger('a heap type')
  return VALUE_TYPES[byte] ?? 'ref'
}

function readImport(reader, outline) {
  const start = reader.offset
  const module = reader.name('the module of an import')
  const name = reader.name('the name of an import')
  const kind = reader.choice('the kind of an import', KINDS)
  outline.imports.push({ module, name, kind })
  if (kind === 'function') {
    readFunction(reader, outline)
    functionType(reader, start, outline, outline.functions.length - 1)
  } else if (kind === 'tag') {
    reader.byte('the attribute of a tag')
    reader.u32('the type of a tag')
  } else {
    if (kind !== 'memory') readValueType(reader)
    if (kind === 'global') reader.byte('the mutability of a global')
    else skipLimits(reader)
  }
}

function skipLimits(reader) {
  const flags = reader.byte('the form of limits')
  reader.skipInteger('the minimum')
  if (flags & 0x01) reader.skipInteger('the maximum')
  if (flags & 0x08) reader.skipInteger('the page size')
}

function readFunction(reader, { functions }) {
  functions.push(reader.u32('the type of a function'))
}

function readExport(reader, outline) {
  const start = reader.offset
  const name = reader.name('the name of an export')
  const kind = reader.choice('the kind of an export', KINDS)
  const index = reader.u32('the index of an export')
  if (kind === 'function' && index >= outline.functions.length) {
    reader.fail(start, `the export ${quote(name)} has the index ${index}, which is not defined`)
  }
  const type = kind === 'function' ? functionType(reader, start, outline, index) : null
  outline.exports.push({ name, kind, index, type })
}

function functionType(reader, start, { types, functions }, index) {
  const type = types[functions[index]]
  if (type === undefined) reader.fail(start, `type ${functions[index]} is not defined`)
  if (type === null) reader.fail(start, `type ${functions[index]} is not a function type`)
  return type
}

/** The export of this name. */
export function exportOf(outline, name) {
  return outline.exports.find(each => each.name === name)
}

/** Whether a selection of a plan selects the export of this name. */
export function selects(select, name) {
  return select.prefix === undefined ? name === select.export : name.startsWith(select.prefix)
}

/** The export, or the import, that a plan means by the name of a memory. */
export function findMemory(outline, name, where = '') {
  if (name === '') {
    const only = onlyMemory(outline, where)
    if (!only) throw linkError(`${where}there is no exported and no imported memory`)
    return only
  }
  const found = exportOf(outline, name)
  if (!found) throw linkError(`${where}there is no exported memory ${quote(name)}`)
  if (found.kind !== 'memory') throw linkError(`${where}the memory ${quote(name)} is exported as a ${found.kind}`)
  return found
}

/** The only memory exported, else the only one imported, if there is one. */
export function onlyMemory(outline, where) {
  const isMemory = ({ kind }) => kind === 'memory'
  // One memory under two names is one candidate, by its first name.
  const byIndex = new Map(outline.exports.filter(isMemory).reverse().map(each => [each.index, each]))
  const candidates = byIndex.size > 0 ? [...byIndex.values()].reverse() : outline.imports.filter(isMemory)
  if (candidates.length > 1) {
    const path = ({ module, name }) => (module === undefined ? [name] : [module, name]).map(quote).join(' ')
    const names = candidates.map(path)
    throw linkError(`${where}the module has several memories (${names.join(', ')}) and none is exported as "memory"; `
      + 'a bind sub-section of an init section can name the one to use')
  }
  return candidates[0]
}

/** A name as errors show it. */
export const quote = name => JSON.stringify(name)

/** What is thrown where a plan does not fit the module or what it is given. */
export const linkError = reason => new WebAssembly.LinkError(reason)
