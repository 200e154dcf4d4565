'use strict'
// The modules of this realm's module graph that are wasm, each instantiated once
// however it was reached. The ES modules of facade.cjs call this.

const { realpathSync } = require('node:fs')
const { basename } = require('node:path')
const { fileURLToPath } = require('node:url')
const { isMainThread } = require('node:worker_threads')
const binding = require('./binding.cjs')
const { importOptions } = require('./package-options.cjs')
const { runMain, scheduleTasks, start } = require('./start.cjs')

// What the load hook of this thread has compiled and nobody has instantiated yet.
const compiled = new Map()

// By URL: what a module shows, and the exports behind it.
const instances = new Map()

// Those of which the plan is being carried out.
const starting = new Set()

// The exports behind a namespace, that of the ES module or our own.
const behind = new WeakMap()

/** Compiles the wasm at `url`, a file: or data: URL, as it is now. */
function compile(url) {
  const { from, name } = sourceOf(url)
  const module = binding.compileSync(from, name)
  compiled.set(url, module)
  return module
}

function sourceOf(url) {
  if (url.startsWith('file:')) {
    const path = fileURLToPath(url)
    return { from: path, name: path }
  }
  const comma = url.indexOf(',')
  const [head, body] = [url.slice(0, comma), url.slice(comma + 1).replace(/#.*/s, '')]
  const bytes = Buffer.from(unescape(body), 'latin1')
  const name = url.length > 64 ? `${url.slice(0, 63)}…` : url
  return { from: /;\s*base64$/i.test(head) ? Buffer.from(bytes.latin1Slice(), 'base64') : bytes, name }
}

/** The options of the wasm at `url`, imported with `attributes`; throws if there is something wrong with these. */
function optionsOf(url, attributes) {
  return importOptions(url.startsWith('file:') ? fileURLToPath(url) : null, attributes)
}

/**
 * The namespace of the wasm at `url`, instantiated if nobody has yet. `imports` holds
 * a [specifier, module] pair for each module it imports. An ES module in its place
 * says besides: `self`, its own namespace; `resolve`, what a specifier means there;
 * `attributes`, those of the import.
 */
function instantiate(url, imports, { self, resolve, attributes } = {}) {
  let instance = instances.get(url)
  if (instance === undefined) {
    if (starting.has(url)) throw cyclicRequire(url)
    const module = compiled.get(url) ?? compile(url)
    compiled.delete(url)
    // Hooks on a thread of their own leave this to us: errors lose their class on the way here.
    binding.checkFacade(module)
    const { wasi } = optionsOf(url, attributes)
    const given = Object.fromEntries(imports.map(([name, imported]) => [name, behind.get(imported) ?? imported]))
    const isMain = module.isProgram && takeMain(url)
    const schedule = (exports, then) => onceEvaluated(self && url, () => scheduleTasks(exports, then))
    starting.add(url)
    try {
      instance = isMain ? runMain(module, given, wasi, schedule) : start(module, given, wasi, true)
    } catch (error) {
      throw cycleError(error, url, imports, resolve) ?? error
    } finally {
      starting.delete(url)
    }
    instances.set(url, instance)
    if (module.hasTasks && !module.isCommand && !isMain) schedule(instance.exports)
  }
  const { exports, namespace } = instance
  if (exports !== undefined && exports === namespace) {
    behind.set(namespace, exports)
    if (self !== undefined) behind.set(self, exports)
  }
  return namespace
}

/** As Node has it, which on Node 20 does not see that import() and require() are at the same file. */
function cyclicRequire(url) {
  const error = new Error(`${sourceOf(url).name} is required while it is being evaluated`)
  error.code = 'ERR_REQUIRE_CYCLE_MODULE'
  return error
}

/** Calls `then` once the module at `url`, and all that is in a cycle with it, has been evaluated. */
function onceEvaluated(url, then) {
  if (url === undefined) then()
  // By way of a module that only imports it: it may export a function named `then`, and not be a promise. Whoever
  // imported it hears of an error.
  else import(`data:text/javascript,${encodeURIComponent(`import ${JSON.stringify(url)}`)}`).then(then, () => {})
}

// A program is run once, by whatever URL its file is reached again.
let ran = false

/** Whether `node` was told to run this file, and has not yet. */
function takeMain(url) {
  if (ran || !isMainThread || process.argv[1] === undefined || !url.startsWith('file:')) return false
  // With the text of a program on the command line, what follows are its arguments.
  if (process._eval !== undefined) return false
  try {
    // It may be a directory whose package.json names the file.
    ran = realpathSync(require.resolve(process.argv[1])) === realpathSync(fileURLToPath(url))
  } catch {
    // It was something else than a file.
  }
  return ran
}

/**
 * The error for a wasm that is not there yet because it imports the one at `url`:
 * its ES module can only say that a binding is not initialised.
 */
function cycleError(error, url, imports, resolve) {
  if (!(error instanceof ReferenceError) || resolve === undefined) return undefined
  const { isWasm } = require('./facade.cjs')
  const waiting = imports.map(([name]) => [name, resolve(name)]).find(([, url]) => isWasm(url, {}) && !instances.has(url))
  if (waiting === undefined) return undefined
  const { name } = sourceOf(url)
  const link = new globalThis.WebAssembly.LinkError(
    `${name}: imports from ${JSON.stringify(waiting[0])}, which imports from ${basename(name)} in turn and has no ` +
      'instance yet: WebAssembly modules cannot import each other in a cycle; move what both need into a third',
    { cause: error },
  )
  return Object.assign(link, { code: 'ERR_WASMPORT_LINK', file: name, importModule: waiting[0] })
}

/**
 * The names of what the addon at `url` exports, which it says when it registers. It needs nobody for that, so it is
 * started before the modules that import it are linked. These have that very instance then, unless they are `elsewhere`,
 * on another thread.
 */
function registeredNames(url, attributes, elsewhere) {
  try {
    const namespace = instantiate(url, [], { attributes })
    if (Object(namespace) !== namespace) return []
    const names = Object.keys(namespace).filter(name => name.isWellFormed())
    return names.filter(name => name !== 'default' && name !== 'module.exports')
  } catch {
    // It fails again when it is evaluated, and is told then.
    return []
  } finally {
    if (elsewhere) {
      instances.get(url)?.exports[Symbol.dispose]()
      instances.delete(url)
    }
  }
}

/** Keeps the variable of an ES module in step with a mutable global. */
function watch(url, name, setter) {
  binding.watch(instances.get(url).exports, name, setter)
}

/** The exports behind the namespace of a wasm module; undefined of anything else. */
function exportsBehind(namespace) {
  return behind.get(namespace)
}

module.exports = { compile, optionsOf, instantiate, registeredNames, watch, exportsBehind }
