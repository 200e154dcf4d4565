// The builtins of wasm:js-string, and string constants as imports.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { WebAssembly } from 'wasmport'
import { binary, binaryPath, compile, exportsOf } from './fixtures/assemble.mjs'
import { growth } from './fixtures/leaks.mjs'
import { assemble } from './fixtures/project.mjs'
import { check, thrown } from './helpers.mjs'

const { CompileError, LinkError, Module, RuntimeError } = WebAssembly

const exports = exportsOf(binary('strings'), {}, { builtins: ['js-string'] })

/** A builtin, called in both ways: as it is exported, and by a function of the module. */
function both(name) {
  return (...args) => {
    const results = [exports[`builtin:${name}`], exports[name]].map(f => {
      try {
        return [f(...args)]
      } catch (error) {
        check(error, RuntimeError, {})
        return error
      }
    })
    assert.equal(results[0] instanceof Error, results[1] instanceof Error, `${name} ended in two ways`)
    if (results[0] instanceof Error) throw results[0]
    assert.ok(Object.is(results[0][0], results[1][0]), `${name} gave ${String(results[0][0])} and ${String(results[1][0])}`)
    return results[0][0]
  }
}

const strings = [
  '', 'a', 'text', '\0', 'a\0b', '\u00ff', '\uffff', 'ünïcödé', '日本語', '😀', 'a😀b', `${1234567890123}`,
  '\ud83d', '\ude00', '\ude00\ud83d', 'x\ud800', '\udfff\ud800y', // lone surrogates
  'latin1 ÿ'.repeat(50), 'wide 😀'.repeat(100), 'long'.repeat(5000), 'rope'.repeat(20) + '😀'.repeat(20), 'sliced out of a longer one'.slice(3, 22),
]
const notStrings = [
  undefined, null, 0, 1.5, 5n, true, Symbol('s'), {}, [], ['text'], new String('text'), { toString: () => 'text' }, () => {}, exports.test,
]
const indices = text => [0, 1, 2, text.length >> 1, text.length - 1, text.length, text.length + 1, -1, 2 ** 31 - 1, -(2 ** 31)]

const named = text => JSON.stringify(text.length > 20 ? `${text.slice(0, 20)}…` : text)

describe('cast and test', () => {
  const [cast, isString] = [both('cast'), both('test')]

  test('take strings for what they are', () => {
    for (const text of strings) {
      assert.equal(cast(text), text)
      assert.equal(isString(text), 1)
    }
  })

  test('and nothing else', () => {
    for (const value of notStrings) {
      assert.equal(isString(value), 0)
      assert.throws(() => cast(value), RuntimeError)
    }
  })
})

describe('length, charCodeAt and codePointAt', () => {
  const [length, charCodeAt, codePointAt] = [both('length'), both('charCodeAt'), both('codePointAt')]

  for (const text of strings) {
    test(`do as JS does with ${named(text)}`, () => {
      assert.equal(length(text), text.length)
      for (const index of indices(text)) {
        if (index >>> 0 < text.length) {
          assert.equal(charCodeAt(text, index), text.charCodeAt(index))
          assert.equal(codePointAt(text, index), text.codePointAt(index))
        } else {
          for (const call of [charCodeAt, codePointAt]) assert.throws(() => call(text, index), RuntimeError, String(index))
        }
      }
    })
  }

  test('trap on anything but a string', () => {
    for (const value of notStrings) {
      assert.throws(() => length(value), RuntimeError)
      assert.throws(() => charCodeAt(value, 0), RuntimeError)
      assert.throws(() => codePointAt(value, 0), RuntimeError)
    }
  })
})

describe('fromCharCode and fromCodePoint', () => {
  const [fromCharCode, fromCodePoint] = [both('fromCharCode'), both('fromCodePoint')]

  test('do as JS does', () => {
    for (const code of [0, 65, 0x7f, 0x80, 0xff, 0x100, 0xd800, 0xdfff, 0xffff]) {
      assert.equal(fromCharCode(code), String.fromCharCode(code))
      assert.equal(fromCodePoint(code), String.fromCodePoint(code))
    }
    for (const code of [0x10000, 0x1f600, 0x10ffff]) assert.equal(fromCodePoint(code), String.fromCodePoint(code))
  })

  test('fromCharCode drops the higher bits, fromCodePoint traps on what is no code point', () => {
    for (const code of [0x10000, 0x10041, -1, 2 ** 31 - 1, -(2 ** 31)]) assert.equal(fromCharCode(code), String.fromCharCode(code))
    for (const code of [0x110000, -1, 2 ** 31 - 1, -(2 ** 31)]) assert.throws(() => fromCodePoint(code), RuntimeError)
  })
})

