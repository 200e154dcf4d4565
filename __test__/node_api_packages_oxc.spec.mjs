// The parser of Oxc, a Node-API addon from npm: strings in, large strings and objects out, on threads or not. What it
// returns is compared with what the same addon returns as native code.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { load } from '../index.js'
import { addon, moduleOf, noOther, requires, same, withAddon } from './fixtures/addons.mjs'
import { head, hooks, passes } from './fixtures/hooks.mjs'
import { root } from './fixtures/project.mjs'

const file = '@oxc-parser/binding-wasm32-wasi/parser.wasm32-wasi.wasm'
const theirs = await import(new URL('bindings.js', moduleOf('oxc-parser')).href)

const sources = [
  ['a.js', 'import a from "b" // c\nexport default a + 1n; /x/u; import("d"); import.meta'],
  ['a.ts', 'enum A { B }\nconst x: number = 1', { range: true }],
  ['a.d.ts', 'declare const x: 1'],
  ['a.jsx', '<a b={1}>é🙂\0</a>'],
  ['a.txt', 'const x: number = 1', { lang: 'ts', astType: 'ts' }],
  ['empty.js', ''],
  ['bad.js', 'let let = ;\n const'],
  ['late.js', 'return 1', { sourceType: 'module', showSemanticErrors: true }],
]

const all = ({ program, module, comments, errors }) => ({ program, module, comments, errors })

test('parses, sync and async, and says what is wrong', async () => {
  const ours = await load(addon(file))
  for (const each of sources) {
    const sync = await same(({ parseSync }) => all(parseSync(...each)), ours, theirs)
    const async = await same(async ({ parse }) => all(await parse(...each)), ours, theirs)
    assert.deepEqual(async, sync)
    assert.equal(JSON.parse(sync.program).node.type, 'Program')
    assert.equal(sync.errors.length, ['bad.js', 'late.js'].includes(each[0]) ? 1 : 0, each[0])
  }
  const { module, comments } = ours.parseSync(...sources[0])
  assert.deepEqual([module.staticImports.length, module.dynamicImports.length, module.importMetas.length], [1, 1, 1])
  assert.deepEqual(comments, [{ type: 'Line', value: ' c', start: 18, end: 22 }])
})

test('large sources', async () => {
  const ours = await load(addon(file))
  const types = readFileSync(join(root, 'node_modules/typescript/lib/lib.es5.d.ts'), 'utf8')
  const { errors } = await same(async ({ parse }) => all(await parse('lib.d.ts', types)), ours, theirs)
  assert.deepEqual(errors, [])
  const generated = 'call(function (a, b) { return [a + b, `${a}-${b}`, { a, ...b }] })\n'.repeat(5000)
  const { program } = await same(async ({ parse }) => all(await parse('generated.js', generated)), ours, theirs)
  assert.equal(JSON.parse(program).node.body.length, 5000)
})

test('many at once', async () => {
  const ours = await load(addon(file))
  const results = await Promise.all(Array.from({ length: 40 }, (_, n) => ours.parse('a.js', `${'name'.repeat(n + 1)}()`)))
  const names = results.map(({ program }) => JSON.parse(program).node.body[0].expression.callee.name.length)
  assert.deepEqual(names, Array.from({ length: 40 }, (_, n) => 4 * (n + 1)))
})

test('its class, and its errors', async () => {
  const ours = await load(addon(file))
  assert.ok(ours.parseSync('a.js', '') instanceof ours.ParseResult)
  for (const act of [
    ({ ParseResult }) => new ParseResult(),
    ({ ParseResult }) => Reflect.get(ParseResult.prototype, 'program', {}),
    ({ parseSync }) => parseSync(1, 2),
    ({ parseSync }) => parseSync('a.js'),
    ({ parse }) => parse('a.js'),
    ({ parseSync }) => parseSync('a.js', '', { lang: 1 }),
  ]) assert.ok((await same(act, ours, theirs)).message, String(act))
})

test('by require', () => {
  requires(file, `
    const program = ({ program }) => JSON.parse(program).node.body[0].type
    assert.equal(program(addon.parseSync('a.js', 'if (a) b()')), 'IfStatement')
    assert.equal(program(await addon.parse('a.ts', 'interface A {}')), 'TSInterfaceDeclaration')`)
})

test('under the JavaScript of its package, which is told where the addon is', () => {
  const made = withAddon(file, {
    'main.mjs': `
      ${head}
      import { parse, parseSync, Visitor } from ${JSON.stringify(moduleOf('oxc-parser'))}
      const { program, comments } = parseSync('a.ts', 'const x: bigint = 12n // c')
      assert.deepEqual([program.body[0].declarations[0].init.value, comments[0].value], [12n, ' c'])
      const calls = []
      new Visitor({ CallExpression: node => calls.push(node.callee.name) }).visit((await parse('a.js', 'f(g())')).program)
      assert.deepEqual(calls, ['f', 'g'])
      ${noOther}`,
  })
  passes(made, [...hooks, 'main.mjs'], { env: { NAPI_RS_NATIVE_LIBRARY_PATH: join(made.dir, 'parser.wasm32-wasi.wasm') } })
})
