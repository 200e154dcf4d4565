// One run: a guest that calls by chance, with what its earlier calls made, and JavaScript that works against it.

import { loadSync } from '../../../index.js'
import { nodeApiFunctions } from './functions.mjs'
import { ARGUMENTS, CALLBACKS, DESCRIPTORS, hostileGuest, RESULTS, SLOTS, TEXTS } from './guest.mjs'
import { detach, oddValue } from './values.mjs'

// What leads to objects that this process needs itself.
const reaching = ['napi_get_global', 'napi_get_prototype']
// What ends the guest whatever it is called with; it is to come to more than this.
const ending = ['napi_fatal_error', 'napi_module_register', '_emnapi_unwind', '_emnapi_spawn_worker', '_emnapi_async_worker']

const functions = nodeApiFunctions().filter(({ name }) => !reaching.includes(name))
// What makes values, references and the like.
const makers = functions.flatMap(({ name }, index) => name.includes('_create_') ? [index] : [])
const ends = new Set(functions.flatMap(({ name }, index) => ending.includes(name) ? [index] : []))
// What has values as results, whose handles are kept apart from other numbers.
const VALUED = /_create_(?!reference|async_work|threadsafe)|_get_(undefined|null|boolean|property|element|named|reference_value|all_prop|new_target|and_clear)|coerce|call_function|new_instance|run_script|define_class|make_callback|symbol_for|escape_handle/
const texts = [false, true].map(ownEnvironment => hostileGuest(functions, { ownEnvironment }))

// How many calls a guest makes, how many of them at first make values, and how many in each call that JavaScript makes.
const STEPS = 300
const FIRST = 12
const AGAIN = 4
// How deep JavaScript calls within calls, and how many values it keeps.
const DEPTH = 4
const VALUES = 40

// What functions work with, by their names: what one has made is for the others.
const SUBJECTS = ['reference', 'async_work', 'threadsafe_function', 'handle_scope', 'callback_scope', 'cleanup_hook', 'deferred', 'promise', 'async', 'make_callback']
const ALIASES = { promise: 'deferred', make_callback: 'async' }
const subject = name => {
  const found = SUBJECTS.find(each => name.includes(each))
  return ALIASES[found] ?? found
}
// What calls JavaScript with a list of arguments.
const CALLS = /call_function|make_callback|new_instance/
// What functions want values of: what makes these.
const WANTS = [
  [/call_function|make_callback|instanceof|new_instance|threadsafe/, /function|class/], [/string|error|run_script|async/, /string/],
  [/arraybuffer|typedarray|dataview/, /arraybuffer/], [/buffer/, /buffer/], [/bigint/, /bigint/], [/date/, /date/], [/external/, /external/], [/wrap|propert/, /object|class/],
]

