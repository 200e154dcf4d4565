'use strict'
// `import source m from './x.wasm'` and `import.source()`, on Node 24 and newer.
//
// No hook is told the phase of an import, and Node keeps one module for each URL:
// what answers as an ES module has no source. So the specifiers of these imports are
// marked in the text that has them, and what they lead to gets a URL of its own,
// which Node's own loader answers for, with the WebAssembly that is then global.

const { registerHooks } = require('node:module')
const { isWasm } = require('./facade.cjs')

const MARK = '#source-phase'
const STATIC = /(\bimport\s+source\s+[^'"`;]+?\sfrom\s*)(['"])(.*?)\2/gs
const DYNAMIC = /(\bimport\s*\.\s*source\s*\(\s*)(['"`])([^'"`$]*)\2(?=\s*[,)])/g
const COMPUTED = /\bimport\s*\.\s*source\s*\(\s*(?!['"`][^'"`$]*['"`]\s*[,)])/

// The modules that compute such a specifier: all wasm that they import is a source.
const computing = new Set()
let resolving = false

/** The answer of the load hook for a JS module that has been read: its source phase imports are marked. */
exports.mark = function mark(url, loaded) {
  const text = typeof loaded.source === 'string' ? loaded.source : new TextDecoder().decode(loaded.source)
  const source = text.replace(STATIC, addMark).replace(DYNAMIC, addMark)
  if (COMPUTED.test(text)) computing.add(url)
  else if (source === text) return loaded
  if (!resolving) {
    // A resolve hook costs every import something, so there is none before it is needed.
    resolving = true
    registerHooks({ resolve })
  }
  return { ...loaded, source }
}

function addMark(_, before, quote, specifier) {
  return `${before}${quote}${specifier}${MARK}${quote}`
}

function resolve(specifier, context, next) {
  const marked = specifier.endsWith(MARK)
  if (!marked && !computing.has(context.parentURL)) return next(specifier, context)
  const resolved = next(marked ? specifier.slice(0, -MARK.length) : specifier, context)
  if (!isWasm(resolved.url, resolved)) return resolved
  return { ...resolved, url: `${resolved.url.replace(/#.*/s, '')}${MARK}` }
}

/** Whether a URL is that of a source. */
exports.isSource = function isSource(url) {
  return url.endsWith(MARK)
}
