// The longest time that the event loop is kept waiting while esbuild.wasm bundles 500 modules: ours has a thread of its
// own, node:wasi has the one of the event loop. The limit is what it must stay below.
import { guests } from '../esbuild.mjs'
import { interleaveProcesses } from '../measure.mjs'

export const unit = 'ms'

export const measure = () => interleaveProcesses({ ...guests('delay'), 'limit': () => 20 }, 7)
