'use strict'
// `import source m from './x.wasm'` and `import.source()`, on Node 24 and newer.
//
// No hook is told the phase of an import, and Node keeps one module for each URL:
// what answers as an ES module has no source. So the specifiers of these imports are
// marked in the text that has them, and what they lead to gets a URL of its own,
// which Node's own loader answers for, with the WebAssembly that is then global.

const { registerHooks } = require('node:module')
// The build of it that is JS: the other needs WebAssembly, which may be ours.
const { parse } = require('es-module-lexer/minimal/js')
const { isWasm } = require('./facade.cjs')

const MARK = '#source-phase'

let resolving = false

/** The answer of the load hook for a JS module that has been read: its source phase imports are marked. */
exports.mark = function mark(loaded) {
  const text = typeof loaded.source === 'string' ? loaded.source : new TextDecoder().decode(loaded.source)
  const marks = marksFor(text)
  if (marks.length === 0) return loaded
  if (!resolving) {
    // A resolve hook costs every import something, so there is none before it is needed.
    resolving = true
    registerHooks({ resolve })
  }
  let [source, done] = ['', 0]
  for (const [at, what] of marks) {
    source += text.slice(done, at) + what
    done = at
  }
  return { ...loaded, source: source + text.slice(done) }
}

// What the lexer calls the two forms.
const STATIC = 4
const DYNAMIC = 5

/** What is to be inserted and where, in order. */
function marksFor(text) {
  // The word alone is in many modules.
  if (!/\bimport\b[^]{0,200}?\bsource\b/.test(text)) return []
  let imports
  try {
    [imports] = parse(text)
  } catch {
    // Node says what is wrong with it.
    return []
  }
  const marks = imports.flatMap(({ t: form, s: start, e: end }) => {
    if (form === STATIC) return [[end, MARK]]
    if (form === DYNAMIC) return [[start, '('], [end, `) + "${MARK}"`]]
    return []
  })
  // One may be in the specifier of another.
  return marks.sort(([a], [b]) => a - b)
}

function resolve(specifier, context, next) {
  if (!specifier.endsWith(MARK)) return next(specifier, context)
  const resolved = next(specifier.slice(0, -MARK.length), context)
  if (!isWasm(resolved.url, resolved)) return resolved
  return { ...resolved, url: `${resolved.url.replace(/#.*/s, '')}${MARK}` }
}

/** Whether a URL is that of a source. */
exports.isSource = function isSource(url) {
  return url.endsWith(MARK)
}
