'use strict'
// Finds the native half of Wasmport: first beside package.json, where a build
// puts it, then in the package that npm installs for this platform.

const { platform, arch } = process

// Of the two Linux C libraries only one can load here, so both are tried
// rather than asking the process which one it runs on, which is slow.
const abis = { linux: ['-gnu', '-musl'], win32: ['-msvc'] }[platform] ?? ['']

function findBinding() {
  const tried = []
  for (const abi of abis) {
    const triple = `${platform}-${arch}${abi}`
    for (const id of [`../wasmport.${triple}.node`, `wasmport-${triple}`]) {
      try {
        return require(id)
      } catch (error) {
        const why = error.code === 'MODULE_NOT_FOUND' ? 'not found' : error.message.split('\n', 1)[0]
        tried.push(`  ${id.replace('../', '')}: ${why}`)
      }
    }
  }
  const error = new Error(
    `Wasmport has no native addon for ${platform}-${arch} that loads here. Tried:\n${tried.join('\n')}\n` +
      'In a clone run `npm run build`; in a project install again with optional dependencies enabled.',
  )
  error.code = 'ERR_WASMPORT_BINDING'
  throw error
}

const binding = findBinding()

// What the addon needs of this half, such as the classes of the JS API: it asks when
// it needs the first.
binding.setClasses(name => require('./webassembly/classes.cjs')[name])

let natives

/** What the JS half of the WebAssembly API is over. */
function webAssembly() {
  natives ??= Object.assign(binding.webAssembly(), {
    moduleCompile: binding.compileModule,
    adoptInstance: binding.adoptInstance,
  })
  return natives
}

module.exports = { ...binding, webAssembly }
