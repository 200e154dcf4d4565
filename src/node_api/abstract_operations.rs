//! Working with JavaScript values: abstract operations.
//!
//! <https://nodejs.org/api/n-api.html#working-with-javascript-values-and-abstract-operations>

use napi_sys as sys;

use super::call::{Call, Handle, Ptr};
use super::failure::Outcome;
use super::function::{Function, functions};

pub const FUNCTIONS: &[Function] = functions! {
    script napi_coerce_to_bool(Handle, Ptr);
    script napi_coerce_to_number(Handle, Ptr);
    script napi_coerce_to_object(Handle, Ptr);
    script napi_coerce_to_string(Handle, Ptr);
    api napi_typeof(Handle, Ptr);
    script napi_instanceof(Handle, Handle, Ptr);
    api napi_is_array(Handle, Ptr);
    api napi_is_date(Handle, Ptr);
    script napi_strict_equals(Handle, Handle, Ptr);
};

macro_rules! coercions {
    ($($name:ident;)*) => {
        $(fn $name(call: &Call<'_>, value: Handle, result: Ptr) -> Outcome {
            let value = call.value(value)?;
            // SAFETY: the handle is live; a value that cannot be converted is refused with a status or an exception.
            call.make(result, |made| unsafe { sys::$name(call.env, value, made) })
        })*
    };
}

coercions! {
    napi_coerce_to_bool;
    napi_coerce_to_number;
    napi_coerce_to_object;
    napi_coerce_to_string;
}

fn napi_typeof(call: &Call<'_>, value: Handle, result: Ptr) -> Outcome {
    let value = call.value(value)?;
    // SAFETY: the handle is live.
    call.tell(
        result,
        |told| unsafe { sys::napi_typeof(call.env, value, told) },
        |told: sys::napi_valuetype| told,
    )
}

/// The result is false too where it fails.
fn napi_instanceof(call: &Call<'_>, object: Handle, constructor: Handle, result: Ptr) -> Outcome {
    let object = call.value(object)?;
    call.out::<u8>(result)?;
    call.write(result, 0u8)?;
    let constructor = call.value(constructor)?;
    // SAFETY: the handles are live; what is no constructor is refused with an exception.
    call.tell(
        result,
        |told| unsafe { sys::napi_instanceof(call.env, object, constructor, told) },
        u8::from,
    )
}

fn napi_is_array(call: &Call<'_>, value: Handle, result: Ptr) -> Outcome {
    call.ask(value, result, sys::napi_is_array)
}

fn napi_is_date(call: &Call<'_>, value: Handle, result: Ptr) -> Outcome {
    call.ask(value, result, sys::napi_is_date)
}

fn napi_strict_equals(call: &Call<'_>, left: Handle, right: Handle, result: Ptr) -> Outcome {
    let (left, right) = (call.value(left)?, call.value(right)?);
    // SAFETY: the handles are live.
    call.tell(
        result,
        |told| unsafe { sys::napi_strict_equals(call.env, left, right, told) },
        u8::from,
    )
}
