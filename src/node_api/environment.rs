//! Environment life cycle: the instance data.
//!
//! <https://nodejs.org/api/n-api.html#environment-life-cycle-apis>

use std::cell::Cell;

use super::call::{Call, Ptr};
use super::failure::Outcome;
use super::function::{Function, functions};
use super::guest_data::GuestData;

pub const FUNCTIONS: &[Function] = functions! {
    api napi_set_instance_data(u32, u32, u32);
    api napi_get_instance_data(Ptr);
};

/// What the guest has set for its instance.
#[derive(Default)]
pub struct InstanceData(Cell<Option<GuestData>>);

impl InstanceData {
    /// Gives it up, at the end of the addon.
    pub fn take(&self) -> Option<GuestData> {
        self.0.take()
    }
}

/// What was set before is replaced, and its finalizer not called.
fn napi_set_instance_data(call: &Call<'_>, data: u32, finalize: u32, hint: u32) -> Outcome {
    let data = GuestData { data, finalize, hint };
    call.addon.state.instance_data.0.set(Some(data));
    Ok(())
}

fn napi_get_instance_data(call: &Call<'_>, result: Ptr) -> Outcome {
    call.out::<u32>(result)?;
    let data = call.addon.state.instance_data.0.get();
    call.write(result, data.map_or(0, |data| data.data))
}
