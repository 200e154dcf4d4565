/// <reference types="node" />

import type { Readable, Writable } from 'node:stream'

/**
 * Wasmport loads WebAssembly in Node.js: core modules to use from JS ({@link load})
 * and programs to run ({@link run}), on Wasmtime, from a code cache on disk.
 *
 * Nothing is granted that was not asked for: a module gets no files, no environment
 * and no network; a program that is run gets the standard streams besides. (A module
 * that imports Node-API is an addon: it can do what JavaScript can do.)
 *
 * Compiled code is kept on disk, keyed by content. The environment variable
 * `WASMPORT_CACHE` names the directory; `WASMPORT_CACHE=off` disables it.
 *
 * @packageDocumentation
 */

/**
 * A module to load, run or inspect:
 * - a path, relative to the current directory or absolute;
 * - a `file:` URL, as a string or a `URL`;
 * - the bytes of a module, or of its text;
 * - the text of a module (`.wat`): a string that starts with `(module`,
 *   `(component`, `(;` or `;;` after white space.
 *
 * Bytes are read once, before the call returns or its promise settles; do not
 * change them until then.
 */
export type Source = string | URL | ArrayBuffer | ArrayBufferView

/**
 * What a module imports, by module name and then by import name. Kinds are checked
 * before anything is instantiated.
 *
 * | the module imports | give it |
 * |---|---|
 * | a function | a function; i64 parameters and results are `bigint`, several results an iterable |
 * | a global | a number (`bigint` for i64, any value for externref), or a global that another module exports |
 * | a memory or table | one that another module exports |
 *
 * Where the plan of the module binds the name of a module object, the function
 * `__wasm_bind` of that object is called with `{ memory, table, exports }` of the
 * instance before anything else: that is how a host function gets at the memory of
 * its caller. See {@link Plan.bind}. It may return a {@link Service}.
 *
 * The modules `wasi_snapshot_preview1` and `wasi_unstable` are supplied by Wasmport, and
 * so are the functions of Node-API, in `napi`, `env` and `emnapi`, that are not given here.
 */
export type Imports = Record<string, Record<string, any>>

/** What `__wasm_bind` may return, for the steps of a plan whose arguments come from there. */
export interface Service {
  /** The arguments for a step that calls the export of this name. */
  args?(exportName: string): Iterable<any>
  /** What is to be the namespace, made of the result of a step with `result: 'namespace'`. */
  namespace?(result: any): any
}

/**
 * The directories a guest may open, by the name that the guest knows them by. A
 * value is a directory of the host, relative to the current one or absolute, or
 * that and whether the guest may only read it (`readonly`, `false` by default).
 *
 * A guest cannot leave a directory it was given, by `..` or by symbolic links.
 *
 * @example
 * ```js
 * { '/src': './src', '/etc': { path: './config', readonly: true } }
 * ```
 */
export type Preopens = Record<string, string | { path: string; readonly?: boolean }>

/**
 * The connections that a guest may have. In WASI preview 1 it can accept them, and cannot make any.
 *
 * @example
 * ```js
 * { listen: ['127.0.0.1:8080', '[::1]:8080'], accept: ['127.0.0.1', '10.0.0.0/8', '::1'] }
 * ```
 */
export interface NetworkOptions {
  /**
   * Where the guest listens: IP addresses with a port. Each is a socket that is open when the
   * guest begins; it gets them as descriptors in this order, after those of its preopens.
   */
  listen?: readonly string[]
  /** The peers that may connect: IP addresses, or blocks of them as a prefix and its length. Default: all. */
  accept?: readonly string[]
}

/** What a WASI guest is given. All that is left out is not granted. */
export interface WasiOptions {
  /**
   * The arguments as the guest sees them, the first of them being the name of the
   * program. Default: none.
   */
  args?: readonly string[]
  /** The whole environment of the guest. Default: empty; `process.env` gives it all of yours. */
  env?: Readonly<Record<string, string>>
  /**
   * The directory in which the guest begins, as the guest knows it: inside of a preopen. WASI
   * preview 1 has no such notion; the guest gets it in the two ways in which programs look for
   * it, the variable `PWD` (unless `env` has one) and a preopen named `.`. Default: none.
   */
  cwd?: string
  /** The directories the guest may open. Default: none. */
  preopens?: Preopens
  /**
   * For runs that can be reproduced: an instant, as a Date or as the milliseconds since 1970, at
   * which the guest's clocks begin. They move by one millisecond when they are read and by the
   * length of a sleep when it sleeps, which takes no time. Default: the clocks of the system.
   */
  clocks?: Date | number
  /**
   * For runs that can be reproduced: the seed of the guest's random numbers, which are then
   * always the same. Not for secrets. Default: those of the system.
   */
  random?: number | Uint8Array
  /** The connections that the guest may have. Default: none. */
  network?: NetworkOptions
  /**
   * How many threads the guest may have at a time besides its first, if it has threads
   * (`wasi.thread-spawn`). Default: 64.
   */
  maxThreads?: number
}

