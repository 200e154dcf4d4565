// Runs the commands of one core specification script through the JS API alone.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { exportedFunctions } from './core-binary.mjs'
import { makeSpectest } from './core-spectest.mjs'
import {
  bitsOf, bitsToNumber, isNaNConstant, isNumber, matches, numberToBits, reference, show,
} from './core-values.mjs'
import { flatten, unflatten, wrapperModule } from './core-wrapper.mjs'

/** Thrown for a command that means nothing in the JS API; the message says why. */
export class Skipped extends Error {}

/** One script, and what its commands have made so far. */
export class Script {
  #api
  #directory
  #registry = { __proto__: null } // what `register` named: the import object of every instance
  #modules = new Map() // by the name in the script; undefined names the latest
  #instances = new Map() // likewise, each { exports, types, wrappers }
  #hasThreads = false

  /**
   * @param {typeof globalThis.WebAssembly} api the engine under test
   * @param {string} directory where `wast-json` wrote the modules of the script
   */
  constructor(api, directory) {
    this.#api = api
    this.#directory = directory
    this.#registry.spectest = makeSpectest(api)
  }

  /** Runs one command; throws `Skipped`, or an error that says how the engine fails it. */
  run(command) {
    const { RuntimeError, Exception } = this.#api
    // What follows a thread looks at what that thread did.
    this.#hasThreads ||= command.type === 'thread'
    if (this.#hasThreads) throw new Skipped('the script has several threads, this runner one')
    switch (command.type) {
      case 'module':
        this.#define(command)
        return this.#instantiate(command.name, command.name)
      case 'module_definition':
        return this.#define(command)
      case 'module_instance':
        return this.#instantiate(command.instance, command.module)
      case 'register':
        this.#registry[command.as] = this.#instance(command.name).exports
        return
      case 'action':
        return void this.#perform(command.action, [])
      case 'assert_return':
        return this.#assertReturn(command)
      case 'assert_trap':
        return assertThrows(RuntimeError, command.text, () => this.#perform(command.action, []))
      case 'assert_exhaustion':
        return assertThrows(RangeError, command.text, () => this.#perform(command.action, []))
      case 'assert_exception':
        return assertThrows(Exception, 'an exception', () => this.#perform(command.action, []))
      case 'assert_uninstantiable':
        return this.#assertUninstantiable(command)
      case 'assert_unlinkable':
        return this.#assertUnlinkable(command)
      case 'assert_invalid':
      case 'assert_malformed':
        return this.#assertInvalid(command)
      case 'assert_invalid_custom':
      case 'assert_malformed_custom':
        throw new Skipped('the JS API ignores errors in custom sections')
      default:
        throw new Error(`this runner does not know the command ${command.type}`)
    }
  }

  #bytes({ filename, module_type: type, binary_filename: binary }) {
    // Of a module in quoted text, the converter makes a binary where the text can be parsed.
    const file = type === 'text' ? binary : filename
    if (file === undefined) throw new Skipped('the text format is not part of the JS API')
    return readFileSync(join(this.#directory, file))
  }

  #compile(bytes) {
    const module = new this.#api.Module(bytes)
    if (this.#api.validate(bytes) !== true) throw new Error('validate() says false of a module that compiles')
    return module
  }

  #define(command) {
    // What follows must not run on the module before, should this one fail.
    for (const name of [undefined, command.name]) {
      this.#modules.delete(name)
      this.#instances.delete(name)
    }
    const bytes = this.#bytes(command)
    const defined = { module: this.#compile(bytes), bytes }
    for (const name of [undefined, command.name]) this.#modules.set(name, defined)
  }

  #instantiate(name, moduleName) {
    const defined = this.#modules.get(moduleName)
    if (!defined) throw new Error(`there is no module ${moduleName ?? ''}`)
    const { exports } = this.#link(defined.module)
    const instance = { exports, types: exportedFunctions(defined.bytes), wrappers: new Map() }
    for (const key of [undefined, name]) this.#instances.set(key, instance)
  }

  // Wasmport gives an instance that imports no wasm object a store of its own, and objects of two
  // stores do not meet; the option, which other engines ignore, puts a whole script into one store.
  #link(module, imports = this.#registry) {
    return new this.#api.Instance(module, imports, { store: this.#registry.spectest.memory })
  }

  #instance(name) {
    const instance = this.#instances.get(name)
    if (!instance) throw new Error(`there is no instance ${name ?? ''}, its module failed`)
    return instance
  }

  /** The results of an action, each as its bits or, for a reference, as the JS value. */
  #perform({ type, module, field, args }, expected) {
    const instance = this.#instance(module)
    if (type === 'invoke') return this.#invoke(instance, field, args, expected)
    const { value } = instance.exports[field]
    return [fromJs(expected[0].type, value)]
  }

  #invoke({ exports, types, wrappers }, field, args, expected) {
    const { parameters, results } = types.get(field)
    const values = args.map((arg) => (isNumber(arg.type) || arg.type === 'v128' ? bitsOf(arg) : reference(arg)))
    const crosses = ({ name }) => name !== 'v128' && name !== 'exnref'
    if (parameters.every(crosses) && results.every(crosses) && ![...args, ...expected].some(isNaNConstant)) {
      const result = exports[field](...values.map((value, index) => toJs(parameters[index].name, value)))
      return list(result, results.length).map((value, index) => fromJs(results[index].name, value))
    }
    if (!wrappers.has(field)) {
      const module = this.#compile(wrapperModule({ parameters, results }))
      wrappers.set(field, this.#link(module, { '': { '': exports[field] } }).exports[''])
    }
    const flat = wrappers.get(field)(...parameters.flatMap((type, index) => flatten(type, values[index])))
    return unflatten(results, flat)
  }

  #assertReturn({ action, expected }) {
    const results = this.#perform(action, expected)
    const isRight = results.length === expected.length && results.every((one, index) => matches(expected[index], one))
    if (!isRight) throw new Error(`expected ${expected.map(show).join(', ')}, got ${results.map(show).join(', ')}`)
  }

