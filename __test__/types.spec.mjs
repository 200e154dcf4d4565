// The declarations in index.d.ts say what the API takes and gives: a use of all of it compiles, misuse does not,
// nothing is declared that does not exist or the other way round, and every error code is documented.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync, readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import * as wasmport from 'wasmport'

const require = createRequire(import.meta.url)
const root = fileURLToPath(new URL('..', import.meta.url))
const fixture = fileURLToPath(new URL('fixtures/types.mts', import.meta.url))

test('a use of the whole API compiles, each marked misuse is an error', () => {
  const { status, stdout } = spawnSync(process.execPath, [
    require.resolve('typescript/bin/tsc'), '--noEmit', '--strict', '--target', 'es2023', '--lib', 'es2023,esnext.disposable',
    '--module', 'nodenext', '--types', 'node', fixture,
  ], { encoding: 'utf8' })
  assert.equal(status, 0, stdout)
})

test('what is declared is what is exported', () => {
  const declared = [...readFileSync(require.resolve('../index.d.ts'), 'utf8').matchAll(/^export (?:(?:declare )?(?:function|const) |\{ )(\w+)/gm)]
  const exported = Object.keys(wasmport).filter((key) => key !== 'default' && key !== 'module.exports')
  assert.deepEqual([...new Set(declared.map(([, name]) => name))].sort(), exported.sort())
})

test('every error code is declared, and explained in the README', () => {
  const codes = (text) => [...new Set(text.match(/\bERR_WASMPORT_[A-Z_]+/g))].sort()
  const read = (path) => readFileSync(join(root, path), 'utf8')
  const files = (directory, extension) => readdirSync(join(root, directory), { recursive: true })
    .filter((file) => file.endsWith(extension)).map((file) => read(join(directory, file)))
  const sources = [...files('src', '.rs'), ...files('lib', '.cjs'), ...files('lib', '.mjs')]
  const made = codes(sources.join())
  const [, declared] = read('index.d.ts').match(/^export type ErrorCode =$([^]*?)\n\n/m)
  assert.deepEqual(codes(declared), made)
  assert.deepEqual(codes(read('README.md')), made)
})