/** WASI options of {@link load}. */
export interface LoadWasiOptions extends WasiOptions {
  /**
   * What the guest reads: `'inherit'` the standard input of this process, `'ignore'`
   * nothing, any other string or bytes just that (for one of these words, or `'pipe'`,
   * pass bytes), a number the file of this descriptor. Default: `'ignore'`.
   */
  stdin?: 'inherit' | 'ignore' | (string & {}) | Uint8Array | number
  /** `'inherit'` the standard output of this process, `'ignore'`, or a file descriptor. Default: `'ignore'`. */
  stdout?: 'inherit' | 'ignore' | number
  /** `'inherit'` the standard error of this process, `'ignore'`, or a file descriptor. Default: `'ignore'`. */
  stderr?: 'inherit' | 'ignore' | number
}

/** Options of {@link load} and {@link loadSync}. Unknown keys are an error. */
export interface LoadOptions {
  /** What the module imports from JS. Default: nothing. */
  imports?: Imports
  /**
   * Whether the module gets Node-API if it imports that. An addon can do what the JavaScript of this process can do, files
   * and processes included: pass `false` for a module that is not trusted, and one that asks for Node-API is refused with a
   * LinkError. Default: true.
   */
  nodeApi?: boolean
  /** What the module is given if it imports WASI. Default: nothing. */
  wasi?: LoadWasiOptions
}

/** Options of {@link runSync}. Unknown keys are an error. */
export interface RunSyncOptions extends WasiOptions {
  /**
   * What the program reads: `'inherit'` the standard input of this process, `'ignore'`
   * nothing, any other string or bytes just that (for one of these words, or `'pipe'`,
   * pass bytes), a number the file of this descriptor. Default: `'inherit'`.
   */
  stdin?: 'inherit' | 'ignore' | (string & {}) | Uint8Array | number
  /**
   * `'inherit'` the standard output of this process, `'pipe'` collect it, `'ignore'`, or a
   * file descriptor. Default: `'inherit'`.
   */
  stdout?: 'inherit' | 'pipe' | 'ignore' | number
  /** The same for the standard error. Default: `'inherit'`. */
  stderr?: 'inherit' | 'pipe' | 'ignore' | number
  /**
   * After how many milliseconds the program is ended, from when it begins (compiling is before);
   * {@link RunResult.signal} is then `'SIGTERM'`. Code that can be ended is a little slower.
   * Default: 0, never.
   */
  timeout?: number
  /**
   * How many bytes are collected of each output that is `'pipe'`. A program that writes more is
   * ended, and that is an error, `ERR_WASMPORT_MAX_BUFFER`. Default: Infinity, as much as a Buffer
   * can have (4 GiB on Node 20).
   */
  maxBuffer?: number
}

