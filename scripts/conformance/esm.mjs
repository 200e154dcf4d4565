// Runs the tests of the ESM integration (`test/js-api/esm-integration/*.any.js`) as a program has it that is started with
// `node --import wasmport/register --import wasmport/global`. The second is there for the tests' sake: they compare what
// they import with the classes of the global `WebAssembly`, and `namespaceInstance` is a function of it.
import { readFileSync } from 'node:fs'
import module from 'node:module'
import { join } from 'node:path'
import vm from 'node:vm'
import { listTests, runFiles } from './js-api.mjs'

const ours = (name) => ['--import', new URL(`../../lib/${name}.mjs`, import.meta.url).href]

const EXEC_ARGV = {
  wasmport: [...ours('register'), ...ours('global')],
  // Newer versions of Node import WebAssembly without being asked, and all that have registerHooks do.
  v8: module.registerHooks ? [] : ['--experimental-wasm-modules'],
}

/** Whether this Node can parse a script: source phase imports are syntax. */
function parses(path) {
  try {
    return Boolean(new vm.Script(readFileSync(path, 'utf8')))
  } catch {
    return false
  }
}

/** Runs the tests below `root` (the js-api directory) that this Node can parse; the others are `unparsed`. */
export async function runEsm(root, { engine, only, harness }) {
  const files = listTests(root, only).filter((file) => file.startsWith('esm-integration/'))
  const parsed = files.filter((file) => parses(join(root, file)))
  const suites = await runFiles(root, parsed, { engine, kind: 'module', harness, execArgv: [...process.execArgv, ...EXEC_ARGV[engine]] })
  return { suites, unparsed: files.filter((file) => !parsed.includes(file)) }
}
