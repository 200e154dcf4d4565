// Programs that know nothing of Wasmport: npm packages with the glue of their toolchains do the same on ours, in place
// of `globalThis.WebAssembly`, as on V8's. What each one's glue asks for is said in its fixture.

import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { node, root } from './fixtures/project.mjs'

// The one of `npm test`: the compiler that assemblyscript.mjs runs is large.
process.env.WASMPORT_CACHE ??= `${root}target/test-cache`

const glue = new URL('fixtures/glue/', import.meta.url)
const refused = 'v8-refused.mjs'

/** The standard output of a program, which must succeed. */
function output(file, ...flags) {
  // An error inside a bundle shows the line, which can be megabytes.
  const options = { cwd: root, maxBuffer: 1 << 28 }
  const { status, signal, stdout, stderr } = node([...flags, fileURLToPath(new URL(file, glue))], options)
  assert.deepEqual({ status, signal }, { status: 0, signal: null }, (stderr + stdout).slice(-2000))
  return stdout
}

for (const file of readdirSync(glue).filter((name) => name.endsWith('.mjs') && name !== refused)) {
  test(file, () => {
    const expected = output(file)
    assert.notEqual(expected, '')
    assert.equal(output(file, '--import', new URL(refused, glue).href, '--import', 'wasmport/global'), expected)
  })
}