/** Options of {@link run}. Unknown keys are an error. */
export interface RunOptions extends Omit<RunSyncOptions, 'stdin' | 'stdout' | 'stderr'> {
  /**
   * What the program reads. As of {@link RunSyncOptions.stdin}, and:
   * - `'pipe'`: what is written to {@link Running.stdin};
   * - a Readable: what that gives. If it fails the input ends, and `run` rejects with its error
   *   when the program has ended. Of what the program has not read when it ends, up to some
   *   buffers are gone; the rest is still in the stream, which stays open. Errors of it after
   *   that are yours. Streams of other implementations have to do what those of `node:stream` do.
   */
  stdin?: 'inherit' | 'pipe' | 'ignore' | (string & {}) | Uint8Array | number | Readable
  /**
   * Where the program writes. As of {@link RunSyncOptions.stdout}, and:
   * - `'pipe'` is a stream for who takes {@link Running.stdout}, else collected;
   * - a Writable: gets it, and stays open. `run` resolves when it has all. If it fails or closes
   *   the program cannot write any more (`EPIPE`); if it fails, `run` rejects with its error when
   *   the program has ended. As of the Readable, later errors are yours, and those of other
   *   implementations have to do what `node:stream` does.
   */
  stdout?: 'inherit' | 'pipe' | 'ignore' | number | Writable
  /** The same for the standard error. Default: `'inherit'`. */
  stderr?: 'inherit' | 'pipe' | 'ignore' | number | Writable
  /**
   * What the program imports besides WASI. The functions are called on the JS thread, while the
   * program waits, and may return promises. Their parameters and results are numbers (`bigint`
   * for i64). Default: nothing.
   */
  imports?: RunImports
  /**
   * Ends the program when it is aborted, before or while it runs: `run` rejects with an `AbortError`,
   * whose `cause` is the reason. Code that can be ended is a little slower. Default: none.
   */
  signal?: AbortSignal
}

/** What a program imports from JS, by module name and then by import name; see {@link RunOptions.imports}. */
export type RunImports = Record<string, Record<string, (this: RunImportCall, ...args: any[]) => any>>

/** `this` in a function that a program imports: the memory of the program, until the function has given its result. */
export interface RunImportCall {
  /**
   * A copy of bytes of the memory.
   *
   * @param address Where they begin. Addresses from 2 GiB arrive as negative numbers, since an i32
   * does; one from -2³¹ to -1 is taken as the unsigned one that it stands for.
   * @param length How many they are, at most 2³² - 1; a negative one is refused.
   * @throws `TypeError` with `ERR_WASMPORT_VALUE` for other values, `RangeError` with that code if the memory ends before.
   */
  readMemory(address: number | bigint, length: number): Uint8Array
  /**
   * Copies bytes into the memory, all or none of them.
   *
   * @param address Where the first byte goes; see {@link RunImportCall.readMemory}.
   * @param bytes What is copied.
   * @throws As {@link RunImportCall.readMemory}.
   */
  writeMemory(address: number | bigint, bytes: ArrayBufferLike | ArrayBufferView): void
}

/** How a program ended. */
export interface RunResult<Options extends RunOptions | RunSyncOptions = RunOptions> {
  /** What it passed to `proc_exit`, a 32-bit integer, or 0 if it returned instead; `null` if a signal ended it. */
  exitCode: number | null
  /**
   * `'SIGTERM'` if {@link RunSyncOptions.timeout} ended it, or the signal by which it ended itself
   * (`proc_raise`), such as `'SIGABRT'`; else `null`.
   */
  signal: string | null
  /** All it wrote to its standard output if that was `'pipe'` and nobody took {@link Running.stdout}, else `null`. */
  stdout: Options extends { stdout: 'pipe' } ? Buffer : Buffer | null
  /** The same of its standard error. */
  stderr: Options extends { stderr: 'pipe' } ? Buffer : Buffer | null
}

/**
 * A program that runs: a promise of how it ends, and the streams that are `'pipe'`.
 *
 * They are pipes of the system with the errors of those: a `write` fails with `EPIPE` if the program does
 * not read any more. If the run fails they end with its error. The process does not end by an error
 * of theirs that nobody listens for.
 */
export interface Running<Options extends RunOptions = RunOptions> extends Promise<RunResult<Options>> {
  /** What is written to it the program reads; `end()` ends its input. `null` if `stdin` is not `'pipe'`. */
  readonly stdin: Options extends { stdin: 'pipe' } ? Writable : Writable | null
  /**
   * What the program writes, while it writes; it waits for who reads slowly. `null` if `stdout` is not
   * `'pipe'`. It has to be taken in the turn in which {@link run} was called: the result's `stdout` is
   * then `null` after all; later it throws. What nobody has begun to read when the program ends is
   * discarded.
   */
  readonly stdout: Options extends { stdout: 'pipe' } ? Readable : Readable | null
  /** The same of the standard error. */
  readonly stderr: Options extends { stderr: 'pipe' } ? Readable : Readable | null
}

/**
 * The exports of a loaded module, in an object like that of an ES module: without
 * prototype, not extensible. Functions, memories and tables are objects; an
 * immutable global is its value; a mutable global reads and shows its present value.
 */
