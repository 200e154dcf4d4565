//! Memory management.
//!
//! <https://nodejs.org/api/n-api.html#memory-management>

use std::cell::Cell;

use napi_sys as sys;

use super::addon::Addon;
use super::call::{Call, Ptr};
use super::failure::{Outcome, check};
use super::function::{Function, functions};

pub const FUNCTIONS: &[Function] = functions! {
    api napi_adjust_external_memory(i64, Ptr);
};

/// The most that a guest can have: all of a memory of 32 bits.
const MOST: i64 = 1 << 32;

/// How much memory a guest says that its objects keep.
#[derive(Default)]
pub struct ExternalMemory(Cell<i64>);

/// V8 adds what it is told to what everybody else has told it, and collects garbage by the sum: a guest changes it by no
/// more than it can have, and takes away no more than it has added.
fn napi_adjust_external_memory(call: &Call<'_>, change: i64, result: Ptr) -> Outcome {
    call.out::<i64>(result)?;
    let ExternalMemory(reported) = &call.addon.state.external_memory;
    let before = reported.get();
    let after = before.saturating_add(change).clamp(0, MOST);
    let mut sum = 0;
    // SAFETY: writes the sum.
    check(unsafe { sys::napi_adjust_external_memory(call.env, after - before, &mut sum) })?;
    reported.set(after);
    call.write(result, sum)
}

impl Addon {
    /// Takes back what the guest has said: its memory goes with it.
    pub fn forget_external_memory(&self) {
        let reported = self.state.external_memory.0.take();
        if reported != 0 {
            let mut sum = 0;
            // SAFETY: the environment is live; writes the sum.
            unsafe { sys::napi_adjust_external_memory(self.raw_env(), -reported, &mut sum) };
        }
    }
}
