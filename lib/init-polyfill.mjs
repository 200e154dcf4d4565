// The `init` section (docs/INIT-SECTION.md) on any host's plain `WebAssembly`: a browser, Node, Deno, Bun.
// This file carries plans out. It and the files beside it use nothing but the language, `WebAssembly`, `TextDecoder`
// and `setTimeout`.

import { bytesOf, exportOf, findMemory, linkError, quote, readOutline, selects } from './init-polyfill/outline.mjs'
import { resolve } from './init-polyfill/plan.mjs'

/** The plan of a module, and where each part of it came from. */
export function plan(source) {
  return resolve(readOutline(bytesOf(source)))
}

/** Loads a module, carries out its plan, and resolves to its namespace. */
export async function instantiate(source, imports = {}) {
  const program = await prepare(source, imports)
  if (program.plan.run?.instance === 'fresh') return commandNamespace(program)
  const started = start(program, await WebAssembly.instantiate(program.module, imports))
  await tasks(started)
  return started.made ? started.made.namespace : lastingNamespace(started)
}

/** Runs a program and resolves to its exit code. */
export async function run(source, imports = {}) {
  const program = await prepare(source, imports)
  const entry = program.plan.run
  if (!entry) throw new Error('the module has no entry to run; instantiate() loads it to be used')
  try {
    const started = start(program, await WebAssembly.instantiate(program.module, imports))
    // A fresh instance lives for one call, so there is no later for it.
    const [later] = await Promise.allSettled(entry.instance === 'same' ? [tasks(started)] : [])
    const result = useUp(started, () => {
      if (later?.status === 'rejected') throw later.reason
      return call(started, entry.export, entry.args)
    })
    return entry.result === 'exit-code' && result !== undefined ? result : 0
  } catch (error) {
    if (!isExit(error)) throw error
    return error.exitCode
  }
}

/**
 * What `proc_exit` of a WASI implementation throws, to end the call. Any object with a number as its `exitCode` does,
 * so that a service need not import this file.
 */
export class Exit extends Error {
  constructor(exitCode) {
    super(`the module called proc_exit(${exitCode})`)
    this.name = 'Exit'
    this.exitCode = exitCode
  }
}

const isExit = error => typeof error?.exitCode === 'number'

/** The function by which a service takes the memory of an instance. */
const HOOK = '__wasm_bind'

/** All that the instances of a module have in common. What does not fit is found before anything of it runs. */
async function prepare(source, imports) {
  const bytes = bytesOf(source)
  const outline = readOutline(bytes)
  const { plan, origin } = resolve(outline)
  const takesMemory = service => typeof imports[service]?.[HOOK] === 'function'
  const expected = `expected an import object of that name with a function ${HOOK}`
  for (const { service } of plan.bind) {
    // What is inferred is an offer only: the WASI that the module is given may have the memory by other means.
    if (origin.bind === 'section' && !takesMemory(service)) {
      throw linkError(`the plan binds the memory to ${quote(service)}, which nothing provides: ${expected}`)
    }
  }
  for (const { select, args: { service } } of plan.steps) {
    if (service === undefined || !outline.exports.some(({ name }) => selects(select, name))) continue
    if (!plan.bind.some(bind => bind.service === service)) {
      throw linkError(`a step takes its arguments from ${quote(service)}, to which the plan binds no memory`)
    }
    if (!takesMemory(service)) {
      throw linkError(`a step takes its arguments from ${quote(service)}, which nothing provides: ${expected}`)
    }
  }
  const hook = outline.imports.find(({ name }) => name === HOOK)
  if (hook) throw linkError(`the import ${quote(HOOK)} from ${quote(hook.module)} is for the host and never linked`)
  return { outline, plan, imports, module: await WebAssembly.compile(bytes) }
}

