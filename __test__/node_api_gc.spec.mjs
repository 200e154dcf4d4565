// The chapters once more, with garbage collected between any two calls.

import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { node } from './fixtures/project.mjs'

const specs = readdirSync(new URL('.', import.meta.url))
  .filter(name => /^node_api_(values|properties|functions|object_wrap|errors|buffers|bigint_date_symbol|promises|environment)\.spec\.mjs$/.test(name))

for (const name of specs) {
  test(name, () => {
    const { status, stdout, stderr } = node(['--expose-gc', fileURLToPath(new URL(name, import.meta.url))])
    assert.equal(status, 0, stderr + stdout.split('\n').filter(line => /not ok|✖/.test(line)).join('\n'))
  })
}
