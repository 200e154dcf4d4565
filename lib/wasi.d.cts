/// <reference types="node" />

import type { WasiOptions } from '../index.js'

/**
 * Options of {@link WASI}: those of the class of `node:wasi`, and some of
 * {@link WasiOptions}. Keys that are not known are ignored, as there.
 */
export interface WASIOptions extends Pick<WasiOptions, 'cwd' | 'preopens' | 'clocks' | 'random' | 'network'> {
  /** Which WASI the guest imports: `'unstable'` is preview 0. */
  version: 'preview1' | 'unstable'
  /** The arguments as the guest sees them, the first of them being the name of the program. Default: none. */
  args?: readonly string[]
  /** The whole environment of the guest, such as `process.env`. What is `undefined` is left out. Default: empty. */
  env?: Readonly<Record<string, string | undefined>>
  /**
   * What `proc_exit` does. `true`: it ends the call of the guest, and {@link WASI.start}
   * returns the exit code. `false`: it ends this process with that code, as
   * `process.exit` does; of a worker, the worker. Default: `true`.
   */
  returnOnExit?: boolean
  /** The file descriptor that is the standard input of the guest. Default: 0, that of this process. */
  stdin?: number
  /** The file descriptor that is the standard output of the guest. Default: 1, that of this process. */
  stdout?: number
  /** The file descriptor that is the standard error of the guest. Default: 2, that of this process. */
  stderr?: number
}

/**
 * The class of `node:wasi`, with the WASI of Wasmport behind it, which is a sandbox.
 * It is for instances of Node's own `WebAssembly` and of the one that Wasmport exports.
 * Programs that are not bound to that class need none of this: see `run` and `load`.
 *
 * What it does otherwise than Node's:
 * - A guest cannot leave the directories that it was given, by `..` or by symbolic links,
 *   and a directory may be given to be read only.
 * - A directory or descriptor that cannot be opened is an error as from `node:fs`
 *   (`ENOENT`, `EBADF`), not `UVWASI_ENOENT`; an option of Wasmport that is wrong,
 *   `ERR_WASMPORT_OPTION`.
 * - An address beyond the memory, which a guest passes to a function of WASI, ends the
 *   guest by a `RuntimeError`, as a trap does; there it is an error number, and so is an argument
 *   of a wrong type where JavaScript calls such a function, which here is converted as WebAssembly
 *   does it.
 * - A call that `proc_exit` ends, other than that of {@link WASI.start}, throws an `Error` with
 *   `ERR_WASMPORT_EXIT` and `exitCode`; there it throws a symbol. Where the process is to
 *   end, its `'exit'` handlers are called.
 * - The descriptors of the guest are its own: if it closes one, yours stays open.
 * - The functions of `'unstable'` have the layouts of preview 0; there, those of preview 1.
 * - {@link WASI.finalizeBindings} is there on every version of Node, and a call that is refused
 *   for its arguments does not start the object. Node has both since 24.
 * - There is no warning.
 *
 * @example
 * ```js
 * const wasi = new WASI({ version: 'preview1', args: ['tool', '-v'], preopens: { '/src': './src' } })
 * const { instance } = await WebAssembly.instantiate(readFileSync('tool.wasm'), wasi.getImportObject())
 * process.exitCode = wasi.start(instance)
 * ```
 */
export declare class WASI {
  /**
   * Opens what the guest is given.
   *
   * @throws `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE` and `ERR_OUT_OF_RANGE` as `node:wasi`; see above for the rest.
   */
  constructor(options: WASIOptions)

  /**
   * The functions of WASI by name. They are of use when the object has a memory;
   * until then they throw `ERR_WASI_NOT_STARTED`.
   */
  readonly wasiImport: Record<string, (...args: any[]) => any>

  /** The import object for an instance that imports nothing but WASI. */
  getImportObject(): Record<string, Record<string, (...args: any[]) => any>>

  /**
   * Starts a program: gives the functions its memory and calls its `_start`.
   *
   * @param instance An instance with the exports `memory` and `_start`, and no `_initialize`.
   * @returns What the program passed to `proc_exit`, or 0 if it returned.
   * @throws `ERR_INVALID_ARG_TYPE` if it is no such instance, `ERR_WASI_ALREADY_STARTED` the second time; what ends the program.
   */
  start(instance: object): number

  /**
   * Starts a reactor: gives the functions its memory, and calls its `_initialize` if it has one.
   *
   * @param instance An instance with the export `memory`, and no `_start`.
   * @throws As {@link WASI.start}.
   */
  initialize(instance: object): void

  /**
   * Gives the functions a memory, and calls nothing: for threads, and for who calls the
   * exports without {@link WASI.start} and {@link WASI.initialize}.
   *
   * @param instance The instance.
   * @param options `memory`: its memory, if that is not its export `memory`, such as one that it imports.
   * @throws As {@link WASI.start}.
   */
  finalizeBindings(instance: object, options?: { memory?: object }): void
}
