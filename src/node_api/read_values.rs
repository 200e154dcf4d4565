//! Working with JavaScript values: what C can have of them.
//!
//! <https://nodejs.org/api/n-api.html#functions-to-convert-from-node-api-to-c-types>

use std::ptr;

use napi_sys as sys;

use super::call::{Call, Handle, Ptr};
use super::failure::{Failure, Outcome, check};
use super::function::{Function, functions};

pub const FUNCTIONS: &[Function] = functions! {
    api napi_get_array_length(Handle, Ptr);
    api napi_get_prototype(Handle, Ptr);
    script napi_get_date_value(Handle, Ptr);
    api napi_get_value_bool(Handle, Ptr);
    api napi_get_value_double(Handle, Ptr);
    api napi_get_value_bigint_int64(Handle, Ptr, Ptr);
    api napi_get_value_bigint_uint64(Handle, Ptr, Ptr);
    api napi_get_value_bigint_words(Handle, Ptr, Ptr, Ptr);
    api napi_get_value_external(Handle, Ptr);
    api napi_get_value_int32(Handle, Ptr);
    api napi_get_value_int64(Handle, Ptr);
    api napi_get_value_string_latin1(Handle, Ptr, u32, Ptr);
    api napi_get_value_string_utf8(Handle, Ptr, u32, Ptr);
    api napi_get_value_string_utf16(Handle, Ptr, u32, Ptr);
    api napi_get_value_uint32(Handle, Ptr);
};

/// Functions of the same name in Node-API: what they tell → what the guest gets.
macro_rules! readers {
    ($($name:ident: $told:ty => $given:ty;)*) => {
        $(fn $name(call: &Call<'_>, value: Handle, result: Ptr) -> Outcome {
            let value = call.value(value)?;
            // SAFETY: the handle is live; a value of another type is refused with a status.
            call.tell(result, |told: *mut $told| unsafe { sys::$name(call.env, value, told) }, <$given>::from)
        })*
    };
}

readers! {
    napi_get_array_length: u32 => u32;
    napi_get_date_value: f64 => f64;
    napi_get_value_bool: bool => u8;
    napi_get_value_double: f64 => f64;
    napi_get_value_int32: i32 => i32;
    napi_get_value_int64: i64 => i64;
    napi_get_value_uint32: u32 => u32;
}

fn napi_get_prototype(call: &Call<'_>, object: Handle, result: Ptr) -> Outcome {
    let object = call.value(object)?;
    // SAFETY: the handle is live; what is no object is refused with a status.
    call.make(result, |made| unsafe {
        sys::napi_get_prototype(call.env, object, made)
    })
}

fn napi_get_value_bigint_int64(call: &Call<'_>, value: Handle, result: Ptr, lossless: Ptr) -> Outcome {
    let value = call.value(value)?;
    call.out::<i64>(result)?;
    let (mut number, mut whole) = (0, false);
    call.out::<u8>(lossless)?;
    // SAFETY: the handle is live; a value of another type is refused with a status.
    check(unsafe { sys::napi_get_value_bigint_int64(call.env, value, &mut number, &mut whole) })?;
    call.write(result, number)?;
    call.write(lossless, u8::from(whole))
}

fn napi_get_value_bigint_uint64(call: &Call<'_>, value: Handle, result: Ptr, lossless: Ptr) -> Outcome {
    let value = call.value(value)?;
    call.out::<u64>(result)?;
    let (mut number, mut whole) = (0, false);
    call.out::<u8>(lossless)?;
    // SAFETY: the handle is live; a value of another type is refused with a status.
    check(unsafe { sys::napi_get_value_bigint_uint64(call.env, value, &mut number, &mut whole) })?;
    call.write(result, number)?;
    call.write(lossless, u8::from(whole))
}

/// Without a place for the sign and the words it tells only how many words there are, and it always tells that.
fn napi_get_value_bigint_words(call: &Call<'_>, value: Handle, sign: Ptr, count: Ptr, list: Ptr) -> Outcome {
    let value = call.value(value)?;
    let room: u32 = call.read(count)?;
    let mut needed = 0;
    // SAFETY: the handle is live; a value of another type is refused with a status.
    check(unsafe { sys::napi_get_value_bigint_words(call.env, value, ptr::null_mut(), &mut needed, ptr::null_mut()) })?;
    if !(sign.is_null() && list.is_null()) {
        call.out::<i32>(sign)?;
        call.out::<u8>(list)?;
        call.memory()?.at(list.0, room as usize * size_of::<u64>())?;
        let mut words = vec![0; needed.min(room as usize)];
        let (mut negative, mut given) = (0, words.len());
        // SAFETY: there is room for as many words as `given` says.
        check(unsafe {
            sys::napi_get_value_bigint_words(call.env, value, &mut negative, &mut given, words.as_mut_ptr())
        })?;
        call.write(sign, negative)?;
        for (at, word) in words.into_iter().enumerate() {
            call.write(list.add((at * size_of::<u64>()) as u32), word)?;
        }
    }
    call.write(count, needed as u32)
}

/// An external of another addon carries nothing that the guest could use.
fn napi_get_value_external(call: &Call<'_>, value: Handle, result: Ptr) -> Outcome {
    let value = call.value(value)?;
    call.out::<u32>(result)?;
    let mut pointer = ptr::null_mut();
    // SAFETY: the handle is live; a value of another type is refused with a status.
    check(unsafe { sys::napi_get_value_external(call.env, value, &mut pointer) })?;
    if pointer.is_null() {
        return Err(Failure::INVALID_ARG);
    }
    call.write(result, call.carried(pointer)?.data)
}

fn napi_get_value_string_latin1(call: &Call<'_>, value: Handle, buffer: Ptr, size: u32, result: Ptr) -> Outcome {
    call.read_string(value, buffer, size, result, |value, to: *mut u8, size, length| {
        // SAFETY: the handle is live, and there is room for `size` bytes, which V8 only writes.
        unsafe { sys::napi_get_value_string_latin1(call.env, value, to.cast(), size, length) }
    })
}

fn napi_get_value_string_utf8(call: &Call<'_>, value: Handle, buffer: Ptr, size: u32, result: Ptr) -> Outcome {
    call.read_string(value, buffer, size, result, |value, to: *mut u8, size, length| {
        // SAFETY: the handle is live, and there is room for `size` bytes, which V8 only writes.
        unsafe { sys::napi_get_value_string_utf8(call.env, value, to.cast(), size, length) }
    })
}

fn napi_get_value_string_utf16(call: &Call<'_>, value: Handle, buffer: Ptr, size: u32, result: Ptr) -> Outcome {
    call.read_string(value, buffer, size, result, |value, to: *mut u16, size, length| {
        // SAFETY: the handle is live, and there is room for `size` code units, which V8 only writes.
        unsafe { sys::napi_get_value_string_utf16(call.env, value, to, size, length) }
    })
}
