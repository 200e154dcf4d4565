// Some runs of `npm run fuzz`: mutated modules through inspect, load and loadSync, and guests that call Node-API by chance.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { node } from './fixtures/project.mjs'

const fuzz = fileURLToPath(new URL('../scripts/fuzz.mjs', import.meta.url))

test('no mutated module ends the process, hangs or is refused without a code', () => {
  const { status, stdout, stderr } = node([fuzz, '--runs', '3000', '--seed', '4'], { timeout: 600_000 })
  assert.deepEqual({ status, stderr }, { status: 0, stderr: '' }, stderr)
  const [, findings, instantiated, started] = stdout.match(/: (\d+) findings; .* (\d+) instantiated, (\d+) of them with steps/)
  assert.equal(findings, '0')
  // Were all refused at once, nothing would have been tried.
  assert.ok(Number(instantiated) > 50 && Number(started) > 5, stdout)
})

test('no call of Node-API by chance ends the process, hangs or is an internal error', () => {
  const { status, stdout, stderr } = node([fuzz, '--target', 'node-api', '--runs', '1000', '--seed', '4'], { timeout: 600_000 })
  assert.deepEqual({ status, stderr }, { status: 0, stderr: '' }, stderr)
  const [, findings, calls, succeeded] = stdout.match(/: (\d+) findings; (\d+) calls, of which (\d+) succeeded/)
  assert.equal(findings, '0')
  assert.ok(Number(calls) > 20_000 && Number(succeeded) > Number(calls) / 3, stdout)
})
