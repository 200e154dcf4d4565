//! Promises.
//!
//! <https://nodejs.org/api/n-api.html#promises>

use std::cell::RefCell;
use std::ptr;

use napi_sys as sys;

use super::addon::{Addon, disposed, value_of};
use super::call::{Call, Handle, Ptr};
use super::failure::{Failure, Outcome, check};
use super::function::{Function, functions};
use super::key::Keyed;
use crate::ffi::{Env, Reference, Thrown};

pub const FUNCTIONS: &[Function] = functions! {
    script napi_create_promise(Ptr, Ptr);
    script napi_resolve_deferred(u32, Handle);
    script napi_reject_deferred(u32, Handle);
    api napi_is_promise(Handle, Ptr);
};

/// The promises that the guest has to settle.
#[derive(Default)]
pub struct Deferreds(RefCell<Keyed<Deferred>>);

struct Deferred {
    raw: sys::napi_deferred,
    promise: Reference,
}

/// Lets it pass if nobody handles that a promise is rejected.
const PARDON: &str = "(promise) => { Promise.prototype.catch.call(promise, () => {}) }";

struct Pardon(Reference);

impl Addon {
    /// Rejects the promises that are left, at the end of the addon: nobody would settle them any more.
    pub fn reject_deferreds(&self, env: Env<'_>) -> Result<(), Thrown> {
        let left: Vec<_> = self.state.deferreds.0.borrow_mut().drain().collect();
        if left.is_empty() {
            return Ok(());
        }
        let pardon = env.local(|env| Ok(Pardon(env.reference(env.run_script(PARDON)?)?)))?;
        let Thrown = disposed(env);
        let error = env.take_exception().ok_or(Thrown)?;
        for Deferred { raw, promise } in left {
            // SAFETY: it was taken out of the table, so it is settled once; the handle is live.
            unsafe { sys::napi_reject_deferred(self.raw_env(), raw, error.raw()) };
            env.call(env.deref(&pardon.0)?, &[env.deref(&promise)?])?;
        }
        Ok(())
    }
}

fn napi_create_promise(call: &Call<'_>, deferred: Ptr, promise: Ptr) -> Outcome {
    call.out::<u32>(deferred)?;
    call.out::<u32>(promise)?;
    let (mut raw, mut made) = (ptr::null_mut(), ptr::null_mut());
    // SAFETY: writes a handle of the current scope, and what is to be settled.
    check(unsafe { sys::napi_create_promise(call.env, &mut raw, &mut made) })?;
    let reference = call.ffi().reference(value_of(made));
    let reference = reference.map_err(|_| Failure::PENDING_EXCEPTION)?;
    let number = call.addon.state.deferreds.0.borrow_mut().add(Deferred {
        raw,
        promise: reference,
    });
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
    Ok((taken.ok_or(Failure::INVALID_ARG)?.raw, value))
}

fn napi_is_promise(call: &Call<'_>, value: Handle, result: Ptr) -> Outcome {
    call.ask(value, result, sys::napi_is_promise)
}
