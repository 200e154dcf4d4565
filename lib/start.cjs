'use strict'
// Starts a compiled module by its plan. The binding makes instances and carries out
// steps; when that happens, and in how many instances, is decided here.

const binding = require('./binding.cjs')
const { basename } = require('node:path')
const { setImmediate: nextTask } = require('node:timers/promises')

/**
 * Starts a module. `exports` is what keeps its instance, for the functions below; a
 * command has none. `namespace` is what a program gets. One that is `shared` lives
 * in the store of the ES module graph.
 */
function start(module, imports, wasi, shared = false) {
  if (module.isCommand) return { exports: undefined, namespace: commandNamespace(module, imports, wasi) }
  const made = binding.instantiate(module, imports, wasi, shared)
  if (module.hasDisposal) disposeAtExit(made.exports)
  return made
}

/**
 * The namespace of a command: a function for each that it exports, which is called
 * in an instance of its own, since those of a command may assume one call.
 */
function commandNamespace(module, imports, wasi) {
  binding.checkImports(module, imports, wasi)
  const state = { disposed: false }
  const namespace = Object.create(null)
  for (const { name, arity } of binding.commandFunctions(module)) {
    const call = (...args) => {
      if (state.disposed) throw disposedError()
      return binding.callFresh(module, imports, wasi, name, args)
    }
    Object.defineProperty(call, 'name', { value: name })
    Object.defineProperty(call, 'length', { value: arity })
    Object.defineProperty(namespace, name, { value: call, enumerable: true })
  }
  Object.defineProperty(namespace, Symbol.toStringTag, { value: 'Module' })
  Object.defineProperty(namespace, Symbol.dispose, { value: () => void (state.disposed = true) })
  return Object.freeze(namespace)
}

function disposedError() {
  const error = new Error('this WebAssembly instance was disposed of; load it again to use it')
  error.code = 'ERR_WASMPORT_DISPOSED'
  return error
}

/** Carries out the task steps in a task of its own. If they fail, nobody gets the instance. */
async function carryOutTasks(exports) {
  await nextTask()
  try {
    binding.carryOutTasks(exports)
  } catch (error) {
    disposeQuietly(exports)
    throw error
  }
}

/** Disposes of an instance because of an error, which is the one to tell. */
function disposeQuietly(exports) {
  try {
    exports[Symbol.dispose]()
  } catch {
    // It came second.
  }
}

/** The same where nobody waits: what they throw is uncaught. `then` is called after them. */
function scheduleTasks(exports, then = () => {}) {
  setImmediate(() => {
    binding.carryOutTasks(exports)
    then()
  })
}

/**
 * Runs a program that is the main module of the process, with the arguments of the
 * command line and the standard streams. Its exit code becomes that of the process.
 */
function runMain(module, imports, wasi, schedule) {
  const [, file, ...args] = process.argv
  const program = { ...wasi, args: [basename(file), ...args], stdin: 'inherit', stdout: 'inherit', stderr: 'inherit' }
  const enter = exports => {
    process.exitCode = exitCodeOf(() => binding.callEntry(exports))
  }
  if (module.isCommand) {
    process.exitCode = exitCodeOf(() => binding.callFresh(module, imports, program))
    return start(module, imports, wasi, true)
  }
  let made
  const ended = exitCodeOf(() => void (made = start(module, imports, program, true)))
  // Nothing is left that its importers could have.
  if (ended !== undefined) process.exit(ended)
  if (module.hasTasks) schedule(made.exports, () => enter(made.exports))
  else enter(made.exports)
  return made
}

// A start function or a step may end a program, as may WASI of its own.
function exitCodeOf(run) {
  try {
    return run()
  } catch (error) {
    if (typeof error?.exitCode !== 'number') throw error
    return error.exitCode
  }
}

// A module with dispose steps is kept until it is disposed of: they have to run.
const undisposed = new Set()

function disposeAtExit(exports) {
  if (undisposed.size === 0) process.on('exit', disposeAll)
  undisposed.add(exports)
}

/** The binding says so of a module with dispose steps. */
function disposed(exports) {
  undisposed.delete(exports)
  if (undisposed.size === 0) process.off('exit', disposeAll)
}

function disposeAll() {
  const errors = []
  // The last first: what was loaded later may use what was there.
  for (const exports of [...undisposed].reverse()) {
    try {
      binding.carryOutDisposal(exports)
    } catch (error) {
      errors.push(error)
    }
  }
  if (errors.length > 0) throw errors[0]
}

module.exports = { start, carryOutTasks, scheduleTasks, runMain, disposed }