/** Runs it to its end but for tasks. `counts` is counted up, `check` told what was thrown, and `log` each step. */
export function runProgram(rng, { counts, check, log }) {
  const { below, oneIn, pick } = rng
  const values = []
  let guest
  let steps = 0
  let depth = 0
  // How many values are to be made before anything else, and where those are that were made of late.
  let needed = FIRST
  let held = []

  const seen = value => { if (values.length < VALUES) values.push(value); else values[below(VALUES)] = value }
  const attempt = work => {
    try {
      return work()
    } catch (error) {
      check(error)
    }
  }
  const value = () => (values.length > 0 && oneIn(2) ? pick(values) : oddValue(rng, act))

  /** Handles end with the call that they were made in. */
  function fresh() {
    needed = AGAIN
    // A callback begins with its arguments.
    held = Array.from({ length: ARGUMENTS }, (_, n) => ({ address: RESULTS + 4 * n, name: '' }))
  }

  /** Uses a value as JavaScript may. */
  function use(target) {
    if (depth === 0) fresh()
    const args = Array.from({ length: below(4) }, value)
    const ways = [
      () => target(...args), () => target(...args), () => Reflect.apply(target, value(), args), () => new target(...args),
      () => target[pick(['name', 'length'])], () => { target.name = value() }, () => { for (const key of Reflect.ownKeys(target).slice(0, 9)) seen(target[key]) },
    ]
    seen(attempt(pick(typeof target === 'function' ? ways : ways.slice(4))))
  }

  /** Something against the guest, wherever JavaScript has control. */
  function act(...given) {
    for (const each of given) seen(each)
    if (depth >= DEPTH || steps > STEPS) return
    depth++
    try {
      const kind = below(24)
      log('act', kind)
      if (kind < 14) use(value())
      else if (kind < 16) attempt(() => detach(value()))
      else if (kind < 18) attempt(() => Object.freeze(value()))
      else if (kind < 20) gc()
      else if (kind === 20 && oneIn(3)) attempt(() => guest[Symbol.dispose]())
      else if (kind === 21) throw value()
    } finally {
      depth--
    }
  }

  attempt(() => {
    guest = loadSync(pick(texts), { imports: { test: answers() } })
    seen(guest)
    const own = Object.values(guest)
    for (const each of own) if (oneIn(2)) seen(each)
    for (let n = below(20); n > 0; n--) use(oneIn(3) || own.length === 0 ? value() : pick(own))
    if (oneIn(2)) guest[Symbol.dispose]?.()
  })
  fresh()

  /** What the guest asks. */
  function answers() {
    const made = {}
    const results = []
    let kinds = []
    let current = 0
    let loads = 0
    const slot = valued => RESULTS + 4 * (below(SLOTS) + (valued ? 0 : SLOTS))
    const stored = address => { loads = 1; return address }
    const anything = () => pick([0, 1, 65_528, 65_532, 65_536, 131_068, 0x7fffffff, -2, -1, below(2 ** 31)])
    const any = [() => slot(oneIn(2)), () => stored(slot(oneIn(2))), () => below(12), () => below(CALLBACKS + 2), () => pick(TEXTS), anything]
    const small = () => pick([0, 0, 1, 2])
    const number = [small, small, small, () => below(3), () => below(12), () => 1 + below(CALLBACKS - 1), () => -1, () => stored(slot()), anything]
    const ways = {
      environment: other => other,
      Handle(_environment, other) {
        if (oneIn(8)) return other
        const wants = WANTS.find(([name]) => name.test(functions[current].name))?.[1]
        const right = wants === undefined || oneIn(3) ? [] : held.filter(({ name }) => wants.test(name))
        return stored(right.length > 0 ? pick(right).address : held.length > 0 ? pick(held).address : slot(true))
      },
      Ptr(_environment, _other, parameter) {
        if (oneIn(8)) return pick([0, 0, 0, anything()])
        const last = parameter === kinds.length - 1
        if (/define_/.test(functions[current].name) && !oneIn(4)) return last ? slot(true) : pick([TEXTS[0], DESCRIPTORS])
        if (CALLS.test(functions[current].name) && !oneIn(4)) return last || held.length === 0 ? slot(true) : pick(held).address
        if (oneIn(3) && !last) return pick(TEXTS)
        return slot(last ? VALUED.test(functions[current].name) : oneIn(2))
      },
      u32(_environment, other, parameter) {
        if (/cb_info|new_target/.test(functions[current].name)) return other
        // An array of millions, or with an element beyond, keeps V8 itself busy for minutes where it is made a text.
        if (/array_with_length|set_element/.test(functions[current].name)) return below(12)
        if (CALLS.test(functions[current].name) && parameter > 1 && !oneIn(4)) return below(3)
        if (parameter === 3 && /create_function|define_class/.test(functions[current].name) && !oneIn(4)) return 1
        const known = made[subject(functions[current].name)]
        // Some are known by where they are.
        if (known !== undefined && oneIn(2)) return oneIn(4) ? pick(known) : stored(pick(known))
        return oneIn(10) ? other : pick(number)()
      },
    }
    return {
      which() {
        if (oneIn(40) && needed === 0) act()
        // A callback ends sooner or later, and so do all of them.
        if (oneIn(80) || ++steps > STEPS) return -1
        current = needed > 0 && needed-- ? pick(makers) : below(functions.length + 1)
        if (ends.has(current) && !oneIn(20)) current = makers[0]
        kinds = functions[current]?.kinds
        results[current] = []
        log(functions[current]?.name ?? 'memory.grow')
        return current
      },
      word(parameter, environment, other) {
        loads = 0
        const kind = kinds[parameter]
        const word = oneIn(20) && kind !== 'u32' ? pick(any)() : (ways[kind] ?? (() => pick(number)()))(environment, other, parameter)
        if (kind === 'Ptr' && loads === 0) results[current].push(word)
        log('word', word, loads)
        return word
      },
      loads: () => loads,
      status(index, code) {
        counts.calls++
        log('status', functions[index].name, code)
        if (code !== 0) return
        counts.succeeded++
        if (VALUED.test(functions[index].name)) held = [...held, { address: results[index].at(-1), name: functions[index].name }].slice(-SLOTS)
        const about = subject(functions[index].name)
        if (about !== undefined) made[about] = [...made[about] ?? [], ...results[index]].slice(-4)
      },
      place: address => (oneIn(60) ? anything() : address),
      interrupts: () => Number(needed === 0 && oneIn(20)),
    }
  }
}
