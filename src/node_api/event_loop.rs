//! The event loop of libuv.
//!
//! <https://nodejs.org/api/n-api.html#libuv-event-loop>

use super::call::{Call, Ptr};
use super::failure::{Failure, Outcome};
use super::function::{Function, functions};

pub const FUNCTIONS: &[Function] = functions! {
    api napi_get_uv_event_loop(Ptr);
};

/// The loop is a structure of the process, of which no address means anything to a guest.
fn napi_get_uv_event_loop(call: &Call<'_>, result: Ptr) -> Outcome {
    call.out::<u32>(result)?;
    Err(Failure::GENERIC)
}
