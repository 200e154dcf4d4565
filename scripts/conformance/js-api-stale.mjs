// The subtests of the specification's JS-API tests that say nothing about an engine, with the reason. They are left out
// whatever they give. Looked at in WebAssembly/spec of July 2026.
const GONE = 'calls a function that neither testharness.js nor the file has any more, so it fails on every engine'

const STALE = [
  {
    file: 'limits.any.js',
    names: /^(Async compile|Compile) .* over limit$/,
    reason: `${GONE}: assert_throws, promise_rejects`,
  },
  {
    file: 'limits.any.js',
    names: /^Instantiate initial table size over limit$|^(Async instantiate|Instantiate) maximum table size over limit$|^Grow WebAssembly\.Table object beyond/,
    reason: `${GONE}: assert_throws, assertEquals`,
  },
  {
    file: 'limits.any.js',
    names: /^(Validate|Compile|Async compile) initial table size beyond its dynamic limit\.?$/,
    reason: 'wants a module with a table above 10,000,000 elements to compile; the specification says CompileError',
  },
  {
    file: 'limits.any.js',
    names: /^Validate memories over limit$/,
    reason: 'wants a second memory to be an error; since multiple memories the limit is 100',
  },
  {
    file: 'table/grow-memory64.any.js',
    names: /^(Basic i64|(Reached|Exceeded) maximum \(i64\))$/,
    reason: `${GONE}: nulls`,
  },
]

/** Whether a subtest is one of those. */
export function isStale(file, name) {
  return STALE.some((stale) => stale.file === file && stale.names.test(name))
}
