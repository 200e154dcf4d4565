//! Error handling: the last error, and exceptions.
//!
//! <https://nodejs.org/api/n-api.html#error-handling>

use std::cell::{Cell, RefCell};
use std::ffi::{CStr, c_char};
use std::ptr;

use napi_sys as sys;

use super::call::{Call, Handle, Ptr};
use super::failure::{Failure, Outcome, check};
use super::function::{Function, functions};

pub const FUNCTIONS: &[Function] = functions! {
    plain napi_get_last_error_info(u32, Ptr) -> u32;
    script napi_throw(Handle);
    script napi_throw_error(Ptr, Ptr);
    script napi_throw_type_error(Ptr, Ptr);
    script napi_throw_range_error(Ptr, Ptr);
    script node_api_throw_syntax_error(Ptr, Ptr);
    api napi_is_error(Handle, Ptr);
    api napi_create_error(Handle, Handle, Ptr);
    api napi_create_type_error(Handle, Handle, Ptr);
    api napi_create_range_error(Handle, Handle, Ptr);
    api node_api_create_syntax_error(Handle, Handle, Ptr);
    api napi_get_and_clear_last_exception(Ptr);
    api napi_is_exception_pending(Ptr);
    script napi_fatal_exception(Handle);
};

/// Node's words for each status, by its number: programs show them, and compare them.
const MESSAGES: [&CStr; 24] = [
    c"",
    c"Invalid argument",
    c"An object was expected",
    c"A string was expected",
    c"A string or symbol was expected",
    c"A function was expected",
    c"A number was expected",
    c"A boolean was expected",
    c"An array was expected",
    c"Unknown failure",
    c"An exception is pending",
    c"The async work item was cancelled",
    c"napi_escape_handle already called on scope",
    c"Invalid handle scope usage",
    c"Invalid callback scope usage",
    c"Thread-safe function queue is full",
    c"Thread-safe function handle is closing",
    c"A bigint was expected",
    c"A date was expected",
    c"An arraybuffer was expected",
    c"A detachable arraybuffer was expected",
    c"Main thread would deadlock",
    c"External buffers are not allowed",
    c"Cannot run JavaScript",
];

/// Where in the guest's memory it is told of the last error. 0 is not yet there.
#[derive(Default)]
pub struct ErrorInfo {
    address: Cell<u32>,
    messages: RefCell<[u32; MESSAGES.len()]>,
}

/// Writes a `napi_extended_error_info`, and where that is. It leaves the last error as it is, unless it fails.
fn napi_get_last_error_info(call: &Call<'_>, environment: u32, result: Ptr) -> wasmtime::Result<u32> {
    if !call.addon.is_environment(environment) {
        return Ok(sys::Status::napi_invalid_arg as u32);
    }
    match tell_last_error(call, result) {
        Ok(()) => Ok(sys::Status::napi_ok as u32),
        Err(Failure::Status(status)) => {
            call.addon.set_last_error(status);
            Ok(status as u32)
        }
        Err(Failure::Trap(error)) => Err(error),
    }
}

fn tell_last_error(call: &Call<'_>, result: Ptr) -> Outcome {
    call.out::<u32>(result)?;
    let status = call.addon.last_error.status();
    let message = message(call, status)?;
    let info = &call.addon.state.error_info.address;
    if info.get() == 0 {
        info.set(allocate(call, size_of::<[u32; 4]>())?);
    }
    // The message, reserved, the engine's code, and the status.
    call.write(Ptr(info.get()), [message, 0, 0, status as u32])?;
    call.write(result, info.get())
}

/// Where the words for a status are; 0 where it needs none.
fn message(call: &Call<'_>, status: sys::napi_status) -> Outcome<u32> {
    let index = status as usize;
    let Some(text) = MESSAGES.get(index).filter(|text| !text.is_empty()) else {
        return Ok(0);
    };
    let known = call.addon.state.error_info.messages.borrow()[index];
    if known != 0 {
        return Ok(known);
    }
    let bytes = text.to_bytes_with_nul();
    let address = allocate(call, bytes.len())?;
    call.memory()?.copy_in(address, bytes)?;
    call.addon.state.error_info.messages.borrow_mut()[index] = address;
    Ok(address)
}

