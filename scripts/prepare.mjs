// Makes a fresh clone usable: installs the dev dependencies and builds the addon, if they are missing or out of date.
// Everything is said on stderr, so that what a command prints on stdout stays its own.
import { spawn } from 'node:child_process'
import { copyFileSync, existsSync, readdirSync, renameSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const inRoot = (...parts) => join(root, ...parts)

// What decides the addon's code. Cargo knows better, but asking it costs more than a person wants to wait each time.
const SOURCES = ['src', 'crates', 'Cargo.toml', 'Cargo.lock', 'build.rs', 'rust-toolchain.toml', '.cargo']
const HEARTBEAT_MS = 15_000

function modified(path) {
  return existsSync(path) ? statSync(path).mtimeMs : -Infinity
}

/** The newest modification time of a file, or of the files and directories in a directory. */
function newest(path) {
  let time = modified(path)
  if (time === -Infinity || !statSync(path).isDirectory()) return time
  for (const entry of readdirSync(path)) time = Math.max(time, newest(join(path, entry)))
  return time
}

/** The file name that napi-rs gives to the addon of this platform. */
function addonName() {
  const { platform, arch } = process
  if (platform === 'win32') return `wasmport.win32-${arch}-msvc.node`
  if (platform !== 'linux') return `wasmport.${platform}-${arch}.node`
  process.report.excludeNetwork = true // else the report waits for reverse DNS look-ups
  const glibc = process.report.getReport().header.glibcVersionRuntime
  return `wasmport.linux-${arch}-${glibc ? 'gnu' : 'musl'}.node`
}

/** The file that Cargo makes of the addon crate. */
function libraryName() {
  if (process.platform === 'win32') return 'wasmport.dll'
  return process.platform === 'darwin' ? 'libwasmport.dylib' : 'libwasmport.so'
}

const seconds = (since) => `${((performance.now() - since) / 1000).toFixed(0)} s`

/**
 * Runs one step. On a terminal the program shows its own progress; in a pipe a line every 15 seconds shows that it is
 * alive, and its output is shown only if it fails.
 */
function step(title, command, args, missing) {
  const terminal = process.stderr.isTTY
  const began = performance.now()
  console.error(`wasmport: ${title}`)
  return new Promise((done) => {
    const child = spawn(command, args, {
      cwd: root,
      stdio: ['ignore', terminal ? 2 : 'pipe', terminal ? 2 : 'pipe'],
      shell: process.platform === 'win32' && command === 'npm',
    })
    const output = []
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => output.push(chunk))
    const timer = terminal ? null : setInterval(() => {
      const last = Buffer.concat(output).toString().trimEnd().split('\n').at(-1).trim()
      console.error(`wasmport: still at it after ${seconds(began)}${last && `: ${last}`}`)
    }, HEARTBEAT_MS)
    child.on('error', (error) => {
      clearInterval(timer)
      console.error(`wasmport: ${command} could not be started (${error.code}). ${missing}`)
      process.exit(1)
    })
    child.on('close', (code, signal) => {
      clearInterval(timer)
      if (code === 0) {
        console.error(`wasmport: done in ${seconds(began)}`)
        return done()
      }
      process.stderr.write(Buffer.concat(output))
      console.error(`wasmport: ${command} ${args.join(' ')} failed (${signal ?? `exit code ${code}`})`)
      process.exit(1)
    })
  })
}

// The addons that the tests compare with are apart, because some of them are for a platform that no machine is.
for (const [directory, title] of [['.', 'the dev dependencies'], ['__test__/packages', 'addons to test with']]) {
  // npm keeps a copy of the lock file next to what it installed.
  const installed = modified(inRoot(directory, 'node_modules/.package-lock.json'))
  if (installed >= modified(inRoot(directory, 'package-lock.json'))) continue
  await step(`installing ${title} (npm ci)`, 'npm', ['ci', '--no-audit', '--no-fund', `--prefix=${directory}`],
    'npm comes with Node.js: https://nodejs.org')
}

const addon = inRoot(addonName())
if (modified(addon) < Math.max(...SOURCES.map((path) => newest(inRoot(path))))) {
  const first = !existsSync(inRoot('target/release', libraryName()))
  await step(`building the addon${first ? ' (the first time takes minutes: it compiles Wasmtime)' : ''}`,
    'cargo', ['build', '--release', '--locked', '--target-dir', 'target', '--package', 'wasmport'],
    'The addon is written in Rust: install Rust 1.95 or newer, https://rustup.rs')
  // Renamed into place: a process that has the old file loaded keeps it.
  copyFileSync(inRoot('target/release', libraryName()), `${addon}.new`)
  renameSync(`${addon}.new`, addon)
}
