//! Views of the guest's memory, and the guest's copies of what JavaScript has.
//!
//! To emnapi a view is one of the whole memory, which growth detaches, and a copy is for the guest to keep in step. Here
//! a view is of its own bytes and stays, and copies are kept in step at each call: what a guest does for that is right,
//! but seldom needed.

use napi_sys as sys;

use super::super::call::{AUTO_LENGTH, Call, Handle, Ptr};
use super::super::failure::{Failure, Outcome};
use super::super::function::{Function, functions};
use super::super::guest_bytes::{Release, Shape};
use super::super::guest_data::GuestData;
use crate::error::{Class, Error, code};

pub const FUNCTIONS: &[Function] = functions! {
    script emnapi_create_memory_view(i32, Ptr, u32, u32, u32, Ptr);
    script emnapi_sync_memory(bool, Ptr, u32, u32);
    script emnapi_get_memory_address(Handle, Ptr, Ptr, Ptr);
};

/// `emnapi_memory_view_type`: from 0 on the types of arrays, as Node-API numbers them.
const DATA_VIEW: i32 = -1;
const BUFFER: i32 = -2;
const FLOAT16: i32 = 11;

/// `emnapi_ownership`: whose the memory is.
const RUNTIME: i32 = 0;
const USERLAND: i32 = 1;

/// A view of `length` bytes. A finalizer is called once nobody has them any more.
fn emnapi_create_memory_view(
    call: &Call<'_>,
    kind: i32,
    data: Ptr,
    length: u32,
    finalize: u32,
    hint: u32,
    result: Ptr,
) -> Outcome {
    call.out::<u32>(result)?;
    if !(BUFFER..=FLOAT16).contains(&kind) {
        return Err(Failure::INVALID_ARG);
    }
    let length = if data.is_null() { 0 } else { length };
    if call.memory()?.at(data.0, length as usize).is_err() {
        return Err(call.addon.fail(Error::new(
            Class::RangeError,
            code::VALUE,
            format!("the memory of the addon has no {length} bytes at {} for a view", data.0),
        )));
    }
    let release = Release::Finalize(GuestData {
        data: data.0,
        finalize,
        hint,
    });
    let shape = match kind {
        BUFFER => Shape::NodeBuffer,
        _ => Shape::ArrayBuffer,
    };
    let Some(buffer) = call.show(shape, data, length, release)? else {
        return Err(Failure::Status(sys::Status::napi_no_external_buffers_allowed));
    };
    let (buffer, length) = (buffer.raw(), length as usize);
    match kind {
        BUFFER => call.give(result, buffer),
        // SAFETY: the buffer was made just now and has so many bytes.
        DATA_VIEW => call.make(result, |made| unsafe {
            sys::napi_create_dataview(call.env, length, buffer, 0, made)
        }),
        // SAFETY: as above, in whole elements. A kind that this Node does not know is refused with a status.
        kind => call.make(result, |made| unsafe {
            sys::napi_create_typedarray(call.env, kind, length / element_size(kind), buffer, 0, made)
        }),
    }
}

fn element_size(kind: i32) -> usize {
    match kind {
        0..=2 => 1,
        3 | 4 | FLOAT16 => 2,
        5..=7 => 4,
        _ => 8,
    }
}

/// Copies bytes of a buffer or view to the guest, or back. The guest could be given another view in place of its own,
/// which none of ours needs.
fn emnapi_sync_memory(call: &Call<'_>, to_guest: bool, value: Ptr, offset: u32, length: u32) -> Outcome {
    let handle = Handle(call.read(value)?);
    let mut span = call.span(call.value(handle)?)?;
    let offset = offset as usize;
    let left = span.length.checked_sub(offset).ok_or(Failure::INVALID_ARG)?;
    let length = match length {
        AUTO_LENGTH => left,
        length => length as usize,
    };
    if length > left {
        return Err(Failure::INVALID_ARG);
    }
    span.offset += offset;
    span.length = length;
    match length == 0 || call.sync(span, to_guest)? {
        true => Ok(()),
        false => Err(call.addon.fail(Error::new(
            Class::Error,
            code::VALUE,
            "the addon has the bytes of this buffer synchronized, but has asked for no pointer to them",
        ))),
    }
}

/// Where in its memory the guest has the bytes of a buffer or view: 0 if it has none. It gets no copy by this.
fn emnapi_get_memory_address(
    call: &Call<'_>,
    value: Handle,
    address: Ptr,
    ownership: Ptr,
    is_allocated: Ptr,
) -> Outcome {
    call.optional_out::<u32>(address)?;
    call.optional_out::<i32>(ownership)?;
    call.optional_out::<u8>(is_allocated)?;
    if [address, ownership, is_allocated].iter().all(|out| out.is_null()) {
        return Err(Failure::INVALID_ARG);
    }
    let (at, owner, is_copy) = match call.present_address(call.span(call.value(value)?)?)? {
        None => (0, RUNTIME, false),
        Some((at, true)) => (at, RUNTIME, true),
        Some((at, false)) => (at, USERLAND, false),
    };
    call.write_optional(address, at)?;
    call.write_optional(ownership, owner)?;
    call.write_optional(is_allocated, u8::from(is_copy))
}
