// Makes `import` and `require` take .wasm files, in every module that is loaded
// from here on: node --import wasmport/register app.mjs

import module, { createRequire } from 'node:module'
import { facade, isWasm } from './facade.cjs'

if (module.registerHooks) {
  module.registerHooks({
    load(url, context, next) {
      if (!isWasm(url, context)) return next(url, context)
      // 'module' is right for require() too: both ways in then share one
      // instance. 'wasm' as an answer to require() would abort the process.
      return { format: 'module', source: facade(url), shortCircuit: true }
    },
  })
} else {
  // Node 20 runs the hooks of import on a thread of their own and has none for
  // require(), which has a table of extensions instead.
  const require = createRequire(import.meta.url)
  module.register('./off-thread.mjs', import.meta.url)
  module._extensions['.wasm'] = (...args) => require('./require.cjs').loadModule(...args)
}
