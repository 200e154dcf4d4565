// One script of the core specification tests, in a process of its own: `node core-child.mjs ENGINE DIRECTORY`, where
// the directory is what `wast-json` made of the script.
// Each outcome goes to the parent before the next command runs, so that a crash loses none and can be located.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Script, Skipped } from './core-script.mjs'

const [engine, directory] = process.argv.slice(2)
const api = engine === 'wasmport' ? (await import('../../index.js')).WebAssembly : globalThis.WebAssembly
const commands = JSON.parse(readFileSync(join(directory, 'commands.json'), 'utf8'))
const script = new Script(api, directory)

const send = (message) => new Promise((done) => process.send(message, done))

function title({ type, line, action }) {
  return `line ${line}: ${type}${action ? ` ${action.type} ${JSON.stringify(action.field)}` : ''}`
}

for (const command of commands) {
  const name = title(command)
  try {
    script.run(command)
    await send({ kind: 'passed', name })
  } catch (error) {
    if (error instanceof Skipped) await send({ kind: 'skipped', name, why: error.message })
    else await send({ kind: 'failed', name, message: String(error?.message ?? error) })
  }
}
await send({ kind: 'complete' })
process.disconnect()
