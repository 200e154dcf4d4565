'use strict'
// What to do about a wasm module whose imports cannot be found, because they are
// meant to come of code that its toolchain makes beside it.

const { fileURLToPath } = require('node:url')

// By the URL of the module.
const advices = new Map()

/** Notes what to say of the module at `url`. */
function noteAdvice(url, advice) {
  advices.set(url, advice)
}

/** The error for a specifier that Node cannot resolve for the module at `url`. */
function addAdvice(error, specifier, url) {
  if (!advices.has(url)) return error
  const file = url.startsWith('file:') ? fileURLToPath(url) : url
  const text = `${file}: imports from ${JSON.stringify(specifier)}, which cannot be found. ${advices.get(url)}`
  const link = new globalThis.WebAssembly.LinkError(text, { cause: error })
  return Object.assign(link, { code: 'ERR_WASMPORT_LINK', file, importModule: specifier })
}

module.exports = { noteAdvice, addAdvice }
