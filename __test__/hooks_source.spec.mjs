// Beyond `import` declarations: the module itself by the source phase, dynamic import, and the instance behind a namespace.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { cjs, fails, head, hooks, needs, passes } from './fixtures/hooks.mjs'
import { project } from './fixtures/project.mjs'

const counter = `(module
  (import "./log.mjs" "log" (func $log (param i32)))
  (global $count (export "count") (mut i32) (i32.const 0))
  (func (export "add") (global.set $count (i32.add (global.get $count) (i32.const 1))) (call $log (global.get $count))))`
const log = 'export const seen = []\nexport const log = n => { seen.push(n) }'

describe('source phase', { skip: needs.sourcePhase }, () => {
  const made = project({
    'counter.wasm': counter,
    'log.mjs': log,
    'text.wasm': Buffer.from('no wasm'),
    'static.mjs': `${head}
      import source module from './counter.wasm'
      import { seen } from './log.mjs'
      assert.ok(module instanceof WebAssembly.Module)
      assert.deepEqual(WebAssembly.Module.exports(module).map(({ name }) => name), ['count', 'add'])
      const { exports } = new WebAssembly.Instance(module, { './log.mjs': { log: n => seen.push(-n) } })
      exports.add()
      assert.deepEqual([exports.count.value, seen], [1, [-1]])`,
    'dynamic.mjs': `${head}
      const module = await import.source('./counter.wasm')
      assert.ok(module instanceof WebAssembly.Module)
      assert.equal(await import.source('./counter.wasm'), module)
      assert.notEqual(await import.source('./counter.wasm?other'), module)`,
    'ours.mjs': `${head}
      import { WebAssembly as ours } from 'wasmport'
      import source module from './counter.wasm'
      assert.ok(module instanceof ours.Module)
      assert.equal(ours, WebAssembly)`,
    // Is not evaluated for its source: its imports are not even there.
    'unevaluated.wasm': '(module (import "./nowhere.mjs" "f" (func)) (func $start unreachable) (start $start))',
    'unevaluated.mjs': `${head}
      import source module from './unevaluated.wasm'
      assert.deepEqual(WebAssembly.Module.imports(module).map(({ name }) => name), ['f'])`,
    'both.mjs': `${head}
      import source module from './counter.wasm'
      import source same from './counter.wasm'
      import * as ns from './counter.wasm'
      import { add, count } from './counter.wasm'
      assert.ok(module instanceof WebAssembly.Module)
      assert.equal(module, same)
      add()
      assert.deepEqual([count, ns.count], [1, 1])`,
    'apart.mjs': `${head}
      import { module } from './takes-source.mjs'
      import { add, count } from './takes-instance.mjs'
      assert.ok(module instanceof WebAssembly.Module)
      add()
      assert.equal(count, 1)
      assert.equal((await import('./counter.wasm')).count, 1)
      assert.equal(await import.source('./counter.wasm'), module)`,
    'takes-source.mjs': 'import source module from "./counter.wasm"\nexport { module }',
    'takes-instance.mjs': 'export * from "./counter.wasm"',
    'after.mjs': `${head}
      const { add } = await import('./counter.wasm')
      add()
      const module = await import.source('./counter.wasm')
      assert.ok(module instanceof WebAssembly.Module)
      assert.equal((await import('./counter.wasm')).count, 1)`,
    'common.cjs': `${cjs}
      import.source('./counter.wasm').then(module => assert.ok(module instanceof WebAssembly.Module))`,
    'packages.mjs': `${head}
      import source one from 'lib/wasm'
      import source two from '#two'
      import { add } from 'lib/wasm'
      assert.ok(one instanceof WebAssembly.Module && two instanceof WebAssembly.Module)
      assert.equal(add(), 1)`,
    'package.json': '{"imports":{"#two":"./counter.wasm"}}',
    'node_modules/lib/package.json': '{"exports":{"./wasm":"./lib.wasm"}}',
    'node_modules/lib/lib.wasm': '(module (func (export "add") (result i32) (i32.const 1)))',
    'named.mjs': `${head}
      import source from './default.wasm'
      import { source as other } from './source.mjs'
      const text = \`import source m from './counter.wasm'\`.length
      assert.deepEqual([source, other, text], [5, 6, 37])`,
    'default.wasm': '(module (global (export "default") i32 (i32.const 5)))',
    'source.mjs': 'export const source = 6',
    'computed.mjs': `${head}
      const file = name => './' + name + '.wasm'
      assert.ok(await import.source(file('counter')) instanceof WebAssembly.Module)`,
    'broken.mjs': 'import source module from "./text.wasm"',
    'js.mjs': 'import source module from "./log.mjs"',
  })
  const global = [...hooks, '--import', 'wasmport/global']
  const cases = {
    static: 'a declaration', dynamic: 'import.source()', unevaluated: 'of what is not instantiated', both: 'with an instance for the same module',
    apart: 'with an instance for another module', after: 'after the instance', packages: 'of packages', computed: 'of a computed specifier',
  }
  for (const [file, what] of Object.entries(cases)) {
    test(`${what}: a Module of the global WebAssembly`, () => { passes(made, `${file}.mjs`) })
    test(`${what}: ours, where that is the global one`, () => { passes(made, [...global, `${file}.mjs`]) })
  }
  test('in CommonJS', () => { passes(made, 'common.cjs') })
  test('and not what is merely named source', () => { passes(made, 'named.mjs') })
  test('is a Module of our WebAssembly', () => { passes(made, [...global, 'ours.mjs']) })
  test('what is no module is a CompileError that names the file', () => {
    const stderr = fails(made, 'broken.mjs')
    assert.match(stderr, /CompileError/)
    assert.match(stderr, /text\.wasm/)
  })
  test('a JS module has no source: Node\'s SyntaxError', () => {
    assert.match(fails(made, 'js.mjs'), /SyntaxError.*[Ss]ource phase/)
  })
})

