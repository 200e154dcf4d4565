// Holds the frame of docs/architecture.md: who may call whom, where `unsafe` may stand, how long a file may be, and that the
// commands and files the documents name exist.
import assert from 'node:assert/strict'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))

// From top to bottom. A room may use what stands on a lower line, never what stands beside it or above.
const LINES = [
  ['lib'],
  ['run'],
  ['loader'],
  ['guest'],
  ['js_api', 'wasi', 'node_api', 'component'],
  ['memory', 'value'],
  ['store'],
  ['module'],
  ['code_cache', 'limits'],
  ['engine'],
  ['error'],
  ['ffi'],
]
// RATIONALE.md says why `value` and `code_cache` are among them.
const UNSAFE_ROOMS = ['ffi', 'store', 'memory', 'node_api', 'value', 'code_cache']
const MAX_LINES = 600
// How far above its `unsafe` a SAFETY comment may begin: its own length, and a statement that starts before the block.
const SAFETY_REACH = 12

const lineOf = new Map(LINES.flatMap((rooms, line) => rooms.map((room) => [room, line])))

function* files(directory, extensions) {
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name)
    if (entry.isDirectory()) {
      if (!['node_modules', 'target', '.git'].includes(entry.name)) yield* files(path, extensions)
    } else if (extensions.some((extension) => entry.name.endsWith(extension))) {
      yield path
    }
  }
}

const name = (path) => relative(root, path).split(sep).join('/')

/** A Rust source with its comments and literals blanked out, line for line, so that only code is found in it. */
function code(source) {
  const hidden = /\/\/[^\n]*|\/\*[^]*?\*\/|b?r(#*)"[^]*?"\1|b?"(?:\\[^]|[^"\\])*"|b?'(?:\\.[^']*|[^'\\\n])'/g
  return source.replace(hidden, (text) => text.replace(/[^\n]/g, ' '))
}

/** The first names of the paths in a `use` tree: of `{a::b, c}` these are a and c. */
function firstNames(tree) {
  if (!tree.startsWith('{')) return tree.match(/^(?:r#)?(\w+)/)?.slice(1) ?? []
  const names = []
  let depth = 0
  let start = 1
  for (let i = 0; i < tree.length; i++) {
    if (tree[i] === '{') depth++
    if (tree[i] === '}') depth--
    if (depth === 0 || (depth === 1 && tree[i] === ',')) {
      names.push(...firstNames(tree.slice(start, i).trim()))
      start = i + 1
    }
    if (depth === 0) break
  }
  return names
}

const rust = [...files(join(root, 'src'), ['.rs'])].map((path) => {
  const source = readFileSync(path, 'utf8')
  const parts = relative(join(root, 'src'), path).replace(/\.rs$/, '').split(sep)
  // How many `super::` lead from the file's module to the crate: src/room.rs and src/room/mod.rs one, src/room/x.rs two.
  const depth = parts.at(-1) === 'mod' ? parts.length - 1 : parts.length
  return { path: name(path), room: parts[0], depth, source, code: code(source) }
})

test('a room uses only rooms below it', () => {
  const wrong = []
  for (const { path, room, depth, code } of rust) {
    if (!lineOf.has(room)) wrong.push(`${path}: docs/architecture.md knows no room '${room}'`)
    for (const { 1: way, index } of code.matchAll(/\b(crate::|(?:super::)+)/g)) {
      const names = firstNames(code.slice(index + way.length))
      const fromCrate = way === 'crate::'
      if (!fromCrate && way.length / 'super::'.length < depth) continue
      for (const used of names) {
        const at = `${path}:${code.slice(0, index).split('\n').length}`
        if (used === room) continue
        if (!lineOf.has(used)) {
          // What `super::` leads to may be the file itself, from a module inside it.
          if (fromCrate) wrong.push(`${at}: 'crate::${used}' is no room; lib.rs has no logic to use`)
        } else if (lineOf.get(used) <= lineOf.get(room)) {
          wrong.push(`${at}: '${room}' uses '${used}', which does not stand below it`)
        }
      }
    }
  }
  assert.deepEqual(wrong, [])
})

test('unsafe stands only where it may, and says why it holds', () => {
  const wrong = []
  for (const { path, room, source, code } of rust) {
    const lines = source.split('\n')
    for (const { index, 1: what } of code.matchAll(/\bunsafe\b\s*(\{|impl\b|\()?/g)) {
      const line = code.slice(0, index).split('\n').length
      if (!UNSAFE_ROOMS.includes(room)) wrong.push(`${path}:${line}: no unsafe in '${room}'`)
      const near = lines.slice(Math.max(0, line - 1 - SAFETY_REACH), line).join('\n')
      if (what && !near.includes('SAFETY:')) wrong.push(`${path}:${line}: no // SAFETY: near it`)
    }
  }
  assert.deepEqual(wrong, [])
})

test('the init section knows neither Node nor Wasmtime', () => {
  const manifest = readFileSync(join(root, 'crates/init-section/Cargo.toml'), 'utf8')
  const dependencies = manifest.match(/^\[dependencies\]$([^[]*)/m)?.[1] ?? ''
  assert.doesNotMatch(dependencies, /^\s*(napi|wasmtime)/m)
})

test(`no source file is longer than ${MAX_LINES} lines`, () => {
  const long = []
  for (const path of files(root, ['.rs', '.js', '.cjs', '.mjs', '.ts', '.mts'])) {
    const { length } = readFileSync(path, 'utf8').split('\n')
    if (length > MAX_LINES + 1) long.push(`${name(path)}: ${length - 1} lines`)
  }
  assert.deepEqual(long, [])
})

test('every command that the documents name exists', () => {
  const { scripts, bin } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  for (const document of ['README.md', 'CONTRIBUTING.md']) {
    const text = readFileSync(join(root, document), 'utf8')
    for (const [, script] of text.matchAll(/\bnpm run ([\w-]+)/g)) {
      assert.ok(scripts[script], `${document} names 'npm run ${script}'`)
    }
    for (const [, command] of text.matchAll(/\bnpx (\w+)/g)) assert.ok(bin[command], `${document} names 'npx ${command}'`)
  }
  assert.ok(scripts.test)
  for (const path of Object.values(bin)) assert.ok(existsSync(join(root, path)), path)
})

test('every link in the documents leads to a file', () => {
  for (const path of files(root, ['.md'])) {
    for (const [, target] of readFileSync(path, 'utf8').matchAll(/\]\((?!https?:)([^)#]+)/g)) {
      assert.ok(existsSync(join(dirname(path), target)), `${name(path)} links to ${target}`)
    }
  }
})
