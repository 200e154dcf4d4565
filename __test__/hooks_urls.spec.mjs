// Which file an import of a .wasm file means: Node's own resolution, with URLs that are no plain paths of .wasm files.

import assert from 'node:assert/strict'
import { symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { cjs, head, hooks, passes } from './fixtures/hooks.mjs'
import { assemble, project } from './fixtures/project.mjs'

/** A module that exports `id`, a number, and a counter that tells instances apart. */
const counting = id => `(module (global $n (mut i32) (i32.const 0)) (global (export "id") i32 (i32.const ${id}))
  (func (export "count") (result i32) (global.set $n (i32.add (global.get $n) (i32.const 1))) (global.get $n)))`

describe('packages', () => {
  const made = project({
    'package.json': '{"imports":{"#one":"./one.wasm","#parts/*":"./parts/*.wasm","#by":{"special":"./two.wasm","default":"./one.wasm"}}}',
    'one.wasm': counting(1),
    'two.wasm': counting(2),
    'parts/a.wasm': counting(3),
    'node_modules/lib/package.json': JSON.stringify({
      name: 'lib',
      exports: {
        '.': { import: './import.wasm', require: './require.wasm' },
        './by': { special: './special.wasm', node: './node.wasm', default: './import.wasm' },
      },
    }),
    'node_modules/lib/import.wasm': counting(10),
    'node_modules/lib/require.wasm': counting(11),
    'node_modules/lib/node.wasm': counting(12),
    'node_modules/lib/special.wasm': counting(13),
    'node_modules/main/package.json': '{"name":"main","main":"./main.wasm"}',
    'node_modules/main/main.wasm': counting(20),
    'main.mjs': `${head}
      import { id as one } from '#one'
      import { id as a } from '#parts/a'
      import { id as by } from '#by'
      import { id as lib } from 'lib'
      import { id as node } from 'lib/by'
      import { id as main } from 'main'
      console.log(one, a, by, lib, node, main)`,
    'main.cjs': `${cjs}
      console.log(...['#one', '#parts/a', '#by', 'lib', 'lib/by', 'main'].map(name => require(name).id))`,
    'resolve.mjs': `${head}
      assert.equal(import.meta.resolve('lib/by'), new URL('node_modules/lib/node.wasm', import.meta.url).href)
      assert.equal((await import(import.meta.resolve('lib/by'))).id, 12)`,
    'private.mjs': `${head}
      await assert.rejects(import('lib/import.wasm'), { code: 'ERR_PACKAGE_PATH_NOT_EXPORTED' })`,
  })
  const check = (args, output) => assert.equal(passes(made, [...hooks, ...args]), output)
  test('imports, exports, patterns and main, by import', () => check(['main.mjs'], '1 3 1 10 12 20\n'))
  test('the same by require', () => check(['main.cjs'], '1 3 1 11 12 20\n'))
  test('conditions of the command line', () => {
    check(['-C', 'special', 'main.mjs'], '1 3 2 10 13 20\n')
    check(['-C', 'special', 'main.cjs'], '1 3 2 11 13 20\n')
  })
  test('import.meta.resolve', () => check(['resolve.mjs'], ''))
  test('what a package does not export is not there', () => check(['private.mjs'], ''))

  test('what a .wasm file imports is resolved from that file', () => {
    passes(project({
      'node_modules/lib/package.json': '{"name":"lib","exports":{".":"./self.wasm","./x":"./files/x.wasm"},"imports":{"#inner":"./inner.wasm"}}',
      'node_modules/lib/self.wasm': counting(1),
      'node_modules/lib/inner.wasm': counting(2),
      'node_modules/lib/files/x.wasm': `(module
        (import "lib" "id" (global $self i32)) (import "#inner" "id" (global $inner i32))
        (import "../up.mjs" "up" (global $up i32)) (import "dep" "id" (global $dep i32))
        (func (export "ids") (result i32 i32 i32 i32) (global.get $self) (global.get $inner) (global.get $up) (global.get $dep)))`,
      'node_modules/lib/up.mjs': 'export const up = 3',
      'node_modules/lib/node_modules/dep/package.json': '{"exports":"./dep.wasm"}',
      'node_modules/lib/node_modules/dep/dep.wasm': counting(4),
      'main.mjs': `${head}
        import { ids } from 'lib/x'
        assert.deepEqual(ids(), [1, 2, 3, 4])`,
    }), 'main.mjs')
  })
})

describe('queries and hashes', () => {
  test('make an instance each; the file is one', () => {
    passes(project({
      'a.wasm': counting(1),
      'b.wasm': '(module (import "./a.wasm?inner=x.mjs" "count" (func $count (result i32))) (func (export "inner") (result i32) (call $count)))',
      'main.mjs': `${head}
        import { count } from './a.wasm'
        import { count as query } from './a.wasm?x=1'
        import { count as hash } from './a.wasm#part'
        import { count as tricky } from './a.wasm?file=/b.wasm#c.mjs'
        import { count as inner } from './a.wasm?inner=x.mjs'
        import { inner as through } from './b.wasm'
        assert.deepEqual([count(), count(), query(), hash(), tricky()], [1, 2, 1, 1, 1])
        assert.deepEqual([inner(), through(), inner()], [1, 2, 3])
        assert.equal((await import('./a.wasm?x=1')).count, query)`,
    }), 'main.mjs')
  })

  test('a JS file is JS, whatever its query says', () => {
    passes(project({
      'f.mjs': 'export const f = import.meta.url',
      'main.mjs': `${head}
        const { f } = await import('./f.mjs?x=.wasm')
        assert.ok(f.endsWith('?x=.wasm'))`,
    }), 'main.mjs')
  })
})

describe('paths', () => {
  test('percent-encoded, and of any characters', () => {
    passes(project({
      'a b.wasm': counting(1), 'ünï 🎯.wasm': counting(2), 'a#b.wasm': counting(3), 'a?b.wasm': counting(4), '100%.wasm': counting(5),
      'ordner ä/c.wasm': counting(6), "it's $(x) `y` ${z}.wasm": counting(7), 'new\nline.wasm': counting(8),
      'main.mjs': `${head}
        import { id as space } from './a b.wasm'
        import { id as same } from './a%20b.wasm'
        import { id as unicode } from './ünï 🎯.wasm'
        import { id as encoded } from './%C3%BCn%C3%AF%20%F0%9F%8E%AF.wasm'
        import { id as hash } from './a%23b.wasm'
        import { id as question } from './a%3Fb.wasm'
        import { id as percent } from './100%25.wasm'
        import { id as directory } from './ordner ä/c.wasm'
        import { id as quotes } from "./it's $(x) \`y\` \${z}.wasm"
        import { id as line } from './new%0Aline.wasm'
        assert.deepEqual([space, same, unicode, encoded, hash, question, percent, directory, quotes, line], [1, 1, 2, 2, 3, 4, 5, 6, 7, 8])`,
    }), 'main.mjs')
  })

  test('of any characters, by require', () => {
    passes(project({
      'a b.wasm': counting(1), 'ünï 🎯.wasm': counting(2), 'a#b.wasm': counting(3), 'a?b.wasm': counting(4), '100%.wasm': counting(5),
      'main.cjs': `${cjs}
        assert.deepEqual(['a b', 'ünï 🎯', 'a#b', 'a?b', '100%'].map(name => require('./' + name + '.wasm').id), [1, 2, 3, 4, 5])`,
    }), 'main.cjs')
  })

  test('symbolic links: one instance for the file, or one for each link with --preserve-symlinks', () => {
    const made = project({
      'real.wasm': counting(1),
      'one.mjs': `${head}
        import { count } from './real.wasm'
        import { count as link } from './link.wasm'
        assert.equal(count, link)`,
      'two.mjs': `${head}
        import { count } from './real.wasm'
        import { count as link } from './link.wasm'
        assert.deepEqual([count(), count(), link()], [1, 2, 1])`,
      'one.cjs': `${cjs}
        assert.equal(require('./real.wasm').count, require('./link.wasm').count)`,
    })
    symlinkSync('real.wasm', join(made.dir, 'link.wasm'))
    passes(made, 'one.mjs')
    passes(made, 'one.cjs')
    passes(made, ['--preserve-symlinks', ...hooks, 'two.mjs'])
  })

  test('a file without extension', () => {
    const made = project({
      'package.json': '{"type":"module"}',
      one: assemble(counting(1)),
      'main.js': `${head}
        import { count } from './one'
        import { one } from './two.wasm'
        assert.deepEqual([count(), one()], [1, 2])`,
      'two.wasm': '(module (import "./one" "count" (func $count (result i32))) (func (export "one") (result i32) (call $count)))',
    })
    passes(made, 'main.js')
  })
})

describe('data: URLs', () => {
  const url = text => `data:application/wasm;base64,${assemble(text).toString('base64')}`
  const twice = '(module (func (export "twice") (param i32) (result i32) (i32.mul (local.get 0) (i32.const 2))))'
  const js = 'data:text/javascript,export%20const%20f%20=%20()%20=%3E%207'

  test('are modules as files are', () => {
    passes(project({
      'main.mjs': `${head}
        import { twice } from '${url(twice)}'
        import { g } from '${url(`(module (import "${js}" "f" (func $f (result i32))) (import "node:process" "uptime" (func $up (result f64)))
          (func (export "g") (result i32) (if (f64.lt (call $up) (f64.const 0)) (then unreachable)) (call $f)))`)}'
        import { count } from '${url(counting(1))}'
        assert.deepEqual([twice(21), g(), count()], [42, 7, 1])
        assert.equal((await import('${url(counting(1))}')).count, count)`,
    }), 'main.mjs')
  })

  test('percent-encoded, with parameters', () => {
    const encoded = [...assemble(twice)].map(byte => `%${byte.toString(16).padStart(2, '0')}`).join('')
    passes(project({
      'main.mjs': `${head}
        import { twice } from 'data:application/wasm,${encoded}'
        assert.equal(twice(4), 8)`,
    }), 'main.mjs')
  })

  test('are imported by .wasm files', () => {
    passes(project({
      'a.wasm': `(module (import "${url(twice)}" "twice" (func $twice (param i32) (result i32)))
        (func (export "four") (param i32) (result i32) (call $twice (call $twice (local.get 0)))))`,
      'main.mjs': `${head}
        import { four } from './a.wasm'
        assert.equal(four(3), 12)`,
    }), 'main.mjs')
  })

  test('what is wrong in them is an error as in a file', () => {
    passes(project({
      'main.mjs': `${head}
        const load = url => import(url).then(() => assert.fail('no error'), error => error)
        const text = await load('data:application/wasm;base64,aGVsbG8=')
        assert.ok(text.name === 'CompileError' && text.code === 'ERR_WASMPORT_NOT_WASM', text.stack)
        const link = await load('${url('(module (import "node:process" "version" (func)))')}')
        assert.ok(link instanceof WebAssembly.LinkError, link.stack)
        assert.deepEqual([link.importModule, link.importName], ['node:process', 'version'])
        assert.ok(link.message.length < 500, 'the URL is not all of the message')`,
    }), 'main.mjs')
  })
})