export type Namespace<Exports extends object = Record<string, any>> = Exports & {
  /**
   * Carries out the `dispose` steps of the plan and frees the instance now, rather than
   * when it is garbage; its exports then throw `ERR_WASMPORT_DISPOSED`. A module with
   * such steps is never garbage: they are carried out at the latest when the process
   * or worker ends.
   */
  [Symbol.dispose](): void
}

/**
 * Compiles a module off the JS thread, links it, carries out its plan (such as
 * calling `_initialize`), and resolves to its exports. Its `task` steps are carried
 * out in a task of their own before that; those of {@link loadSync}, after it returns.
 *
 * A program (a WASI command) is loaded as the functions that it exports, each call of
 * which is in a new instance: such a module may assume that it is called once. (One that
 * imports a memory, table or global keeps the instances for as long as the store of
 * that.) To run it as a program use {@link run}.
 *
 * Of a Node-API addon the result is what its registration returned: mostly an object,
 * which gets a `[Symbol.dispose]` that does not show. It ends the addon: its cleanup
 * hooks and finalizers run, its threads are stopped, calls of its functions throw
 * `ERR_WASMPORT_DISPOSED`. An addon is never garbage.
 *
 * As with `import()`, a module that exports a function named `then` would be taken
 * for a promise: use {@link loadSync} for it.
 *
 * @param source The module.
 * @param options What it imports, and what it is given by WASI.
 * @throws A rejection, never a throw; see {@link ErrorCode} for the errors.
 *
 * @example
 * ```js
 * const { add } = await load('./add.wasm', { imports: { env: { log: console.log } } })
 * ```
 */
export function load<Exports extends object = Record<string, any>>(
  source: Source,
  options?: LoadOptions,
): Promise<Namespace<Exports>>

/**
 * {@link load}, on this thread and before it returns.
 *
 * @param source The module.
 * @param options What it imports, and what it is given by WASI.
 * @throws See {@link ErrorCode}.
 */
export function loadSync<Exports extends object = Record<string, any>>(
  source: Source,
  options?: LoadOptions,
): Namespace<Exports>

/**
 * Runs a program (a WASI command, or any module with an entry) on a thread of its
 * own, and resolves when it has ended. That it exits, with whatever code, is a result and
 * never the end of this process; a trap is a rejection, as is what an import throws.
 * Up to 64 programs run at a time; others wait for their turn.
 *
 * @param source The program.
 * @param options What it is given.
 * @throws A rejection, never a throw; see {@link ErrorCode} for the errors.
 *
 * @example
 * ```js
 * const { exitCode, stdout } = await run('./tool.wasm', { args: ['tool', '-v'], stdout: 'pipe' })
 * ```
 *
 * @example
 * ```js
 * const running = run('./filter.wasm', { stdin: 'pipe', stdout: 'pipe', timeout: 10_000 })
 * running.stdin.end('some text')
 * for await (const chunk of running.stdout) process.stdout.write(chunk)
 * const { exitCode, signal } = await running
 * ```
 */
export function run<const Options extends RunOptions = {}>(source: Source, options?: Options): Running<Options>

/**
 * {@link run}, on this thread: nothing else happens in it until the program ends.
 *
 * @param source The program.
 * @param options What it is given.
 * @throws See {@link ErrorCode}.
 */
export function runSync<const Options extends RunSyncOptions = {}>(source: Source, options?: Options): RunResult<Options>

/**
 * Says what a module imports and exports and how it is started, without compiling it.
 *
 * @param source The module.
 * @throws `ERR_WASMPORT_NOT_WASM` or `ERR_WASMPORT_COMPILE` if it cannot be read; file errors as from `node:fs`.
 *
 * @example
 * ```js
 * const { plan } = inspect('./tool.wasm')
 * if (plan.run) console.log(`a program, entered by ${plan.run.export}`)
 * ```
 */
export function inspect(source: Source): Description

/**
 * A copy of bytes of a memory. It can be had where `memory.buffer` cannot: hosts such as
 * Electron forbid buffers over memory that is not their own.
 *
 * @param memory A memory of {@link WebAssembly} or of a {@link Namespace}, shared ones included.
 * @param address Where the bytes begin; a Number or a BigInt, whatever the addresses of the memory are.
 * @param length How many they are.
 * @throws `RangeError` with `ERR_WASMPORT_VALUE` if the memory ends before.
 */
export function readMemory(memory: WebAssembly.Memory<WebAssembly.AddressType>, address: number | bigint, length: number): Uint8Array

