// The way of the facades to esm.cjs, which is there already where hooks run in this
// thread: a file of this size is read sooner than one of CommonJS is looked through.

import { createRequire } from 'node:module'

export const { instantiate, watch } = createRequire(import.meta.url)('./esm.cjs')