describe('concat, equals and compare', () => {
  const [concat, equals, compare] = [both('concat'), both('equals'), both('compare')]

  test('do as JS does with every pair', () => {
    for (const a of strings) {
      for (const b of strings) {
        assert.equal(concat(a, b), a + b)
        assert.equal(equals(a, b), a === b ? 1 : 0)
        assert.equal(compare(a, b), a === b ? 0 : a < b ? -1 : 1)
      }
    }
  })

  test('equals compares content, however a string was made', () => {
    assert.equal(equals('ab'.repeat(10), 'a' + 'ba'.repeat(9) + 'b'), 1)
    assert.equal(equals(concat('a', 'b'), 'ab'), 1)
    assert.equal(compare(concat('a', 'b'), concat('a', 'b')), 0)
  })

  test('equals takes null for a string that equals null alone', () => {
    assert.equal(equals(null, null), 1)
    assert.equal(equals(null, 'null'), 0)
    assert.equal(equals('', null), 0)
  })

  test('trap on anything else', () => {
    for (const value of notStrings) {
      for (const call of [concat, compare, ...(value === null ? [] : [equals])]) {
        assert.throws(() => call(value, 'text'), RuntimeError)
        assert.throws(() => call('text', value), RuntimeError)
      }
    }
  })
})

describe('substring', () => {
  const substring = both('substring')

  for (const text of strings) {
    test(`cuts ${named(text)} as JS does, but for a start past the end`, () => {
      for (const start of indices(text)) {
        for (const end of indices(text)) {
          const [from, to] = [start >>> 0, end >>> 0]
          const expected = from > to || from > text.length ? '' : text.substring(from, to)
          assert.equal(substring(text, start, end), expected, `${start} to ${end}`)
        }
      }
    })
  }

  test('traps on anything but a string', () => {
    for (const value of notStrings) assert.throws(() => substring(value, 0, 0), RuntimeError)
  })
})

describe('fromCharCodeArray and intoCharCodeArray', () => {
  const [from, into] = [both('fromCharCodeArray'), both('intoCharCodeArray')]

  const arrayOf = text => {
    const array = exports.array(text.length)
    for (let n = 0; n < text.length; n++) exports.set(array, n, text.charCodeAt(n))
    return array
  }

  for (const text of strings) {
    test(`copy ${named(text)}, all of it or a part`, () => {
      const array = exports.array(text.length + 2)
      assert.equal(into(text, array, 1), text.length)
      assert.equal(from(array, 1, text.length + 1), text)
      assert.equal(from(array, 0, text.length + 2), `\0${text}\0`)
      assert.equal(from(arrayOf(text), 0, text.length), text)
      const half = text.length >> 1
      assert.equal(from(array, 1 + half, 1 + text.length), text.slice(half))
    })
  }

  test('trap on a range that is not in the array', () => {
    const array = arrayOf('text')
    assert.equal(from(array, 4, 4), '')
    for (const [start, end] of [[0, 5], [5, 5], [2, 1], [-1, 4], [0, -1], [-2, -1]]) assert.throws(() => from(array, start, end), RuntimeError)
    assert.equal(into('', array, 4), 0)
    assert.equal(into('ab', array, 2), 2)
    for (const start of [3, 4, 5, -1, 2 ** 31 - 1]) assert.throws(() => into('ab', array, start), RuntimeError)
    assert.throws(() => into('', array, 5), RuntimeError)
    assert.equal(from(array, 0, 4), 'teab')
  })

  test('trap on null and on what is no string', () => {
    const array = arrayOf('text')
    assert.throws(() => from(null, 0, 0), RuntimeError)
    assert.throws(() => into('', null, 0), RuntimeError)
    for (const value of notStrings) assert.throws(() => into(value, array, 0), RuntimeError)
    assert.equal(from(array, 0, 4), 'text')
  })

  test('take arrays alone', () => {
    for (const value of [undefined, {}, [], 'text', 5, new Uint16Array(4)]) assert.throws(() => exports.fromCharCodeArray(value, 0, 0), TypeError)
  })
})

