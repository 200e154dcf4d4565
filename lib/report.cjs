'use strict'
// The description of a module as text for people: what `wasmport inspect` prints.

const quote = JSON.stringify

/** No column is padded beyond this, so that one long name does not push all types out of sight. */
const WIDEST = 64

/** The text, with a line for each import, export and part of the plan; `plan` is null where there is none. */
function report(path, { kind, name, size, toolchain, imports, exports, plan, origin }) {
  return [
    `${kind} ${path}`,
    ...rows([
      ['size', `${size.toLocaleString('en')} bytes`],
      ...(name === undefined ? [] : [['name', quote(name)]]),
      ['made by', toolchain?.name ?? 'unknown'],
      ...(toolchain?.advice === undefined ? [] : [['note', toolchain.advice]]),
    ]),
    ...section('imports', imports.map(item => [item.kind, importText(item), typeText(item)])),
    ...section('exports', exports.map(item => [item.kind, quote(item.name), typeText(item)])),
    ...section('plan', plan === null ? [] : [
      ...part('bind', plan.bind.map(bindText), origin.bind),
      ...part('steps', plan.steps.map(stepText), origin.steps),
      ...part('run', plan.run ? [runText(plan.run)] : [], origin.run),
      ...part('hide', plan.hide.map(selectText), origin.hide),
    ]),
    '',
  ].join('\n')
}

function section(title, items) {
  return ['', items.length === 0 ? `${title}: none` : title, ...rows(items)]
}

/** Lines of columns; the last is not padded. */
function rows(items) {
  const widths = []
  for (const item of items) {
    item.forEach((text, column) => { widths[column] = Math.min(Math.max(widths[column] ?? 0, text.length), WIDEST) })
  }
  return items.map(item => `  ${item.map((text, column) => text.padEnd(widths[column])).join('  ')}`.trimEnd())
}

/** The two names of an import; a component's imports have one. */
function importText({ module, name }) {
  return module === '' ? quote(name) : `${quote(module)} ${quote(name)}`
}

/** Rows of one part of the plan; where it came from is said once, and not of nothing inferred. */
function part(name, lines, source) {
  const from = source === 'section' ? 'from the init section' : 'inferred'
  if (lines.length === 0) return [[name, 'nothing', source === 'section' ? from : '']]
  return lines.map((line, n) => (n === 0 ? [name, line, from] : ['', line, '']))
}

function bindText({ service, memory, table }) {
  const to = memory === '' ? 'the only memory' : `memory ${quote(memory)}`
  return `${quote(service)} to ${to}${table === '' ? '' : `, table ${quote(table)}`}`
}

function stepText({ phase, select, args, result, if_missing }) {
  return `${phase} ${selectText(select)}${argsText(args)}` +
    `${result === 'namespace' ? ', its result is the namespace' : ''}${if_missing === 'skip' ? ', if present' : ''}`
}

function runText({ export: name, args, instance, result }) {
  return `${quote(name)}${argsText(args)} in ${instance === 'fresh' ? 'a fresh instance' : 'the same instance'}` +
    `${result === 'exit-code' ? ', its result is the exit code' : ''}`
}

function argsText(args) {
  if (args === 'none') return ''
  return args === 'zeros' ? ' with zeros' : ` with arguments from ${quote(args.service)}`
}

function selectText({ export: name, prefix }) {
  return name === undefined ? `all that start with ${quote(prefix)}` : quote(name)
}

/** A type in about the words of the text format; items of components have none. */
function typeText({ kind, type }) {
  switch (type && kind) {
    case 'function': return `(${type.parameters.join(', ')}) -> (${type.results.join(', ')})`
    case 'tag': return `(${type.parameters.join(', ')})`
    case 'global': return type.mutable ? `mut ${type.value}` : type.value
    case 'table': return `${limits(type)} ${type.element}`
    case 'memory': return `${limits(type)} pages${type.shared ? ' shared' : ''}`
    default: return ''
  }
}

function limits({ minimum, maximum, address }) {
  return `${address === 'i64' ? 'i64 ' : ''}${minimum}${maximum === undefined ? ' or more' : ` to ${maximum}`}`
}

module.exports = { report }
