//! Object lifetime management: references to values that outlast a call.
//!
//! <https://nodejs.org/api/n-api.html#references-to-values-with-a-lifespan-longer-than-that-of-the-native-method>

use std::cell::RefCell;
use std::ffi::c_void;
use std::ptr;

use napi_sys as sys;

use super::addon::Addon;
use super::call::{Call, Handle, Ptr};
use super::failure::{Failure, Outcome, check};
use super::function::{Function, functions};
use super::key::Keyed;

pub const FUNCTIONS: &[Function] = functions! {
    api napi_create_reference(Handle, u32, Ptr);
    api napi_delete_reference(u32);
    api napi_reference_ref(u32, Ptr);
    api napi_reference_unref(u32, Ptr);
    api napi_get_reference_value(u32, Ptr);
};

/// The references that a guest holds.
#[derive(Default)]
pub struct References(RefCell<Keyed<Reference>>);

struct Reference {
    raw: sys::napi_ref,
    /// The data of the object whose finalizer is not called if the reference is deleted before: of one that
    /// `napi_wrap` or `napi_add_finalizer` gave.
    data: Option<*mut c_void>,
}

impl Call<'_> {
    /// A weak reference that comes with data that the object carries.
    pub fn reference_with_data(&self, object: sys::napi_value, data: *mut c_void, result: Ptr) -> Outcome {
        self.add_reference(object, 0, Some(data), result)
    }

    fn add_reference(&self, value: sys::napi_value, count: u32, data: Option<*mut c_void>, result: Ptr) -> Outcome {
        let mut raw = ptr::null_mut();
        // SAFETY: the handle is live; a value that cannot be referred to is refused with a status.
        check(unsafe { sys::napi_create_reference(self.env, value, count, &mut raw) })?;
        let added = self.addon.state.references.0.borrow_mut().add(Reference { raw, data });
        match added {
            Ok(number) => {
                self.addon.state.loans.note_reference(number);
                self.write(result, number)
            }
            Err(Reference { raw, .. }) => {
                // SAFETY: it was made just now, and nobody else has it.
                unsafe { sys::napi_delete_reference(self.env, raw) };
                Err(Failure::GENERIC)
            }
        }
    }

    fn reference(&self, number: u32) -> Outcome<sys::napi_ref> {
        let references = self.addon.state.references.0.borrow();
        let reference = references.get(number).ok_or(Failure::INVALID_ARG)?;
        Ok(reference.raw)
    }
}

impl References {
    pub fn has(&self, number: u32) -> bool {
        self.0.borrow().get(number).is_some()
    }
}

impl Addon {
    /// Deletes what references the guest has left, at its end.
    pub fn delete_references(&self) {
        let left: Vec<_> = self.state.references.0.borrow_mut().drain().collect();
        for reference in left {
            // SAFETY: it was taken out of the table, so it is deleted once.
            unsafe { sys::napi_delete_reference(self.raw_env(), reference.raw) };
        }
    }
}

fn napi_create_reference(call: &Call<'_>, value: Handle, count: u32, result: Ptr) -> Outcome {
    let value = call.value(value)?;
    call.out::<u32>(result)?;
    call.add_reference(value, count, None, result)
}

fn napi_delete_reference(call: &Call<'_>, number: u32) -> Outcome {
    let taken = call.addon.state.references.0.borrow_mut().take(number);
    let reference = taken.ok_or(Failure::INVALID_ARG)?;
    if let Some(data) = reference.data {
        call.drop_finalizer(data);
    }
    // SAFETY: it was taken out of the table, so it is deleted once.
    check(unsafe { sys::napi_delete_reference(call.env, reference.raw) })
}

fn napi_reference_ref(call: &Call<'_>, number: u32, result: Ptr) -> Outcome {
    // SAFETY: the reference is live; the result is ours.
    count(call, number, result, |reference, counted| unsafe {
        sys::napi_reference_ref(call.env, reference, counted)
    })
}

fn napi_reference_unref(call: &Call<'_>, number: u32, result: Ptr) -> Outcome {
    // SAFETY: the reference is live; the result is ours.
    count(call, number, result, |reference, counted| unsafe {
        sys::napi_reference_unref(call.env, reference, counted)
    })
}

fn count(
    call: &Call<'_>,
    number: u32,
    result: Ptr,
    count: impl FnOnce(sys::napi_ref, *mut u32) -> sys::napi_status,
) -> Outcome {
    let reference = call.reference(number)?;
    call.optional_out::<u32>(result)?;
    let mut counted = 0;
    check(count(reference, &mut counted))?;
    call.write_optional(result, counted)
}

/// Writes 0 where the value was collected.
fn napi_get_reference_value(call: &Call<'_>, number: u32, result: Ptr) -> Outcome {
    let reference = call.reference(number)?;
    call.out::<u32>(result)?;
    let mut value = ptr::null_mut();
    // SAFETY: the reference is live; writes a handle of the current scope, or null.
    check(unsafe { sys::napi_get_reference_value(call.env, reference, &mut value) })?;
    match value.is_null() {
        true => call.write(result, 0u32),
        false => call.give(result, value),
    }
}
