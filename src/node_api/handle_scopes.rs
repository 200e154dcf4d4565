//! Object lifetime management: making handle lifespan shorter than that of a call.
//!
//! <https://nodejs.org/api/n-api.html#making-handle-lifespan-shorter-than-that-of-the-native-method>

use std::ptr;

use napi_sys as sys;

use super::call::{Call, Handle, Ptr};
use super::failure::{Failure, Outcome, check};
use super::function::{Function, functions};
use super::handles::ScopeError;

pub const FUNCTIONS: &[Function] = functions! {
    api napi_open_handle_scope(Ptr);
    api napi_close_handle_scope(u32);
    api napi_open_escapable_handle_scope(Ptr);
    api napi_close_escapable_handle_scope(u32);
    api napi_escape_handle(u32, Handle, Ptr);
};

fn napi_open_handle_scope(call: &Call<'_>, result: Ptr) -> Outcome {
    call.out::<u32>(result)?;
    let mut scope = ptr::null_mut();
    // SAFETY: the scope is closed by the guest, or when its call ends.
    check(unsafe { sys::napi_open_handle_scope(call.env, &mut scope) })?;
    let id = call.addon.handles.borrow_mut().open(scope);
    call.write(result, id)
}

fn napi_close_handle_scope(call: &Call<'_>, id: u32) -> Outcome {
    close(call, id, false)
}

fn napi_open_escapable_handle_scope(call: &Call<'_>, result: Ptr) -> Outcome {
    call.out::<u32>(result)?;
    let mut scope = ptr::null_mut();
    // SAFETY: the scope is closed by the guest, or when its call ends.
    check(unsafe { sys::napi_open_escapable_handle_scope(call.env, &mut scope) })?;
    let id = call.addon.handles.borrow_mut().open_escapable(scope);
    match id {
        Some(id) => call.write(result, id),
        None => {
            // SAFETY: it was opened just now.
            unsafe { sys::napi_close_escapable_handle_scope(call.env, scope) };
            Err(Failure::GENERIC)
        }
    }
}

fn napi_close_escapable_handle_scope(call: &Call<'_>, id: u32) -> Outcome {
    close(call, id, true)
}

fn close(call: &Call<'_>, id: u32, escapable: bool) -> Outcome {
    let mark = call.addon.mark();
    let closed = call.addon.handles.borrow_mut().close(call.env, mark, id, escapable);
    closed.map_err(|error| match error {
        ScopeError::Unknown => Failure::INVALID_ARG,
        ScopeError::NotInnermost => Failure::Status(sys::Status::napi_handle_scope_mismatch),
    })
}

/// What escapes lives in the scope around the one that it escapes from, at a place that was kept for it there.
fn napi_escape_handle(call: &Call<'_>, id: u32, value: Handle, result: Ptr) -> Outcome {
    let scope = call.addon.handles.borrow().escapable(id);
    let (scope, escaped) = scope.ok_or(Failure::INVALID_ARG)?;
    let value = call.value(value)?;
    call.out::<u32>(result)?;
    if escaped {
        return Err(Failure::Status(sys::Status::napi_escape_called_twice));
    }
    let mut outside = ptr::null_mut();
    // SAFETY: the scope is open, and nothing has escaped from it.
    check(unsafe { sys::napi_escape_handle(call.env, scope, value, &mut outside) })?;
    let handle = call.addon.handles.borrow_mut().escape(id, outside);
    call.write(result, handle.ok_or(Failure::GENERIC)?)
}
