// Node-API's "Version management" and "Environment life cycle": versions, instance data, the name of the file, memory
// that is accounted for, hooks, fatal errors. What happens at the end is in node_api_lifetime.spec.mjs.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import wasmport, { WebAssembly } from '../index.js'
import { check, child, spawn, thrown } from './helpers.mjs'
import { chapter, nativeOf, status, wasmOf } from './fixtures/node-api.mjs'

const { covers, compares, wasm } = chapter('environment')
const file = wasmOf('environment')

describe('versions', () => {
  covers('napi_get_version')
  covers('napi_get_node_version')
  test('are nine, and that of Node', () => {
    assert.deepEqual(wasm.version(0), [status.ok, 9])
    const [, , , , major, minor, patch, release] = wasm.napi_get_node_version(0)
    assert.equal(`v${major}.${minor}.${patch}`, process.version.replace(/-.*/, ''))
    assert.equal(release, 'node')
  })
})

describe('the event loop of libuv', () => {
  test('is none of the guest\'s', () => {
    assert.equal(wasm.napi_get_uv_event_loop(0)[0], status.generic_failure)
    assert.equal(wasm.napi_get_uv_event_loop(1)[0], status.invalid_arg)
    assert.equal(wasm.napi_get_uv_event_loop(2)[0], status.invalid_arg)
  })
})

describe('the name of the file', () => {
  covers('node_api_get_module_file_name')
  test('is its URL', () => assert.deepEqual(wasm.file_name(0), [status.ok, pathToFileURL(file).href]))
})

describe('memory that is accounted for', () => {
  covers('napi_adjust_external_memory', () => [[0], [1024], [-1024]])
  test('is added and taken away', () => {
    const [, , up, , down] = wasm.adjusts_by(0, 1 << 20)
    assert.deepEqual([up, down], [1 << 20, 0])
  })
})

describe('instance data', () => {
  covers('napi_set_instance_data')
  covers('napi_get_instance_data')
  compares('is the last that was set', guest => guest.instance_data(0))
  test('is that of one instance', () => {
    const other = wasmport.loadSync(file)
    wasm.napi_set_instance_data(0)
    assert.equal(wasm.napi_get_instance_data(0)[4], 1)
    assert.equal(other.napi_get_instance_data(0)[4], 0)
  })
})

describe('cleanup hooks', () => {
  covers('napi_add_env_cleanup_hook')
  covers('napi_remove_env_cleanup_hook')
  covers('napi_add_async_cleanup_hook')
  compares('without a handle there is none to remove', guest => guest.removes_no_hook(0))
})

describe('fatal errors', () => {
  const native = nativeOf('environment')
  const guests = { wasm: `loadSync(${JSON.stringify(file)})`, native: `require(${JSON.stringify(native)})` }

  for (const [what, guest] of Object.entries(guests)) {
    test(`an uncaught exception is one of the process, ${what}`, () => {
      const told = child(`const guest = ${guest}
        const mine = new Error('mine')
        process.on('uncaughtException', (error, origin) => console.log(error === mine, origin))
        console.log(guest.napi_fatal_exception(0, mine)[0])`)
      assert.equal(told, 'true uncaughtException\n0')
    })
    test(`and ends it, if nobody listens, ${what}`, () => {
      const { status, stderr } = spawn(`${guest}.napi_fatal_exception(0, new Error('mine')); console.log('went on')`)
      assert.notEqual(status, 0)
      assert.match(stderr, /Error: mine/)
    })
  }

  test('an exception that is none, or while another is pending, is refused', () => {
    const refused = [1, 2, 2 ** 31].map(control => wasm.napi_fatal_exception(control, new Error('mine'))[0])
    assert.deepEqual(refused, [status.invalid_arg, status.invalid_arg, status.pending_exception])
  })

  test('a fatal error of the guest is a trap that says where and what', () => {
    // It ends the process of an addon of machine code; a guest has no power over its host.
    for (const [lengths, text] of [[false, 'somewhere: something'], [true, 'some: some']]) {
      const guest = wasmport.loadSync(file)
      check(thrown(() => guest.fatal(0, 'somewhere', 'something', lengths)), WebAssembly.RuntimeError, {}, `napi_fatal_error at ${text}`)
    }
  })
})
