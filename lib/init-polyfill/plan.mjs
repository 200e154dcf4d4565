// Plan = inference overridden by the section, then checked against the exports (chapters 2 and 4).

import { exportOf, findMemory, linkError, onlyMemory, quote, selects } from './outline.mjs'
import { decode } from './section.mjs'

const WASI = ['wasi_snapshot_preview1', 'wasi_unstable']
const TABLE = '__indirect_function_table'
const REGISTER = '(i32, i32) -> (i32)'

/** The plan of a module, and for each part of it whether it came from the section or was inferred. */
export function resolve(outline) {
  const section = outline.init ? decode(outline.init) : {}
  if (section.steps === undefined && section.run === undefined) checkStartAndInitialize(outline)
  const plan = {}
  const origin = {}
  for (const [part, infer] of Object.entries({ bind: inferBind, steps: inferSteps, run: inferRun, hide: () => [] })) {
    const isInferred = section[part] === undefined
    plan[part] = isInferred ? infer(outline) : section[part]
    origin[part] = isInferred ? 'inferred' : 'section'
  }
  plan.bind.forEach(bind => checkBind(outline, bind, `bind of ${quote(bind.service)} of the plan: `))
  plan.steps.forEach((step, index) => checkStep(outline, step, `step ${index} of the plan: `))
  if (plan.run) checkRun(outline, plan.run, 'run of the plan: ')
  return { plan, origin }
}

const signature = ({ params, results }) => `(${params.join(', ')}) -> (${results.join(', ')})`

function has(outline, name, expected) {
  const found = exportOf(outline, name)
  return found?.kind === 'function' && signature(found.type) === expected
}

function inferBind(outline) {
  const isNodeApi = ({ module, name }) =>
    module === 'emnapi' || (/^(napi|env)$/.test(module) && /^(napi|node_api)_/.test(name))
  const services = WASI.filter(service => outline.imports.some(({ module }) => module === service))
  if (outline.imports.some(isNodeApi)) services.push('napi')
  if (services.length === 0) return []
  const named = exportOf(outline, 'memory')
  const source = named?.kind === 'memory' ? named : onlyMemory(outline, '')
  if (!source) return []
  const memory = source.module === undefined ? source.name : ''
  const table = exportOf(outline, TABLE)?.kind === 'table' ? TABLE : ''
  return services.map(service => ({ service, memory, table: service === 'napi' ? table : '' }))
}

/** The WASI ABI asks that a module which is both a command and a reactor is refused. */
function checkStartAndInitialize(outline) {
  if (!has(outline, '_start', '() -> ()') || !has(outline, '_initialize', '() -> ()')) return
  throw linkError('the module exports both _start and _initialize, so it is unclear whether it is a command or a '
    + 'reactor; a run or steps sub-section of an init section can settle it')
}

function inferSteps(outline) {
  const steps = []
  const evaluate = (select, args = 'none', result = 'ignore') =>
    steps.push({ phase: 'evaluate', select, args, result, if_missing: 'error' })
  const firstOf = (names, expected) => names.find(name => has(outline, name, expected))

  const initialiser = firstOf(['_initialize', '__wasi_unstable_reactor_start', '__wasm_call_ctors'], '() -> ()')
  // A _start calls the constructors itself.
  const isCalled = initialiser === '__wasm_call_ctors' && has(outline, '_start', '() -> ()')
  if (initialiser && !isCalled) evaluate({ export: initialiser })
  if (has(outline, 'hs_init', '(i32, i32) -> ()')) evaluate({ export: 'hs_init' }, 'zeros')
  const registers = { prefix: '__napi_register__' }
  const isRegister = ({ name }) => selects(registers, name) && has(outline, name, '() -> ()')
  if (outline.exports.some(isRegister)) evaluate(registers)
  const addon = firstOf(['napi_register_wasm_v1', 'napi_register_module_v1', '_napi_register'], REGISTER)
  // What napi-rs 2 makes without a libc notes its exports by that.
  if (addon && has(outline, 'register_module', '() -> ()')) evaluate({ export: 'register_module' })
  if (addon) evaluate({ export: addon }, { service: 'napi' }, 'namespace')
  return steps
}

function inferRun(outline) {
  const entry = (name, instance) => ({ export: name, args: 'none', instance, result: 'exit-code' })
  if (has(outline, '', '() -> ()') || has(outline, '', '() -> (i32)')) return entry('', 'same')
  if (!has(outline, '_start', '() -> ()')) return null
  return entry('_start', outline.imports.some(({ module }) => WASI.includes(module)) ? 'fresh' : 'same')
}

function checkBind(outline, { memory, table }, where) {
  findMemory(outline, memory, where)
  if (table !== '') expectKind(existing(outline, table, where), 'table', where)
}

function checkStep(outline, { select, args, result, if_missing }, where) {
  if (result === 'namespace' && args.service === undefined) {
    throw linkError(`${where}a namespace is made by a service, which args must name`)
  }
  const selected = outline.exports.filter(({ name }) => selects(select, name))
  if (selected.length === 0 && if_missing === 'error') {
    if (select.prefix === undefined) existing(outline, select.export, where)
    throw linkError(`${where}no export starts with ${quote(select.prefix)}`)
  }
  for (const each of selected) {
    checkCall(each, args, where)
    const hasOne = each.type.results.length === 1
    if (result === 'namespace' && !hasOne) refuse(each, 'a namespace is made of one result', where)
  }
}

function checkRun(outline, { export: name, args, result }, where) {
  const entry = existing(outline, name, where)
  checkCall(entry, args, where)
  const isExitCode = ['', 'i32'].includes(entry.type.results.join())
  if (result === 'exit-code' && !isExitCode) refuse(entry, 'an exit code is one i32, or no result at all', where)
}

function checkCall(each, args, where) {
  expectKind(each, 'function', where)
  const { params } = each.type
  if (args === 'none' && params.length > 0) refuse(each, 'it is called without arguments', where)
  const other = params.find(type => !['i32', 'i64', 'f32', 'f64'].includes(type))
  if (args === 'zeros' && other) refuse(each, `there is no zero of type ${other}`, where)
  if (args.service === 'napi' && signature(each.type) !== REGISTER) refuse(each, `napi calls ${REGISTER}`, where)
}

function existing(outline, name, where) {
  const found = exportOf(outline, name)
  if (!found) throw linkError(`${where}there is no export ${quote(name)}`)
  return found
}

function expectKind({ name, kind }, expected, where) {
  if (kind !== expected) throw linkError(`${where}the export ${quote(name)} is a ${kind}, not a ${expected}`)
}

function refuse({ name, type }, why, where) {
  throw linkError(`${where}the export ${quote(name)} is ${signature(type)}, but ${why}`)
}
