// Runs the specification's own JS-API tests (`test/js-api/**/*.any.js`), each file in a process of its own.
import { fork } from 'node:child_process'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { dirname, join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isStale } from './js-api-stale.mjs'

const CHILD = fileURLToPath(new URL('js-api-child.mjs', import.meta.url))
const PARALLEL = 2 // limits.any.js wants gigabytes, so not one process per core
const TIMEOUT_MS = 120_000
const LONG_TIMEOUT_MS = 600_000 // for a file that says `META: timeout=long`
const WHOLE_FILE = '(the whole file)'

/** The directory with the JS-API tests in a checkout of the specification or of a proposal, or null. */
export function findJsApi(dir) {
  return [join(dir, 'test', 'js-api'), join(dir, 'js-api')].find((path) => existsSync(path)) ?? null
}

/** What a test file asks for in its `// META: key=value` lines. */
function readMeta(path) {
  const lines = readFileSync(path, 'utf8').matchAll(/^\/\/ META: (\w+)=(.*?)\r?$/gm)
  const all = [...lines].map(([, key, value]) => ({ key, value }))
  return {
    scripts: all.filter(({ key }) => key === 'script').map(({ value }) => value),
    long: all.some(({ key, value }) => key === 'timeout' && value === 'long'),
  }
}

/** Helper scripts are named as they lie in web-platform-tests, where this directory is `/wasm/jsapi`. */
function resolveScript(root, testFile, script) {
  const mounted = '/wasm/jsapi/'
  return script.startsWith(mounted) ? join(root, script.slice(mounted.length)) : join(dirname(testFile), script)
}

function runFile(root, file, { engine, kind, harness, execArgv }) {
  const path = join(root, file)
  const { scripts, long } = readMeta(path)
  const timeout = long ? LONG_TIMEOUT_MS : TIMEOUT_MS
  const suite = { file, passed: 0, failed: [], stale: 0 }
  const fail = (name, message) => suite.failed.push({ name, message })

  return new Promise((done) => {
    const helpers = scripts.map((script) => resolveScript(root, path, script))
    const child = fork(CHILD, [engine, kind, harness, ...helpers, path], {
      execArgv, stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    })
    let complete = false
    let broken = false
    let timedOut = false
    const timer = setTimeout(() => {
      timedOut = true
      child.kill('SIGKILL')
    }, timeout)
    const errors = []
    child.stderr.on('data', (chunk) => errors.push(chunk))
    child.on('message', ({ kind, name, message }) => {
      if (kind === 'complete') {
        complete = true
      } else if (kind === 'broken') {
        broken = true
        fail(WHOLE_FILE, message)
      } else if (isStale(file, name)) {
        suite.stale += 1
      } else if (message === null) {
        suite.passed += 1
      } else {
        fail(name, message)
      }
    })
    child.on('close', (code, signal) => {
      clearTimeout(timer)
      const when = complete ? 'after its tests' : 'before its tests were complete'
      const how = signal ? `was ended by ${signal}` : `ended with exit code ${code}`
      if (timedOut) fail(WHOLE_FILE, `the process still ran after ${timeout / 1000} s, ${when}`)
      // A file that broke may never complete, which is no second failure.
      else if (code !== 0 || !(complete || broken)) fail(WHOLE_FILE, `the process ${how} ${when}\n${Buffer.concat(errors)}`.trimEnd())
      done(suite)
    })
  })
}

/** The test files below `root` whose path `only` matches (all of them without it). */
export function listTests(root, only) {
  return readdirSync(root, { recursive: true })
    .filter((file) => file.endsWith('.any.js'))
    .map((file) => file.split(sep).join('/'))
    .filter((file) => !only || only.test(file))
    .sort()
}

/**
 * Runs `files` on `engine`, 'wasmport' or 'v8', each as a `kind`, 'script' or 'module', and gives a suite for each. One
 * that crashes or hangs is a failed suite, and the others run on. `harness` is the testharness.js to use, `execArgv` what
 * Node is started with, if not with the flags of this process.
 */
export async function runFiles(root, files, { engine, kind, harness, execArgv }) {
  const suites = []
  const waiting = files.entries()
  const worker = async () => {
    for (const [index, file] of waiting) suites[index] = await runFile(root, file, { engine, kind, harness, execArgv })
  }
  await Promise.all(Array.from({ length: PARALLEL }, worker))
  return suites
}

/** Runs the tests that are scripts; those of the integration with modules are `runEsm`'s. */
export async function runJsApi(root, { engine, only, harness }) {
  const files = listTests(root, only).filter((file) => !file.startsWith('esm-integration/'))
  return { suites: await runFiles(root, files, { engine, kind: 'script', harness }) }
}