describe('several in turn', () => {
  test('strings that only WebAssembly saw come out right', () => {
    for (const text of strings.filter(text => text.length < 1000)) assert.equal(exports.reverse(text), text.split('').reverse().join(''))
  })

  test('do not look at what JS changed', () => {
    const { charCodeAt, codePointAt } = String.prototype
    const called = () => { throw new Error('called') }
    Object.assign(String.prototype, { charCodeAt: called, codePointAt: called })
    try {
      assert.deepEqual([exports.charCodeAt('a', 0), exports.codePointAt('a', 0)], [97, 97])
    } finally {
      for (const [key, value] of Object.entries({ charCodeAt, codePointAt })) {
        Object.defineProperty(String.prototype, key, { value, writable: true, enumerable: false, configurable: true })
      }
    }
  })

  test('random strings behave as in JS', () => {
    let seed = 1
    const random = limit => { seed = (seed * 1103515245 + 12345) & 0x7fffffff; return (seed >> 8) % limit }
    const letters = ['a', 'b', 'ÿ', '\u0100', '\ud83d', '\ude00', '😀', '\0']
    const word = () => Array.from({ length: random(12) }, () => letters[random(letters.length)]).join('')
    for (let n = 0; n < 2000; n++) {
      const [a, b, start, end] = [word(), word(), random(12), random(12)]
      assert.equal(exports.concat(a, b), a + b)
      assert.equal(exports.compare(a, b), a === b ? 0 : a < b ? -1 : 1)
      assert.equal(exports.substring(a, start, end), start > end || start > a.length ? '' : a.substring(start, end))
      if (start < a.length) assert.equal(exports.codePointAt(a, start), a.codePointAt(start))
    }
  })
})

describe('errors of a builtin', () => {
  test('are traps: with a code, and not caught by WebAssembly', () => {
    check(thrown(() => exports.length(5)), RuntimeError, { code: 'ERR_WASMPORT_TRAP' }, 'wasm:js-string')
    const { f } = exportsOf(`(module
      (import "wasm:js-string" "length" (func $length (param externref) (result i32)))
      (func (export "f") (param externref)
        (block $h (try_table (catch_all $h) (drop (call $length (local.get 0)))))))`, {}, { builtins: ['js-string'] })
    assert.throws(() => f(5), RuntimeError)
    assert.equal(f('text'), undefined)
  })
})

describe('compile options', () => {
  const bytes = binary('strings')
  const options = { builtins: ['js-string'] }

  test('builtins are no imports of the module', async () => {
    assert.deepEqual(Module.imports(new Module(bytes, options)), [])
    assert.equal(Module.imports(new Module(bytes)).length, 13)
    assert.deepEqual(Module.imports(await WebAssembly.compile(bytes, options)), [])
    new WebAssembly.Instance(new Module(bytes, options), {})
    const { instance } = await WebAssembly.instantiate(bytes, {}, options)
    assert.equal(instance.exports.length('text'), 4)
  })

  test('without them, they are imports like any', () => {
    assert.throws(() => new WebAssembly.Instance(new Module(bytes)), TypeError)
    assert.throws(() => new WebAssembly.Instance(new Module(bytes), { 'wasm:js-string': {} }), LinkError)
    const one = '(module (import "wasm:js-string" "length" (func $f (param externref) (result i32))) (export "f" (func $f)))'
    assert.equal(exportsOf(one, { 'wasm:js-string': { length: () => 77 } }).f('text'), 77)
    assert.equal(exportsOf(one, { 'wasm:js-string': { length: () => 77 } }, options).f('text'), 4)
  })

  test('what the module names otherwise is an import like any', () => {
    const text = '(module (import "wasm:js-string" "trim" (func $f (param externref) (result externref))) (export "f" (func $f)))'
    const { f } = exportsOf(text, { 'wasm:js-string': { trim: value => value.trim() } }, options)
    assert.equal(f(' x '), 'x')
    const other = '(module (import "js-string" "length" (func $f (param externref) (result i32))) (export "f" (func $f)))'
    assert.equal(exportsOf(other, { 'js-string': { length: () => 5 } }, options).f('text'), 5)
  })

  test('an import of a builtin that is not of its type is a CompileError', async () => {
    for (const [name, type] of Object.entries({
      length: '(func (param externref) (result i64))', test: '(func (param externref))', equals: '(func (param externref) (result i32))',
      compare: '(func (param i32 i32) (result i32))', concat: '(func (param externref externref) (result externref))', cast: '(global externref)',
      charCodeAt: '(memory 1)',
    })) {
      const wrong = assemble(`(module (import "wasm:js-string" "${name}" ${type}))`)
      assert.throws(() => new Module(wrong, options), CompileError, name)
      assert.equal(WebAssembly.validate(wrong, options), false)
      assert.equal(WebAssembly.validate(wrong), true)
      await assert.rejects(WebAssembly.compile(wrong, options), CompileError)
      await assert.rejects(WebAssembly.instantiate(wrong, {}, options), CompileError)
    }
  })

  test('sets that are not known mean nothing, the same set twice is refused', () => {
    const plain = assemble('(module)')
    for (const builtins of [[], ['other'], ['js-string', 'other']]) assert.equal(WebAssembly.validate(plain, { builtins }), true)
    assert.equal(WebAssembly.validate(plain, { builtins: ['js-string', 'js-string'] }), false)
    assert.throws(() => new Module(plain, { builtins: ['js-string', 'js-string'] }), CompileError)
  })

  test('they must be an object, and builtins an iterable', async () => {
    const plain = assemble('(module)')
    for (const wrong of [5, 'js-string', true, { builtins: 5 }, { builtins: 'js-string' }, { builtins: null }, { builtins: [Symbol('s')] }]) {
      assert.throws(() => new Module(plain, wrong), TypeError)
      assert.throws(() => WebAssembly.validate(plain, wrong), TypeError)
      await assert.rejects(WebAssembly.compile(plain, wrong), TypeError)
      await assert.rejects(WebAssembly.instantiate(plain, {}, wrong), TypeError)
    }
    for (const right of [undefined, null, {}, () => {}, { builtins: undefined }, { builtins: new Set(['js-string']) }]) new Module(plain, right)
  })
})

