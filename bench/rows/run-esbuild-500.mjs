// esbuild.wasm bundles 500 modules of 4 MB from a preopen, in a process that has not seen it before: ours by `run` and
// out of the code cache, theirs by node:wasi; and the esbuild of this system.
import { guests, native } from '../esbuild.mjs'
import { interleaveProcesses } from '../measure.mjs'

export const unit = 'ms'

export const measure = () => interleaveProcesses({ ...guests('time'), native }, 7)
