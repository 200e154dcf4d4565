// The bundler Rolldown, the largest Node-API addon from npm: an async runtime and a pool of threads of its own in the
// guest, files read and written by them, and plugins in JavaScript that they wait for.

import assert from 'node:assert/strict'
import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe, test } from 'node:test'
import { load } from '../index.js'
import { addon, moduleOf, native, noOther, same, withAddon } from './fixtures/addons.mjs'
import { head, hooks, passes } from './fixtures/hooks.mjs'
import { writeModules } from './fixtures/modules.mjs'
import { project } from './fixtures/project.mjs'
import { scratch } from './fixtures/scratch.mjs'

const file = '@rolldown/binding-wasm32-wasi/rolldown-binding.wasm32-wasi.wasm'
const rolldown = moduleOf('rolldown')

const sources = {
  'src/main.ts': `
    import { used } from './lib.js'
    import { v } from 'virtual:x'
    import text from './note.txt'
    import data from './data.json'
    enum Level { Low, High = 3 }
    console.log(used(Level.High as number), v, text, data.list.join())
    import('./lazy.js').then(({ default: late }) => console.log(late))`,
  'src/lib.js': 'export const used = x => x * 2; export const unused = () => "never"',
  'src/lazy.js': 'export default "late"',
  'src/data.json': '{"list":[1,2]}',
  'src/note.txt': 'ä note',
  'src/bad.js': 'import "./missing.js"\nimport { nope } from "./lib.js"\nnope()',
  'src/wrong.js': 'let let = 1',
}

/** What directory a guest sees as what, writable. */
const granting = directory => ({ preopens: { [directory]: directory } })

describe('the binding by itself', () => {
  const made = scratch(sources)

  /** Bundles, with no plugin: the namespace of the binding is all that is used. */
  const bundle = (input, outputOptions) => async ({ BindingBundler, BindingLogLevel, startAsyncRuntime, shutdownAsyncRuntime }) => {
    startAsyncRuntime()
    const bundler = new BindingBundler()
    const externals = []
    try {
      const { isBindingErrors, errors, chunks } = await bundler.generate({
        inputOptions: {
          cwd: made,
          input: [{ import: input }],
          plugins: [],
          logLevel: BindingLogLevel.Silent,
          onLog() {},
          external: (id) => { externals.push(id); return id === 'virtual:x' },
          moduleTypes: { txt: 'text' },
        },
        outputOptions: { format: 'es', plugins: [], dir: 'out', ...outputOptions },
      })
      if (isBindingErrors) return errors.map(({ type, field0 }) => [type, field0.kind, field0.message])
      return {
        chunks: chunks.map(chunk => [chunk.getFileName(), chunk.getCode(), chunk.getImports(), chunk.getExports()]),
        externals: externals.filter(id => !id.includes('lazy')).sort(),
        watched: (await bundler.getWatchFiles()).sort(),
      }
    } finally {
      await bundler.close()
      assert.equal(bundler.closed, true)
      shutdownAsyncRuntime()
    }
  }

  test('bundles a project, and asks JavaScript meanwhile', async () => {
    const [ours, theirs] = [await load(addon(file), { wasi: granting(made) }), await nativeBinding()]
    const { chunks: [[name, code], [, lazy]], externals, watched } = await same(bundle('src/main.ts'), ours, theirs)
    assert.equal(name, 'main.js')
    assert.match(code, /ä note/)
    assert.doesNotMatch(code, /never/)
    assert.match(lazy, /late/)
    assert.ok(externals.includes('virtual:x') && watched.length === 5)
    await same(bundle('src/main.ts', { format: 'cjs', minify: true, sourcemap: 'inline' }), ours, theirs)
    assert.ok((await same(bundle('src/bad.js'), ours, theirs)).length > 0)
  })

  test('transforms and minifies', async () => {
    const [ours, theirs] = [await load(addon(file)), await nativeBinding()]
    const source = 'enum A { B }\nexport const x: number = A.B + 1'
    for (const act of [
      ({ transformSync }) => transformSync('a.ts', source, { sourcemap: true }),
      ({ transform }) => transform('a.ts', source, { target: 'es2015' }),
      ({ minify }) => minify('a.js', 'let  a = 1 + 1; console.log(a)'),
      ({ parse }) => parse('a.js', 'a()').then(({ program }) => program),
      ({ isolatedDeclarationSync }) => isolatedDeclarationSync('a.ts', source),
    ]) assert.ok(await same(act, ours, theirs), String(act))
  })

  /** The native binding for this machine: the package looks for it, and hands on what it found. */
  async function nativeBinding() {
    const name = readdirSync(addon('@rolldown')).find(each => each.startsWith(`binding-${process.platform}-${process.arch}`))
    return native(`@rolldown/${name}`)
  }
})

