'use strict'
// `wasmport init`: the init section of a file in a tool author's hands.

const { randomUUID } = require('node:crypto')
const { accessSync, chmodSync, constants, readFileSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } = require('node:fs')
const { resolve } = require('node:path')
const { parseArgs } = require('node:util')
const { UsageError, help } = require('./usage.cjs')
const binding = require('./binding.cjs')

const HELP = { type: 'boolean', short: 'h' }
const OUTPUT = { type: 'string', short: 'o' }

const ACTIONS = { show, set, strip }

function init(argv) {
  const [action, ...rest] = argv
  if (action === '--help' || action === '-h') return process.stdout.write(help('init'))
  if (!Object.hasOwn(ACTIONS, action ?? '')) {
    const found = action === undefined ? 'nothing' : `"${action}"`
    throw new UsageError(`init: expected show, set or strip, got ${found}`)
  }
  ACTIONS[action](rest)
}

function show(argv) {
  const { values, positionals } = parse(argv, { plan: { type: 'boolean' } })
  if (values.help) return process.stdout.write(help('init'))
  const path = fileOf('show', positionals, 1)
  if (values.plan) {
    const { plan, origin } = binding.describe(path, path)
    print({ plan, origin })
  } else {
    const section = binding.initShow(path)
    if (section === null) process.stderr.write(`wasmport: ${path} has no init section\n`)
    print(JSON.parse(section ?? '{}'))
  }
}

function set(argv) {
  const { values, positionals } = parse(argv, { json: { type: 'string' }, output: OUTPUT })
  if (values.help) return process.stdout.write(help('init'))
  const path = fileOf('set', positionals, 2)
  const { text, name } = jsonOf(values.json, positionals[1])
  write(binding.initSet(path, text, name), path, values.output)
}

function strip(argv) {
  const { values, positionals } = parse(argv, { output: OUTPUT })
  if (values.help) return process.stdout.write(help('init'))
  const path = fileOf('strip', positionals, 1)
  write(binding.initStrip(path), path, values.output)
}

function parse(args, options) {
  return parseArgs({ args, options: { ...options, help: HELP }, allowPositionals: true })
}

function fileOf(action, positionals, most) {
  if (positionals.length === 0) throw new UsageError(`init ${action}: no FILE given`)
  if (positionals.length > most) throw new UsageError(`init ${action}: did not expect "${positionals[most]}"`)
  return resolve(positionals[0])
}

/** The JSON of a section, and what messages call its source. */
function jsonOf(json, file) {
  if (json !== undefined) {
    if (file !== undefined) throw new UsageError('init set: expected JSON-FILE or --json, got both')
    return { text: json, name: '--json' }
  }
  if (file !== undefined && file !== '-') return { text: readFileSync(file, 'utf8'), name: file }
  // Nobody types a section by accident.
  if (file === undefined && process.stdin.isTTY) throw new UsageError('init set: expected JSON-FILE, --json, or JSON on standard input')
  return { text: readFileSync(0, 'utf8'), name: 'standard input' }
}

function print(value) {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`)
}

function write(bytes, path, output = path) {
  if (output === '-') process.stdout.write(bytes)
  else replace(output, bytes)
}

/** Writes a file so that whoever reads it meanwhile finds the old one or the new one, whole. */
function replace(path, bytes) {
  const old = statSync(path, { throwIfNoEntry: false })
  // A device or a pipe is written to, never replaced.
  if (old && !old.isFile()) return writeFileSync(path, bytes)
  if (old) accessSync(path, constants.W_OK)
  // A symbolic link stays one.
  const target = old ? realpathSync(path) : path
  const temporary = `${target}.${randomUUID()}.tmp`
  try {
    writeFileSync(temporary, bytes, { flag: 'wx', mode: old?.mode })
    // The mode above is subject to the umask.
    if (old) chmodSync(temporary, old.mode)
    renameSync(temporary, target)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw error
  }
}

module.exports = { init }
