// Every example runs and prints what it should, and the README shows them as they are; what it shows of a terminal is
// what is printed there.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync, readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { needs } from './fixtures/hooks.mjs'
import { project } from './fixtures/project.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const examples = join(root, 'examples')
// The first flag is for Node before 20.19, see examples/import.mjs.
const hook = ['--experimental-detect-module', '--import', 'wasmport/register']
// Before it, what makes V8's WebAssembly refuse to run anything: so it is ours that does.
const global = ['--import', '../__test__/fixtures/glue/v8-refused.mjs', '--import', 'wasmport/global']

/** What each example prints, the flags that it needs, and why it is skipped where it is. */
const EXPECTED = {
  'load.mjs': { output: /^wasm was given 14\nand returned 42\n$/ },
  'run.mjs': { output: /^0 export function add\(\w,\w\)\{return \w\+\w\}\n\n$/ },
  'files.mjs': { output: /Hello, \$\{\w+\}!/ },
  'streams.mjs': { output: /^export const add = \(\w+, \w+\) => \w+ \+ \w+;\n0 null\n$/ },
  'ask.mjs': { output: /^export function greet[^]*a bundler leaves this out'\n}\n$/ },
  'node-wasi.mjs': { output: /^Hello, Ada!\n$/ },
  'import.mjs': { flags: hook, output: /^\d+( \d+)+\nOne wasm, two wasm\.\n$/ },
  'options.mjs': { flags: hook, output: /^(Hello, Grace!\n){2}$/ },
  'source.mjs': { flags: hook, skip: needs.sourcePhase, output: /^42\n$/ },
  'require.cjs': { flags: hook, output: /^42\n$/ },
  'addon.mjs': { flags: hook, output: /^\$argon2id\$v=19 true\n$/ },
  'inspect.mjs': { output: /"service": "host",\s+"memory": "memory"/ },
  'webassembly.mjs': { output: /^ONE MEMORY after 1 call\nnothing to do for nobody\n$/ },
  'global.mjs': { flags: global, output: /^a PNG of 600 by 600 pixels, \d{4} bytes\n$/ },
  'host-memory.mjs': { output: /^Hello from linear memory!\n$/ },
  'demo.mjs': { output: /minify[^]*bundle[^]*encode[^]*decode[^]*Hello from linear memory!/ },
}

for (const [file, { flags = [], skip = false, output }] of Object.entries(EXPECTED)) {
  test(`examples/${file}`, { skip }, () => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [...flags, file], { cwd: examples, encoding: 'utf8' })
    assert.equal(status, 0, stderr)
    assert.match(stdout, output)
  })
}

test('every example is tested', () => {
  assert.deepEqual(readdirSync(examples).filter((file) => /\.[cm]js$/.test(file)).sort(), Object.keys(EXPECTED).sort())
})

const readme = readFileSync(join(root, 'README.md'), 'utf8')

test('the README shows the examples as they are', () => {
  const shown = [...readme.matchAll(/<!-- (examples\/\S+) -->\n```js\n([^]*?)```/g)]
  assert.ok(shown.length > 0)
  for (const [, file, text] of shown) assert.equal(text, readFileSync(join(root, file), 'utf8'), file)
})

test('the README shows what a terminal does', () => {
  const wasm = ['hello.wasm', 'polyfill/hello.wasm']
  const made = project(Object.fromEntries(wasm.map((file) => [file, readFileSync(join(examples, file))])))
  const npx = { wasmport: ['node_modules/wasmport/bin/wasmport.js'] }
  const terminals = [...readme.matchAll(/^```console\n([^]*?)^```$/gm)].map(([, text]) => text)
  assert.notEqual(terminals.length, 0)
  for (const terminal of terminals) {
    for (const [, line, expected] of terminal.matchAll(/^\$ (.*)\n((?:(?!\$ ).*\n)*)/gm)) {
      const [command, ...args] = [...line.matchAll(/'([^']*)'|\S+/g)].map(([word, quoted]) => quoted ?? word)
      const { status, stdout, stderr } = made.node(command === 'npx' ? [...npx[args[0]], ...args.slice(1)] : args)
      assert.deepEqual([stderr, status], ['', 0], line)
      assert.equal(stdout.replaceAll(made.dir, '/home/you'), expected, line)
    }
  }
})

test('what documents show of a package.json is valid there', () => {
  const { importOptions } = createRequire(import.meta.url)('../lib/package-options.cjs')
  const fields = ['README.md', 'docs/esm.md'].flatMap((path) =>
    [...readFileSync(join(root, path), 'utf8').matchAll(/^```json\n([^]*?)^```$/gm)].map(([, json]) => json))
  assert.equal(fields.length, 2)
  for (const json of fields) {
    const { dir } = project({ 'package.json': json })
    const { env, preopens } = importOptions(join(dir, 'tools/fmt.wasm')).wasi
    assert.deepEqual([env, preopens], [[['LANG', 'C']], [{ guest: '/data', host: join(dir, 'data'), readonly: false }]])
  }
})

for (const name of ['hello', 'sum', 'upper']) {
  test(`examples/${name}.wasm is made of examples/${name}.wat`, async () => {
    const wabt = await createRequire(import.meta.url)('wabt')()
    const module = wabt.parseWat(`${name}.wat`, readFileSync(join(examples, `${name}.wat`), 'utf8'), { exceptions: true })
    const { buffer } = module.toBinary({})
    module.destroy()
    assert.deepEqual(readFileSync(join(examples, `${name}.wasm`)), Buffer.from(buffer))
  })
}
