// A v128 and an exnref cannot cross the JS API, and of a NaN only that it is one. A function that
// has them is called through a tiny module made here: it imports the function, takes and gives the
// bits (a v128 as two i64, a float as the integer of its width), and of an exnref whether it is null.

import { bitsToNumber } from './core-values.mjs'

const [i32, i64] = [[0x7f], [0x7e]]
const localGet = (local) => [0x20, ...leb(local)]

// For each type: the types that stand for it in JS, the code that makes the value of them (from the
// first local on), and the code that takes the value in a local apart.
const plain = (code) => ({ flat: [code], raise: localGet, lower: localGet })
const reinterpreted = (flat, raise, lower) => ({
  flat: [flat],
  raise: (local) => [...localGet(local), raise],
  lower: (local) => [...localGet(local), lower],
})
const forms = {
  i32: plain,
  i64: plain,
  reference: plain,
  f32: () => reinterpreted(i32, 0xbe, 0xbc),
  f64: () => reinterpreted(i64, 0xbf, 0xbd),
  v128: () => ({
    flat: [i64, i64],
    raise: (local) => [...localGet(local), 0xfd, 0x12, ...localGet(local + 1), 0xfd, 0x1e, 1],
    lower: (local) => [...localGet(local), 0xfd, 0x1d, 0, ...localGet(local), 0xfd, 0x1d, 1],
  }),
  // Scripts pass no other exnref than null.
  exnref: (code) => ({ flat: [], raise: () => [0xd0, code.at(-1)], lower: (local) => [...localGet(local), 0xd1] }),
}

/** The module that imports a function of this type as `'' ''` and exports its wrapper as `''`. */
export function wrapperModule({ parameters, results }) {
  const taken = parameters.map(({ name, code }) => forms[name](code))
  const given = results.map(({ name, code }) => forms[name](code))
  const takenFlat = taken.flatMap((form) => form.flat)
  const givenFlat = given.flatMap((form, index) => (results[index].name === 'exnref' ? [i32] : form.flat))

  let local = 0
  const code = taken.flatMap((form) => {
    const raised = form.raise(local)
    local += form.flat.length
    return raised
  })
  code.push(0x10, 0)
  for (let index = results.length - 1; index >= 0; index--) code.push(0x21, ...leb(local + index))
  code.push(...given.flatMap((form, index) => form.lower(local + index)), 0x0b)
  const body = [...vector(results.map((type) => [1, ...type.code])), ...code]
  const wrapped = functionType(parameters.map((type) => type.code), results.map((type) => type.code))

  return new Uint8Array([
    0, 0x61, 0x73, 0x6d, 1, 0, 0, 0,
    ...section(1, [wrapped, functionType(takenFlat, givenFlat)]),
    ...section(2, [[0, 0, 0, 0]]),
    ...section(3, [[1]]),
    ...section(7, [[0, 0, 1]]),
    ...section(10, [[...leb(body.length), ...body]]),
  ])
}

/** The JS arguments of the wrapper for one value, given as bits or a JS reference. */
export function flatten({ name }, value) {
  switch (name) {
    case 'i32': case 'f32': return [bitsToNumber('i32', value)]
    case 'i64': case 'f64': return [bitsToNumber('i64', value)]
    case 'v128': return [BigInt.asIntN(64, value), BigInt.asIntN(64, value >> 64n)]
    case 'exnref': return []
    default: return [value]
  }
}

/** The values, as bits or JS references, of what the wrapper returned. */
export function unflatten(types, result) {
  const rest = Array.isArray(result) ? [...result] : [result]
  return types.map(({ name }) => {
    const first = rest.shift()
    switch (name) {
      case 'i32': case 'f32': return BigInt.asUintN(32, BigInt(first))
      case 'i64': case 'f64': return BigInt.asUintN(64, first)
      case 'v128': return BigInt.asUintN(64, first) | (BigInt.asUintN(64, rest.shift()) << 64n)
      case 'exnref': return first ? null : 'an exception'
      default: return first
    }
  })
}

function functionType(parameters, results) {
  return [0x60, ...vector(parameters), ...vector(results)]
}

function section(id, items) {
  const contents = vector(items)
  return [id, ...leb(contents.length), ...contents]
}

function vector(items) {
  return [...leb(items.length), ...items.flat()]
}

function leb(value) {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...leb(value >>> 7)]
}
