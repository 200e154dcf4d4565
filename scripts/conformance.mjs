// `npm run conformance -- DIR`: runs the specification's own tests, from a copy of WebAssembly/spec, of a proposal or of
// WebAssembly/testsuite in DIR, on `import { WebAssembly } from 'wasmport'`; those of the ESM integration on
// `wasmport/register`.
import { existsSync, readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { runEsm } from './conformance/esm.mjs'
import { findJsApi, runJsApi } from './conformance/js-api.mjs'

const USAGE = `usage: npm run conformance -- DIR [--engine wasmport|v8] [--only PATTERN] [--harness FILE] [--json]

DIR        a copy of WebAssembly/spec, of a proposal or of WebAssembly/testsuite
--engine   what to test: wasmport (the default), or the WebAssembly of this Node, to compare
--only     only files whose path matches this regular expression
--harness  another testharness.js, where that of DIR is missing or too old for the tests (that of the js-types proposal is)
--json     print the results as JSON`

function stop(message) {
  console.error(`${message}\n\n${USAGE}`)
  process.exit(2)
}

function readCommandLine() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        engine: { type: 'string', default: 'wasmport' },
        only: { type: 'string' },
        harness: { type: 'string' },
        json: { type: 'boolean' },
      },
    })
    const { engine, only, harness, json } = values
    if (!['wasmport', 'v8'].includes(engine)) stop(`--engine is wasmport or v8, not ${engine}`)
    if (positionals.length !== 1) stop('give one directory')
    return { dir: resolve(positionals[0]), engine, only: only && new RegExp(only), harness: harness && resolve(harness), json }
  } catch (error) {
    return stop(error.message)
  }
}

const count = (suites) => ({
  passed: suites.reduce((sum, { passed }) => sum + passed, 0),
  failed: suites.reduce((sum, { failed }) => sum + failed.length, 0),
  stale: suites.reduce((sum, { stale = 0 }) => sum + stale, 0),
})

const indent = (text, width) => text.replace(/^/gm, ' '.repeat(width))

function print(title, { suites, unparsed = [] }) {
  console.log(title)
  for (const { file, passed, failed } of suites) {
    console.log(`${String(passed).padStart(6)} passed ${failed.length ? `${String(failed.length).padStart(5)} failed` : ' '.repeat(12)}  ${file}`)
    for (const { name, message } of failed) console.log(`${indent(name, 10)}\n${indent(message, 12)}`)
  }
  for (const file of unparsed) console.log(`     left out: this Node cannot parse it  ${file}`)
  const { passed, failed, stale } = count(suites)
  console.log(`${title}: ${passed} passed, ${failed} failed${stale ? `, ${stale} stale and left out` : ''}\n`)
}

// Not the user's own code cache: no module here is seen again but by another run of this.
process.env.WASMPORT_CACHE ??= fileURLToPath(new URL('../target/test-cache', import.meta.url))

const { dir, engine, only, harness, json } = readCommandLine()
if (!existsSync(dir)) stop(`there is no ${dir}`)
const jsApi = findJsApi(dir)
const hasCore = readdirSync(dir, { recursive: true }).some((file) => file.endsWith('.wast'))
if (!jsApi && !hasCore) stop(`${dir} has neither test/js-api nor .wast files`)

const results = {}
if (jsApi) {
  const testharness = harness ?? join(jsApi, '..', 'harness', 'testharness.js')
  if (!existsSync(testharness)) stop(`there is no ${testharness}; name another with --harness`)
  results['JS API'] = await runJsApi(jsApi, { engine, only, harness: testharness })
  results['ESM integration'] = await runEsm(jsApi, { engine, only, harness: testharness })
}
if (hasCore) {
  const { runCore } = await import('./conformance/core.mjs')
  results.core = await runCore(dir, { engine, only })
}
const ran = Object.entries(results).filter(([, { suites, unparsed = [] }]) => suites.length + unparsed.length > 0)
if (ran.length === 0) stop(`no test file in ${dir} matches ${only}`)

if (json) {
  console.log(JSON.stringify({ node: process.version, engine, results: Object.fromEntries(ran) }, null, 2))
} else {
  for (const [title, result] of ran) print(`${title} (${engine}, Node ${process.versions.node})`, result)
}
if (ran.some(([, { suites }]) => count(suites).failed > 0)) process.exitCode = 1
