// Every example runs and prints what it should, and the README shows them as they are.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync, readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const examples = join(root, 'examples')
// The first flag is for Node before 20.19, see examples/import.mjs.
const hook = ['--experimental-detect-module', '--import', 'wasmport/register']
// Before it, what makes V8's WebAssembly refuse to run anything: so it is ours that does.
const global = ['--import', '../__test__/fixtures/glue/v8-refused.mjs', '--import', 'wasmport/global']

/** What each example prints, and the flags that it needs. */
const EXPECTED = {
  'load.mjs': { output: /^wasm was given 14\nand returned 42\n$/ },
  'run.mjs': { output: /^0 export function add\(\w,\w\)\{return \w\+\w\}\n\n$/ },
  'files.mjs': { output: /Hello, \$\{\w+\}!/ },
  'import.mjs': { flags: hook, output: /^\d+( \d+)+\nOne wasm, two wasm\.\n$/ },
  'require.cjs': { flags: hook, output: /^42\n$/ },
  'inspect.mjs': { output: /"service": "host",\s+"memory": "memory"/ },
  'webassembly.mjs': { output: /^ONE MEMORY after 1 call\nnothing to do for nobody\n$/ },
  'global.mjs': { flags: global, output: /^a PNG of 600 by 600 pixels, \d{4} bytes\n$/ },
  'host-memory.mjs': { output: /^Hello from linear memory!\n$/ },
  'demo.mjs': { output: /minify[^]*bundle[^]*encode[^]*decode[^]*Hello from linear memory!/ },
}

for (const [file, { flags = [], output }] of Object.entries(EXPECTED)) {
  test(`examples/${file}`, () => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [...flags, file], { cwd: examples, encoding: 'utf8' })
    assert.equal(status, 0, stderr)
    assert.match(stdout, output)
  })
}

test('every example is tested', () => {
  assert.deepEqual(readdirSync(examples).filter((file) => /\.[cm]js$/.test(file)).sort(), Object.keys(EXPECTED).sort())
})

test('the README shows the examples as they are', () => {
  const readme = readFileSync(join(root, 'README.md'), 'utf8')
  const shown = [...readme.matchAll(/<!-- (examples\/\S+) -->\n```js\n([^]*?)```/g)]
  assert.ok(shown.length > 0)
  for (const [, file, text] of shown) assert.equal(text, readFileSync(join(root, file), 'utf8'), file)
})

for (const name of ['sum', 'upper']) {
  test(`examples/${name}.wasm is made of examples/${name}.wat`, async () => {
    const wabt = await createRequire(import.meta.url)('wabt')()
    const module = wabt.parseWat(`${name}.wat`, readFileSync(join(examples, `${name}.wat`), 'utf8'), { exceptions: true })
    const { buffer } = module.toBinary({})
    module.destroy()
    assert.deepEqual(readFileSync(join(examples, `${name}.wasm`)), Buffer.from(buffer))
  })
}
