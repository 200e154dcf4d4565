// A worker on the other side of a guest that listens: it waits until the guest says so in the file of its output.

import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'

const { port, file, dialog } = workerData

/** A connection whose input can be waited for. */
async function open() {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  let received = ''
  let ended = false
  let wake = () => {}
  socket.setEncoding('utf8')
  socket.on('data', text => { received += text; wake() })
  socket.on('close', () => { ended = true; wake() })
  socket.on('end', () => { ended = true; wake() })
  socket.on('error', () => {})
  await new Promise(resolve => socket.once('connect', resolve))
  return {
    send: text => socket.write(text),
    end: text => socket.end(text),
    async until(text) {
      while (received !== text && !ended) await new Promise(resolve => { wake = resolve })
      if (received !== text) throw new Error(`the guest sent ${JSON.stringify(received)}, not ${JSON.stringify(text)}`)
    },
    async untilEnd() {
      while (!ended) await new Promise(resolve => { wake = resolve })
      return received
    },
  }
}

const dialogs = {
  // What sockets.c says that its client does.
  async c() {
    const [first, second] = [await open(), await open()]
    first.send('hello')
    await first.until('1')
    first.send('wa')
    await setTimeout(50)
    first.send('it')
    await first.until('12')
    first.end('end')
    await first.untilEnd()
    await second.until('echo')
    second.send('echo')
    await second.untilEnd()
    second.end()
  },
  // Two lines on each of two connections, in turns.
  async go() {
    const [first, second] = [await open(), await open()]
    second.send('a\n')
    await second.until('aa\n')
    first.send('b\n')
    await first.until('bb\n')
    first.send('c\n')
    second.send('d\n')
    await first.until('bb\ncc\n')
    await second.until('aa\ndd\n')
    first.end()
    second.end()
  },
  // A connection that is not let in.
  async refused() {
    const received = await (await open()).untilEnd()
    if (received !== '') throw new Error('it was let in')
  },
}

parentPort.postMessage('ready')
while (!readFileSync(file, 'utf8').includes('listening\n')) await setTimeout(10)
try {
  await dialogs[dialog]()
  parentPort.postMessage('done')
} catch (error) {
  parentPort.postMessage(error)
}