describe('dynamic import', () => {
  const made = project({
    'counter.wasm': counter,
    'log.mjs': log,
    'lazy.cjs': 'exports.load = () => import("./counter.wasm")',
    'flaky.wasm': '(module (import "./flaky.mjs" "f" (func $f)) (start $f))',
    'flaky.mjs': 'export let calls = 0\nexport const f = () => { calls++; throw new Error("mine") }',
    'main.mjs': `${head}
      import * as ns from './counter.wasm'
      import { load } from './lazy.cjs'
      const all = await Promise.all([import('./counter.wasm'), import('./counter.wasm'), load()])
      for (const one of all) assert.equal(one, ns)`,
    'order.mjs': `${head}
      import { seen } from './log.mjs'
      const loading = import('./counter.wasm')
      assert.deepEqual(seen, [])
      const { add } = await loading
      add()
      assert.deepEqual(seen, [1])`,
    'again.mjs': `${head}
      const errors = await Promise.all([0, 1].map(() => import('./flaky.wasm').then(() => assert.fail(), error => error)))
      assert.equal(errors[0], errors[1])
      assert.equal((await import('./flaky.mjs')).calls, 1)`,
  })
  test('from ES modules and CommonJS: the namespace of the one instance', () => { passes(made, 'main.mjs') })
  test('when it is asked for', () => { passes(made, 'order.mjs') })
  test('what failed stays failed, and is not tried again', () => { passes(made, 'again.mjs') })
})

describe('WebAssembly.namespaceInstance', () => {
  const made = project({
    'counter.wasm': counter,
    'log.mjs': log,
    'reexport.mjs': 'export * from "./counter.wasm"',
    'main.mjs': `${head}
      import { WebAssembly } from 'wasmport'
      import * as ns from './counter.wasm'
      import * as other from './counter.wasm?other'
      import * as js from './log.mjs'
      import * as reexport from './reexport.mjs'
      const instance = WebAssembly.namespaceInstance(ns)
      assert.ok(instance instanceof WebAssembly.Instance)
      assert.equal(WebAssembly.namespaceInstance(ns), instance)
      assert.equal(WebAssembly.namespaceInstance(await import('./counter.wasm')), instance)
      assert.notEqual(WebAssembly.namespaceInstance(other), instance)
      assert.deepEqual(Object.keys(instance.exports), ['count', 'add'])
      assert.ok(Object.isFrozen(instance.exports))
      assert.equal(instance.exports.add, ns.add)
      instance.exports.add()
      assert.deepEqual([ns.count, instance.exports.count.value, other.count], [1, 1, 0])
      for (const value of [{}, null, undefined, 42, 'text', [], () => {}, js, reexport, instance, Object.create(ns), { ...ns }]) {
        assert.throws(() => WebAssembly.namespaceInstance(value), TypeError)
      }
      assert.throws(() => WebAssembly.namespaceInstance(), TypeError)
      assert.deepEqual([WebAssembly.namespaceInstance.name, WebAssembly.namespaceInstance.length], ['namespaceInstance', 1])
      // Its exports are what an instance made by hand can import.
      const module = new WebAssembly.Module(new Uint8Array(${JSON.stringify([0, 97, 115, 109, 1, 0, 0, 0, 2, 8, 1, 1, 97, 1, 98, 3, 127, 1])}))
      new WebAssembly.Instance(module, { a: { b: instance.exports.count } })`,
  })
  test('is the one instance behind a namespace, and of nothing else', () => { passes(made, 'main.mjs') })
})
