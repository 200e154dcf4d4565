//! References that keep values beyond their handle scope.

use std::ptr;

use napi_sys as sys;

use super::{Env, Thrown, Value};

/// Keeps an object, function or symbol alive until dropped. Dropped on its environment's thread
/// and before the environment ends, as its owners all are.
#[derive(Debug)]
pub struct Reference {
    env: sys::napi_env,
    raw: sys::napi_ref,
}

/// Finds an object again for as long as somebody else keeps it alive.
#[derive(Debug)]
pub struct WeakReference(Reference);

impl<'s> Env<'s> {
    pub fn reference(self, value: Value<'_>) -> Result<Reference, Thrown> {
        self.make_reference(value, 1)
    }

    pub fn weak_reference(self, value: Value<'_>) -> Result<WeakReference, Thrown> {
        self.make_reference(value, 0).map(WeakReference)
    }

    fn make_reference(self, value: Value<'_>, count: u32) -> Result<Reference, Thrown> {
        let mut raw = ptr::null_mut();
        // SAFETY: the handle is live; the reference is deleted by its owner's drop.
        self.check(unsafe { sys::napi_create_reference(self.raw, value.raw, count, &mut raw) })?;
        Ok(Reference { env: self.raw, raw })
    }

    /// The value that a reference keeps.
    #[inline]
    pub fn deref(self, reference: &Reference) -> Result<Value<'s>, Thrown> {
        // SAFETY: the reference is live and of this environment: both are confined to its thread.
        self.make(|raw| unsafe { sys::napi_get_reference_value(self.raw, reference.raw, raw) })
    }

    /// The object of a weak reference, unless it was collected.
    pub fn upgrade(self, reference: &WeakReference) -> Option<Value<'s>> {
        let value = self.deref(&reference.0).ok()?;
        (!value.raw.is_null()).then_some(value)
    }
}

impl Drop for Reference {
    fn drop(&mut self) {
        // SAFETY: `raw` was made by `make_reference` and is deleted here once. Owners are dropped
        // on the environment's thread while it lives (see the type).
        unsafe { sys::napi_delete_reference(self.env, self.raw) };
    }
}
