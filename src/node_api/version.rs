//! Version management.
//!
//! <https://nodejs.org/api/n-api.html#version-management>

use std::ffi::CStr;
use std::ptr;

use napi_sys as sys;

use super::call::{Call, Ptr};
use super::failure::{Outcome, check};
use super::function::{Function, functions};
use super::registration::NODE_API_VERSION;

pub const FUNCTIONS: &[Function] = functions! {
    api napi_get_node_version(Ptr);
    api napi_get_version(Ptr);
};

/// A `napi_node_version` of the guest: three numbers, and a pointer to the name of the release, which follows.
const STRUCT: usize = 16;

fn napi_get_node_version(call: &Call<'_>, result: Ptr) -> Outcome {
    call.out::<u32>(result)?;
    let mut version = ptr::null();
    // SAFETY: writes a pointer to what Node has of itself.
    check(unsafe { sys::napi_get_node_version(call.env, &mut version) })?;
    // SAFETY: Node keeps the structure, and the text in it, for as long as the process.
    let (version, release) = unsafe { (&*version, CStr::from_ptr((*version).release)) };
    let release = release.to_bytes_with_nul();
    let address = call
        .addon
        .state
        .node_version
        .address(call, STRUCT + release.len(), |address| {
            let mut bytes = Vec::with_capacity(STRUCT + release.len());
            for field in [version.major, version.minor, version.patch, address + STRUCT as u32] {
                bytes.extend(field.to_le_bytes());
            }
            bytes.extend(release);
            bytes
        })?;
    call.write(result, address)
}

/// What there is here, whatever more Node has.
fn napi_get_version(call: &Call<'_>, result: Ptr) -> Outcome {
    call.out::<i32>(result)?;
    call.write(result, NODE_API_VERSION)
}
