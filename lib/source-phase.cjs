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

// Space, and what counts as such.
const S = String.raw`(?:\s|\/\*[^]*?\*\/|\/\/.*\n)`
const QUOTED = String.raw`'[^']*'|"[^"]*"`
// Not the property of something that is called so.
const IMPORT = String.raw`(?<![\w$#.]|\.\s+)import`

const FORMS = new RegExp([
  // A declaration has one name before `from`: else it is a default import that is called source.
  String.raw`(?<declaration>${IMPORT}${S}+source${S}+(?!from${S}*['"])[\w$\\\u0080-\uffff]+${S}+from${S}*)(?<quoted>${QUOTED})`,
  String.raw`(?<call>${IMPORT}${S}*\.${S}*source${S}*\(${S}*)(?<literal>(?:${QUOTED}|\`[^\`$]*\`)(?=${S}*[,)]))?`,
  // What is imported to be evaluated.
  String.raw`(?<![\w$#.])(?:from|import${S}*\(|import)${S}*(?<evaluated>${QUOTED})`,
  // Comments, strings and templates, which may have in them what looks like an import.
  String.raw`\/\/.*|\/\*[^]*?\*\/|'(?:\\[^]|[^'\\\n])*'|"(?:\\[^]|[^"\\\n])*"|\`(?:\\[^]|[^\`\\])*\``,
].join('|'), 'g')

// The modules that compute such a specifier, by URL, each with the specifiers that it evaluates: all other wasm that
// it imports is a source.
const computing = new Map()
let resolving = false

/** The answer of the load hook for a JS module that has been read: its source phase imports are marked. */
exports.mark = function mark(url, loaded) {
  const text = typeof loaded.source === 'string' ? loaded.source : new TextDecoder().decode(loaded.source)
  // The word alone is in many modules.
  if (!/\bimport\b[^]{0,200}?\bsource\b/.test(text)) return loaded
  const evaluated = new Set()
  let computes = false
  const source = text.replace(FORMS, (all, ...rest) => {
    const found = rest.at(-1)
    if (found.evaluated !== undefined) evaluated.add(found.evaluated.slice(1, -1))
    const literal = found.quoted ?? found.literal
    if (found.call !== undefined && literal === undefined) computes = true
    if (literal === undefined) return all
    return `${found.declaration ?? found.call}${literal.slice(0, -1)}${MARK}${literal.at(-1)}`
  })
  if (computes) computing.set(url, evaluated)
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
  if (!marked && (computing.get(context.parentURL)?.has(specifier) ?? true)) return next(specifier, context)
  const resolved = next(marked ? specifier.slice(0, -MARK.length) : specifier, context)
  if (!isWasm(resolved.url, resolved)) return resolved
  return { ...resolved, url: `${resolved.url.replace(/#.*/s, '')}${MARK}` }
}

/** Whether a URL is that of a source. */
exports.isSource = function isSource(url) {
  return url.endsWith(MARK)
}