/** Binds a new instance and carries out its evaluate steps. */
function start(program, { exports }) {
  const { plan, outline, imports } = program
  const started = { program, exports, services: new Map(), made: null, isDisposed: false }
  for (const bind of plan.bind) {
    const host = imports[bind.service]
    if (typeof host?.[HOOK] !== 'function') continue
    const { module, name } = findMemory(outline, bind.memory)
    const memory = module === undefined ? exports[name] : imports[module][name]
    const table = bind.table === '' ? undefined : exports[bind.table]
    started.services.set(bind.service, host[HOOK]({ memory, table, exports }))
  }
  for (const step of steps(started, 'evaluate')) carryOut(started, step)
  return started
}

async function tasks(started) {
  for (const step of steps(started, 'task')) {
    await new Promise(resolve => setTimeout(resolve))
    carryOut(started, step)
  }
}

function dispose(started) {
  if (started.isDisposed) return
  started.isDisposed = true
  for (const step of steps(started, 'dispose')) carryOut(started, step)
}

const steps = ({ program }, phase) => program.plan.steps.filter(step => step.phase === phase)

function carryOut(started, { select, args, result }) {
  for (const { name } of started.program.outline.exports) {
    if (!selects(select, name)) continue
    completed(() => {
      const value = call(started, name, args)
      if (result === 'namespace') started.made = { namespace: supplied(started, args.service, 'namespace', value) }
    })
  }
}

/** What a call returns. To exit with 0 completes it, and it has no result then. */
function completed(call) {
  try {
    return call()
  } catch (error) {
    if (!isExit(error) || error.exitCode !== 0) throw error
    return undefined
  }
}

/** Calls an export with the args of a step or entry. */
function call(started, name, args) {
  return started.exports[name](...values(started, name, args))
}

function values(started, name, args) {
  if (args === 'none') return []
  if (args !== 'zeros') return supplied(started, args.service, 'args', name)
  const { params } = exportOf(started.program.outline, name).type
  return params.map(type => (type === 'i64' ? 0n : 0))
}

/** What a service answers, by a method of the object that its hook returned. */
function supplied({ services }, name, method, about) {
  const service = services.get(name)
  if (typeof service?.[method] === 'function') return service[method](about)
  throw linkError(`the plan needs ${quote(method)} of ${quote(name)}: expected its ${HOOK} to return an object `
    + 'with that method')
}

/** Uses an instance for the last time: its dispose steps come after the call, also after one that failed. */
function useUp(started, use) {
  let hasFailed = false
  try {
    return use()
  } catch (error) {
    hasFailed = !isExit(error)
    throw error
  } finally {
    try {
      dispose(started)
    } catch (error) {
      // The first failure is the cause of what follows.
      if (!hasFailed) throw error
    }
  }
}

/** The namespace of an instance that stays. The getter shows a global as it is now. */
function lastingNamespace(started) {
  const { exports } = started
  const descriptor = ({ name, kind }) =>
    kind === 'global' ? { get: () => exports[name].value } : { value: exports[name] }
  return makeNamespace(started.program, () => true, descriptor, () => dispose(started))
}

/** The namespace of a command: its functions, each call of which is on an instance of its own. */
function commandNamespace(program) {
  const onFreshInstance = name => (...args) => {
    const started = start(program, new WebAssembly.Instance(program.module, program.imports))
    return useUp(started, () => completed(() => started.exports[name](...args)))
  }
  const descriptor = ({ name }) => ({ value: onFreshInstance(name) })
  return makeNamespace(program, ({ kind }) => kind === 'function', descriptor, () => {})
}

function makeNamespace({ outline, plan }, isShown, descriptor, dispose) {
  const namespace = Object.create(null)
  const shown = outline.exports.filter(each => isShown(each) && !plan.hide.some(select => selects(select, each.name)))
  for (const each of shown.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    Object.defineProperty(namespace, each.name, { ...descriptor(each), enumerable: true })
  }
  Object.defineProperty(namespace, Symbol.toStringTag, { value: 'Module' })
  if (Symbol.dispose) Object.defineProperty(namespace, Symbol.dispose, { value: dispose })
  return Object.freeze(namespace)
}
