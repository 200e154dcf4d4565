//! Object wrap: classes, and data of the guest that objects carry.
//!
//! <https://nodejs.org/api/n-api.html#object-wrap>

use std::ffi::c_void;
use std::ptr;

use napi_sys as sys;

use super::call::{Call, Handle, Ptr};
use super::callbacks::{Callback, invoke};
use super::descriptors::{self, Of};
use super::failure::{Failure, Outcome, check};
use super::function::{Function, functions};
use super::guest_data::{GuestData, finalize as run_finalizer};

pub const FUNCTIONS: &[Function] = functions! {
    script napi_define_class(Ptr, u32, u32, u32, u32, Ptr, Ptr);
    script napi_wrap(Handle, u32, u32, u32, Ptr);
    script napi_unwrap(Handle, Ptr);
    script napi_remove_wrap(Handle, Ptr);
    script napi_type_tag_object(Handle, Ptr);
    script napi_check_object_type_tag(Handle, Ptr, Ptr);
    api napi_add_finalizer(Handle, u32, u32, u32, Ptr);
};

#[allow(clippy::too_many_arguments, reason = "Node-API has them")]
fn napi_define_class(
    call: &Call<'_>,
    name: Ptr,
    length: u32,
    constructor: u32,
    data: u32,
    count: u32,
    list: Ptr,
    result: Ptr,
) -> Outcome {
    call.out::<u32>(result)?;
    if constructor == 0 || name.is_null() {
        return Err(Failure::INVALID_ARG);
    }
    let name = call.text(name, length)?;
    let properties = descriptors::read(call, list, count, Of::Class)?;
    let function = constructor;
    let data = call.kept(Callback { function, data })?;
    // SAFETY: the name is passed with its length; the descriptors hold live handles and names that they keep; `invoke`
    // takes its data for a tag.
    call.make(result, |made| unsafe {
        sys::napi_define_class(
            call.env,
            name.as_ptr().cast(),
            name.len() as isize,
            Some(invoke),
            data,
            properties.list.len(),
            properties.list.as_ptr(),
            made,
        )
    })
}

fn napi_wrap(call: &Call<'_>, object: Handle, data: u32, finalize: u32, hint: u32, result: Ptr) -> Outcome {
    let object = bearer(call, object)?;
    call.optional_out::<u32>(result)?;
    if !result.is_null() && finalize == 0 {
        return Err(Failure::INVALID_ARG);
    }
    // SAFETY: the handle is live, and a value that is no object, or wrapped already, is refused with a status.
    carry(
        call,
        object,
        GuestData { data, finalize, hint },
        result,
        |data, finalize| unsafe { sys::napi_wrap(call.env, object, data, finalize, ptr::null_mut(), ptr::null_mut()) },
    )
}

fn napi_add_finalizer(call: &Call<'_>, object: Handle, data: u32, finalize: u32, hint: u32, result: Ptr) -> Outcome {
    let object = bearer(call, object)?;
    call.optional_out::<u32>(result)?;
    if finalize == 0 {
        return Err(Failure::INVALID_ARG);
    }
    // SAFETY: the handle is live, and a value that is no object is refused with a status.
    carry(
        call,
        object,
        GuestData { data, finalize, hint },
        result,
        |data, finalize| unsafe {
            sys::napi_add_finalizer(call.env, object, data, finalize, ptr::null_mut(), ptr::null_mut())
        },
    )
}

/// Has an object carry data. The reference that the guest may want is one of its own: with the one that Node would give,
/// deleting it leaves a pointer behind in the object.
fn carry(
    call: &Call<'_>,
    object: sys::napi_value,
    data: GuestData,
    result: Ptr,
    attach: impl FnOnce(*mut c_void, sys::napi_finalize) -> sys::napi_status,
) -> Outcome {
    let tag = call.carry(data)?.to_pointer();
    // The finalizer takes its data for a tag.
    if let Err(failure) = check(attach(tag, Some(run_finalizer))) {
        call.uncarry(tag)?;
        return Err(failure);
    }
    match result.is_null() {
        true => Ok(()),
        false => call.reference_with_data(object, tag, result),
    }
}

/// A value that is to carry something. Where an external cannot, Node 26 ends the process.
fn bearer(call: &Call<'_>, value: Handle) -> Outcome<sys::napi_value> {
    let value = call.value(value)?;
    match call.type_of(value)? {
        sys::ValueType::napi_external => Err(Failure::INVALID_ARG),
        _ => Ok(value),
    }
}

fn napi_unwrap(call: &Call<'_>, object: Handle, result: Ptr) -> Outcome {
    let object = call.value(object)?;
    call.out::<u32>(result)?;
    let data = call.carried(wrapped(call, object)?)?;
    call.write(result, data.data)
}

fn napi_remove_wrap(call: &Call<'_>, object: Handle, result: Ptr) -> Outcome {
    let object = call.value(object)?;
    call.optional_out::<u32>(result)?;
    // What another addon has wrapped is not for this one to remove.
    let data = call.uncarry(wrapped(call, object)?)?;
    // SAFETY: the handle is live, and its object wrapped. What is not asked for is null.
    check(unsafe { sys::napi_remove_wrap(call.env, object, ptr::null_mut()) })?;
    call.write_optional(result, data.data)
}

fn wrapped(call: &Call<'_>, object: sys::napi_value) -> Outcome<*mut c_void> {
    let mut pointer = ptr::null_mut();
    // SAFETY: the handle is live; an object that is not wrapped is refused with a status.
    check(unsafe { sys::napi_unwrap(call.env, object, &mut pointer) })?;
    Ok(pointer)
}

fn napi_type_tag_object(call: &Call<'_>, object: Handle, tag: Ptr) -> Outcome {
    let object = bearer(call, object)?;
    let tag = type_tag(call, tag)?;
    // SAFETY: the handle is live; a value that cannot have a tag, or has one, is refused with a status.
    check(unsafe { sys::napi_type_tag_object(call.env, object, &tag) })
}

fn napi_check_object_type_tag(call: &Call<'_>, object: Handle, tag: Ptr, result: Ptr) -> Outcome {
    let object = call.value(object)?;
    let tag = type_tag(call, tag)?;
    // SAFETY: the handle is live; a value that cannot have a tag is refused with a status.
    call.tell(
        result,
        |told| unsafe { sys::napi_check_object_type_tag(call.env, object, &tag, told) },
        u8::from,
    )
}

fn type_tag(call: &Call<'_>, tag: Ptr) -> Outcome<sys::napi_type_tag> {
    let [lower, upper]: [u64; 2] = call.read(tag)?;
    Ok(sys::napi_type_tag { lower, upper })
}
