//! What the host can do, and for which version of emnapi it can.

use super::super::addon::Addon;
use super::super::call::{Call, Ptr};
use super::super::failure::Outcome;
use super::super::function::{Function, functions};
use super::super::shared::Anywhere;
use super::version_2::is_linked;

pub const FUNCTIONS: &[Function] = functions! {
    any_thread emnapi_is_support_weakref() -> i32;
    any_thread emnapi_is_support_bigint() -> i32;
    any_thread emnapi_is_node_binding_available() -> i32;
    api emnapi_get_runtime_version(Ptr);
};

fn emnapi_is_support_weakref(_: &mut Anywhere<'_, '_>) -> wasmtime::Result<i32> {
    Ok(1)
}

fn emnapi_is_support_bigint(_: &mut Anywhere<'_, '_>) -> wasmtime::Result<i32> {
    Ok(1)
}

/// Whether asynchronous hooks can be told of what the guest does, which takes a native addon. We are one; but at its end
/// JavaScript calls nothing of the guest's any more, on which that relies.
fn emnapi_is_node_binding_available(call: &mut Anywhere<'_, '_>) -> wasmtime::Result<i32> {
    let ending = call.addon.is_some_and(|addon| Addon::find(addon.id()).is_none());
    Ok(i32::from(!ending))
}

/// Three numbers. The guest was linked against one of two versions, and is told that one.
fn emnapi_get_runtime_version(call: &Call<'_>, result: Ptr) -> Outcome {
    call.out::<[u32; 3]>(result)?;
    call.write(
        result,
        match is_linked(call.addon) {
            true => [2u32, 0, 0],
            false => [1, 11, 3],
        },
    )
}