/// Who asks for the last error does not expect a new one: what the allocation may throw is dropped.
fn allocate(call: &Call<'_>, size: usize) -> Outcome<u32> {
    let was_pending = call.ffi().is_exception_pending();
    call.addon.allocate(size as u32).map_err(|_| {
        if !was_pending {
            call.ffi().take_exception();
        }
        Failure::GENERIC
    })
}

fn napi_throw(call: &Call<'_>, error: Handle) -> Outcome {
    let error = call.value(error)?;
    // SAFETY: the handle is live.
    check(unsafe { sys::napi_throw(call.env, error) })
}

fn napi_throw_error(call: &Call<'_>, code: Ptr, message: Ptr) -> Outcome {
    throw(call, code, message, sys::napi_throw_error)
}

fn napi_throw_type_error(call: &Call<'_>, code: Ptr, message: Ptr) -> Outcome {
    throw(call, code, message, sys::napi_throw_type_error)
}

fn napi_throw_range_error(call: &Call<'_>, code: Ptr, message: Ptr) -> Outcome {
    throw(call, code, message, sys::napi_throw_range_error)
}

fn node_api_throw_syntax_error(call: &Call<'_>, code: Ptr, message: Ptr) -> Outcome {
    throw(call, code, message, sys::node_api_throw_syntax_error)
}

/// A function of Node-API that throws an error of a class.
type Throw = unsafe extern "C" fn(sys::napi_env, *const c_char, *const c_char) -> sys::napi_status;

fn throw(call: &Call<'_>, code: Ptr, message: Ptr, throw: Throw) -> Outcome {
    let message = call.name(message)?;
    let code = match code.is_null() {
        true => None,
        false => Some(call.name(code)?),
    };
    let code = code.as_ref().map_or(ptr::null(), |code| code.as_ptr());
    // SAFETY: both texts end with a NUL; no code is null.
    check(unsafe { throw(call.env, code, message.as_ptr()) })
}

fn napi_is_error(call: &Call<'_>, value: Handle, result: Ptr) -> Outcome {
    call.ask(value, result, sys::napi_is_error)
}

fn napi_create_error(call: &Call<'_>, code: Handle, message: Handle, result: Ptr) -> Outcome {
    create(call, code, message, result, sys::napi_create_error)
}

fn napi_create_type_error(call: &Call<'_>, code: Handle, message: Handle, result: Ptr) -> Outcome {
    create(call, code, message, result, sys::napi_create_type_error)
}

fn napi_create_range_error(call: &Call<'_>, code: Handle, message: Handle, result: Ptr) -> Outcome {
    create(call, code, message, result, sys::napi_create_range_error)
}

fn node_api_create_syntax_error(call: &Call<'_>, code: Handle, message: Handle, result: Ptr) -> Outcome {
    create(call, code, message, result, sys::node_api_create_syntax_error)
}

/// A function of Node-API that makes an error of a class.
type Create =
    unsafe extern "C" fn(sys::napi_env, sys::napi_value, sys::napi_value, *mut sys::napi_value) -> sys::napi_status;

fn create(call: &Call<'_>, code: Handle, message: Handle, result: Ptr, create: Create) -> Outcome {
    let message = call.value(message)?;
    let code = call.optional_value(code)?;
    // SAFETY: the handles are live, and one that is no string is refused with a status; no code is null.
    call.make(result, |made| unsafe { create(call.env, code, message, made) })
}

fn napi_get_and_clear_last_exception(call: &Call<'_>, result: Ptr) -> Outcome {
    // SAFETY: writes a handle of the current scope: that of undefined if nothing is pending.
    call.make(result, |made| unsafe {
        sys::napi_get_and_clear_last_exception(call.env, made)
    })
}

fn napi_is_exception_pending(call: &Call<'_>, result: Ptr) -> Outcome {
    // SAFETY: the result is ours.
    call.tell(
        result,
        |told| unsafe { sys::napi_is_exception_pending(call.env, told) },
        u8::from,
    )
}

fn napi_fatal_exception(call: &Call<'_>, error: Handle) -> Outcome {
    let error = call.value(error)?;
    // SAFETY: the handle is live.
    check(unsafe { sys::napi_fatal_exception(call.env, error) })
}
