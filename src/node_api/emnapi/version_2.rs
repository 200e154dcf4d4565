//! What emnapi 2 has alone: the environment is a struct of the guest's, with the last error in it.

use std::rc::Rc;

use napi_sys as sys;

use super::super::addon::Addon;
use super::super::call::{Call, Ptr};
use super::super::failure::Failure;
use super::super::function::{Function, functions};
use super::super::functions::napi_create_function;
use crate::error::Error;

pub const FUNCTIONS: &[Function] = functions! {
    plain _emnapi_create_function(Ptr, u32, u32, u32, Ptr) -> i32;
};

/// Whether the guest has made its environment itself.
pub fn is_linked(addon: &Addon) -> bool {
    addon.last_error.address().is_some()
}

/// Has the guest free its environment, of which its `napi_env` is the part from byte 8 on. Nothing of the API may be
/// called afterwards.
pub fn delete_environment(addon: &Rc<Addon>) -> Result<(), Error> {
    if !is_linked(addon) {
        return Ok(());
    }
    let environment = addon.environment().wrapping_sub(8);
    let deleted = addon.enter(|| addon.call_export::<u32, ()>("emnapi_delete_env", environment), Ok);
    deleted.map(drop)
}

/// `napi_create_function` for the guest's own C, which does not say for which environment.
fn _emnapi_create_function(
    call: &Call<'_>,
    name: Ptr,
    length: u32,
    function: u32,
    data: u32,
    result: Ptr,
) -> wasmtime::Result<i32> {
    let status = match napi_create_function(call, name, length, function, data, result) {
        Ok(()) => sys::Status::napi_ok,
        Err(Failure::Status(status)) => status,
        Err(Failure::Trap(error)) => return Err(error),
    };
    call.addon.set_last_error(status);
    Ok(status)
}