/**
 * Copies bytes into a memory, all or none of them; see {@link readMemory}.
 *
 * @param memory A memory of {@link WebAssembly} or of a {@link Namespace}, shared ones included.
 * @param address Where the first byte goes.
 * @param bytes What is copied.
 * @throws `RangeError` with `ERR_WASMPORT_VALUE` if the memory ends before.
 */
export function writeMemory(memory: WebAssembly.Memory<WebAssembly.AddressType>, address: number | bigint, bytes: ArrayBufferLike | ArrayBufferView): void

/** The versions of Wasmport and of the Wasmtime in it. */
export const versions: { readonly wasmport: string; readonly wasmtime: string }

/** What {@link inspect} says of a module. */
export interface Description {
  /** A core module or a component. */
  kind: 'module' | 'component'
  /** What its `name` section calls it. */
  name?: string
  /** The size of its binary form, in bytes. */
  size: number
  /** What seems to have made it, and what to do where it cannot be loaded by itself: for people, nothing is decided by it. */
  toolchain: { name: string; advice?: string } | null
  /** What its `producers` section says of languages and tools; absent if it says nothing. */
  producers?: { field: string; name: string; version: string }[]
  /** What it imports, in its order. */
  imports: ImportDescription[]
  /** What it exports, in its order. */
  exports: ExportDescription[]
  /** How it is started and used. */
  plan: Plan
  /** Where each part of the plan came from: the module's `init` section, or its imports and exports. */
  origin: Record<'bind' | 'steps' | 'run' | 'hide', 'section' | 'inferred'>
}

/** An import: the module that is to provide it (`''` in a component), its name and its type. */
export type ImportDescription = { module: string; name: string } & ItemType

/** An export and its type. */
export type ExportDescription = { name: string } & ItemType

/**
 * The type of an import or export, with the field names of the WebAssembly type
 * reflection proposal. Types of values are as in the text format (`i32`, `externref`).
 * Items of a component have a kind alone.
 */
export type ItemType =
  | { kind: 'function'; type?: { parameters: string[]; results: string[] } }
  | { kind: 'memory'; type: MemoryType }
  | { kind: 'table'; type: Limits & { element: string } }
  | { kind: 'global'; type: { value: string; mutable: boolean } }
  | { kind: 'tag'; type: { parameters: string[] } }
  | { kind: 'instance' | 'component' | 'module' | 'type' | 'value' }

/** The size of a memory, in pages, or of a table, in elements. */
export interface Limits {
  /** The size it begins with. */
  minimum: number
  /** The size it can grow to; absent if only the host limits it. */
  maximum?: number
  /** The type of its indices. */
  address: 'i32' | 'i64'
}

/** The type of a linear memory. */
export interface MemoryType extends Limits {
  /** Whether several threads can use it. */
  shared: boolean
  /** Bytes in a page, unless it is the usual 65,536. */
  pageSize?: number
}

/**
 * How a module is started: what the `init` section says, and what the imports and
 * exports imply where it says nothing.
 */
export interface Plan {
  /** Which services get the memory, and perhaps a table, of the instance before anything of it is called. */
  bind: { service: string; memory: string; table: string }[]
  /** What is called, in this order. */
  steps: Step[]
  /** The entry that {@link run} calls; `null` if this is not a program. */
  run: Entry | null
  /** Exports that the namespace does not show. */
  hide: Select[]
}

/** Names one export, or all whose names start with a prefix. */
export type Select = { export: string } | { prefix: string }

/** One call that starts or ends a module, or one for each export that is selected. */
export interface Step {
  /** While it is loaded, in a task after that, or when it is disposed of. */
  phase: 'evaluate' | 'task' | 'dispose'
  /** What is called. */
  select: Select
  /** With nothing, with a zero for each parameter, or with what a service supplies. */
  args: 'none' | 'zeros' | { service: string }
  /** Whether what the service makes of the result replaces the namespace. */
  result: 'ignore' | 'namespace'
  /** Whether it is an error that there is no such export. */
  if_missing: 'error' | 'skip'
}

/** The entry of a program. */
export interface Entry {
  /** The export that is called. */
  export: string
  /** With nothing, or with a zero for each parameter. */
  args: 'none' | 'zeros'
  /** On the instance there is, or on a new one for every run. */
  instance: 'same' | 'fresh'
  /** Whether its result is the exit code. */
  result: 'none' | 'exit-code'
}

