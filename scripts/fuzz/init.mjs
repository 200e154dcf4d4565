// Init sections: right ones of random content, and wrong ones.

import { leb } from './sections.mjs'

const NAMES = ['_initialize', '_start', '', 'memory', '__wasm_call_ctors', 'hs_init', '__napi_register__', 'nothing', 'ä', '__proto__']
const SERVICES = ['wasi_snapshot_preview1', 'wasi_unstable', 'wasi', 'napi', 'env', 'env', 'env', 'emnapi', 'nothing', '']

/** The content of a section, for a module that exports `names`. */
export function initContent(rng, names) {
  const one = () => rng.pick(rng.oneIn(8) || names.length === 0 ? NAMES : names)
  const text = value => { const bytes = Buffer.from(value); return [...leb(bytes.length), ...bytes] }
  const vec = item => { const count = rng.below(4); return [...leb(count), ...Array.from({ length: count }, item).flat()] }
  const select = () => (rng.oneIn(3) ? [1, ...text(one().slice(0, rng.below(5)))] : [0, ...text(one())])
  const args = () => rng.pick([[0], [0], [1], [2, ...text(rng.pick(SERVICES))]])
  const bit = () => (rng.oneIn(3) ? 1 : 0)
  const parts = {
    1: () => vec(() => [...text(rng.pick(SERVICES)), ...text(rng.oneIn(2) ? '' : one()), ...text(rng.oneIn(2) ? '' : one())]),
    2: () => vec(() => {
      const given = args()
      // A namespace is made by the service that gives the arguments.
      return [rng.below(3), ...select(), ...given, given[0] === 2 || rng.oneIn(16) ? bit() : 0, bit()]
    }),
    3: () => (rng.oneIn(4) ? [0] : [1, ...text(one()), rng.below(2), bit(), bit()]),
    4: () => vec(select),
    0x85: () => [1, 2, 3],
  }
  const ids = Object.keys(parts).map(Number).filter(() => rng.oneIn(2))
  return [1, ...ids.flatMap(id => { const payload = parts[id](); return [id, ...leb(payload.length), ...payload] })]
}

/** The same with a byte or a few that are wrong. */
export function wrongContent(rng, names) {
  const content = initContent(rng, names)
  for (let n = rng.below(3); n >= 0; n--) content[rng.below(content.length)] = rng.below(256)
  return rng.oneIn(4) ? content.slice(0, rng.below(content.length + 1)) : content
}
