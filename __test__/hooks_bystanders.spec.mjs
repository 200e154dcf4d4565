// What the hooks leave alone, and what they must get along with.

import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { cjs, head, hooks, needs, passes } from './fixtures/hooks.mjs'
import { project, root } from './fixtures/project.mjs'

const one = '(module (func (export "default") (result i32) (i32.const 1)) (func (export "one") (result i32) (i32.const 1)))'

describe('names and texts that look like a source phase import', { skip: needs.sourcePhase }, () => {
  test('a property that is called import.source', () => {
    const calls = `const config = { import: { source: specifier => specifier } }
      assert.equal(config.import.source('./table.csv'), './table.csv')
      assert.equal(config?.import.source("./a.wasm"), './a.wasm')
      assert.equal(config. import . source('./a.wasm'), './a.wasm')`
    passes(project({ 'main.mjs': head + calls }), 'main.mjs')
    passes(project({ 'main.cjs': cjs + calls }), 'main.cjs')
  })

  test('a default import that is called source, however it is written', () => {
    passes(project({
      'one.wasm': one,
      'a.mjs': 'import source   from "./one.wasm"\nexport { source }',
      'b.mjs': 'import source\n  from "./one.wasm"\nexport { source }',
      'c.mjs': 'import source /* of it */ from "./one.wasm"\nexport { source }',
      'd.mjs': 'import source , { one } from "./one.wasm"\nexport { source, one }',
      'main.mjs': `${head}
        for (const name of ['a', 'b', 'c', 'd']) assert.equal((await import(\`./\${name}.mjs\`)).source(), 1)`,
    }), 'main.mjs')
  })

  test('strings, templates and comments', () => {
    passes(project({
      'main.mjs': `${head}
        // import source x from './a.wasm'
        /* import.source('./b.wasm') */
        assert.equal("import source x from './a.wasm'".length, 31)
        assert.equal(\`import.source('./b.wasm')\`.length, 25)`,
    }), 'main.mjs')
  })

  test('beside a computed source, what is imported to be evaluated is', () => {
    passes(project({
      'one.wasm': one,
      'main.mjs': `${head}
        import { one } from './one.wasm'
        const name = 'one'
        const module = await import.source('./' + (name === ')' ? '' : name) + '.wasm' /* not more ) */)
        assert.ok(module instanceof WebAssembly.Module)
        assert.equal(await import.source(name ? './one.wasm' : ''), module)
        assert.equal(one(), 1)
        assert.equal((await import('./one.wasm')).one, one)`,
    }), 'main.mjs')
  })
})

describe('other hooks', { skip: needs.syncHooks }, () => {
  test('that give each import a URL of its own', () => {
    passes(project({
      'one.wasm': one,
      'unique.mjs': `import { registerHooks } from 'node:module'
        let count = 0
        registerHooks({
          resolve(specifier, context, next) {
            const resolved = next(specifier, context)
            if (!resolved.url.startsWith('file:') || resolved.url.includes('/lib/')) return resolved
            if (++count > 50) throw new Error('there is no end of it')
            return { ...resolved, url: \`\${resolved.url}?\${count}\` }
          },
        })`,
      'main.mjs': `${head}
        import { one } from './one.wasm'
        assert.equal(one(), 1)`,
    }), [...hooks, '--import', './unique.mjs', 'main.mjs'])
  })
})

describe('files', () => {
  test('a pipe without extension is not waited for', { skip: process.platform === 'win32' && 'this system has no mkfifo' }, () => {
    const { dir } = project({})
    const pipe = join(dir, 'pipe')
    execFileSync('mkfifo', [pipe])
    // In a process of its own, which can be ended if it does wait.
    const { status, stderr } = spawnSync(process.execPath, ['-e', `
      const { isWasm } = require(${JSON.stringify(join(root, 'lib/facade.cjs'))})
      process.exitCode = isWasm(${JSON.stringify(pathToFileURL(pipe).href)}, {}) ? 1 : 0`], { encoding: 'utf8', timeout: 60_000 })
    assert.equal(status, 0, stderr)
  })

  test('a package.json that begins with a byte order mark', () => {
    passes(project({
      'one.wasm': one,
      'package.json': '\ufeff{"wasmport":{}}',
      'main.mjs': `${head}
        import { one } from './one.wasm'
        assert.equal(one(), 1)`,
    }), 'main.mjs')
  })

  test('a file that has changed since it could not be linked', () => {
    passes(project({
      'one.wasm': '(module (import "./empty.mjs" "f" (func)))',
      'good.wasm': one,
      'empty.mjs': '',
      'main.mjs': `${head}
        import { copyFileSync } from 'node:fs'
        await assert.rejects(import('./one.wasm'), SyntaxError)
        copyFileSync('good.wasm', 'one.wasm')
        assert.equal((await import('./one.wasm?again')).one(), 1)`,
    }), 'main.mjs')
  })

  test('more modules than Wasmtime has in a store by default', () => {
    passes(project({
      'one.wasm': one,
      'main.mjs': `${head}
        for (let n = 0; n < 10_050; n++) {
          const { one } = await import(\`./one.wasm?\${n}\`)
          if (n > 10_000) assert.equal(one(), 1)
        }`,
    }), [...hooks, 'main.mjs'], { timeout: 240_000 })
  })
})
