'use strict'
// What Node is given in place of a wasm file: the text of an ES module that imports
// what the wasm imports, instantiates it and exports what it exports. Node then
// resolves, orders and caches it like any other module.

const { closeSync, openSync, readSync, statSync } = require('node:fs')
const { fileURLToPath, pathToFileURL } = require('node:url')
const { noteAdvice } = require('./advice.cjs')

const runtime = pathToFileURL(require.resolve('./esm.mjs')).href
const quote = JSON.stringify

/** What a facade imports itself by; the resolve hook knows it. Node 22 must not take it for a URL. */
const SELF = '#wasmport:self'

/**
 * Whether a load hook answers for this URL: a file with the extension .wasm, whatever
 * query or hash follows; one without extension that is wasm; wasm in a data: URL.
 */
function isWasm(url, { format }) {
  if (!url.startsWith('file:')) return /^data:application\/wasm[;,]/i.test(url)
  const path = url.replace(/[?#].*/s, '')
  return path.endsWith('.wasm') || (!/\.[^/]*$/.test(path) && (format === 'wasm' || hasMagic(path)))
}

function hasMagic(url) {
  const start = Buffer.alloc(4)
  try {
    const path = fileURLToPath(url)
    // To open a pipe would be to wait for who writes to it.
    if (!statSync(path).isFile()) return false
    const file = openSync(path)
    try {
      readSync(file, start, 0, 4, 0)
    } finally {
      closeSync(file)
    }
  } catch {
    // Whoever loads it says what is wrong with it.
  }
  return start.latin1Slice() === '\0asm'
}

// Whoever registers the hooks pays for these with the first wasm file.
const binding = () => require('./binding.cjs')
const compile = url => require('./esm.cjs').compile(url)

/** Throws if a module cannot be an ES module. */
function check(module) {
  binding().checkFacade(module)
}

/** Whether that is so. */
function isRefused(module) {
  try {
    check(module)
    return false
  } catch {
    return true
  }
}

/** What a module imports and exports as an ES module. */
function interfaceOf(module) {
  return binding().facade(module)
}

/**
 * The source text of the ES module that stands for the wasm at `url`, which was compiled to `module`. `elsewhere` says
 * that it is evaluated on another thread.
 */
function facade(url, module, attributes, elsewhere = false) {
  const { imports: all, exports, replaced, registers, advice } = interfaceOf(module)
  if (advice) noteAdvice(url, advice)
  // An attribute that is refused is so by every import, whichever is evaluated first.
  require('./esm.cjs').optionsOf(url, attributes)
  // A module that is refused says so when it is evaluated, and nothing is evaluated before it. Elsewhere it
  // does not come to that, but an error of the hooks thread of Node 20 would arrive here without its class.
  const imports = isRefused(module) ? [] : all
  const live = exports.some(({ binding }) => binding === 'live') && !replaced
  // Any name can be imported and exported as a string, so each gets a numbered
  // local. There is no top-level await: require() could not wait for it.
  const lines = [
    `import { instantiate${live ? ', watch' : ''} } from ${quote(runtime)}`,
    // The object that other modules get when they import this one. By its URL other hooks might find another.
    `import * as self from ${quote(SELF)}`,
  ]
  for (const [n, { specifier, names }] of imports.entries()) {
    lines.push(`import * as i${n} from ${quote(specifier)}`)
    // That names a missing export before anything is evaluated, as the language has it.
    if (names.length > 0) lines.push(`import { ${names.map((name, m) => `${quote(name)} as i${n}_${m}`).join(', ')} } from ${quote(specifier)}`)
  }
  lines.push(
    `const url = ${quote(url)}`,
    'const namespace = instantiate(url, [',
    ...imports.map(({ specifier }, n) => `  [${quote(specifier)}, i${n}],`),
    `], { self, resolve: name => import.meta.resolve(name), attributes: ${quote(attributes ?? {})} })`,
  )
  if (replaced) {
    // What its names are is not known before it is there. require() gives the value itself.
    const names = registers ? require('./esm.cjs').registeredNames(url, attributes, elsewhere) : []
    for (const [n, name] of names.entries()) lines.push(`const e${n} = namespace[${quote(name)}]`)
    const named = names.map((name, n) => `, e${n} as ${quote(name)}`).join('')
    lines.push(`export { namespace as default, namespace as "module.exports"${named} }`)
  } else {
    for (const [n, { name, binding }] of exports.entries()) {
      if (binding === 'constant') lines.push(`const e${n} = namespace[${quote(name)}]`)
      else lines.push(`let e${n}`)
      if (binding === 'live') lines.push(`watch(url, ${quote(name)}, value => { e${n} = value })`)
    }
    lines.push(`export { ${exports.map(({ name }, n) => `e${n} as ${quote(name)}`).join(', ')} }`)
  }
  return `${lines.join('\n')}\n`
}

module.exports = { SELF, isWasm, compile, check, interfaceOf, facade }
