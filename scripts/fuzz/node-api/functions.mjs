// What the host has of Node-API, and of emnapi's private functions, as its own tables say it (src/node_api/function.rs has
// their form), so that none can be forgotten here.

import { readdirSync, readFileSync } from 'node:fs'

const sources = new URL('../../../src/node_api/', import.meta.url)
const ENTRY = /^ +(api|script|plain|any_thread) (\w+)\(([^)]*)\)(?: -> (\w+))?;$/gm
const TYPES = { i64: 'i64', u64: 'i64', f64: 'f64' }
const type = kind => TYPES[kind] ?? 'i32'

/**
 * The functions, each `{ name, kinds, parameters, results }`: `kinds` says what a parameter is, such as `Handle` or `Ptr`,
 * `parameters` and `results` their types.
 */
export function nodeApiFunctions() {
  const files = readdirSync(sources, { recursive: true }).filter(name => name.endsWith('.rs')).sort()
  return files.flatMap(file => [...readFileSync(new URL(file, sources), 'utf8').matchAll(ENTRY)]).map(([, how, name, list, result]) => {
    const status = how === 'api' || how === 'script'
    const kinds = [...status ? ['environment'] : [], ...list === '' ? [] : list.split(', ')]
    return { name, kinds, parameters: kinds.map(type), results: status ? ['i32'] : result === undefined ? [] : [type(result)] }
  })
}
