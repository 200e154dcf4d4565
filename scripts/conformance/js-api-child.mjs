// One file of the specification's JS-API tests, in a process of its own: `node js-api-child.mjs ENGINE KIND SCRIPT...`,
// where the first script is testharness.js, the last the test file, and those between are the helpers it asks for. KIND
// says what the test file is evaluated as: `script` or `module`.
// Each result goes to the parent at once, so that a crash loses none of those before it.
import { readFileSync } from 'node:fs'
import module from 'node:module'
import { pathToFileURL } from 'node:url'
import vm from 'node:vm'

const [engine, kind, harness, ...scripts] = process.argv.slice(2)

if (engine === 'wasmport') {
  const { WebAssembly } = await import('../../index.js')
  // The attributes that WebIDL gives a namespace object on the global; a test reads them.
  Object.defineProperty(globalThis, 'WebAssembly', {
    value: WebAssembly, writable: true, enumerable: false, configurable: true,
  })
}

// A global script, not a module or a function: the helpers declare globals and expect a sloppy `this`.
const evaluate = (path) => vm.runInThisContext(readFileSync(path, 'utf8'), { filename: path })
// Without a parent there is nobody to tell; and the error of a send would be uncaught, and so sent, without end.
const report = (message) => process.connected && process.send(message)
const fail = (message) => report({ kind: 'broken', message })

// A browser's harness takes either as a failure of the whole file; testharness.js cannot see them in Node.
process.on('unhandledRejection', (reason) => fail(`a promise was rejected and nothing handled it: ${reason}`))
process.on('uncaughtException', (error) => fail(`uncaught: ${error?.stack ?? error}`))

globalThis.self = globalThis // which testharness.js takes as the global object
evaluate(harness)
const { add_result_callback, add_completion_callback } = globalThis

add_result_callback(({ name, status, message, PASS }) => {
  report({ kind: 'subtest', name, message: status === PASS ? null : message ?? 'it was not run' })
})
add_completion_callback((_tests, { status, message, OK }) => {
  // Two subtests of one name are the file's fault and not the engine's.
  if (status !== OK && !message.includes('duplicate test name')) fail(message)
  // The process now ends by itself, as nothing listens to the parent: a test too, of what the engine leaves behind.
  report({ kind: 'complete' })
})

/** Imports a test file, which is named as a script is. */
async function importTest(path) {
  const test = pathToFileURL(path).href
  module.registerHooks?.({ load: (url, context, next) => next(url, url === test ? { ...context, format: 'module' } : context) })
  globalThis.setup({ explicit_done: true })
  await import(test)
  globalThis.done()
}

// No `await` with a script: testharness.js takes the file as loaded at the first microtask.
try {
  const last = kind === 'module' ? scripts.pop() : undefined
  for (const script of scripts) evaluate(script)
  if (last !== undefined) await importTest(last)
} catch (error) {
  fail(`the script threw: ${error?.stack ?? error}`)
}
