// The load hook of Node 20. It runs on the hooks thread, so all that it hands
// over is text; the instance is made where that text is evaluated.

import { facade, isWasm } from './facade.cjs'

export async function load(url, context, next) {
  if (!isWasm(url, context)) return next(url, context)
  return { format: 'module', source: facade(url), shortCircuit: true }
}
