// The same in Go, by the packages that its programs use: guests/wasi-go/*.go say what has to come.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { failed, testChecks } from './guests/wasi-c/checks.mjs'
import { directory, execute, names } from './guests/wasi-c/hosts.mjs'
import { serve } from './guests/wasi-c/serve.mjs'
import { guest } from './guests/guest.mjs'

const bytes = guest('wasi-go/functions')

describe('files, directories, streams, times and random numbers', () => testChecks(bytes))

describe('a listener of net, with two connections at a time', () => {
  for (const host of names) {
    test(host, { timeout: 120_000 }, async () => {
      const { exitCode, stdout } = await serve(host, bytes, { dialog: 'go' })
      assert.deepEqual([failed(stdout), exitCode], [[], 0])
      assert.match(stdout, /^listening\nAccept ok\nAccept ok\n/)
    })
  }
})

describe('what else a guest is given', () => {
  for (const host of names.filter(name => !name.includes('worker'))) {
    test(`${host}: os.Exit with any code`, async () => {
      for (const code of [0, 3, 126, 255, 256, -1]) {
        assert.equal((await execute(host, bytes, ['functions', 'exit', `${code}`])).exitCode, code)
      }
    })

    test(`${host}: clocks and random numbers of its own`, async () => {
      const options = { clocks: new Date('2020-01-01T00:00:00Z'), random: 7 }
      const first = await execute(host, bytes, ['functions', 'clocks'], options)
      assert.deepEqual(await execute(host, bytes, ['functions', 'clocks'], options), first)
      assert.match(first.stdout, /^2020-01-01T00:00:0\S*Z\ntrue true\n[0-9a-f]{32}\n$/)
      const other = await execute(host, bytes, ['functions', 'clocks'], { ...options, random: 8 })
      assert.notEqual(other.stdout, first.stdout)
    })

    test(`${host}: a directory to begin in`, async () => {
      const dir = directory({ 'root/sub/here': 'the place', 'root/here': 'not this', 'root/up': '' })
      const { exitCode, stdout } = await execute(host, bytes, ['functions', 'cwd'], { dir, cwd: '/sub' })
      assert.deepEqual([exitCode, stdout], [0, 'Getwd ok\nReadFile of a relative path ok\nin /sub, here is the place\nStat up ok\n'])
    })
  }
})
