// Runs a guest that listens, with a client on the other side that says what client.mjs has for it.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { freePort } from '../../helpers.mjs'
import { directory, execute } from './hosts.mjs'

/** What the guest ends with; `ended` is called when the client has done its part, which must have gone well. */
export async function serve(host, bytes, { dialog, accept, ended = () => {}, ...options }) {
  const [port, dir] = [await freePort(), directory()]
  const file = join(dir, 'stdout')
  // The guest may hold this thread, so that the client has one of its own; it lives before the guest does.
  const client = new Worker(new URL('client.mjs', import.meta.url), { workerData: { port, file, dialog } })
  await once(client, 'message')
  const said = once(client, 'message').then(([message]) => { ended(); return message })
  try {
    const network = { listen: [`127.0.0.1:${port}`], accept }
    const result = await execute(host, bytes, ['functions', 'serve'], { dir, network, ...options })
    assert.equal(await said, 'done', result.stdout)
    return result
  } finally {
    await client.terminate()
  }
}
