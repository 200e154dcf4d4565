//! Working with JavaScript values: `ArrayBuffer`s and the views of them.
//!
//! <https://nodejs.org/api/n-api.html#napi_create_arraybuffer>

use std::ptr;

use napi_sys as sys;

use super::addon::value_of;
use super::call::{Call, Handle, Ptr};
use super::failure::{Failure, Outcome, check};
use super::function::{Function, functions};
use super::guest_bytes::{Release, Shape};
use super::guest_data::GuestData;
use super::spans;
use crate::ffi::{Env, Reference, Thrown, Type, Value};

pub const FUNCTIONS: &[Function] = functions! {
    script napi_create_arraybuffer(u32, Ptr, Ptr);
    script napi_create_external_arraybuffer(Ptr, u32, u32, u32, Ptr);
    script napi_create_typedarray(i32, u32, Handle, u32, Ptr);
    script napi_create_dataview(u32, Handle, u32, Ptr);
    api napi_get_arraybuffer_info(Handle, Ptr, Ptr);
    api napi_get_typedarray_info(Handle, Ptr, Ptr, Ptr, Ptr, Ptr);
    api napi_get_dataview_info(Handle, Ptr, Ptr, Ptr, Ptr);
    api napi_is_arraybuffer(Handle, Ptr);
    api napi_is_typedarray(Handle, Ptr);
    api napi_is_dataview(Handle, Ptr);
    api napi_detach_arraybuffer(Handle);
    api napi_is_detached_arraybuffer(Handle, Ptr);
};

fn napi_create_arraybuffer(call: &Call<'_>, length: u32, data: Ptr, result: Ptr) -> Outcome {
    call.optional_out::<u32>(data)?;
    call.out::<u32>(result)?;
    let (buffer, address) = call.allocate_shown(Shape::ArrayBuffer, length, |address| {
        let bytes = call.memory()?.at(address.0, length as usize)?;
        // SAFETY: the bytes are inside the memory; the guest has allocated them just now.
        unsafe { ptr::write_bytes(bytes, 0, length as usize) };
        Ok(())
    })?;
    call.write_optional(data, address)?;
    call.give(result, buffer.raw())
}

fn napi_create_external_arraybuffer(
    call: &Call<'_>,
    data: Ptr,
    length: u32,
    finalize: u32,
    hint: u32,
    result: Ptr,
) -> Outcome {
    external(call, Shape::ArrayBuffer, data, length, finalize, hint, result)
}

/// A buffer over bytes of the guest's own.
pub fn external(
    call: &Call<'_>,
    shape: Shape,
    data: Ptr,
    length: u32,
    finalize: u32,
    hint: u32,
    result: Ptr,
) -> Outcome {
    call.out::<u32>(result)?;
    if data.is_null() && length > 0 {
        return Err(Failure::INVALID_ARG);
    }
    let release = Release::Finalize(GuestData {
        data: data.0,
        finalize,
        hint,
    });
    match call.show(shape, data, length, release)? {
        Some(buffer) => call.give(result, buffer.raw()),
        None => Err(Failure::Status(sys::Status::napi_no_external_buffers_allowed)),
    }
}

fn napi_create_typedarray(
    call: &Call<'_>,
    kind: i32,
    length: u32,
    buffer: Handle,
    offset: u32,
    result: Ptr,
) -> Outcome {
    let buffer = call.value(buffer)?;
    let (length, offset) = (length as usize, offset as usize);
    // SAFETY: the handle is live; another kind, a value that is no `ArrayBuffer`, and what is not inside of it are refused
    // with a status or an exception.
    call.make(result, |made| unsafe {
        sys::napi_create_typedarray(call.env, kind, length, buffer, offset, made)
    })
}

fn napi_create_dataview(call: &Call<'_>, length: u32, buffer: Handle, offset: u32, result: Ptr) -> Outcome {
    let buffer = call.value(buffer)?;
    let (length, offset) = (length as usize, offset as usize);
    // SAFETY: as above.
    call.make(result, |made| unsafe {
        sys::napi_create_dataview(call.env, length, buffer, offset, made)
    })
}

fn napi_get_arraybuffer_info(call: &Call<'_>, buffer: Handle, data: Ptr, length: Ptr) -> Outcome {
    let buffer = call.value(buffer)?;
    call.optional_out::<u32>(data)?;
    call.optional_out::<u32>(length)?;
    let span = call.array_buffer_span(buffer)?;
    if !data.is_null() {
        call.write(data, call.address_of(span)?)?;
    }
    call.write_optional(length, size(span.length)?)
}

