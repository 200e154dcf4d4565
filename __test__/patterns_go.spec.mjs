// What Go makes of a program and of //go:wasmexport functions for GOOS=wasip1. docs/patterns.md is the table of these.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { inspect, load, loadSync, run, runSync } from '../index.js'
import { head, hooks, passes } from './fixtures/hooks.mjs'
import { project } from './fixtures/project.mjs'
import './fixtures/scratch.mjs'
import { entry, guest, plan, step, wasi } from './guests/guest.mjs'
import { refuses } from './helpers.mjs'

describe('a command', () => {
  const bytes = guest('go/command')

  test('the plan', () => {
    assert.deepEqual(inspect(bytes).plan, plan({ bind: wasi, run: entry('_start', 'fresh') }))
  })

  test('run: arguments, environment, input, exit code, as often as wanted', async () => {
    const options = { args: ['tool', 'one'], env: { NAME: 'Ada' }, stdin: 'first\nsecond\n', stdout: 'pipe' }
    for (const result of [await run(bytes, options), runSync(bytes, options)]) {
      assert.deepEqual([result.stdout.toString(), result.exitCode], ['FIRST\nSECOND\ntool one, Ada\n', 2])
    }
  })

  test('as a program of Node', () => {
    const { stdout, stderr, status } = project({ 'tool.wasm': bytes })
      .node([...hooks, 'tool.wasm', 'one', 'two'], { input: 'first\n' })
    assert.deepEqual({ stderr, status }, { stderr: '', status: 3 })
    assert.match(stdout, /^FIRST\n.* one two, .*\n$/)
  })

  test('imported it does not run', () => {
    const stdout = passes(project({
      'tool.wasm': bytes,
      'main.mjs': `${head}
        import * as tool from './tool.wasm'
        assert.deepEqual(Object.keys(tool), ['_start'])`,
    }), 'main.mjs')
    assert.equal(stdout, '')
  })
})

describe('a reactor (-buildmode=c-shared)', () => {
  const bytes = guest('go/reactor')

  test('the plan', () => {
    assert.deepEqual(inspect(bytes).plan, plan({ bind: wasi, steps: [step('_initialize')] }))
  })

  test('load: the runtime is up, packages are initialised once, main was not called', async () => {
    for (const { square, inits, sum } of [await load(bytes), loadSync(bytes)]) {
      assert.deepEqual([square(7), inits(), sum(), sum(), inits()], [49, 1, 2025n, 2025n, 1])
    }
  })

  test('import', () => {
    passes(project({
      'squares.wasm': bytes,
      'main.mjs': `${head}
        import { square, inits, sum } from './squares.wasm'
        assert.deepEqual([square(7), inits(), sum()], [49, 1, 2025n])`,
    }), 'main.mjs')
  })

  test('it is no program', () => {
    refuses(() => runSync(bytes), Error, { code: 'ERR_WASMPORT_NO_ENTRY' })
  })
})
