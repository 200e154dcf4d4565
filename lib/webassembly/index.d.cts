/// <reference types="node" />

/**
 * The standard WebAssembly JS API, on Wasmtime. What a program does with
 * `globalThis.WebAssembly` it can do with this, and with all of WebAssembly 3.0 on
 * every version of Node: garbage collection, exceptions, 64-bit memories.
 *
 * The objects of the two do not mix: what Node's own WebAssembly made, this one
 * refuses, except functions. The classes of errors are Node's own.
 */
export declare namespace WebAssembly {
  /** The type of the addresses of a memory or the indices of a table. */
  type AddressType = 'i32' | 'i64'

  /** An address, index or size: a `bigint` where addresses have 64 bits. */
  type AddressValue<Address extends AddressType> = Address extends 'i64' ? bigint : number

  type NumberType = 'i32' | 'i64' | 'f32' | 'f64' | 'v128'

  /** `anyfunc` and `funcref` are the same type; {@link Global.type} and the like say `funcref`. */
  type ReferenceType =
    | 'externref'
    | 'anyfunc'
    | 'funcref'
    | 'anyref'
    | 'eqref'
    | 'i31ref'
    | 'structref'
    | 'arrayref'
    | 'exnref'

  type ValueType = NumberType | ReferenceType

  type ImportExportKind = 'function' | 'table' | 'memory' | 'global' | 'tag'

  /** What an instance exports, by name: a frozen object without prototype. */
  type Exports = Readonly<Record<string, any>>

  /** What a module imports, by module name and then by import name. */
  type Imports = Record<string, Record<string, any>>

  /** The bytes of a module. They are copied before the call returns. */
  type Bytes = ArrayBufferLike | ArrayBufferView

  /** What is supplied to a module besides its imports. */
  interface WebAssemblyCompileOptions {
    /** Sets of functions that the engine provides: `['js-string']` for the imports from `wasm:js-string`. */
    builtins?: Iterable<string>
    /** The name of an import module whose globals are strings: each is what it is called. */
    importedStringConstants?: string | null
  }

  /** Names the initial size; `minimum` is what type reflection calls it. */
  type InitialSize<Address extends AddressType> =
    | { initial: AddressValue<Address>; minimum?: undefined }
    | { minimum: AddressValue<Address>; initial?: undefined }

  type MemoryDescriptor<Address extends AddressType = 'i32'> = InitialSize<Address> & {
    /** Default: `'i32'`. */
    address?: Address
    /** In pages of 64 KiB, as is the initial size. A shared memory must have one. */
    maximum?: AddressValue<Address>
    /** Whether several threads can use it. Default: `false`. */
    shared?: boolean
  }

  type TableDescriptor<Address extends AddressType = 'i32'> = InitialSize<Address> & {
    element: ReferenceType
    /** Default: `'i32'`. */
    address?: Address
    maximum?: AddressValue<Address>
  }

  interface GlobalDescriptor<Type extends ValueType = ValueType> {
    value: Type
    /** Default: `false`. */
    mutable?: boolean
  }

  /** The types of type reflection: what `type()` returns, a constructor accepts. */
  interface MemoryType<Address extends AddressType = 'i32'> {
    address: Address
    minimum: AddressValue<Address>
    maximum?: AddressValue<Address>
    shared: boolean
  }

  interface TableType<Address extends AddressType = 'i32'> {
    element: ReferenceType
    address: Address
    minimum: AddressValue<Address>
    maximum?: AddressValue<Address>
  }

  interface GlobalType<Type extends ValueType = ValueType> {
    mutable: boolean
    value: Type
  }

  interface FunctionType {
    parameters: ValueType[]
    results: ValueType[]
  }

  interface TagType {
    parameters: ValueType[]
  }

  /** The kind of an import or export and its type. */
  type ExternType =
    | { kind: 'function'; type: FunctionType }
    | { kind: 'table'; type: TableType<AddressType> }
    | { kind: 'memory'; type: MemoryType<AddressType> }
    | { kind: 'global'; type: GlobalType }
    | { kind: 'tag'; type: TagType }

  type ModuleExportDescriptor = { name: string } & ExternType

  type ModuleImportDescriptor = { module: string; name: string } & ExternType

  /** The JS type of the values of each WebAssembly type. */
  interface ValueTypeMap {
    i32: number
    i64: bigint
    f32: number
    f64: number
    v128: never
    externref: any
    anyfunc: Function | null
    funcref: Function | null
    anyref: any
    eqref: any
    i31ref: number | null
    structref: object | null
    arrayref: object | null
    exnref: never
  }

  /** A module that is compiled, and has no state. */
  class Module {
    constructor(bytes: Bytes, options?: WebAssemblyCompileOptions)

    /** What a module exports, in its order. */
    static exports(moduleObject: Module): ModuleExportDescriptor[]
    /** What a module imports, in its order, without what its compile options provide. */
    static imports(moduleObject: Module): ModuleImportDescriptor[]
    /** The contents of the custom sections of that name. */
    static customSections(moduleObject: Module, sectionName: string): ArrayBuffer[]
  }

