'use strict'
// The bytes of a fetch(): what is accepted is what Node accepts, with Node's codes.

const { inspect } = require('node:util')
const { copyBytes, isBufferSource } = require('./convert.cjs')
const { typeError } = require('./errors.cjs')

/** The bytes of a Response, or of one that is promised. */
exports.readResponse = async function readResponse(source) {
  const response = await source
  if (!(response instanceof Response)) {
    throw typeError(
      `The argument "source" must be a Response or a Promise of one; got ${inspect(response, { depth: 0 })}.`,
      'ERR_INVALID_ARG_TYPE',
    )
  }
  const type = response.headers.get('Content-Type')
  if (type !== 'application/wasm') throw refuse(response, `is of the MIME type '${type}', not 'application/wasm'`)
  if (!response.ok) throw refuse(response, `has the status ${response.status}`)
  if (response.bodyUsed) throw refuse(response, 'has a body that was read already')
  const chunks = []
  for await (const chunk of response.body ?? []) {
    if (!isBufferSource(chunk)) {
      const message = `The body of a Response must be of bytes; it has ${inspect(chunk, { depth: 0 })}.`
      throw typeError(message, 'ERR_INVALID_ARG_TYPE')
    }
    chunks.push(copyBytes(chunk))
  }
  return Buffer.concat(chunks)
}

function refuse({ url }, why) {
  const which = url === '' ? 'this response' : `the response from ${url}`
  return typeError(`WebAssembly cannot be compiled from ${which}: it ${why}.`, 'ERR_WEBASSEMBLY_RESPONSE')
}
