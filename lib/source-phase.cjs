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
// Comments, strings and templates come first, so that what only looks like an import in them is left alone.
const TEXT = /\/\/.*|\/\*[^]*?\*\/|'(?:\\[^]|[^'\\\n])*'|"(?:\\[^]|[^"\\\n])*"|`(?:\\[^]|[^`\\])*`/
const STATIC = /(?<declaration>\bimport\s+source\s+[^'"`;]+?\sfrom\s*)(?<quoted>'[^']*'|"[^"]*")/
const DYNAMIC = /(?<call>\bimport\s*\.\s*source\s*\(\s*)(?<literal>(?:'[^']*'|"[^"]*"|`[^`$]*`)(?=\s*[,)]))?/
const FORMS = new RegExp([TEXT, STATIC, DYNAMIC].map(({ source }) => source).join('|'), 'g')

// The modules that compute such a specifier: all wasm that they import is a source.
const computing = new Set()
let resolving = false

/** The answer of the load hook for a JS module that has been read: its source phase imports are marked. */
exports.mark = function mark(url, loaded) {
  const text = typeof loaded.source === 'string' ? loaded.source : new TextDecoder().decode(loaded.source)
  // The word alone is in many modules.
  if (!/\bimport[\s.]+source\b/.test(text)) return loaded
  let computes = false
  const source = text.replace(FORMS, (all, ...rest) => {
    const { declaration, quoted, call, literal = quoted } = rest.at(-1)
    if (call !== undefined && literal === undefined) computes = true
    if (literal === undefined) return all
    return `${declaration ?? call}${literal.slice(0, -1)}${MARK}${literal.at(-1)}`
  })
  if (computes) computing.add(url)
  else if (source === text) return loaded
  if (!resolving) {
    // A resolve hook costs every import something, so there is none before it is needed.
    resolving = true
    registerHooks({ resolve })
  }
  return { ...loaded, source }
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
