'use strict'
// Makes of a JS class what WebIDL calls an interface object.

let mark

/**
 * Makes structuredClone() and postMessage() refuse an object. It is nothing without
 * its native half, which no clone would have: they would make an empty object of it.
 * Node has the mark since 22.10.
 */
exports.markAsUncloneable = function markAsUncloneable(object) {
  mark ??= require('node:worker_threads').markAsUncloneable ?? (() => {})
  mark(object)
}

const notMembers = new Set(['constructor', 'length', 'name', 'prototype'])

/**
 * Gives the methods and accessors of `Class` the attributes of WebIDL, where a JS
 * class has them hidden, and the prototype its name.
 */
exports.defineInterface = function defineInterface(Class) {
  makeEnumerable(Class, notMembers)
  makeEnumerable(Class.prototype, new Set(['constructor']))
  nameObjects(Class.prototype, `WebAssembly.${Class.name}`)
}

/** What `Object.prototype.toString` calls an object that has `target` as its prototype. */
function nameObjects(target, name) {
  Object.defineProperty(target, Symbol.toStringTag, { value: name, configurable: true })
}

exports.nameObjects = nameObjects

function makeEnumerable(target, except) {
  for (const key of Object.getOwnPropertyNames(target)) {
    if (!except.has(key)) Object.defineProperty(target, key, { enumerable: true })
  }
}
