// One source, through everything that takes one. It may be refused at each step, by an error that says which.

import { inspect, load, loadSync, WebAssembly } from '../../index.js'

/** What is wrong is told to `report`, which whoever imports this sets. */
export const findings = {
  report: () => {},

  /** Checks that an error is one that a user can act on. */
  check(what, error) {
    const typed = error instanceof Error && typeof error.code === 'string' && error.message !== ''
    if (!typed || error.code === 'ERR_WASMPORT_INTERNAL') findings.report({ what, error: error?.stack ?? String(error), code: error?.code })
  },
}

/** What `call` returns, or undefined if it was refused. */
async function tried(what, call) {
  try {
    return await call()
  } catch (error) {
    findings.check(what, error)
  }
}

/** @param counts how far sources came, which is counted up */
export async function attempt(rng, { source, calm }, counts) {
  const description = await tried('inspect', () => inspect(source))
  if (description === undefined) {
    const loaded = await tried('loadSync', () => [loadSync(source)])
    if (loaded !== undefined) findings.report({ what: 'can be loaded, but not be inspected' })
    return
  }
  if (!calm && (description.plan.steps.length > 0 || starts(source))) {
    if (typeof source === 'string') return
    const module = await tried('compile', () => new WebAssembly.Module(source))
    if (module !== undefined) counts.compiled++
    return
  }
  const imports = rng.oneIn(8) ? {} : await tried('imports', () => provide(rng, description))
  const options = { imports }
  // The promise of a namespace that exports a function "then" would wait for it.
  const namespace = rng.oneIn(8)
    ? await tried('load', async () => { const loaded = await load(source, options); return { loaded } })
    : await tried('loadSync', () => ({ loaded: loadSync(source, options) }))
  if (namespace === undefined) return
  counts.instantiated++
  if (calm && description.plan.steps.length > 0) counts.started++
  const { loaded } = namespace
  // A step can put anything in its place.
  if (typeof loaded !== 'object' || loaded === null) return
  await tried('exports', () => { for (const key of Object.keys(loaded)) void loaded[key] })
  await tried('dispose', () => { loaded[Symbol.dispose]?.() })
}

/** Whether there is a start function, a section 8; in a text there may be. */
function starts(source) {
  if (typeof source === 'string') return true
  for (let at = 8; at < source.length;) {
    if (source[at++] === 8) return true
    let size = 0
    for (let shift = 1; ; shift *= 128) {
      const byte = source[at++]
      size += (byte & 0x7f) * shift
      if (byte < 0x80) break
    }
    at += size
  }
  return false
}

/** Something for each import, mostly of the right type. WASI is there without: a program that is lied to may loop. */
function provide(rng, { imports, exports }) {
  const modules = Object.create(null)
  for (const { module, name, kind, type } of imports) {
    if (module.startsWith('wasi_')) continue
    modules[module] ??= rng.pick([{}, { __wasm_bind() {} }, { __wasm_bind: () => service(exports) }])
    modules[module][name] = rng.oneIn(16) ? rng.pick([undefined, 1, {}, null]) : value(kind, type)
  }
  return modules
}

/** A service that supplies the arguments of steps, and makes a namespace of their results. */
function service(exports) {
  const type = name => exports.find(each => each.name === name).type
  return { args: name => type(name).parameters.map(zero), namespace: result => ({ result }) }
}

const zero = type => (type === 'i64' ? 0n : 0)

function value(kind, type) {
  switch (kind) {
    case 'function': return () => zero(type.results[0])
    case 'memory': return new WebAssembly.Memory(limits(type))
    case 'table': return new WebAssembly.Table({ ...limits(type), element: type.element === 'externref' ? 'externref' : 'anyfunc' })
    case 'global': return new WebAssembly.Global({ value: type.value, mutable: type.mutable })
    case 'tag': return new WebAssembly.Tag(type)
  }
}

function limits({ minimum, maximum, shared, address }) {
  const size = address === 'i64' ? BigInt : Number
  return { initial: size(minimum), maximum: maximum === undefined ? undefined : size(maximum), shared, address }
}
