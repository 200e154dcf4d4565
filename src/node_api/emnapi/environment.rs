//! Of the environment: how long it is there, and what the guest's own C asks for to answer the guest.
//!
//! emnapi has the functions that return pointers to structs, as `napi_get_node_version`, in the guest: they fill in a
//! struct of the guest's with what these say.

use std::ptr;

use napi_sys as sys;

use super::super::call::{Call, Ptr};
use super::super::failure::{Failure, Outcome};
use super::super::file_url::file_url;
use super::super::function::{Function, functions};

pub const FUNCTIONS: &[Function] = functions! {
    plain _emnapi_env_ref(u32);
    plain _emnapi_env_unref(u32);
    plain _emnapi_env_check_gc_access(u32);
    plain _emnapi_get_node_version(Ptr, Ptr, Ptr);
    plain _emnapi_get_filename(u32, Ptr, i32) -> i32;
};

/// Answers a call that has no status to return. Only a guest that passes an address that it has not comes to a failure.
pub fn answer<T>(name: &str, outcome: Outcome<T>) -> wasmtime::Result<T> {
    outcome.map_err(|failure| match failure {
        Failure::Status(status) => wasmtime::format_err!("`{name}` failed with status {status}"),
        Failure::Trap(error) => error,
    })
}

/// emnapi's environment is there until nobody refers to it. Ours is there until all that refers to it has run.
fn _emnapi_env_ref(_: &Call<'_>, _: u32) -> wasmtime::Result<()> {
    Ok(())
}

fn _emnapi_env_unref(_: &Call<'_>, _: u32) -> wasmtime::Result<()> {
    Ok(())
}

/// Refuses what must not be done in a finalizer that the garbage collector runs. Ours are never run by it.
fn _emnapi_env_check_gc_access(_: &Call<'_>, _: u32) -> wasmtime::Result<()> {
    Ok(())
}

fn _emnapi_get_node_version(call: &Call<'_>, major: Ptr, minor: Ptr, patch: Ptr) -> wasmtime::Result<()> {
    let mut version: *const sys::napi_node_version = ptr::null();
    // SAFETY: writes a pointer to a struct of Node's, which is never freed.
    unsafe { sys::napi_get_node_version(call.env, &mut version) };
    // SAFETY: as above; null where the function failed.
    let Some(version) = (unsafe { version.as_ref() }) else {
        return Ok(());
    };
    let parts = [(major, version.major), (minor, version.minor), (patch, version.patch)];
    answer(
        "_emnapi_get_node_version",
        parts.into_iter().try_for_each(|(to, part)| call.write(to, part)),
    )
}

/// Without a buffer, how long the name is. With one, as many whole characters as there is room for before a NUL.
fn _emnapi_get_filename(call: &Call<'_>, _: u32, buffer: Ptr, room: i32) -> wasmtime::Result<i32> {
    let name = file_url(&call.addon.file);
    if buffer.is_null() {
        return Ok(i32::try_from(name.len()).unwrap_or(i32::MAX));
    }
    let Some(most) = usize::try_from(room).ok().and_then(|room| room.checked_sub(1)) else {
        return Ok(0);
    };
    let end = name.floor_char_boundary(most);
    let mut bytes = name.as_bytes()[..end].to_vec();
    bytes.push(0);
    answer(
        "_emnapi_get_filename",
        call.memory().and_then(|memory| memory.copy_in(buffer.0, &bytes)),
    )?;
    Ok(end as i32)
}
