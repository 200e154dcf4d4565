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
// Comments, strings and templates, which may have in them what looks like code.
const TEXT = String.raw`\/\/.*|\/\*[^]*?\*\/|'(?:\\[^]|[^'\\\n])*'|"(?:\\[^]|[^"\\\n])*"|\`(?:\\[^]|[^\`\\])*\``

const FORMS = new RegExp([
  // A declaration has one name before `from`: else it is a default import that is called source.
  String.raw`(?<declaration>${IMPORT}${S}+source${S}+(?!from${S}*['"])[\w$\\\u0080-\uffff]+${S}+from${S}*(?:${QUOTED}))`,
  String.raw`(?<call>${IMPORT}${S}*\.${S}*source${S}*\()`,
  TEXT,
].join('|'), 'g')
const BRACKETS = new RegExp(String.raw`${TEXT}|[(){}[\],]`, 'g')

let resolving = false

/** The answer of the load hook for a JS module that has been read: its source phase imports are marked. */
exports.mark = function mark(loaded) {
  const text = typeof loaded.source === 'string' ? loaded.source : new TextDecoder().decode(loaded.source)
  const source = markText(text)
  if (source === text) return loaded
  if (!resolving) {
    // A resolve hook costs every import something, so there is none before it is needed.
    resolving = true
    registerHooks({ resolve })
  }
  return { ...loaded, source }
}

function markText(text) {
  let marked = ''
  let done = 0
  const insert = (at, what) => {
    marked += text.slice(done, at) + what
    done = at
  }
  for (const { 0: found, index, groups } of text.matchAll(FORMS)) {
    const end = index + found.length
    if (groups.declaration !== undefined) {
      insert(end - 1, MARK)
    } else if (groups.call !== undefined && index >= done) {
      const close = endOfArgument(text, end)
      if (close === undefined) continue
      insert(end, '(')
      insert(close, `) + "${MARK}"`)
    }
  }
  return marked + text.slice(done)
}

/** Where the first argument ends of a call whose arguments start at `start`. */
function endOfArgument(text, start) {
  let depth = 0
  BRACKETS.lastIndex = start
  for (let found; (found = BRACKETS.exec(text)?.[0]) !== undefined;) {
    if ('([{'.includes(found)) depth++
    else if (found === ',' ? depth === 0 : ')]}'.includes(found) && depth-- === 0) return BRACKETS.lastIndex - 1
  }
  return undefined
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
