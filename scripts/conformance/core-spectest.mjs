// The module `spectest` that the core specification scripts import from, as the specification's
// own interpreter has it, made of the JS API's objects.

/** @param {typeof globalThis.WebAssembly} WebAssembly the engine under test */
export function makeSpectest(WebAssembly) {
  const { Global, Memory, Table } = WebAssembly
  const print = () => {}
  const makers = {
    global_i32: () => new Global({ value: 'i32' }, 666),
    global_i64: () => new Global({ value: 'i64' }, 666n),
    global_f32: () => new Global({ value: 'f32' }, 666.6),
    global_f64: () => new Global({ value: 'f64' }, 666.6),
    memory: () => new Memory({ initial: 1, maximum: 2 }),
    shared_memory: () => new Memory({ initial: 1, maximum: 2, shared: true }),
    table: () => new Table({ element: 'anyfunc', initial: 10, maximum: 20 }),
    table64: () => new Table({ element: 'anyfunc', address: 'i64', initial: 10n, maximum: 20n }),
  }
  const printed = ['i32', 'i64', 'f32', 'f64', 'i32_f32', 'f64_f64']
  const spectest = { print, ...Object.fromEntries(printed.map((types) => [`print_${types}`, print])) }
  // On demand: an engine that lacks shared or 64-bit objects fails the scripts that ask for them only.
  for (const [name, make] of Object.entries(makers)) {
    let value
    Object.defineProperty(spectest, name, { enumerable: true, get: () => (value ??= make()) })
  }
  return spectest
}
