// Values of JavaScript that do something when they are used, or that are odd to work with.

const TRAPS = ['get', 'set', 'has', 'deleteProperty', 'defineProperty', 'ownKeys', 'getPrototypeOf', 'getOwnPropertyDescriptor', 'preventExtensions', 'apply', 'construct']

/** Something for a guest: `act` is what happens where the value gives JavaScript control; it may throw. */
export function oddValue({ below, oneIn, pick }, act) {
  const acting = value => (...args) => { act(...args); return value }
  const buffer = () => new ArrayBuffer(pick([0, 1, 8, 64, 70_000]))
  const detached = value => { structuredClone(null, { transfer: [value.buffer ?? value] }); return value }
  const revoked = () => { const { proxy, revoke } = Proxy.revocable(() => {}, {}); revoke(); return proxy }
  return pick([
    () => undefined, () => null, () => below(2) === 0, () => below(300) - 1.5, () => NaN, () => -(2 ** 40),
    () => -(2n ** 70n), () => Symbol('odd'), () => '', () => 'x'.repeat(below(9)), () => 'ä\ud800'.repeat(30_000), () => 'name',
    () => 'throw 1', () => '({ name: 1 })', () => ({ name: 1, length: 2 }), () => Object.freeze({ name: 1 }), () => Object.create(null),
    () => [1, , 3], () => new Array(70_000), () => new Date(NaN), () => new TypeError('odd'), () => Promise.resolve(1),
    () => ({ get name() { return acting(1)(this) }, set name(value) { act(value) }, get length() { return acting(9)(this) } }),
    () => ({ [Symbol.toPrimitive]: acting(1), then: act }), () => ({ toString: acting('name'), valueOf: acting({}) }),
    () => new Proxy(function () {}, Object.fromEntries(TRAPS.map(trap => [trap, (...args) => { act(args[1]); return Reflect[trap](...args) }]))),
    () => new Proxy({}, { ownKeys: acting(['name']), getPrototypeOf: acting(null), get: acting('odd') }), revoked,
    () => acting({}), () => class Odd { constructor() { act(this) } static [Symbol.hasInstance] = acting(true) },
    buffer, () => detached(buffer()), () => new Uint8Array(buffer()), () => detached(new Uint8Array(8)), () => new DataView(buffer()),
    () => Buffer.from('odd'), () => new Float64Array(new SharedArrayBuffer(64), 8), () => new SharedArrayBuffer(8),
    () => { const resizable = new ArrayBuffer(16, { maxByteLength: 64 }); if (oneIn(2)) resizable.resize?.(0); return resizable },
    () => { const resizable = new ArrayBuffer(16, { maxByteLength: 64 }); const view = new Uint8Array(resizable, 4); resizable.resize?.(0); return view },
  ])()
}

/** Takes its bytes from a value, if it has any. */
export function detach(value) {
  const buffer = ArrayBuffer.isView(value) ? value.buffer : value
  if (buffer instanceof ArrayBuffer) structuredClone(null, { transfer: [buffer] })
}
