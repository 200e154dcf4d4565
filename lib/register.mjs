// Makes `import` and `require` take .wasm files, in every module that is loaded
// from here on: node --import wasmport/register app.mjs

import module, { createRequire } from 'node:module'

// Importing CommonJS takes longer than to require it, and what is required here waits
// for the first wasm file: programs without one pay for this file alone.
const require = createRequire(import.meta.url)
const own = new URL('.', import.meta.url).href

if (module.registerHooks) {
  const hasSourcePhase = Number(process.versions.node.split('.', 1)[0]) >= 24

  module.registerHooks({
    load(url, context, next) {
      const answer = isScript(url) ? undefined : require('./hooks.cjs').load(url, context)
      if (answer !== undefined) return answer
      const loaded = next(url, context)
      // What is required here comes by here as well.
      if (url.startsWith(own)) return loaded
      return hasSourcePhase && mayHaveSourcePhase(loaded) ? require('./source-phase.cjs').mark(loaded) : loaded
    },
  })
} else {
  // Node 20 runs the hooks of import on a thread of their own and has none for
  // require(), which has a table of extensions instead.
  module.register('./off-thread.mjs', import.meta.url)
  module._extensions['.wasm'] = (...args) => require('./require.cjs').loadModule(...args)
}

/** Whether a URL is plainly that of something else than wasm. */
function isScript(url) {
  return /^[^?#]*\.(?:[cm]?[jt]s|json|node)(?:[?#]|$)|^node:/.test(url)
}

/** Whether the word is in a text that Node has just read, most often as bytes. */
function mayHaveSourcePhase({ format, source }) {
  if (!format?.startsWith('module') && !format?.startsWith('commonjs')) return false
  if (typeof source === 'string' || Buffer.isBuffer(source)) return source.includes('source')
  return source !== null && source !== undefined
}
