'use strict'
// What the `wasmport` command says of itself.

/** A command line that cannot be understood: exit code 2, where all else that fails is 1. */
class UsageError extends Error {}

const ALL = `Usage: wasmport COMMAND

Commands:
  run [options] FILE [args...]   run a program
  inspect [--json] FILE          print what a module imports and exports, and how it is started
  init show [--plan] FILE        print what a module's init section says
  init set FILE [JSON-FILE]      give a module an init section
  init strip FILE                remove it

wasmport COMMAND --help says more of one; wasmport --version prints the versions.

Exit codes: 0, or the program's own; 1 what was asked failed; 2 the command line is wrong.
`

const RUN = `Usage: wasmport run [options] FILE [args...]

Runs a program: a WASI command, or any module with an entry. What follows FILE is the
program's. Standard input and output are shared; no file, variable or network is
reachable that is not given. The exit code is the program's own.

If a signal ends it (--timeout, or one that it raises), that is 128 and the signal's number.

Options, of which --dir, --env and --listen may be repeated:
  --dir HOST[::GUEST][:ro]   give the program the directory HOST, under the name GUEST, :ro read-only
  --cwd GUEST                begin in the directory GUEST, which is inside of one of those
  --env NAME=VALUE           give the program an environment variable
  --listen ADDRESS:PORT      give the program a socket that listens there
  --timeout MS               end the program after MS milliseconds

Example:
  wasmport run --dir . --env DEBUG=1 tool.wasm --verbose input.txt
`

const INSPECT = `Usage: wasmport inspect [--json] FILE

Prints of a module or component: what seems to have made it, its imports and exports with
their types, and the plan by which Wasmport starts it, each part with where it came from
(the init section, or inferred from imports and exports). Nothing of it is run. Where it has
no plan the reason is printed, and the exit code is 1.

Options:
  --json   print it as JSON, with the field names of inspect() in the API

Example:
  wasmport inspect node_modules/tiktoken/lite/tiktoken_bg.wasm
`

const INIT = `Usage: wasmport init show [--plan] FILE
       wasmport init set FILE [JSON-FILE | --json TEXT] [-o OUT]
       wasmport init strip FILE [-o OUT]

The init section says in a module how the module is started. Its text form is JSON; a part
that is left out ("bind", "steps", "run", "hide") is inferred from imports and exports.

  show    prints the section as JSON, {} if there is none
  set     gives the module the section that JSON-FILE says ("-" or nothing: standard input),
          in place of the one it has, if the plan that results fits the module
  strip   removes the section

set and strip change FILE itself, or leave it and write OUT ("-": standard output). All other
sections stay as they are, byte for byte.

Options:
  --plan              print the whole plan and where each part of it came from
  --json TEXT         the JSON itself, in place of a file of it
  -o, --output OUT    where the result goes

Examples:
  wasmport init set lib.wasm --json '{ "steps": [{ "phase": "evaluate", "select": { "export": "setup" } }] }'
  wasmport init show lib.wasm | wasmport init set other.wasm -o with-init.wasm
`

const HELP = { run: RUN, inspect: INSPECT, init: INIT }

/** The help text of a command; of all without one. */
function help(command) {
  return Object.hasOwn(HELP, command ?? '') ? HELP[command] : ALL
}

module.exports = { UsageError, help }
