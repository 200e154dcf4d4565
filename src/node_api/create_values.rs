//! Working with JavaScript values: making them of what C has.
//!
//! <https://nodejs.org/api/n-api.html#object-creation-functions>

use std::ptr;

use napi_sys as sys;

use super::call::{Call, Handle, Ptr};
use super::failure::{Failure, Outcome, check};
use super::function::{Function, functions};
use super::guest_data::{GuestData, finalize};

pub const FUNCTIONS: &[Function] = functions! {
    api napi_get_undefined(Ptr);
    api napi_get_null(Ptr);
    api napi_get_global(Ptr);
    api napi_get_boolean(bool, Ptr);
    api napi_create_object(Ptr);
    api napi_create_array(Ptr);
    api napi_create_array_with_length(u32, Ptr);
    api napi_create_int32(i32, Ptr);
    api napi_create_uint32(u32, Ptr);
    api napi_create_int64(i64, Ptr);
    api napi_create_double(f64, Ptr);
    api napi_create_bigint_int64(i64, Ptr);
    api napi_create_bigint_uint64(u64, Ptr);
    script napi_create_bigint_words(i32, u32, Ptr, Ptr);
    api napi_create_string_latin1(Ptr, u32, Ptr);
    api napi_create_string_utf8(Ptr, u32, Ptr);
    api napi_create_string_utf16(Ptr, u32, Ptr);
    api napi_create_symbol(Handle, Ptr);
    api node_api_symbol_for(Ptr, u32, Ptr);
    script napi_create_date(f64, Ptr);
    script napi_create_external(Ptr, u32, u32, Ptr);
};

/// The longest array that is made with room for all of it: as long as `new Array(length)` makes one. V8 ends the process
/// where it finds no room.
const MOST_RESERVED: i32 = 32 << 20;

/// The most words that a BigInt has in V8.
const MOST_WORDS: usize = 1 << 24;

/// Functions of the same name in Node-API, with the same arguments.
macro_rules! makers {
    ($($name:ident($($arg:ident: $ty:ty),*);)*) => {
        $(fn $name(call: &Call<'_>, $($arg: $ty,)* result: Ptr) -> Outcome {
            // SAFETY: writes a handle of the current scope.
            call.make(result, |made| unsafe { sys::$name(call.env, $($arg,)* made) })
        })*
    };
}

makers! {
    napi_get_undefined();
    napi_get_null();
    napi_get_global();
    napi_get_boolean(value: bool);
    napi_create_object();
    napi_create_array();
    napi_create_int32(value: i32);
    napi_create_uint32(value: u32);
    napi_create_int64(value: i64);
    napi_create_double(value: f64);
    napi_create_bigint_int64(value: i64);
    napi_create_bigint_uint64(value: u64);
    napi_create_date(time: f64);
}

/// V8 takes the length for a signed number, and makes an empty array of a negative one.
fn napi_create_array_with_length(call: &Call<'_>, length: u32, result: Ptr) -> Outcome {
    if length as i32 <= MOST_RESERVED {
        // SAFETY: writes a handle of the current scope.
        return call.make(result, |made| unsafe {
            sys::napi_create_array_with_length(call.env, length as usize, made)
        });
    }
    call.out::<u32>(result)?;
    let (mut array, mut value) = (ptr::null_mut(), ptr::null_mut());
    // SAFETY: both write a handle of the current scope.
    check(unsafe { sys::napi_create_array(call.env, &mut array) })?;
    // SAFETY: as above.
    check(unsafe { sys::napi_create_uint32(call.env, length, &mut value) })?;
    // SAFETY: the handles are live, and the name ends with a NUL.
    check(unsafe { sys::napi_set_named_property(call.env, array, c"length".as_ptr(), value) })?;
    call.give(result, array)
}

fn napi_create_bigint_words(call: &Call<'_>, sign: i32, count: u32, words: Ptr, result: Ptr) -> Outcome {
    if words.is_null() || count > i32::MAX as u32 {
        return Err(Failure::INVALID_ARG);
    }
    let words: Vec<u64> = match count as usize {
        count if count <= MOST_WORDS => call.memory()?.copy_out(words.0, count)?,
        // It is their number that V8 refuses, with an exception, wherever they are.
        _ => vec![0; MOST_WORDS + 1],
    };
    // SAFETY: there are as many words as is said.
    call.make(result, |made| unsafe {
        sys::napi_create_bigint_words(call.env, sign, words.len(), words.as_ptr(), made)
    })
}

fn napi_create_string_latin1(call: &Call<'_>, text: Ptr, length: u32, result: Ptr) -> Outcome {
    call.with_text(text, length, |text: *const u8, length| {
        // SAFETY: there are `length` bytes, which are copied.
        call.make(result, |made| unsafe {
            sys::napi_create_string_latin1(call.env, text.cast(), length, made)
        })
    })
}

fn napi_create_string_utf8(call: &Call<'_>, text: Ptr, length: u32, result: Ptr) -> Outcome {
    call.with_text(text, length, |text: *const u8, length| {
        // SAFETY: there are `length` bytes, which are copied.
        call.make(result, |made| unsafe {
            sys::napi_create_string_utf8(call.env, text.cast(), length, made)
        })
    })
}

fn napi_create_string_utf16(call: &Call<'_>, text: Ptr, length: u32, result: Ptr) -> Outcome {
    call.with_text(text, length, |text: *const u16, length| {
        // SAFETY: there are `length` code units, which are copied.
        call.make(result, |made| unsafe {
            sys::napi_create_string_utf16(call.env, text, length, made)
        })
    })
}

fn napi_create_symbol(call: &Call<'_>, description: Handle, result: Ptr) -> Outcome {
    let description = call.optional_value(description)?;
    // SAFETY: the handle is live or null; what is no string is refused with a status.
    call.make(result, |made| unsafe {
        sys::napi_create_symbol(call.env, description, made)
    })
}

fn node_api_symbol_for(call: &Call<'_>, description: Ptr, length: u32, result: Ptr) -> Outcome {
    call.with_text(description, length, |description: *const u8, length| {
        // SAFETY: there are `length` bytes, which are copied.
        call.make(result, |made| unsafe {
            sys::node_api_symbol_for(call.env, description.cast(), length, made)
        })
    })
}

/// JavaScript carries a number, and the guest's pointer stays here.
fn napi_create_external(call: &Call<'_>, data: Ptr, finalizer: u32, hint: u32, result: Ptr) -> Outcome {
    call.out::<u32>(result)?;
    let tag = call.carry(GuestData {
        data: data.0,
        finalize: finalizer,
        hint,
    })?;
    let pointer = tag.to_pointer();
    // SAFETY: nobody follows the pointer; `finalize` takes it for a tag.
    let made = call.make(result, |made| unsafe {
        sys::napi_create_external(call.env, pointer, Some(finalize), ptr::null_mut(), made)
    });
    if made.is_err() {
        // The guest keeps what it could not give away.
        call.uncarry(pointer)?;
    }
    made
}
