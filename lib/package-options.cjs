'use strict'
// The options of a wasm file that is imported or required, where there is no call
// to pass them in: import attributes, or the field "wasmport" of the package.json
// that Node takes the file to belong to.

const { existsSync, readFileSync, realpathSync } = require('node:fs')
const { basename, dirname, join, relative, sep } = require('node:path')
const { checkObject, typeError } = require('./check.cjs')
const { readWasi } = require('./wasi-options.cjs')

/**
 * The options of `load` for the wasm file at `path`, which is null for one that is
 * no file. `attributes` are those of the import.
 */
function importOptions(path, attributes = {}) {
  const wasi = attributeOptions(path, attributes) ?? (path === null ? undefined : packageOptions(path))
  return { wasi: wasi ?? readWasi(undefined, 'wasi', 'load') }
}

function attributeOptions(path, attributes) {
  const place = path ?? 'a data: URL'
  for (const name of Object.keys(attributes)) {
    if (name === 'wasi') continue
    throw typeError(
      name === 'type'
        ? `Import of ${place}: a wasm module is imported without the attribute "type"; got "${attributes.type}". Leave it out.`
        : `Import of ${place}: unknown import attribute "${name}". Valid here: wasi.`,
    )
  }
  const { wasi } = attributes
  if (wasi === undefined) return undefined
  return within(`Import of ${place}, import attribute "wasi"`, () => readWasi(parse(wasi), 'wasi', 'load'))
}

/** What the package says for the file; undefined if nothing. */
function packageOptions(path) {
  const scope = scopeOf(dirname(path))
  if (scope === undefined) return undefined
  const subpath = `./${relative(scope.directory, path).split(sep).join('/')}`
  return scope.entries.find(({ pattern }) => matches(pattern, subpath))?.wasi
}

// What is known of the package that a directory belongs to, by directory.
const scopes = new Map()

// Looked for as Node looks for "type" and "imports": upwards, and never from the
// inside of node_modules to the outside.
function scopeOf(directory) {
  if (scopes.has(directory)) return scopes.get(directory)
  const parent = dirname(directory)
  let scope
  if (basename(directory) !== 'node_modules') {
    scope = readPackage(directory) ?? (parent === directory ? undefined : scopeOf(parent))
  }
  scopes.set(directory, scope)
  return scope
}

function readPackage(directory) {
  const file = join(directory, 'package.json')
  let text
  try {
    text = readFileSync(file, 'utf8')
  } catch {
    // Like Node: one that cannot be read, or is a directory, is none.
    return undefined
  }
  return within(file, () => ({ directory, entries: readField(parse(text.replace(/^\ufeff/, ''))?.wasmport ?? {}, directory) }))
}

// All of the field is checked, so that a mistake shows whichever file is imported.
function readField(field, directory) {
  checkObject(field, 'wasmport')
  const entries = Object.entries(field).map(([pattern, options]) => {
    const where = `wasmport[${JSON.stringify(pattern)}]`
    if (!/^\.\/[^*]*\*?[^*]*$/.test(pattern) || pattern.endsWith('/')) {
      throw typeError(`"${where}" must be the path of a file that starts with "./", with one "*" in it at most, such as "./*.wasm".`)
    }
    checkObject(options, where)
    if ('imports' in options) {
      throw typeError(
        `"${where}.imports" cannot be given in package.json: what an imported file imports are modules, found as Node finds them. ` +
          'Provide modules of these names, or call load() with imports.',
      )
    }
    checkObject(options, where, ['wasi'])
    const wasi = readWasi(options.wasi, `${where}.wasi`, 'load', directory)
    if (directory.split(sep).includes('node_modules')) checkOwn(wasi, `${where}.wasi`, directory)
    return { pattern, wasi }
  })
  return entries.sort((a, b) => compare(a.pattern, b.pattern))
}

/**
 * A package that was installed can give away what is its own, and nothing else of the machine:
 * directories inside of it, and what reaches nothing (arguments, variables, clocks, a seed, threads).
 */
function checkOwn({ preopens, listen, ...wasi }, where, directory) {
  const refuse = (option, why) =>
    typeError(
      `"${where}.${option}" ${why}. The program that uses the package can give it by load() or by an import attribute.`,
    )
  if (listen.length > 0) throw refuse('network', 'cannot be given by a package in node_modules')
  for (const stream of ['stdin', 'stdout', 'stderr']) {
    if (typeof wasi[stream] === 'number') throw refuse(stream, 'cannot be a file descriptor in a package in node_modules')
  }
  for (const { guest, host } of preopens) {
    const path = existsSync(host) ? realpathSync(host) : host
    if (`${path}${sep}`.startsWith(`${directory}${sep}`)) continue
    throw refuse(`preopens[${JSON.stringify(guest)}]`, `must be a directory inside of the package, which is in node_modules; got ${path}`)
  }
}

/** Whether a subpath pattern as in "exports" is for this subpath; its "*" is one character or more. */
function matches(pattern, subpath) {
  const star = pattern.indexOf('*')
  if (star < 0) return pattern === subpath
  return subpath.length >= pattern.length && subpath.startsWith(pattern.slice(0, star)) && subpath.endsWith(pattern.slice(star + 1))
}

/** The more specific pattern first: an exact one, then by what stands before the "*", then by all of it. */
function compare(a, b) {
  const base = pattern => (pattern.indexOf('*') + 1 || Infinity)
  return base(a) === base(b) ? b.length - a.length : base(b) - base(a)
}

function parse(text) {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw typeError(`not valid JSON (${error.message}).`)
  }
}

/** Does `read`, and says in its error what was read. */
function within(place, read) {
  try {
    return read()
  } catch (error) {
    throw typeError(`${place}: ${error.message}`)
  }
}

module.exports = { importOptions }