describe('under the JavaScript of its package, which is told where the addon is', () => {
  const begin = `
    ${head}
    import { createHash } from 'node:crypto'
    import { stripVTControlCharacters } from 'node:util'
    import { rolldown } from ${JSON.stringify(rolldown)}
    const cwd = process.argv[2]
  `

  /** A project of `files` in `app`, which is all that is granted of it, and a function that runs a script in it. */
  function bundler(files) {
    const inApp = Object.fromEntries(Object.entries(files).map(([path, content]) => [`app/${path}`, content]))
    const made = withAddon(file, { wasi: dir => granting(join(dir, 'app')), ...inApp })
    const app = join(made.dir, 'app')
    const env = { NAPI_RS_NATIVE_LIBRARY_PATH: join(made.dir, basename(file)) }
    const written = () => {
      const out = join(app, 'out')
      if (!existsSync(out)) return null
      const contents = readdirSync(out).sort().map(name => [name, readFileSync(join(out, name), 'utf8')])
      rmSync(out, { recursive: true })
      return contents
    }
    /** What a script prints, and writes to `out`: the same with the native addon and with ours. */
    function both(main) {
      writeFileSync(join(made.dir, 'native.mjs'), begin + main)
      writeFileSync(join(made.dir, 'ours.mjs'), begin + main + noOther)
      const expected = [passes(made, ['native.mjs', app]), written()]
      assert.deepEqual([passes(made, [...hooks, 'ours.mjs', app], { env }), written()], expected)
      return expected
    }
    return { app, both, env, made }
  }

  test('bundles with a plugin, whose hooks are called from threads, and writes files', () => {
    const { both } = bundler(sources)
    const [output, files] = both(`
      const called = new Set()
      const plugin = {
        name: 'virtual',
        buildStart() { called.add('buildStart') },
        resolveId(id) { called.add('resolveId'); if (id === 'virtual:x') return '\\0x' },
        async load(id) { called.add('load'); await null; if (id === '\\0x') return 'export const v = 42' },
        transform: {
          filter: { id: /\\.txt$/ },
          handler(code) { return { code: 'export default ' + JSON.stringify(code), moduleType: 'js', map: { mappings: '' } } },
        },
        async renderChunk(code) { called.add('renderChunk'); return { code: '// banner\\n' + code, map: null } },
        generateBundle(_, bundle) {
          called.add('generateBundle')
          this.emitFile({ type: 'asset', fileName: 'names.json', source: JSON.stringify(Object.keys(bundle).sort()) })
        },
      }
      const bundle = await rolldown({ cwd, input: 'src/main.ts', plugins: [plugin] })
      const { output } = await bundle.write({ dir: 'out', sourcemap: true })
      await bundle.close()
      console.log(JSON.stringify([output.map(({ type, fileName, exports, imports, modules }) =>
        [type, fileName, exports, imports, modules && Object.keys(modules)]), [...called].sort()]))`)
    assert.match(output, /"generateBundle","load","renderChunk","resolveId"/)
    assert.deepEqual(files.map(([name]) => name.replace(/-\w+/, '')), ['lazy.js', 'lazy.js.map', 'main.js', 'main.js.map', 'names.json'])
    const bundled = project({ 'package.json': '{"type":"module"}', ...Object.fromEntries(files) })
    assert.equal(passes(bundled, ['main.js']), '6 42 ä note 1,2\nlate\n')
  })

  test('bundles hundreds of modules, and minifies them', () => {
    const { app, both } = bundler({})
    const entry = writeModules(app, 200)
    const [output] = both(`
      for (const minify of [false, true]) {
        const bundle = await rolldown({ cwd, input: ${JSON.stringify(`./${entry}`)} })
        const { output: [{ code, modules }] } = await bundle.generate({ minify })
        await bundle.close()
        console.log(Object.keys(modules).length, code.length, createHash('sha256').update(code).digest('hex'))
      }`)
    assert.match(output, /^200 /)
  })

  test('errors are the ones of the native addon', () => {
    const { both } = bundler(sources)
    const [output] = both(`
      for (const input of ['src/wrong.js', 'src/bad.js', 'src/none.js']) {
        const bundle = await rolldown({ cwd, input, logLevel: 'silent' })
        await assert.rejects(bundle.generate(), (error) => {
          console.log(error.name, error.errors.map(({ code, message }) => [code, stripVTControlCharacters(message)]))
          return true
        })
        await bundle.close()
      }
      const plugin = { name: 'fails', load() { throw new TypeError('by the plugin') } }
      const bundle = await rolldown({ cwd, input: 'src/lib.js', plugins: [plugin], logLevel: 'silent' })
      await assert.rejects(bundle.generate(), (error) => {
        console.log(error.errors.map(({ message }) => message)) // all that napi-rs keeps of it in wasm
        return true
      })
      await bundle.close()`)
    for (const code of ['PARSE_ERROR', 'UNRESOLVED_IMPORT', 'UNRESOLVED_ENTRY', 'by the plugin']) assert.match(output, new RegExp(code))
  })

  test('sees what it is granted, and nothing else', () => {
    const { app, env, made } = bundler({ 'main.js': 'import "../secret.js"' })
    writeFileSync(join(made.dir, 'secret.js'), 'console.log("secret")')
    writeFileSync(join(made.dir, 'main.mjs'), `${begin}
      const bundle = await rolldown({ cwd, input: 'main.js', logLevel: 'silent' })
      console.log(await bundle.generate().then(({ output: [{ code }] }) => code, error => error.errors[0].code))
      await bundle.close()`)
    assert.match(passes(made, ['main.mjs', app]), /secret/)
    assert.equal(passes(made, [...hooks, 'main.mjs', app], { env }), 'UNRESOLVED_IMPORT\n')
  })
})
