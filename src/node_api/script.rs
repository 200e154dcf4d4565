//! Script execution.
//!
//! <https://nodejs.org/api/n-api.html#script-execution>

use napi_sys as sys;

use super::call::{Call, Handle, Ptr};
use super::failure::Outcome;
use super::function::{Function, functions};

pub const FUNCTIONS: &[Function] = functions! {
    script napi_run_script(Handle, Ptr);
};

/// The script is run where the program's own are. That gives the guest no more than it has: with `napi_get_global` and
/// `napi_call_function` it reaches `eval` as well. What a guest with Node-API may do is what JavaScript may.
fn napi_run_script(call: &Call<'_>, script: Handle, result: Ptr) -> Outcome {
    let script = call.value(script)?;
    call.make(result, |made| {
        // SAFETY: the handle is live; what is no string is refused with a status.
        call.javascript(|| unsafe { sys::napi_run_script(call.env, script, made) })
    })
}
