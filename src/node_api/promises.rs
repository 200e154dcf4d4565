//! Promises.
//!
//! <https://nodejs.org/api/n-api.html#promises>

use std::cell::RefCell;
use std::ptr;

use napi_sys as sys;

use super::call::{Call, Handle, Ptr};
use super::failure::{Failure, Outcome, check};
use super::function::{Function, functions};
use super::key::Keyed;

pub const FUNCTIONS: &[Function] = functions! {
    script napi_create_promise(Ptr, Ptr);
    script napi_resolve_deferred(u32, Handle);
    script napi_reject_deferred(u32, Handle);
    api napi_is_promise(Handle, Ptr);
};

/// The promises that the guest has to settle.
#[derive(Default)]
pub struct Deferreds(RefCell<Keyed<sys::napi_deferred>>);

fn napi_create_promise(call: &Call<'_>, deferred: Ptr, promise: Ptr) -> Outcome {
    call.out::<u32>(deferred)?;
    call.out::<u32>(promise)?;
    let (mut raw, mut made) = (ptr::null_mut(), ptr::null_mut());
    // SAFETY: writes a handle of the current scope, and what is to be settled.
    check(unsafe { sys::napi_create_promise(call.env, &mut raw, &mut made) })?;
    let number = call.addon.state.deferreds.0.borrow_mut().add(raw);
    call.write(deferred, number.map_err(|_| Failure::GENERIC)?)?;
    call.give(promise, made)
}

fn napi_resolve_deferred(call: &Call<'_>, deferred: u32, value: Handle) -> Outcome {
    let (raw, value) = settled(call, deferred, value)?;
    // SAFETY: it was taken out of the table, so it is settled once; the handle is live.
    check(unsafe { sys::napi_resolve_deferred(call.env, raw, value) })
}

fn napi_reject_deferred(call: &Call<'_>, deferred: u32, value: Handle) -> Outcome {
    let (raw, value) = settled(call, deferred, value)?;
    // SAFETY: it was taken out of the table, so it is settled once; the handle is live.
    check(unsafe { sys::napi_reject_deferred(call.env, raw, value) })
}

/// Gives up a promise that is settled with a value.
fn settled(call: &Call<'_>, deferred: u32, value: Handle) -> Outcome<(sys::napi_deferred, sys::napi_value)> {
    let value = call.value(value)?;
    let taken = call.addon.state.deferreds.0.borrow_mut().take(deferred);
    Ok((taken.ok_or(Failure::INVALID_ARG)?, value))
}

fn napi_is_promise(call: &Call<'_>, value: Handle, result: Ptr) -> Outcome {
    let value = call.value(value)?;
    // SAFETY: the handle is live.
    call.tell(
        result,
        |told| unsafe { sys::napi_is_promise(call.env, value, told) },
        u8::from,
    )
}
