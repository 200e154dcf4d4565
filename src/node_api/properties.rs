//! Working with JavaScript properties.
//!
//! <https://nodejs.org/api/n-api.html#working-with-javascript-properties>

use std::ptr;

use napi_sys as sys;

use super::call::{Call, Handle, Ptr};
use super::descriptors::{self, Of};
use super::failure::{Outcome, check};
use super::function::{Function, functions};

pub const FUNCTIONS: &[Function] = functions! {
    script napi_get_property_names(Handle, Ptr);
    script napi_get_all_property_names(Handle, i32, i32, i32, Ptr);
    script napi_set_property(Handle, Handle, Handle);
    script napi_get_property(Handle, Handle, Ptr);
    script napi_has_property(Handle, Handle, Ptr);
    script napi_delete_property(Handle, Handle, Ptr);
    script napi_has_own_property(Handle, Handle, Ptr);
    script napi_set_named_property(Handle, Ptr, Handle);
    script napi_get_named_property(Handle, Ptr, Ptr);
    script napi_has_named_property(Handle, Ptr, Ptr);
    script napi_set_element(Handle, u32, Handle);
    script napi_get_element(Handle, u32, Ptr);
    script napi_has_element(Handle, u32, Ptr);
    script napi_delete_element(Handle, u32, Ptr);
    script napi_define_properties(Handle, u32, Ptr);
    script napi_object_freeze(Handle);
    script napi_object_seal(Handle);
};

fn napi_get_property_names(call: &Call<'_>, object: Handle, result: Ptr) -> Outcome {
    let object = call.value(object)?;
    // SAFETY: the handle is live; what is no object is refused with a status.
    call.make(result, |made| unsafe {
        sys::napi_get_property_names(call.env, object, made)
    })
}

/// Node refuses a mode or a conversion that there is not, and ignores filters that there are not.
fn napi_get_all_property_names(
    call: &Call<'_>,
    object: Handle,
    mode: i32,
    filter: i32,
    conversion: i32,
    result: Ptr,
) -> Outcome {
    let object = call.value(object)?;
    // SAFETY: the handle is live; what is no object is refused with a status.
    call.make(result, |made| unsafe {
        sys::napi_get_all_property_names(call.env, object, mode, filter, conversion, made)
    })
}

fn napi_set_property(call: &Call<'_>, object: Handle, key: Handle, value: Handle) -> Outcome {
    let (object, key, value) = (call.value(object)?, call.value(key)?, call.value(value)?);
    // SAFETY: the handles are live; what is no object is refused with a status.
    check(unsafe { sys::napi_set_property(call.env, object, key, value) })
}

fn napi_get_property(call: &Call<'_>, object: Handle, key: Handle, result: Ptr) -> Outcome {
    let (object, key) = (call.value(object)?, call.value(key)?);
    // SAFETY: as in `napi_set_property`.
    call.make(result, |made| unsafe {
        sys::napi_get_property(call.env, object, key, made)
    })
}

fn napi_has_property(call: &Call<'_>, object: Handle, key: Handle, result: Ptr) -> Outcome {
    let (object, key) = (call.value(object)?, call.value(key)?);
    // SAFETY: as in `napi_set_property`.
    call.tell(
        result,
        |told| unsafe { sys::napi_has_property(call.env, object, key, told) },
        u8::from,
    )
}

fn napi_delete_property(call: &Call<'_>, object: Handle, key: Handle, result: Ptr) -> Outcome {
    call.optional_out::<u8>(result)?;
    let (object, key) = (call.value(object)?, call.value(key)?);
    let mut deleted = false;
    // SAFETY: as in `napi_set_property`.
    check(unsafe { sys::napi_delete_property(call.env, object, key, &mut deleted) })?;
    call.write_optional(result, u8::from(deleted))
}

fn napi_has_own_property(call: &Call<'_>, object: Handle, key: Handle, result: Ptr) -> Outcome {
    let (object, key) = (call.value(object)?, call.value(key)?);
    // SAFETY: as in `napi_set_property`.
    call.tell(
        result,
        |told| unsafe { sys::napi_has_own_property(call.env, object, key, told) },
        u8::from,
    )
}

