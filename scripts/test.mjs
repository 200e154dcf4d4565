// `npm test`: every check there is, one stage after the other, stopping at the first that fails.
// `--js` runs the JS tests alone, with whatever Node runs this file: that is how .ci/run tests other Node versions.
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
// One code cache for all stages, so that the large modules are compiled once; apart from the user's own.
process.env.WASMPORT_CACHE ??= join(root, 'target', 'test-cache')

// Node 20 has no patterns for --test, so the files are named one by one.
const specs = readdirSync(join(root, '__test__')).filter((name) => name.endsWith('.spec.mjs')).map((name) => `__test__/${name}`)
const js = [`JS tests, Node ${process.versions.node}`,
  process.execPath, '--test', '--test-concurrency=2', '--test-timeout=600000', ...specs]
const rust = [
  ['rustfmt', 'cargo', 'fmt', '--all', '--check'],
  // The addon has no Rust tests: without Node there is nothing to link them with.
  ['clippy', 'cargo', 'clippy', '--release', '--locked', '--workspace', '--', '-D', 'warnings'],
  ['clippy, tests', 'cargo', 'clippy', '--release', '--locked', '--workspace', '--exclude', 'wasmport', '--exclude', 'wasmport-native-host',
    '--all-targets', '--', '-D', 'warnings'],
  // Beside the addon, so that Wasmtime has the same features for both and is built once.
  ['clippy, native host', 'cargo', 'clippy', '--release', '--locked', '--package', 'wasmport', '--package', 'wasmport-native-host',
    '--test', '*', '--bins', '--', '-D', 'warnings'],
  ['Rust tests', 'cargo', 'test', '--release', '--locked', '--package', 'wasmport-init-section', '--package', 'wasmport-init-section-guest'],
  ['Rust tests, native host', 'cargo', 'test', '--release', '--locked', '--package', 'wasmport', '--package', 'wasmport-native-host',
    '--test', '*'],
]

for (const [title, command, ...args] of process.argv.includes('--js') ? [js] : [...rust, js]) {
  const began = performance.now()
  console.error(`\n== ${title}`)
  const { status, signal, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit' })
  const time = ((performance.now() - began) / 1000).toFixed(1)
  if (status !== 0) {
    console.error(`== ${title}: FAILED after ${time} s (${error?.message ?? signal ?? `exit code ${status}`})`)
    process.exit(1)
  }
  console.error(`== ${title}: passed in ${time} s`)
}
