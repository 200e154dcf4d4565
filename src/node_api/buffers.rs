//! Working with JavaScript values: `Buffer`s.
//!
//! <https://nodejs.org/api/n-api.html#napi_create_buffer>

use napi_sys as sys;

use super::array_buffers::{external, size};
use super::call::{Call, Handle, Ptr};
use super::failure::{Failure, Outcome};
use super::function::{Function, functions};
use super::guest_bytes::Shape;

pub const FUNCTIONS: &[Function] = functions! {
    script napi_create_buffer(u32, Ptr, Ptr);
    script napi_create_buffer_copy(u32, Ptr, Ptr, Ptr);
    script napi_create_external_buffer(u32, Ptr, u32, u32, Ptr);
    api napi_get_buffer_info(Handle, Ptr, Ptr);
    api napi_is_buffer(Handle, Ptr);
};

fn napi_create_buffer(call: &Call<'_>, length: u32, data: Ptr, result: Ptr) -> Outcome {
    create(call, length, data, result, |_| Ok(()))
}

fn napi_create_buffer_copy(call: &Call<'_>, length: u32, from: Ptr, data: Ptr, result: Ptr) -> Outcome {
    let memory = call.memory()?;
    if from.is_null() && length > 0 {
        return Err(Failure::INVALID_ARG);
    }
    let length_here = length as usize;
    let from = memory.at(from.0, length_here)?;
    create(call, length, data, result, |address| {
        let to = call.memory()?.at(address.0, length_here)?;
        // SAFETY: both lie in the memory, which does not move; an allocator that is made up may have them overlap.
        unsafe { std::ptr::copy(from, to, length_here) };
        Ok(())
    })
}

fn create(call: &Call<'_>, length: u32, data: Ptr, result: Ptr, fill: impl FnOnce(Ptr) -> Outcome) -> Outcome {
    call.optional_out::<u32>(data)?;
    call.out::<u32>(result)?;
    let (buffer, address) = call.allocate_shown(Shape::NodeBuffer, length, fill)?;
    call.write_optional(data, address)?;
    call.give(result, buffer.raw())
}

fn napi_create_external_buffer(
    call: &Call<'_>,
    length: u32,
    data: Ptr,
    finalize: u32,
    hint: u32,
    result: Ptr,
) -> Outcome {
    external(call, Shape::NodeBuffer, data, length, finalize, hint, result)
}

fn napi_get_buffer_info(call: &Call<'_>, buffer: Handle, data: Ptr, length: Ptr) -> Outcome {
    let buffer = call.value(buffer)?;
    call.optional_out::<u32>(data)?;
    call.optional_out::<u32>(length)?;
    let span = call.view_span(buffer)?;
    if !data.is_null() {
        call.write(data, call.address_of(span)?)?;
    }
    call.write_optional(length, size(span.length)?)
}

fn napi_is_buffer(call: &Call<'_>, value: Handle, result: Ptr) -> Outcome {
    call.ask(value, result, sys::napi_is_buffer)
}
