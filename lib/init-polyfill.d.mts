/**
 * Carries out the `init` section of WebAssembly modules (docs/INIT-SECTION.md) with the
 * plain `WebAssembly` of any host: a browser, Node, Deno or Bun. It has no dependencies.
 * Components have no support: they are a `CompileError`.
 *
 * `CompileError`s of the plan have an `offset`: where in the bytes what is wrong begins.
 *
 * @packageDocumentation
 */

/** The bytes of a module, in memory that is not shared. */
export type Bytes = ArrayBuffer | ArrayBufferView

/**
 * Says how a module is started: what its `init` section says, and what its imports and
 * exports imply where it says nothing. Nothing is compiled or validated.
 *
 * @throws `WebAssembly.CompileError` if the bytes or the section are malformed,
 * `WebAssembly.LinkError` if the plan does not fit the exports.
 */
export function plan(bytes: Bytes): Resolved

/**
 * Compiles and instantiates a module, carries out its plan, task steps included, and
 * resolves to its namespace. A *command*, a module whose plan runs `fresh`, gives
 * its functions; each call of one is on an instance of its own.
 *
 * As with `import()`, a module that exports a function named `then` would be taken for
 * a promise. To another thread's instance of the same memory, use the plain API:
 * the plan was carried out with the first one.
 *
 * @param imports What the module imports. See {@link Service} for who gets its memory.
 * @throws A rejection, with what {@link plan}, the plain API or the module itself throws.
 *
 * @example
 * ```js
 * const bytes = await (await fetch('tool.wasm')).arrayBuffer()
 * const { greet } = await instantiate(bytes, { host })
 * ```
 */
export function instantiate<Exports extends object = Record<string, any>>(
  bytes: Bytes,
  imports?: Imports,
): Promise<Namespace<Exports>>

/**
 * Runs the program that a module is, on an instance of its own, and resolves to its
 * exit code: what it passed to `proc_exit`, or returned, or 0.
 *
 * @throws A rejection, as of {@link instantiate}; an `Error` if the module has no entry.
 */
export function run(bytes: Bytes, imports?: Imports): Promise<number>

/**
 * Thrown by `proc_exit` of the WASI implementation that a module is given, to end the
 * call. Instead, any object can be thrown that has a number as its `exitCode`.
 */
export class Exit extends Error {
  constructor(exitCode: number)
  exitCode: number
}

/** What a module imports, by module name and then by import name; and the services that its plan names. */
export type Imports = Record<string, Record<string, any> | Service>

/** An import object, or a module, to which a plan can bind the memory of an instance. */
export interface Service {
  /** Called with the memory, before anything but the start function has run. It is never linked as an import. */
  __wasm_bind(instance: {
    memory: WebAssembly.Memory
    table: WebAssembly.Table | undefined
    exports: WebAssembly.Exports
  }): Supplies | void
}

/** What a service supplies to the steps of one instance. */
export interface Supplies {
  /** The arguments of a call of an export. */
  args?(name: string): readonly unknown[]
  /** What replaces the namespace, for the result of a call. */
  namespace?(result: any): unknown
}

/**
 * The exports, in an object like that of an ES module: without prototype, frozen;
 * a global is its present value. It is another value if a service made one.
 */
export type Namespace<Exports extends object = Record<string, any>> = Exports & {
  /** Carries out the dispose steps, once. It is there where the host has `Symbol.dispose`. */
  [Symbol.dispose]?(): void
}

/** A plan, and where each part of it came from. */
export interface Resolved {
  plan: Plan
  origin: Record<keyof Plan, 'section' | 'inferred'>
}

/** How a module is started, in the JSON of docs/INIT-SECTION.md. */
export interface Plan {
  /** Which services get the memory, and perhaps a table, of the instance before anything of it is called. */
  bind: { service: string; memory: string; table: string }[]
  /** What is called, in this order. */
  steps: Step[]
  /** The entry of the program; `null` if it is none. */
  run: Entry | null
  /** Exports that the namespace does not show. */
  hide: Select[]
}

/** Names one export, or all whose names start with a prefix. */
export type Select = { export: string } | { prefix: string }

/** One call, or one for each export that is selected. */
export interface Step {
  phase: 'evaluate' | 'task' | 'dispose'
  select: Select
  args: 'none' | 'zeros' | { service: string }
  result: 'ignore' | 'namespace'
  if_missing: 'error' | 'skip'
}

/** The entry of a program. */
export interface Entry {
  export: string
  args: 'none' | 'zeros'
  instance: 'same' | 'fresh'
  result: 'none' | 'exit-code'
}