fn napi_get_typedarray_info(
    call: &Call<'_>,
    array: Handle,
    kind: Ptr,
    length: Ptr,
    data: Ptr,
    buffer: Ptr,
    offset: Ptr,
) -> Outcome {
    let array = call.value(array)?;
    for out in [kind, length, data, buffer, offset] {
        call.optional_out::<u32>(out)?;
    }
    let array = call.typed_array(array)?;
    if !data.is_null() {
        call.write(data, call.address_of(array.span)?)?;
    }
    if array.kind != spans::UNKNOWN {
        call.write_optional(kind, array.kind)?;
    }
    call.write_optional(length, size(array.length)?)?;
    if !buffer.is_null() {
        call.give(buffer, array.buffer)?;
    }
    call.write_optional(offset, size(array.byte_offset)?)
}

fn napi_get_dataview_info(call: &Call<'_>, view: Handle, length: Ptr, data: Ptr, buffer: Ptr, offset: Ptr) -> Outcome {
    let view = call.value(view)?;
    for out in [length, data, buffer, offset] {
        call.optional_out::<u32>(out)?;
    }
    let (span, array_buffer, byte_offset) = call.data_view(view)?;
    if !data.is_null() {
        call.write(data, call.address_of(span)?)?;
    }
    call.write_optional(length, size(span.length)?)?;
    if !buffer.is_null() {
        call.give(buffer, array_buffer)?;
    }
    call.write_optional(offset, size(byte_offset)?)
}

/// A length or offset for the guest, whose sizes have 32 bits.
pub fn size(size: usize) -> Outcome<u32> {
    u32::try_from(size).map_err(|_| Failure::GENERIC)
}

fn napi_is_arraybuffer(call: &Call<'_>, value: Handle, result: Ptr) -> Outcome {
    call.ask(value, result, sys::napi_is_arraybuffer)
}

fn napi_is_typedarray(call: &Call<'_>, value: Handle, result: Ptr) -> Outcome {
    call.ask(value, result, sys::napi_is_typedarray)
}

fn napi_is_dataview(call: &Call<'_>, value: Handle, result: Ptr) -> Outcome {
    call.ask(value, result, sys::napi_is_dataview)
}

fn napi_is_detached_arraybuffer(call: &Call<'_>, value: Handle, result: Ptr) -> Outcome {
    call.ask(value, result, sys::napi_is_detached_arraybuffer)
}

/// Where JavaScript has a function for it, from Node 22 on, that is called. Node's own ends the process for what can be
/// detached by those alone who have the key: from Node 24 on, where small `Buffer`s are.
fn napi_detach_arraybuffer(call: &Call<'_>, buffer: Handle) -> Outcome {
    let buffer = call.value(buffer)?;
    let (mut is, mut is_detached) = (false, false);
    // SAFETY: the handle is live; the results are ours.
    unsafe {
        check(sys::napi_is_arraybuffer(call.env, buffer, &mut is))?;
        check(sys::napi_is_detached_arraybuffer(call.env, buffer, &mut is_detached))?;
    }
    match (is, is_detached) {
        (false, _) => return Err(Failure::Status(sys::Status::napi_arraybuffer_expected)),
        (true, true) => return Ok(()),
        (true, false) => {}
    }
    let env = call.ffi();
    // It is detached though an exception is pending.
    let pending = env.take_exception();
    let detached = detach(env, value_of(buffer));
    env.take_exception();
    if let Some(pending) = pending {
        env.throw(pending);
    }
    detached
}

struct Transfer(Reference);

fn detach(env: Env<'_>, buffer: Value<'_>) -> Outcome {
    let refused = |Thrown| Failure::Status(sys::Status::napi_detachable_arraybuffer_expected);
    let transfer = env.local(|env| {
        let function = env.run_script("ArrayBuffer.prototype.transfer")?;
        match env.type_of(function) {
            Type::Function => Ok(Some(Transfer(env.reference(function)?))),
            _ => Ok(None),
        }
    });
    match transfer.map_err(refused)?.as_ref() {
        Some(Transfer(function)) => {
            let none = env.int32(0).map_err(refused)?;
            let function = env.deref(function).map_err(refused)?;
            env.call_method(buffer, function, &[none]).map_err(refused)?;
            Ok(())
        }
        // SAFETY: the handle is live; what cannot be detached is refused with a status.
        None => check(unsafe { sys::napi_detach_arraybuffer(env.raw(), buffer.raw()) }),
    }
}