/**
 * The `code` of an error of Wasmport. File errors have the codes, `path` and
 * `syscall` that `node:fs` gives them (`ENOENT`, `EISDIR`, `EACCES`).
 *
 * | code | class | what happened |
 * |---|---|---|
 * | `ERR_WASMPORT_OPTION` | `TypeError` | a source or option is of a wrong type, or its key is not known |
 * | `ERR_WASMPORT_NOT_WASM` | `WebAssembly.CompileError` | the file or bytes are not WebAssembly at all |
 * | `ERR_WASMPORT_COMPILE` | `WebAssembly.CompileError` | they are, and are not valid |
 * | `ERR_WASMPORT_UNSUPPORTED` | | they are, and use what Wasmport cannot do yet |
 * | `ERR_WASMPORT_LINK` | `WebAssembly.LinkError` | an import is missing or of a wrong kind; see {@link WasmportError} |
 * | `ERR_WASMPORT_NO_ENTRY` | | something was run that is no program: use {@link load} |
 * | `ERR_WASMPORT_TRAP` | `WebAssembly.RuntimeError` | WebAssembly code trapped; `trap` says how |
 * | `ERR_WASMPORT_STACK` | `RangeError` | calls nested too deeply |
 * | `ERR_WASMPORT_MEMORY` | | there is not enough memory |
 * | `ERR_WASMPORT_VALUE` | `TypeError` | a JS value has no form in the type a function or global has |
 * | `ERR_WASMPORT_MAX_BUFFER` | `RangeError` | a program wrote more than {@link RunSyncOptions.maxBuffer} |
 * | `ERR_WASMPORT_EXIT` | | a module that is not being run called `proc_exit`; `exitCode` says with what |
 * | `ERR_WASMPORT_DISPOSED` | | an export was used after its instance was disposed of |
 * | `ERR_WASMPORT_BINDING` | `Error` | there is no native addon for this platform; thrown by importing Wasmport |
 * | `ERR_WASMPORT_INTERNAL` | `Error` | a mistake in Wasmport; please report it |
 */
export type ErrorCode =
  | 'ERR_WASMPORT_OPTION'
  | 'ERR_WASMPORT_NOT_WASM'
  | 'ERR_WASMPORT_COMPILE'
  | 'ERR_WASMPORT_UNSUPPORTED'
  | 'ERR_WASMPORT_LINK'
  | 'ERR_WASMPORT_NO_ENTRY'
  | 'ERR_WASMPORT_TRAP'
  | 'ERR_WASMPORT_STACK'
  | 'ERR_WASMPORT_MEMORY'
  | 'ERR_WASMPORT_VALUE'
  | 'ERR_WASMPORT_MAX_BUFFER'
  | 'ERR_WASMPORT_EXIT'
  | 'ERR_WASMPORT_DISPOSED'
  | 'ERR_WASMPORT_BINDING'
  | 'ERR_WASMPORT_INTERNAL'

/** What the errors of Wasmport have in common. Errors that JS imports throw pass through as they are. */
export interface WasmportError extends Error {
  code: ErrorCode
  /** The path of the module, or `<bytes>` or `<text>`, where the error comes of one. */
  file?: string
  /** `ERR_WASMPORT_COMPILE`, and `ERR_WASMPORT_LINK` of an import or export: its offset in the file, in bytes, where it is known. */
  offset?: number
  /** `ERR_WASMPORT_LINK`: the module name of the import. */
  importModule?: string
  /** `ERR_WASMPORT_LINK`: the name of the import. */
  importName?: string
  /** `ERR_WASMPORT_LINK`: what the module asks for. */
  expected?: string
  /** `ERR_WASMPORT_LINK`: what it was given. */
  found?: string
  /**
   * `ERR_WASMPORT_TRAP`: the kind of trap, by Wasmtime's name for it, such as
   * `'unreachable-code-reached'` or `'memory-out-of-bounds'`.
   */
  trap?: string
  /** `ERR_WASMPORT_EXIT`: what the module passed to `proc_exit`. */
  exitCode?: number
}

import { WebAssembly } from './lib/webassembly/index.cjs'
export { WebAssembly }

export { WASI } from './lib/wasi.cjs'
export type { WASIOptions } from './lib/wasi.cjs'
