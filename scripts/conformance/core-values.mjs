// The values of a core specification script against those of the JS API. Every number, and a
// v128 likewise, is compared as its bits in an unsigned BigInt: -0 and NaN need no rule then.

const widths = { i8: 8, i16: 16, i32: 32, i64: 64, f32: 32, f64: 64 }
const scratch = new DataView(new ArrayBuffer(8))

// `ref.extern 1` and `ref.host 1` name the same host value, wherever they are met.
const hosts = new Map()
function host(number) {
  if (!hosts.has(number)) hosts.set(number, Object.freeze({ host: number }))
  return hosts.get(number)
}

/** Whether a type is that of a number, which the JS API converts. */
export function isNumber(type) {
  return type === 'i32' || type === 'i64' || type === 'f32' || type === 'f64'
}

/** The bits of a constant of a script: of a number, or of all lanes of a v128. */
export function bitsOf(constant) {
  if (constant.type !== 'v128') return BigInt.asUintN(widths[constant.type], BigInt(constant.value))
  const width = widths[constant.lane_type]
  return constant.value.reduceRight((bits, lane) => (bits << BigInt(width)) | BigInt.asUintN(width, BigInt(lane)), 0n)
}

/** Whether a constant or a pattern is a NaN, whose bits the JS API does not promise to keep. */
export function isNaNConstant({ type, value, values }) {
  if (type === 'either') return values.some(isNaNConstant)
  if (type !== 'f32' && type !== 'f64') return false
  return value.startsWith('nan:') || Number.isNaN(bitsToNumber(type, BigInt(value)))
}

/** The JS value of bits, as ToJSValue makes it. */
export function bitsToNumber(type, bits) {
  scratch.setBigUint64(0, bits)
  switch (type) {
    case 'i32': return scratch.getInt32(4)
    case 'i64': return scratch.getBigInt64(0)
    case 'f32': return scratch.getFloat32(4)
    case 'f64': return scratch.getFloat64(0)
  }
}

/** The bits of a JS value the JS API returned for a type; undefined where it is none of that type. */
export function numberToBits(type, value) {
  if (typeof value !== (type === 'i64' ? 'bigint' : 'number')) return undefined
  scratch.setBigUint64(0, 0n)
  switch (type) {
    case 'i32':
      scratch.setInt32(4, value)
      break
    case 'i64':
      scratch.setBigInt64(0, value)
      break
    case 'f32':
      scratch.setFloat32(4, value)
      break
    case 'f64':
      scratch.setFloat64(0, value)
      break
  }
  const bits = scratch.getBigUint64(0)
  return Object.is(bitsToNumber(type, bits), value) ? bits : undefined
}

/** The JS value of a reference given as an argument: a host value or null, scripts have no others. */
export function reference({ value }) {
  return value === undefined || value === 'null' ? null : host(value)
}

/**
 * Whether a result is what a script expects.
 * @param {object} expected the constant, pattern or alternatives of the script
 * @param {bigint | unknown} actual the bits of a number or v128, the JS value of a reference
 */
export function matches(expected, actual) {
  const { type, value } = expected
  switch (type) {
    case 'either':
      return expected.values.some((one) => matches(one, actual))
    case 'i32':
    case 'i64':
    case 'f32':
    case 'f64':
      return typeof actual === 'bigint' && matchesLane(type, value, actual)
    case 'v128':
      return typeof actual === 'bigint' && matchesLanes(expected, actual)
    case 'funcref':
      return value === 'null' ? actual === null : typeof actual === 'function'
    case 'externref':
    case 'anyref':
      return value === undefined ? actual !== null : actual === reference(expected)
    case 'exnref':
      return value === 'null' ? actual === null : actual !== null
    case 'i31ref':
      return typeof actual === 'number'
    case 'structref':
    case 'arrayref':
      return isOpaque(actual)
    case 'eqref':
      return typeof actual === 'number' || isOpaque(actual)
    case 'refnull':
    case 'nullref':
    case 'nullfuncref':
    case 'nullexternref':
    case 'nullexnref':
      return actual === null
    default:
      throw new Error(`the script expects a value of type ${type}, which this runner does not know`)
  }
}

function matchesLanes({ lane_type: lane, value }, bits) {
  const width = widths[lane]
  return value.every((one, index) => matchesLane(lane, one, BigInt.asUintN(width, bits >> BigInt(index * width))))
}

function matchesLane(type, pattern, bits) {
  const [sign, quiet] = type === 'f32' ? [1n << 31n, 0x7fc00000n] : [1n << 63n, 0x7ff8n << 48n]
  if (pattern === 'nan:canonical') return (bits | sign) === (quiet | sign)
  if (pattern === 'nan:arithmetic') return (bits & quiet) === quiet
  return bits === BigInt.asUintN(widths[type], BigInt(pattern))
}

// Structs and arrays reach JS as exotic objects without a prototype.
function isOpaque(value) {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === null
}

/** A value for a message: what a script's values and JS values have in common. */
export function show(value) {
  if (typeof value === 'bigint') return `0x${value.toString(16)}`
  if (typeof value !== 'object' || value === null) return String(value)
  if ('type' in value) return `${value.type} ${JSON.stringify(value.value ?? value.values ?? null)}`
  return `an object ${JSON.stringify(value)}`
}
