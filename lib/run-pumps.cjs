'use strict'
// What moves bytes between a stream that the user gave and the pipe to a program, at
// the speed of the slower one. Unlike pipeline() it leaves the user's stream open:
// the next program may go on with it.

const { finished } = require('node:stream')
const { optionError } = require('./check.cjs')

// An error that comes when the program has ended is of no interest to it, and must not
// end the process. Once for each stream, which may serve thousands of programs.
const guarded = new WeakSet()

function guard(stream) {
  if (guarded.has(stream)) return
  guarded.add(stream)
  stream.on('error', () => {})
}

/** From a Readable to the input of a program. If that fails, the input ends, and `fail` is told. */
class Feed {
  #source
  #sink
  #fail
  #release

  constructor(source, sink, fail) {
    this.#source = source
    this.#sink = sink
    this.#fail = fail
    guard(source)
    this.#release = finished(source, { writable: false }, error => this.#end(error))
    // The program reads no more.
    sink.on('error', () => this.#detach())
    sink.on('drain', this.#resume)
  }

  start() {
    this.#source.on('data', this.#pass)
    // The program before this one may have left it paused.
    this.#source.resume()
  }

  #pass = chunk => {
    if (typeof chunk !== 'string' && !(chunk instanceof Uint8Array)) {
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
    if (error) this.#fail(error)
    this.#sink.end()
  }

  #detach() {
    this.#source.off('data', this.#pass)
    this.#sink.off('drain', this.#resume)
    // One that flows to nobody would lose what it has, and keep the process alive.
    if (this.#source.listenerCount('data') === 0) this.#source.pause()
  }

  stop() {
    this.#release()
    this.#detach()
  }
}

/** From an output of a program to a Writable. If that fails, the program cannot write any more, and `fail` is told. */
class Drain {
  /** Resolves when the program has closed its output and all of it has been written. */
  ended
  #source
  #target
  #fail
  #pending = 0
  #resolve

  constructor(source, target, fail) {
    this.#source = source
    this.#target = target
    this.#fail = fail
    this.ended = new Promise(resolve => {
      this.#resolve = resolve
    })
    guard(target)
    target.on('error', this.#onError)
    target.on('close', this.#onClose)
    target.on('drain', this.#onDrain)
    source.on('error', fail)
    source.on('data', chunk => this.#pass(chunk))
    source.on('close', () => this.#settle())
  }

  #pass(chunk) {
    this.#pending++
    const more = this.#target.write(chunk, () => {
      this.#pending--
      this.#settle()
    })
    if (!more) this.#source.pause()
  }

  #settle() {
    if (this.#source.closed && this.#pending === 0) this.#resolve()
  }

  #onError = error => {
    this.#fail(error)
    this.#onClose()
  }

  #onClose = () => {
    this.#source.destroy()
  }

  #onDrain = () => {
    this.#source.resume()
  }

  stop() {
    this.#target.off('error', this.#onError)
    this.#target.off('close', this.#onClose)
    this.#target.off('drain', this.#onDrain)
  }
}

module.exports = { Feed, Drain }
