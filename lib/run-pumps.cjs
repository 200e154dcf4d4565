'use strict'
// What moves bytes between a stream that the user gave and the pipe to a program, at
// the speed of the slower one. Unlike pipeline() it leaves the user's stream open:
// the next program may go on with it.

const { isUint8Array } = require('node:util').types
const { optionError } = require('./check.cjs')
const { leaveErrors, listen } = require('./user-streams.cjs')

/** From a Readable to the input of a program. If that fails, the input ends, and `fail` is told. */
class Feed {
  #source
  #sink
  #fail
  #ended = false
  #offs
  #offError
  #offData = () => {}

  constructor(source, sink, fail) {
    this.#source = source
    this.#sink = sink
    this.#fail = fail
    this.#offError = listen(source, 'error', error => this.#end(error))
    this.#offs = [
      listen(source, 'end', () => this.#end()),
      listen(source, 'close', () => this.#end(prematureClose())),
    ]
    // Of what was before, no event tells.
    if (source.readableEnded) this.#end()
    else if (source.destroyed) this.#end(source.errored ?? prematureClose())
    // The program reads no more.
    sink.on('error', () => this.#detach())
    sink.on('drain', this.#resume)
  }

  start() {
    this.#offData = listen(this.#source, 'data', chunk => this.#pass(chunk))
    // The program before this one may have left it paused.
    this.#source.resume()
  }

  #pass(chunk) {
    if (typeof chunk !== 'string' && !isUint8Array(chunk)) {
      this.#detach()
      this.#end(optionError('stdin', 'a Readable of strings or bytes', chunk))
    } else if (!this.#sink.write(chunk)) {
      this.#source.pause()
    }
  }

  #resume = () => {
    this.#source.resume()
  }

  #end(error) {
    if (this.#ended) return
    this.#ended = true
    if (error) this.#fail(error)
    this.#sink.end()
  }

  #detach() {
    this.#offData()
    this.#sink.off('drain', this.#resume)
    // One that flows to nobody would lose what it has, and keep the process alive.
    if (this.#source.listenerCount('data') === 0) this.#source.pause()
  }

  stop() {
    for (const off of this.#offs) off()
    this.#detach()
    leaveErrors(this.#source, this.#offError)
  }
}

// As `finished` of node:stream has it.
function prematureClose() {
  return Object.assign(new Error('Premature close'), { code: 'ERR_STREAM_PREMATURE_CLOSE' })
}

/** From an output of a program to a Writable. If that fails, the program cannot write any more, and `fail` is told. */
class Drain {
  /** Resolves when the program has closed its output and all of it has been written. */
  ended
  #source
  #target
  #fail
  #pending = 0
  #stopped = false
  #resolve
  #offs
  #offError

  constructor(source, target, fail) {
    this.#source = source
    this.#target = target
    this.#fail = fail
    this.ended = new Promise(resolve => {
      this.#resolve = resolve
    })
    this.#offError = listen(target, 'error', error => {
      fail(error)
      source.destroy()
    })
    this.#offs = [
      listen(target, 'close', () => source.destroy()),
      listen(target, 'drain', () => source.resume()),
    ]
    source.on('error', fail)
    source.on('data', chunk => this.#pass(chunk))
    source.on('close', () => this.#settle())
  }

  #pass(chunk) {
    this.#pending++
    const more = this.#target.write(chunk, () => {
      this.#pending--
      // The event of it may come when the program has long ended.
      if (this.#target.errored) this.#fail(this.#target.errored)
      this.#settle()
    })
    if (!more) this.#source.pause()
  }

  #settle() {
    if (this.#pending > 0) return
    if (this.#source.closed) this.#resolve()
    if (this.#stopped) leaveErrors(this.#target, this.#offError)
  }

  stop() {
    this.#stopped = true
    for (const off of this.#offs) off()
    this.#settle()
  }
}

module.exports = { Feed, Drain }