  #assertUninstantiable(command) {
    const module = this.#compile(this.#bytes(command))
    assertThrows(this.#api.RuntimeError, command.text, () => this.#link(module))
  }

  #assertUnlinkable(command) {
    const { LinkError, Module } = this.#api
    const module = this.#compile(this.#bytes(command))
    // A module that is missing from the import object is a TypeError in the JS API, a missing member a LinkError.
    const isMissing = Module.imports(module).some((one) => this.#registry[one.module] === undefined)
    assertThrows(isMissing ? TypeError : LinkError, command.text, () => this.#link(module))
  }

  #assertInvalid(command) {
    const { CompileError, Module, validate } = this.#api
    const bytes = this.#bytes(command)
    if (validate(bytes) !== false) throw new Error(`validate() says true of an invalid module (${command.text})`)
    assertThrows(CompileError, command.text, () => new Module(bytes))
  }
}

function assertThrows(expected, text, run) {
  try {
    run()
  } catch (error) {
    if (error instanceof expected) return
    throw new Error(`expected ${expected.name} (${text}), got ${error}`)
  }
  throw new Error(`expected ${expected.name} (${text}), but nothing was thrown`)
}

function toJs(type, value) {
  return isNumber(type) ? bitsToNumber(type, value) : value
}

function fromJs(type, value) {
  if (!isNumber(type)) return value
  const bits = numberToBits(type, value)
  if (bits === undefined) throw new Error(`expected an ${type}, got the ${typeof value} ${String(value)}`)
  return bits
}

/** The results a JS API function returned, as a list. */
function list(result, count) {
  if (count === 1) return [result]
  if (count === 0 && result === undefined) return []
  if (Array.isArray(result) && result.length === count) return result
  throw new Error(`expected ${count} results, got the ${typeof result} ${String(result)}`)
}