  /** A module with its imports and its state. */
  class Instance {
    /**
     * `options.store` is not of the standard: an object (an Instance, its exports, or a Memory, Table or function of
     * one) whose store the instance is to share, so that all of their objects can be imported together.
     */
    constructor(module: Module, importObject?: Imports, options?: { store?: object })

    readonly exports: Exports
  }

  class Memory<Address extends AddressType = 'i32'> {
    constructor(descriptor: MemoryDescriptor<Address>)

    /** All of the memory, without copying: the same object until the memory grows, which detaches it. */
    readonly buffer: ArrayBuffer
    /** Grows by that many pages of 64 KiB and returns how many there were. */
    grow(delta: AddressValue<Address>): AddressValue<Address>
    type(): MemoryType<Address>
  }

  class Table<Address extends AddressType = 'i32'> {
    constructor(descriptor: TableDescriptor<Address>, value?: any)

    readonly length: AddressValue<Address>
    get(index: AddressValue<Address>): any
    /** Without a value: null, or undefined if the elements are `externref`. */
    set(index: AddressValue<Address>, value?: any): void
    /** Grows by that many elements and returns how many there were. */
    grow(delta: AddressValue<Address>, value?: any): AddressValue<Address>
    type(): TableType<Address>
  }

  class Global<Type extends ValueType = ValueType> {
    constructor(descriptor: GlobalDescriptor<Type>, v?: ValueTypeMap[Type])

    value: ValueTypeMap[Type]
    valueOf(): ValueTypeMap[Type]
    type(): GlobalType<Type>
  }

  /** The type of an exception: what it carries. */
  class Tag {
    constructor(type: { parameters: Iterable<ValueType> })

    type(): TagType
  }

  interface ExceptionOptions {
    /** Whether `stack` is filled in, which takes time. Default: `false`. */
    traceStack?: boolean
  }

  /** An exception that WebAssembly throws or can catch. It is not an `Error`. */
  class Exception {
    constructor(exceptionTag: Tag, payload: Iterable<any>, options?: ExceptionOptions)

    is(exceptionTag: Tag): boolean
    /** A value that it carries; `exceptionTag` must be its own. */
    getArg(exceptionTag: Tag, index: number): any
    readonly stack: string | undefined
  }

  /** A function that an instance exports, or that was made to be like one. */
  interface Function extends globalThis.Function {
    (...args: any[]): any
    type(): FunctionType
  }

  const Function: {
    readonly prototype: Function
    /** Makes of a JS function one of that type, which can be put into a table. */
    new (
      type: { parameters: Iterable<ValueType>; results: Iterable<ValueType> },
      callable: (...args: any[]) => any,
    ): Function
  }

  /** The tag under which WebAssembly can catch and throw any JS value. */
  const JSTag: Tag

  /**
   * The instance behind the namespace of a WebAssembly module that was imported.
   *
   * @throws `TypeError` for any other object.
   */
  function namespaceInstance(namespace: object): Instance

  interface ErrorClass {
    readonly prototype: Error
    new (message?: string, options?: ErrorOptions): Error
    (message?: string, options?: ErrorOptions): Error
  }

  /** The bytes are not a valid module. */
  type CompileError = Error
  const CompileError: ErrorClass

  /** A module does not go together with what it was given to import. */
  type LinkError = Error
  const LinkError: ErrorClass

  /** WebAssembly code trapped. */
  type RuntimeError = Error
  const RuntimeError: ErrorClass

  interface WebAssemblyInstantiatedSource {
    module: Module
    instance: Instance
  }

  /** Whether the bytes are a valid module. */
  function validate(bytes: Bytes, options?: WebAssemblyCompileOptions): boolean

  /** Compiles a module off the JS thread. */
  function compile(bytes: Bytes, options?: WebAssemblyCompileOptions): Promise<Module>

  /** Compiles a module off the JS thread and makes an instance of it. */
  function instantiate(
    bytes: Bytes,
    importObject?: Imports,
    options?: WebAssemblyCompileOptions,
  ): Promise<WebAssemblyInstantiatedSource>

  /** Makes an instance in a task of its own; the imports are read at once. */
  function instantiate(moduleObject: Module, importObject?: Imports): Promise<Instance>

  /** {@link compile} for what `fetch` returns. It must be of the type `application/wasm`. */
  function compileStreaming(
    source: Response | PromiseLike<Response>,
    options?: WebAssemblyCompileOptions,
  ): Promise<Module>

  /** {@link instantiate} for what `fetch` returns. It must be of the type `application/wasm`. */
  function instantiateStreaming(
    source: Response | PromiseLike<Response>,
    importObject?: Imports,
    options?: WebAssemblyCompileOptions,
  ): Promise<WebAssemblyInstantiatedSource>
}
