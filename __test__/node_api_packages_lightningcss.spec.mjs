// lightningcss-wasm, a Node-API addon from npm that asks for two functions besides, which its user gives it: random bytes,
// and await_promise_sync. By the latter its driver lets bundleAsync wait for promises. It unwinds the guest for that, by
// the instance's own asyncify_* and memory, which the exports of an addon do not have among them; so what is here is all
// but bundleAsync, and bundle with what is there at once.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { load } from '../index.js'
import { addon, native, same, withAddon } from './fixtures/addons.mjs'
import { cjs, hooks, passes } from './fixtures/hooks.mjs'
import './fixtures/scratch.mjs'
import { check } from './helpers.mjs'

const file = 'lightningcss-wasm/lightningcss_node.wasm'
const theirs = native('lightningcss')

// The random bytes are for tables of hashes. Here they are left to be what is in the memory.
const given = {
  __getrandom_v03_custom() {},
  await_promise_sync() { throw new TypeError('a promise, where a string is needed at once') },
}
const imports = { env: given }

const sheet = `.a { color: red; &:hover { color: lab(40% 56.6 39) } background: url(x.png) }
@media (width >= 240px) { .b { user-select: none; content: "ä" } }`

const transform = (options, code = sheet) => addon =>
  addon.transform({ filename: 'a.css', code: Buffer.from(code), ...options })

test('transforms style sheets', async () => {
  const ours = await load(addon(file), { imports })
  for (const options of [
    {},
    { minify: true },
    { targets: { safari: 13 << 16 } },
    { sourceMap: true, minify: true },
    { cssModules: true },
    { cssModules: { pattern: '[hash]-[local]', dashedIdents: true } },
    { analyzeDependencies: true },
    { drafts: { customMedia: true }, pseudoClasses: { hover: 'is-hovered' } },
  ]) assert.ok((await same(transform(options), ours, theirs)).code.length > 0)
  const { code } = ours.transform({ filename: 'a.css', code: new TextEncoder().encode(sheet), minify: true })
  assert.ok(Buffer.isBuffer(code))
  assert.equal(String(code), '.a{color:red;&:hover{color:lab(40% 56.6 39)}background:url(x.png)}'
    + '@media (width>=240px){.b{user-select:none;content:"ä"}}')
  const attribute = await same(addon => addon.transformStyleAttribute({ code: Buffer.from('color: yellow'), minify: true }), ours, theirs)
  assert.equal(String(attribute.code), 'color:#ff0')
})

test('a large one', async () => {
  const ours = await load(addon(file), { imports })
  const rule = (_, n) => `.rule-${n} { margin: ${n}px calc(1px + ${n}px); color: rgb(${n % 256} 0 0) }`
  const large = Array.from({ length: 5000 }, rule).join('\n')
  assert.ok((await same(transform({ minify: true, sourceMap: true }, large), ours, theirs)).code.length > 100_000)
})

test('visitors are called, and change what they visit', async () => {
  const ours = await load(addon(file), { imports })
  const visits = ({ transform }) => {
    const seen = []
    const { code } = transform({
      filename: 'a.css',
      code: Buffer.from(sheet),
      visitor: {
        Color(color) { seen.push(color.type); if (color.type === 'rgb') return { ...color, g: 255 } },
        Url: url => ({ ...url, url: `https://example.com/${url.url}` }),
        Rule: { style: (rule) => { seen.push(rule.value.selectors.length); return rule } },
      },
    })
    return { code, seen }
  }
  const { code } = await same(visits, ours, theirs)
  assert.match(String(code), /https:\/\/example\.com\/x\.png/)
  const fails = () => { throw new TypeError('by the visitor') }
  const { message } = await same(transform({ visitor: { Color: fails } }), ours, theirs)
  assert.equal(message, 'by the visitor')
})

test('errors are the ones of the native addon', async () => {
  const ours = await load(addon(file), { imports })
  const whole = ({ fileName, loc, data, source, ...error }) => [error.name, error.message, fileName, loc, data, source]
  for (const code of ['.a { color: ]; } .b {', '@media { .b { composes: a } }']) {
    const errors = [ours, theirs].map((each) => {
      try {
        return assert.fail(String(transform({ cssModules: true }, code)(each).code))
      } catch (error) {
        assert.equal(error.constructor, SyntaxError, error)
        return whole(error)
      }
    })
    assert.deepEqual(...errors)
  }
  const { warnings } = await same(transform({ errorRecovery: true }, '.a { color: ]; } .b { width: 1px'), ours, theirs)
  assert.equal(warnings.length, 1)
  await same(addon => addon.transform({ code: 1 }), ours, theirs)
})

test('bundles files that JavaScript reads', async () => {
  const ours = await load(addon(file), { imports })
  const files = { '/a.css': '@import "./b.css"; .a { color: red }', '/b.css': '.b { color: blue }' }
  const options = { filename: '/a.css', minify: true, resolver: { read: path => files[path], resolve: specifier => specifier.slice(1) } }
  const bundled = ours.bundle(options)
  assert.equal(String(bundled.code), '.b{color:#00f}.a{color:red}')
  assert.deepEqual({ ...bundled }, { ...await theirs.bundleAsync(options) })
  const missing = { ...options, resolver: { ...options.resolver, read() { throw new RangeError('not there') } } }
  assert.throws(() => ours.bundle(missing), { message: 'not there' })
  // The native one waits for promises on a thread. Here it is the user's function that is asked to.
  const promises = { ...options, resolver: { ...options.resolver, read: async path => files[path] } }
  assert.throws(() => ours.bundle(promises), { name: 'TypeError', message: 'a promise, where a string is needed at once' })
})

test('what its user does not give is an error that names it', async () => {
  for (const missing of Object.keys(given)) {
    const { [missing]: _, ...others } = given
    const error = await load(addon(file), { imports: { env: others } }).then(() => assert.fail('it was loaded'), caught => caught)
    check(error, Error, { code: 'ERR_WASMPORT_LINK', importModule: 'env', importName: missing })
  }
})

test('by require, where a module of JavaScript is its env', () => {
  const made = withAddon(file, {
    'node_modules/env/index.js': `
      exports.__getrandom_v03_custom = () => {}
      exports.await_promise_sync = () => { throw new Error('a promise') }`,
    'main.cjs': `${cjs}
      const { transform } = require('./lightningcss_node.wasm')
      const { code } = transform({ filename: 'a.css', code: Buffer.from('.a { color: yellow }'), minify: true })
      assert.equal(String(code), '.a{color:#ff0}')`,
  })
  passes(made, [...hooks, 'main.cjs'])
})