describe('string constants', () => {
  const options = { builtins: ['js-string'], importedStringConstants: "'" }
  const bytes = binary('constants')
  const nullable = 'nullable 😀 \0"'

  test('are globals whose value is their name', () => {
    const { empty, plain, again, nullable: third, table, get, length } = exportsOf(bytes, {}, options)
    assert.deepEqual([empty.value, plain.value, again.value, third.value], ['', 'plain', 'plain', nullable])
    assert.deepEqual([table.get(0), table.get(1), get(), length()], ['plain', 'plain', 'plain', nullable.length])
    assert.equal(plain.type().mutable, false)
    assert.throws(() => { plain.value = 'x' }, TypeError)
  })

  test('are no imports of the module, and hide those of that name', () => {
    assert.deepEqual(Module.imports(new Module(bytes, options)), [])
    assert.equal(Module.imports(new Module(bytes, { ...options, importedStringConstants: undefined })).length, 4)
    assert.equal(exportsOf(bytes, { "'": { plain: 'other' } }, options).get(), 'plain')
    assert.throws(() => exportsOf(bytes, {}, { ...options, importedStringConstants: null }), TypeError)
  })

  test('any module name will do, the empty one too', () => {
    for (const name of ['', 'strings', 'wasm:js-string', '😀']) {
      const quoted = [...Buffer.from(name)].map(byte => `\\${byte.toString(16)}`).join('')
      const text = `(module (import "${quoted}" "value" (global $g externref)) (export "g" (global $g)))`
      assert.equal(exportsOf(text, {}, { importedStringConstants: name }).g.value, 'value', name)
    }
    const text = '(module (import "null" "value" (global $g externref)) (export "g" (global $g)))'
    assert.equal(exportsOf(text, { null: { value: 5 } }, { importedStringConstants: null }).g.value, 5)
    assert.equal(exportsOf(text, {}, { importedStringConstants: { toString: () => 'null' } }).g.value, 'value')
    assert.throws(() => compile(text, { importedStringConstants: Symbol('s') }), TypeError)
  })

  test('other kinds and types of imports in their place are a CompileError', async () => {
    for (const type of ['(global i32)', '(global (mut externref))', '(global funcref)', '(func)', '(memory 1)', '(table 1 externref)', '(tag)']) {
      const wrong = assemble(`(module (import "'" "x" ${type}))`)
      assert.throws(() => new Module(wrong, options), CompileError, type)
      assert.equal(WebAssembly.validate(wrong, options), false, type)
      assert.equal(WebAssembly.validate(wrong), true, type)
      await assert.rejects(WebAssembly.instantiate(wrong, {}, options), CompileError)
    }
  })
})

describe('memory stays flat', () => {
  const setup = `
    const fs = require('node:fs')
    const bytes = fs.readFileSync(${JSON.stringify(binaryPath('strings'))})
    const make = () => new WebAssembly.Instance(new WebAssembly.Module(bytes, { builtins: ['js-string'] }), {}).exports
    const exports = make()
    const long = 'long 😀'.repeat(200)`
  const cases = {
    'strings made by WebAssembly': ['equal(exports.concat(long, String(n)).length, long.length + String(n).length)', 50_000],
    'strings read by WebAssembly': ['equal(exports.charCodeAt(long + n, 3), 103)', 50_000],
    'strings that JS never sees': ['equal(exports.reverse(`text ${n}`).at(-1), "t")', 20_000],
    'arrays filled and read': [
      `const array = exports.array(2000)
       exports.intoCharCodeArray(long, array, 0)
       equal(exports.fromCharCodeArray(array, 0, 8), long.slice(0, 8))`, 20_000],
    'traps': ['try { exports.length(n) } catch (error) { equal(error instanceof WebAssembly.RuntimeError, true) }', 50_000],
    'instances with builtins': ["equal(make().length('text'), 4)", 10_000],
  }
  for (const [what, [round, rounds]] of Object.entries(cases)) {
    test(`over ${rounds} ${what}`, () => {
      const grown = growth(setup, round, rounds)
      assert.ok(grown < 25, `the process grew by ${grown} MiB`)
    })
  }
})
