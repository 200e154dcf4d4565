'use strict'
// The `wasmport` command. CommonJS and few requires: a program that is run waits
// for all of it.

const { basename, resolve } = require('node:path')
const { parseArgs } = require('node:util')
const { UsageError, help } = require('./usage.cjs')
const { readWasi } = require('./wasi-options.cjs')

const HELP = { type: 'boolean', short: 'h' }

const COMMANDS = { run, inspect, init: argv => require('./init-command.cjs').init(argv) }

/** Carries out one command line, the arguments after the name of the command. */
function main(argv) {
  const [command, ...rest] = argv
  const known = Object.hasOwn(COMMANDS, command ?? '')
  try {
    if (known) COMMANDS[command](rest)
    else if (command === '--help' || command === '-h') process.stdout.write(help())
    else if (command === '--version' || command === '-v') version()
    else throw new UsageError(command === undefined ? 'no command given' : `unknown command "${command}"`)
  } catch (error) {
    fail(error, known ? command : undefined)
  }
}

function fail(error, command) {
  // The JSON that `init set` reads is no option, though its errors have that code too.
  const wrongOption = command === 'run' && error.code === 'ERR_WASMPORT_OPTION'
  if (error instanceof UsageError || error.code?.startsWith('ERR_PARSE_ARGS') || wrongOption) {
    process.stderr.write(`wasmport: ${error.message}\nSee wasmport ${command === undefined ? '' : `${command} `}--help.\n`)
    process.exitCode = 2
  } else {
    // The message of a file error begins with its code.
    const code = error.code && !error.message.includes(error.code) ? ` (${error.code})` : ''
    process.stderr.write(`wasmport: ${error.message}${code}\n`)
    process.exitCode = 1
  }
}

function run(argv) {
  const repeated = { type: 'string', multiple: true }
  const once = { type: 'string' }
  const options = { dir: repeated, cwd: once, env: repeated, listen: repeated, timeout: once, help: HELP }
  // A first look, lenient, only finds FILE: the options after it are not ours.
  const { tokens } = parseArgs({ args: argv, options, strict: false, tokens: true })
  const end = tokens.find(token => token.kind === 'positional')?.index ?? argv.length
  const { values } = parseArgs({ args: argv.slice(0, end), options })
  if (values.help) return process.stdout.write(help('run'))
  if (end === argv.length) throw new UsageError('run: no FILE given')
  const file = argv[end]
  const args = argv.slice(argv[end + 1] === '--' ? end + 2 : end + 1)
  const wasi = {
    ...readWasi({ args: [basename(file), ...args], cwd: values.cwd, network: { listen: values.listen } }, '', 'runSync'),
    env: [...new Map((values.env ?? []).map(parseEnv))],
    preopens: (values.dir ?? []).map(parseDir),
  }
  const timeout = values.timeout === undefined ? undefined : parseTimeout(values.timeout)
  // On this thread: there is nothing else for it to do, and Node leaves signals
  // such as Ctrl-C to the system, so they still end the process.
  const binding = require('./binding.cjs')
  const path = resolve(file)
  const module = binding.compileSync(path, path, timeout !== undefined)
  const { exitCode, signal } = binding.runSync(module, wasi, { timeout })
  // As a shell tells of a process that a signal ended.
  process.exitCode = exitCode ?? 128 + require('node:os').constants.signals[signal]
}

function parseTimeout(text) {
  const timeout = Number(text)
  if (!/^\d+$/.test(text) || timeout < 1 || timeout > 2 ** 31 - 1) throw new UsageError(`--timeout ${text}: expected milliseconds`)
  return timeout
}

function parseEnv(text) {
  const at = text.indexOf('=')
  if (at < 1) throw new UsageError(`--env ${text}: expected NAME=VALUE`)
  return [text.slice(0, at), text.slice(at + 1)]
}

function parseDir(text) {
  const readonly = text.endsWith(':ro')
  const [host, guest = host, ...more] = (readonly ? text.slice(0, -3) : text).split('::')
  if (host === '' || guest === '' || more.length > 0) throw new UsageError(`--dir ${text}: expected HOST[::GUEST][:ro]`)
  return { guest, host: resolve(host), readonly }
}

function inspect(argv) {
  const options = { json: { type: 'boolean' }, help: HELP }
  const { values, positionals } = parseArgs({ args: argv, options, allowPositionals: true })
  if (values.help) return process.stdout.write(help('inspect'))
  if (positionals.length !== 1) throw new UsageError(`inspect: expected one FILE, got ${positionals.length}`)
  const path = resolve(positionals[0])
  const { description, error } = describe(path)
  if (values.json) process.stdout.write(`${JSON.stringify({ ...description, error: reason(error) }, null, 2)}\n`)
  else process.stdout.write(require('./report.cjs').report(path, description))
  if (error) throw error
}

/** What a module says of itself. Where it has no plan, there is the error of that, and all else. */
function describe(path) {
  const binding = require('./binding.cjs')
  try {
    return { description: binding.describe(path, path) }
  } catch (error) {
    return { description: { ...binding.describeOutside(path), plan: null }, error }
  }
}

/** An error as JSON. */
function reason(error) {
  return error && { code: error.code, message: error.message, offset: error.offset }
}

function version() {
  const { wasmport, wasmtime } = require('./binding.cjs').versions
  process.stdout.write(`wasmport ${wasmport} (wasmtime ${wasmtime})\n`)
}

module.exports = { main }
