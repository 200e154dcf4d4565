// Runs a guest that checks the functions of WASI by itself, and says of each check how it went.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { execute, names } from './hosts.mjs'

/** What the guest is run with. */
export const all = {
  args: ['functions', 'all', 'zwei wörter', ''],
  options: { env: { A: '1', EMPTY: '', NAME: 'x=y z' }, stdin: 'a line\n' },
}

/** The lines of an output in which a check failed. */
export const failed = stdout => stdout.split('\n').filter(line => line.includes('FAILED'))

/** A test for each host: all checks of the guest go well there, and it says the same as elsewhere. */
export function testChecks(bytes) {
  for (const host of names) {
    test(host, async () => {
      const { exitCode, stdout } = await execute(host, bytes, all.args, all.options)
      assert.deepEqual([failed(stdout), exitCode], [[], 0])
      assert.match(stdout, /\n0 failures\n$/)
      assert.equal(stdout, (await execute('run', bytes, all.args, all.options)).stdout)
    })
  }
}
