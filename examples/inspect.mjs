// Ask what a file is, what it needs, what it offers, and how it would be started, without compiling it.
import { inspect } from 'wasmport'

const { kind, imports, exports, plan } = inspect(new URL('host-memory.wat', import.meta.url))
console.log({ kind, imports, exports })
console.log(JSON.stringify(plan, null, 2))
