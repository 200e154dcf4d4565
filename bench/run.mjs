// `npm run bench`: measures every row and prints a table, or with --json one object a line. --only ROW measures one.
// A ratio is ours divided by the other side: below 1 is faster. Of a file with several rows, their geometric mean comes last.
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const rows = [
  'export-call', 'export-8-args', 'export-i64', 'export-externref', 'export-externref-i31', 'multi-value',
  'import-call', 'import-externref', 'memory-view', 'table-get', 'global-value', 'instantiate', 'instantiate-api',
  'cached-load', 'import-cached', 'hooks-graph', 'process-run', 'wasi', 'run-esbuild-500', 'run-loop-delay', 'napi',
]

const { values } = parseArgs({ options: { json: { type: 'boolean' }, only: { type: 'string' } } })
if (values.only && !rows.includes(values.only)) {
  console.error(`bench: there is no row '${values.only}'; the rows are ${rows.join(', ')}`)
  process.exit(2)
}

// Not the user's own cache, which may be turned off.
process.env.WASMPORT_CACHE = fileURLToPath(new URL('../target/bench-cache', import.meta.url))

const figure = (value, unit) => `${value.toFixed(value < 100 ? 1 : 0)} ${unit}`
const line = ([row, ours, against, other, ratio]) =>
  console.log([row.padEnd(20), ours.padStart(10), against.padEnd(9), other.padStart(10), ratio.padStart(8)].join('  '))

if (!values.json) {
  console.log(`Node ${process.version}, ${process.platform}-${process.arch}; medians; ratio = ours / other, below 1 is faster\n`)
  line(['row', 'ours', 'against', 'other', 'ratio'])
}
for (const name of values.only ? [values.only] : rows) {
  const { unit, measure, rows: several = { [name]: { unit, measure } } } = await import(`./rows/${name}.mjs`)
  const ratios = {}
  for (const [row, { unit, measure }] of Object.entries(several)) {
    const { ours, ...others } = await measure()
    for (const [against, theirs] of Object.entries(others)) {
      const ratio = ours / theirs
      ;(ratios[against] ??= []).push(ratio)
      if (values.json) console.log(JSON.stringify({ name: row, unit, median: ours, against, ratio }))
      else line([row, figure(ours, unit), against, figure(theirs, unit), ratio.toFixed(2)])
    }
  }
  if (Object.keys(several).length === 1) continue
  for (const [against, all] of Object.entries(ratios)) {
    const ratio = Math.exp(all.reduce((sum, each) => sum + Math.log(each), 0) / all.length)
    if (values.json) console.log(JSON.stringify({ name: `${name}, geometric mean`, against, ratio }))
    else line([`${name}, mean`, '', against, '', ratio.toFixed(2)])
  }
}
