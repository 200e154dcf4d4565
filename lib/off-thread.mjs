// The hooks of Node 20. They run on a thread of their own, so all that they hand over
// is text; the instance is made where that text is evaluated.

import { addAdvice } from './advice.cjs'
import { SELF, compile, facade, isWasm } from './facade.cjs'

export async function load(url, context, next) {
  if (!isWasm(url, context)) return next(url, context)
  return { format: 'module', source: facade(url, compile(url), context.importAttributes, true), shortCircuit: true }
}

export async function resolve(specifier, context, next) {
  if (specifier === SELF) return { url: context.parentURL, shortCircuit: true }
  try {
    return await next(specifier, context)
  } catch (error) {
    throw addAdvice(error, specifier, context.parentURL)
  }
}
