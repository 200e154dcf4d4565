// Runs the core specification tests (.wast scripts) through the JS API, each script in a process of its own.
import { execFile, fork, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const CHILD = fileURLToPath(new URL('core-child.mjs', import.meta.url))
const PARALLEL = 2 // the scripts of large memories want gigabytes, so not one process per core
const TIMEOUT_MS = 120_000
const WHOLE_FILE = '(the whole file)'

// What a copy of the tests holds beside the scripts of the standard: proposals, the text format's annotations, and
// the exception handling that the standard dropped. To run such a directory, name it.
const APART = ['proposals', 'custom', 'legacy']

/** The directory of the scripts in a checkout of the specification or of a proposal; else `dir` itself. */
function findScripts(dir) {
  const hasScripts = (path) => existsSync(path) && readdirSync(path).some((name) => name.endsWith('.wast'))
  return [join(dir, 'test', 'core'), join(dir, 'core')].find(hasScripts) ?? dir
}

function listScripts(root) {
  return readdirSync(root, { recursive: true })
    .filter((file) => file.endsWith('.wast') && !APART.includes(file.split(sep)[0]))
    .map((file) => file.split(sep).join('/'))
    .sort()
}

/** Builds `wast-json`, which takes scripts apart, and returns its path. */
function buildConverter() {
  const args = ['build', '--quiet', '--release', '--package', 'wasmport-wast-json']
  const { status, error } = spawnSync('cargo', args, { cwd: ROOT, stdio: ['ignore', 2, 2] })
  if (error) throw new Error(`cargo cannot be started, which builds crates/wast-json: ${error.message}`)
  if (status !== 0) throw new Error(`crates/wast-json did not build: cargo ended with exit code ${status}`)
  return join(ROOT, 'target', 'release', process.platform === 'win32' ? 'wast-json.exe' : 'wast-json')
}

async function runFile(converter, root, file, engine) {
  const suite = { file, passed: 0, skipped: [], failed: [] }
  const directory = mkdtempSync(join(tmpdir(), 'wasmport-core-'))
  try {
    await promisify(execFile)(converter, [join(root, file), directory])
    await runScript(suite, directory, engine)
  } catch (error) {
    suite.failed.push({ name: WHOLE_FILE, message: error.message })
  } finally {
    rmSync(directory, { recursive: true })
  }
  return suite
}

function runScript(suite, directory, engine) {
  return new Promise((done) => {
    const child = fork(CHILD, [engine, directory], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] })
    let complete = false
    let timedOut = false
    let last = 'its start'
    const timer = setTimeout(() => {
      timedOut = true
      child.kill('SIGKILL')
    }, TIMEOUT_MS)
    const errors = []
    child.stderr.on('data', (chunk) => errors.push(chunk))
    child.on('message', ({ kind, name, why, message }) => {
      if (kind === 'complete') complete = true
      else if (kind === 'passed') suite.passed += 1
      else if (kind === 'skipped') suite.skipped.push({ name, why })
      else suite.failed.push({ name, message })
      last = name ?? 'its end'
    })
    child.on('close', (code, signal) => {
      clearTimeout(timer)
      const how = signal ? `was ended by ${signal}` : `ended with exit code ${code}`
      const fail = (message) => suite.failed.push({ name: WHOLE_FILE, message })
      if (timedOut) fail(`the process still ran after ${TIMEOUT_MS / 1000} s, after ${last}`)
      else if (code !== 0 || !complete) fail(`the process ${how} after ${last}\n${Buffer.concat(errors)}`.trimEnd())
      done()
    })
  })
}

/**
 * Runs every script in `dir`, a copy of the tests, whose path `only` matches (all of them without it) on `engine`,
 * 'wasmport' or 'v8'. A script that crashes or hangs is a failed suite, and the others run on.
 */
export async function runCore(dir, { engine, only }) {
  const root = findScripts(dir)
  const converter = buildConverter()
  const files = listScripts(root).filter((file) => !only || only.test(file))
  const suites = []
  const waiting = files.entries()
  const worker = async () => {
    for (const [index, file] of waiting) suites[index] = await runFile(converter, root, file, engine)
  }
  await Promise.all(Array.from({ length: PARALLEL }, worker))
  return { suites }
}
