// A guest that calls any function of Node-API with whatever JavaScript says.

const wat = list => list.length > 0 ? ` ${list.join(' ')}` : ''

/** What the guest has in its table before the functions that call: one callback of each type, and one that is none. */
export const CALLBACKS = 8

/** What its memory has: texts, two property descriptors, places for results, its environment if it has its own, its heap. */
export const TEXTS = [16, 32, 48]
export const DESCRIPTORS = 64
export const RESULTS = 1024
export const SLOTS = 16
export const ARGUMENTS = 4
const PENDING = RESULTS - 8
const ENVIRONMENT = 2048
const HEAP = 4096

/**
 * The text of the guest. While it registers, and in each of its callbacks, it asks `test.which()` for the index of a
 * function to call, until that is negative; the number of functions is the index of memory.grow. It asks
 * `test.word(parameter, environment, other)` for each argument, which is read from that address if `test.loads()` is not 0
 * then; and tells `test.status(index, code)` what came of it. Where it allocates or frees, `test.place(address)` says what
 * is returned, and `test.interrupts()` whether it makes such calls there too, and before each call, whether it
 * lets an exception be that is pending then. A callback puts its arguments and
 * `this` to RESULTS, and returns the handle there;
 * registration sets those of the first SLOTS places as elements of the exports.
 */
export function hostileGuest(functions, { ownEnvironment = false } = {}) {
  const argument = (type, n) => {
    const word = `(call $pick (i32.const ${n}) (local.get 0) (local.get 1))`
    return { i32: word, i64: `(i64.extend_i32_s ${word})`, f64: `(f64.convert_i32_s ${word})` }[type]
  }
  // No function of JavaScript can be called while an exception is pending.
  const call = ({ parameters, results: [result] }, index) => {
    const called = `(call $f${index}${parameters.map((type, n) => ` ${argument(type, n)}`).join('')})`
    const kept = { undefined: called, i32: `(local.set $code ${called})` }[result] ?? `(drop ${called})`
    const told = result === 'i32' ? `(call $status (i32.const ${index}) (local.get $code))` : ''
    return `(func $call${index} (type $call) (local $code i32) (local $lets i32)
      (local.set $lets (call $interrupts)) ${kept} (if (i32.eqz (local.get $lets)) (then (call $clear))) ${told})`
  }
  const environment = `
    (func (export "emnapi_create_env") (result i32) (call $aside) (i32.const ${ENVIRONMENT}))
    (func (export "emnapi_delete_env") (param i32) (call $aside))`
  const words = list => list.map(word => `\\${word.toString(16).padStart(2, '0')}\\00\\00\\00`).join('')
  const [set, info, pending, clear] = ['napi_set_element', 'napi_get_cb_info', 'napi_is_exception_pending', 'napi_get_and_clear_last_exception']
    .map(name => functions.findIndex(each => each.name === name))
  return `(module
    (type $call (func (param i32 i32)))
    (import "test" "which" (func $which (result i32)))
    (import "test" "word" (func $word (param i32 i32 i32) (result i32)))
    (import "test" "loads" (func $loads (result i32)))
    (import "test" "status" (func $status (param i32 i32)))
    (import "test" "place" (func $place (param i32) (result i32)))
    (import "test" "interrupts" (func $interrupts (result i32)))
    ${functions.map(({ name, parameters, results }, index) =>
      `(import "env" "${name}" (func $f${index} (param${wat(parameters)}) (result${wat(results)})))`).join('\n    ')}
    (memory (export "memory") 1 8)
    (data (i32.const ${TEXTS[0]}) "name\\00") (data (i32.const ${TEXTS[1]}) "length\\00") (data (i32.const ${TEXTS[2]}) "\\ff\\c3\\28\\00")
    (data (i32.const ${DESCRIPTORS}) "${words([TEXTS[0], 0, 1, 0, 0, 0, 7, 5])}${words([TEXTS[1], 0, 0, 1, 1, 0, 7, 5])}")
    (table (export "__indirect_function_table") ${CALLBACKS + functions.length + 1} funcref)
    (elem (i32.const 1) $callback $finalize $hook $execute $call_js $complete $other)
    (elem (i32.const ${CALLBACKS}) ${functions.map((_, index) => `$call${index}`).join(' ')} $grow)
    (global $environment (mut i32) (i32.const 1))
    (global $heap (mut i32) (i32.const ${HEAP}))
    (func (export "malloc") (param i32) (result i32)
      (call $aside)
      (global.set $heap (i32.and (i32.add (i32.add (global.get $heap) (local.get 0)) (i32.const 8)) (i32.const 0xfff8)))
      (call $place (global.get $heap)))
    (func (export "free") (param i32) (call $aside))
    (func $aside (if (call $interrupts) (then (call $steps (global.get $environment) (global.get $environment)))))
    (func $pick (param i32 i32 i32) (result i32) (local $word i32)
      (local.set $word (call $word (local.get 0) (local.get 1) (local.get 2)))
      (if (result i32) (call $loads)
        (then (i32.load (i32.and (local.get $word) (i32.const 0xfffc)))) (else (local.get $word))))
    ${functions.map(call).join('\n    ')}
    (func $clear
      (i32.store (i32.const ${PENDING}) (i32.const 0))
      (drop (call $f${pending} (global.get $environment) (i32.const ${PENDING})))
      (if (i32.load8_u (i32.const ${PENDING})) (then
        (drop (call $f${clear} (global.get $environment) (i32.const ${RESULTS + 4 * ARGUMENTS}))))))
    (func $grow (type $call) (drop (memory.grow (i32.const 1))))
    (func $steps (param i32 i32) (local $which i32)
      (loop $next
        (local.set $which (call $which))
        (if (i32.ge_s (local.get $which) (i32.const 0)) (then
          (call_indirect (type $call) (local.get 0) (local.get 1) (i32.add (local.get $which) (i32.const ${CALLBACKS})))
          (br $next)))))
    (func $publish (param i32 i32) (local $n i32)
      (loop $next
        (drop (call $f${set} (local.get 0) (local.get 1) (local.get $n)
          (i32.load (i32.add (i32.const ${RESULTS}) (i32.mul (local.get $n) (i32.const 4))))))
        (local.set $n (i32.add (local.get $n) (i32.const 1)))
        (br_if $next (i32.lt_u (local.get $n) (i32.const ${SLOTS})))))
    (func $callback (param i32 i32) (result i32)
      (i32.store (i32.const ${RESULTS - 4}) (i32.const ${ARGUMENTS - 1}))
      (drop (call $f${info} (local.get 0) (local.get 1) (i32.const ${RESULTS - 4}) (i32.const ${RESULTS}) (i32.const ${RESULTS + 4 * (ARGUMENTS - 1)}) (i32.const 0)))
      (call $steps (local.get 0) (local.get 1)) (i32.load (i32.const ${RESULTS})))
    (func $finalize (param i32 i32 i32) (call $steps (local.get 0) (local.get 1)))
    (func $hook (param i32) (call $steps (global.get $environment) (local.get 0)))
    (func $execute (param i32 i32))
    (func $call_js (param i32 i32 i32 i32) (call $steps (local.get 0) (local.get 1)))
    (func $complete (param i32 i32 i32) (call $steps (local.get 0) (local.get 2)))
    (func $other (param i64))
    ${ownEnvironment ? environment : ''}
    (func (export "napi_register_wasm_v1") (param i32 i32) (result i32)
      (global.set $environment (local.get 0))
      (call $steps (local.get 0) (local.get 1)) (call $publish (local.get 0) (local.get 1)) (local.get 1)))`
}
