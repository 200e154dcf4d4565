//! The values that a guest holds: 32-bit handles over those of Node-API.
//!
//! A handle of Node-API lives as long as its scope, and so does the guest's: both are made and ended together. The guest's
//! carry a generation, so that one whose scope has ended is told from what is in its place now.

use std::ptr;

use napi_sys as sys;

use super::callback_scope::CallbackScope;
use super::key;

/// The values of all open scopes, and the scopes.
#[derive(Default)]
pub struct Handles {
    values: Vec<Slot>,
    scopes: Vec<Scope>,
    generation: u8,
    last_scope: u32,
}

struct Slot {
    /// Null in a place that is kept for a value to escape to.
    raw: sys::napi_value,
    generation: u8,
}

/// A scope that the guest has opened.
struct Scope {
    id: u32,
    /// How many values there were before it.
    values: usize,
    kind: Kind,
}

enum Kind {
    Plain(sys::napi_handle_scope),
    Escapable {
        scope: sys::napi_escapable_handle_scope,
        /// The place in the scope around it for the value that escapes.
        place: usize,
        /// Where the guest has put one there.
        escaped: bool,
    },
    /// A callback scope. It holds a handle of the scope around it, and so has to be closed before that.
    Callback(CallbackScope),
}

/// How much there was when a call into the guest began.
#[derive(Clone, Copy)]
pub struct Mark {
    values: usize,
    scopes: usize,
}

/// Why a scope cannot be closed.
pub enum ScopeError {
    /// There is no such scope, or not of this kind.
    Unknown,
    /// Another was opened after it, or it is not of this call.
    NotInnermost,
}

impl Handles {
    /// The handle for a value in the innermost scope. None if there are too many.
    #[inline]
    pub fn add(&mut self, raw: sys::napi_value) -> Option<u32> {
        if self.generation == 0 {
            self.generation = 1;
        }
        let number = key::number(self.values.len(), self.generation)?;
        self.values.push(Slot {
            raw,
            generation: self.generation,
        });
        Some(number)
    }

    #[inline]
    pub fn get(&self, handle: u32) -> Option<sys::napi_value> {
        let slot = self.values.get(key::place(handle))?;
        (slot.generation == key::generation(handle) && !slot.raw.is_null()).then_some(slot.raw)
    }

    /// Begins a call into the guest.
    pub fn mark(&self) -> Mark {
        Mark {
            values: self.values.len(),
            scopes: self.scopes.len(),
        }
    }

    /// Ends a call into the guest, and all that it holds: the scopes that it has left open are closed, and counted. If one
    /// is a callback scope it is returned, and this is to be called again once the caller has dropped it, which may run
    /// JavaScript.
    pub fn end(&mut self, env: sys::napi_env, mark: Mark, left: &mut usize) -> Option<CallbackScope> {
        while self.scopes.len() > mark.scopes {
            *left += 1;
            if let Some(callback) = self.close_last(env) {
                return Some(callback);
            }
        }
        self.cut(mark.values);
        None
    }

    fn cut(&mut self, values: usize) {
        if self.values.len() > values {
            self.values.truncate(values);
            self.generation = key::next(self.generation);
        }
    }

    /// Notes a scope of Node-API's that was opened just now.
    pub fn open(&mut self, scope: sys::napi_handle_scope) -> u32 {
        self.push(Kind::Plain(scope))
    }

    /// The same for one out of which a value can escape. None if there are too many values.
    pub fn open_escapable(&mut self, scope: sys::napi_escapable_handle_scope) -> Option<u32> {
        let place = self.values.len();
        self.add(ptr::null_mut())?;
        Some(self.push(Kind::Escapable {
            scope,
            place,
            escaped: false,
        }))
    }

    /// The same for a callback scope.
    pub fn open_callback(&mut self, scope: CallbackScope) -> u32 {
        self.push(Kind::Callback(scope))
    }

    fn push(&mut self, kind: Kind) -> u32 {
        self.last_scope = self.last_scope.wrapping_add(1).max(1);
        self.scopes.push(Scope {
            id: self.last_scope,
            values: self.values.len(),
            kind,
        });
        self.last_scope
    }

    /// Closes a scope, which must be the innermost one, of the call that `mark` began.
    pub fn close(&mut self, env: sys::napi_env, mark: Mark, id: u32, escapable: bool) -> Result<(), ScopeError> {
        self.check_innermost(mark, id, |kind| match kind {
            Kind::Plain(_) => !escapable,
            Kind::Escapable { .. } => escapable,
            Kind::Callback(_) => false,
        })?;
        self.close_last(env);
        Ok(())
    }

    /// The same for a callback scope, which the caller drops.
    pub fn close_callback(
        &mut self,
        env: sys::napi_env,
        mark: Mark,
        id: u32,
    ) -> Result<Option<CallbackScope>, ScopeError> {
        self.check_innermost(mark, id, |kind| matches!(kind, Kind::Callback(_)))?;
        Ok(self.close_last(env))
    }

    fn check_innermost(&self, mark: Mark, id: u32, is_kind: impl FnOnce(&Kind) -> bool) -> Result<(), ScopeError> {
        let at = self.scopes.iter().rposition(|scope| scope.id == id);
        let at = at.ok_or(ScopeError::Unknown)?;
        if !is_kind(&self.scopes[at].kind) {
            return Err(ScopeError::Unknown);
        }
        if at + 1 != self.scopes.len() || at < mark.scopes {
            return Err(ScopeError::NotInnermost);
        }
        Ok(())
    }

    /// Closes the innermost scope. A callback scope is returned instead.
    fn close_last(&mut self, env: sys::napi_env) -> Option<CallbackScope> {
        let scope = self.scopes.pop()?;
        let mut callback = None;
        match scope.kind {
            Kind::Callback(raw) => callback = Some(raw),
            // SAFETY: the scope is open, and those opened inside it are closed: ours as they are popped in their order,
            // others as each closes its own before it returns.
            Kind::Plain(raw) => unsafe {
                sys::napi_close_handle_scope(env, raw);
            },
            // SAFETY: as above.
            Kind::Escapable { scope: raw, .. } => unsafe {
                sys::napi_close_escapable_handle_scope(env, raw);
            },
        }
        self.cut(scope.values);
        callback
    }

    /// The escapable scope of an id, and whether a value has escaped from it.
    pub fn escapable(&self, id: u32) -> Option<(sys::napi_escapable_handle_scope, bool)> {
        let scope = self.scopes.iter().rfind(|scope| scope.id == id)?;
        match scope.kind {
            Kind::Escapable { scope, escaped, .. } => Some((scope, escaped)),
            Kind::Plain(_) | Kind::Callback(_) => None,
        }
    }

    /// Puts the value that escapes from a scope, as it is outside, where it was kept a place. Returns its handle.
    pub fn escape(&mut self, id: u32, raw: sys::napi_value) -> Option<u32> {
        let scope = self.scopes.iter_mut().rfind(|scope| scope.id == id)?;
        let Kind::Escapable { place, escaped, .. } = &mut scope.kind else {
            return None;
        };
        *escaped = true;
        let slot = self.values.get_mut(*place)?;
        slot.raw = raw;
        key::number(*place, slot.generation)
    }
}
