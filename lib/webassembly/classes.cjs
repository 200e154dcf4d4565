'use strict'
// What the native half makes objects with. Each is read when it is first needed:
// most programs need few of them.

module.exports = {
  get Memory() { return require('./memory.cjs').Memory },
  get Table() { return require('./table.cjs').Table },
  get Global() { return require('./global.cjs').Global },
  get Tag() { return require('./tag.cjs').Tag },
  get Module() { return require('./module.cjs').Module },
  get functionPrototype() { return require('./function.cjs').Function.prototype },
  get exception() { return require('./exception.cjs').make },
  get exceptionParts() { return require('./exception.cjs').partsOf },
  get gcObject() { return require('./gc-object.cjs').gcObject },
  get disposed() { return require('../start.cjs').disposed },
  get foreignClass() { return require('./errors.cjs').foreignClass },
}
