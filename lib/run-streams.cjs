'use strict'
// The standard streams of a program that `run` runs. The program has descriptors; for
// those that are pipes to this process, the other end is a stream of Node's.

const { isUint8Array } = require('node:util').types
const binding = require('./binding.cjs')
const { typeError } = require('./check.cjs')

class RunStreams {
  /** What the program writes its input to; null if its input is no pipe. */
  stdin = null
  /** The first error of a stream that the user gave. */
  failure

  // What the program gets: words and bytes that the addon knows, and descriptors.
  #given = {}
  // Descriptors that are only here for the program.
  #descriptors = []
  #sockets = []
  // The outputs that the user took.
  #live = {}
  #feed
  #drains = []
  #begun = false
  #destroyed = false

  constructor({ stdin, stdout, stderr }) {
    try {
      this.#given.stdin = this.#input(stdin)
      this.#given.stdout = this.#output(stdout, 'stdout')
      this.#given.stderr = this.#output(stderr, 'stderr')
    } catch (error) {
      this.destroy()
      throw error
    }
  }

  #input(stdin) {
    if (typeof stdin === 'number') return this.#own(binding.duplicateFd(stdin))
    if ((typeof stdin === 'string' && stdin !== 'pipe') || isUint8Array(stdin)) return stdin
    const { fd, socket } = this.#pipe('stdin')
    if (stdin === 'pipe') {
      this.stdin = quiet(socket)
    } else {
      const { Feed } = require('./run-pumps.cjs')
      this.#feed = new Feed(stdin, socket, error => this.#fail(error))
    }
    return fd
  }

  #output(output, name) {
    if (typeof output === 'number') return this.#own(binding.duplicateFd(output))
    if (typeof output === 'string') return output
    const { fd, socket } = this.#pipe(name)
    const { Drain } = require('./run-pumps.cjs')
    this.#drains.push(new Drain(socket, output, error => this.#fail(error)))
    return fd
  }

  /**
   * The output as a stream, which it becomes by being asked for; null if it is no
   * pipe. What nobody asks for before the program begins is collected.
   */
  output(name) {
    if (this.#live[name]) return this.#live[name]
    if (this.#given[name] !== 'pipe') return null
    if (this.#begun) {
      throw typeError(
        `"${name}" of a run must be taken before the program begins, in the turn in which run() was called: ` +
          'its output is collected now, and will be in the result.',
      )
    }
    const { fd, socket } = this.#pipe(name)
    this.#given[name] = fd
    this.#live[name] = quiet(socket)
    return socket
  }

  #pipe(name) {
    // Whoever has output collected does not wait for node:net to be read.
    const { Socket } = require('node:net')
    const { read, write } = binding.createPipe()
    const readable = name !== 'stdin'
    const socket = new Socket({ fd: readable ? read : write, readable, writable: !readable })
    this.#sockets.push(socket)
    return { fd: this.#own(readable ? write : read), socket }
  }

  #own(fd) {
    this.#descriptors.push(fd)
    return fd
  }

  #fail(error) {
    this.failure ??= error
  }

  /** Calls `start` with what the program gets as its streams. It has to duplicate the descriptors. */
  begin(start) {
    this.#begun = true
    const started = start(this.#given)
    // While they are open here, no pipe ends.
    this.#closeDescriptors()
    this.#feed?.start()
    return started
  }

  /** Waits until all that the program wrote has been read and written. */
  async ended() {
    const live = Object.values(this.#live)
    for (const socket of live) {
      // Like child_process: what nobody has begun to read by now will not be read.
      if (socket.readableFlowing === null) socket.resume()
    }
    await Promise.all([...live.map(closed), ...this.#drains.map(drain => drain.ended)])
  }

  /**
   * Gives back all that is still open. The streams of the user stay as they are; those
   * of the program end with the error that ended the run, if one did.
   */
  destroy(error) {
    if (this.#destroyed) return
    this.#destroyed = true
    this.#begun = true
    this.#closeDescriptors()
    this.#feed?.stop()
    for (const drain of this.#drains) drain.stop()
    for (const socket of this.#sockets) socket.destroy(error)
  }

  #closeDescriptors() {
    for (const fd of this.#descriptors.splice(0)) binding.closeFd(fd)
  }
}

/**
 * A stream whose errors do not end the process where nobody listens: how the run ends is
 * told by its promise. That a program ends before it has read everything is no error of it.
 */
function quiet(stream) {
  return stream.on('error', () => {})
}

/** What stands for the streams of a run that was refused. */
function refusedStream(error) {
  const { PassThrough } = require('node:stream')
  return quiet(new PassThrough()).destroy(error)
}

function closed(socket) {
  return socket.closed ? undefined : new Promise(resolve => socket.once('close', resolve))
}

module.exports = { RunStreams, refusedStream }
