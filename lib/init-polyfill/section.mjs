// From the bytes of an `init` section to the parts of a plan that it has (chapter 3).

/** Decodes the content of an `init` section. A sub-section that is absent is a part that is absent. */
export function decode(reader) {
  const start = reader.offset
  const version = reader.u32('the version')
  if (version !== 1) reader.fail(start, `unknown version ${version}; version 1 is known`)
  const section = {}
  for (let last = -1; !reader.isAtEnd;) {
    const start = reader.offset
    const id = reader.byte('a sub-section id')
    if (id === last) reader.fail(start, `sub-section ${id} is repeated`)
    if (id < last) reader.fail(start, `sub-section ${id} is out of order, after ${last}`)
    last = id
    const { part, content } = PARTS[id] ?? {}
    if (!part && id < 0x80) reader.fail(start, `unknown sub-section ${id}, which must be understood`)
    const what = part ? `the ${part} sub-section` : 'an unknown sub-section'
    const frame = reader.frame(what)
    if (!part) continue
    section[part] = content(frame)
    frame.end(what)
  }
  return section
}

const PARTS = {
  1: { part: 'bind', content: reader => reader.vector('binds', bind) },
  2: { part: 'steps', content: reader => reader.vector('steps', step) },
  3: { part: 'run', content: run },
  4: { part: 'hide', content: reader => reader.vector('selections', select) },
}

// The fields of each object are read in the order in which they are written.

function bind(reader) {
  return {
    service: reader.name('the service of a bind'),
    memory: reader.name('the memory of a bind'),
    table: reader.name('the table of a bind'),
  }
}

function step(reader) {
  return {
    phase: reader.choice('the phase of a step', ['evaluate', 'task', 'dispose']),
    select: select(reader),
    args: args(reader),
    result: reader.choice('the result of a step', ['ignore', 'namespace']),
    if_missing: reader.choice('if_missing of a step', ['error', 'skip']),
  }
}

function select(reader) {
  const form = reader.choice('the form of a selection', ['export', 'prefix'])
  return { [form]: reader.name('the name of a selection') }
}

function args(reader) {
  const form = reader.choice('the args of a step', ['none', 'zeros', 'service'])
  return form === 'service' ? { service: reader.name('the service of a step') } : form
}

function run(reader) {
  if (!reader.choice('the presence of an entry', [false, true])) return null
  return {
    export: reader.name('the export of the entry'),
    args: reader.choice('the args of the entry', ['none', 'zeros']),
    instance: reader.choice('the instance of the entry', ['same', 'fresh']),
    result: reader.choice('the result of the entry', ['none', 'exit-code']),
  }
}