fn napi_set_named_property(call: &Call<'_>, object: Handle, name: Ptr, value: Handle) -> Outcome {
    let (object, value) = (call.value(object)?, call.value(value)?);
    call.with_name(name, |name| {
        // SAFETY: the handles are live, and the name ends with a NUL. It is copied before JavaScript runs.
        check(unsafe { sys::napi_set_named_property(call.env, object, name, value) })
    })
}

fn napi_get_named_property(call: &Call<'_>, object: Handle, name: Ptr, result: Ptr) -> Outcome {
    let object = call.value(object)?;
    call.with_name(name, |name| {
        // SAFETY: as in `napi_set_named_property`.
        call.make(result, |made| unsafe {
            sys::napi_get_named_property(call.env, object, name, made)
        })
    })
}

fn napi_has_named_property(call: &Call<'_>, object: Handle, name: Ptr, result: Ptr) -> Outcome {
    let object = call.value(object)?;
    call.with_name(name, |name| {
        // SAFETY: as in `napi_set_named_property`.
        call.tell(
            result,
            |told| unsafe { sys::napi_has_named_property(call.env, object, name, told) },
            u8::from,
        )
    })
}

fn napi_set_element(call: &Call<'_>, object: Handle, index: u32, value: Handle) -> Outcome {
    let (object, value) = (call.value(object)?, call.value(value)?);
    // SAFETY: as in `napi_set_property`.
    check(unsafe { sys::napi_set_element(call.env, object, index, value) })
}

fn napi_get_element(call: &Call<'_>, object: Handle, index: u32, result: Ptr) -> Outcome {
    let object = call.value(object)?;
    // SAFETY: as in `napi_set_property`.
    call.make(result, |made| unsafe {
        sys::napi_get_element(call.env, object, index, made)
    })
}

fn napi_has_element(call: &Call<'_>, object: Handle, index: u32, result: Ptr) -> Outcome {
    let object = call.value(object)?;
    // SAFETY: as in `napi_set_property`.
    call.tell(
        result,
        |told| unsafe { sys::napi_has_element(call.env, object, index, told) },
        u8::from,
    )
}

fn napi_delete_element(call: &Call<'_>, object: Handle, index: u32, result: Ptr) -> Outcome {
    call.optional_out::<u8>(result)?;
    let object = call.value(object)?;
    let mut deleted = false;
    // SAFETY: as in `napi_set_property`.
    check(unsafe { sys::napi_delete_element(call.env, object, index, &mut deleted) })?;
    call.write_optional(result, u8::from(deleted))
}

fn napi_define_properties(call: &Call<'_>, object: Handle, count: u32, list: Ptr) -> Outcome {
    let object = call.value(object)?;
    let properties = descriptors::read(call, list, count, Of::Object)?;
    // SAFETY: the handle is live; what is no object is refused with a status, before anything is defined.
    check(unsafe { sys::napi_define_properties(call.env, object, 0, ptr::null()) })?;
    for (property, is_method) in properties.list.iter().zip(properties.methods) {
        // SAFETY: the handles are live, and the name is there until the end of the call.
        let status = unsafe { sys::napi_define_properties(call.env, object, 1, property) };
        check(match (status, is_method) {
            // Of a method that is not to be defined Node says something else than of a value.
            (sys::Status::napi_invalid_arg, true) if !property.value.is_null() => sys::Status::napi_generic_failure,
            (status, _) => status,
        })?;
    }
    Ok(())
}

fn napi_object_freeze(call: &Call<'_>, object: Handle) -> Outcome {
    let object = call.value(object)?;
    // SAFETY: the handle is live; what is no object is refused with a status.
    check(unsafe { sys::napi_object_freeze(call.env, object) })
}

fn napi_object_seal(call: &Call<'_>, object: Handle) -> Outcome {
    let object = call.value(object)?;
    // SAFETY: as in `napi_object_freeze`.
    check(unsafe { sys::napi_object_seal(call.env, object) })
}
