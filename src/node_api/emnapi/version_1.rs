//! What emnapi 1 has alone: the last error is the host's, and asynchronous work may be.

use super::super::call::{Call, Ptr};
use super::super::failure::{Failure, Outcome};
use super::super::function::{Function, functions};
use super::super::functions::napi_create_function;
use super::environment::answer;

pub const FUNCTIONS: &[Function] = functions! {
    api napi_set_last_error(i32, u32, u32);
    api napi_clear_last_error();
    plain _emnapi_get_last_error_info(u32, Ptr, Ptr, Ptr);
    // From 1.9 on.
    api _emnapi_create_function(Ptr, u32, u32, u32, Ptr);
    plain _emnapi_spawn_worker(u32, u32) -> i32;
};

/// The status that it is called with is what it returns, and the last error. No engine adds anything to that.
fn napi_set_last_error(_: &Call<'_>, status: i32, _: u32, _: u32) -> Outcome {
    match status {
        0 => Ok(()),
        status => Err(Failure::Status(status)),
    }
}

fn napi_clear_last_error(_: &Call<'_>) -> Outcome {
    Ok(())
}

/// Status, and code and pointer of the engine, for the struct that the guest has.
fn _emnapi_get_last_error_info(
    call: &Call<'_>,
    _: u32,
    status: Ptr,
    engine_code: Ptr,
    reserved: Ptr,
) -> wasmtime::Result<()> {
    let written = call
        .write(status, call.addon.last_error.status())
        .and_then(|()| call.write(engine_code, 0u32))
        .and_then(|()| call.write(reserved, 0u32));
    answer("_emnapi_get_last_error_info", written)
}

/// `napi_create_function` for the guest's own C, which may have an exception pending.
fn _emnapi_create_function(call: &Call<'_>, name: Ptr, length: u32, function: u32, data: u32, result: Ptr) -> Outcome {
    napi_create_function(call, name, length, function, data, result)
}

/// Makes a thread for asynchronous work in a guest that cannot make one itself. It is called by an export of the guest's
/// for which the host would have to ask, and that does without: it runs the work of such a guest on its own thread.
fn _emnapi_spawn_worker(_: &Call<'_>, _: u32, _: u32) -> wasmtime::Result<i32> {
    wasmtime::bail!("the guest asked for a thread for asynchronous work, but was not built for threads")
}
