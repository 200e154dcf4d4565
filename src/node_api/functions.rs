//! Working with JavaScript functions.
//!
//! <https://nodejs.org/api/n-api.html#working-with-javascript-functions>

use std::ptr;

use napi_sys as sys;

use super::call::{Call, Handle, Ptr};
use super::callbacks::Callback;
use super::failure::{Failure, Outcome, check};
use super::function::{Function, functions};

pub const FUNCTIONS: &[Function] = functions! {
    script napi_call_function(Handle, Handle, u32, Ptr, Ptr);
    script napi_create_function(Ptr, u32, u32, u32, Ptr);
    api napi_get_cb_info(u32, Ptr, Ptr, Ptr, Ptr);
    api napi_get_new_target(u32, Ptr);
    script napi_new_instance(Handle, u32, Ptr, Ptr);
};

fn napi_call_function(call: &Call<'_>, this: Handle, function: Handle, count: u32, list: Ptr, result: Ptr) -> Outcome {
    call.optional_out::<u32>(result)?;
    let this = call.value(this)?;
    let function = call.value(function)?;
    let args = call.values(list, count)?;
    let mut returned = ptr::null_mut();
    // SAFETY: the handles are live; one that is no function is refused with a status.
    check(call.javascript(|| unsafe {
        sys::napi_call_function(call.env, this, function, args.len(), args.as_ptr(), &mut returned)
    }))?;
    match result.is_null() {
        true => Ok(()),
        false => call.give(result, returned),
    }
}

pub fn napi_create_function(call: &Call<'_>, name: Ptr, length: u32, function: u32, data: u32, result: Ptr) -> Outcome {
    call.out::<u32>(result)?;
    if function == 0 {
        return Err(Failure::INVALID_ARG);
    }
    let name = match name.is_null() {
        true => Vec::new(),
        false => call.text(name, length)?,
    };
    let made = call.function(&name, Callback { function, data })?;
    call.give(result, made)
}

/// The arguments of a call beyond those given are undefined.
fn napi_get_cb_info(call: &Call<'_>, info: u32, count: Ptr, list: Ptr, this: Ptr, data: Ptr) -> Outcome {
    let known = call.addon.callbacks.borrow().info(info);
    let (info, value) = known.ok_or(Failure::INVALID_ARG)?;
    for out in [count, this, data] {
        call.optional_out::<u32>(out)?;
    }
    let wanted: u32 = match (count.is_null(), list.is_null()) {
        (false, false) => call.read(count)?,
        (true, false) => return Err(Failure::INVALID_ARG),
        _ => 0,
    };
    if wanted > 0 {
        call.memory()?.at(list.0, wanted as usize * 4)?;
    }
    const FEW: usize = 8;
    let mut few = [ptr::null_mut(); FEW];
    let (mut given, mut receiver) = (FEW, ptr::null_mut());
    // SAFETY: the call is on the stack; there is room for as many arguments as `given` says.
    check(unsafe {
        sys::napi_get_cb_info(
            call.env,
            info,
            &mut given,
            few.as_mut_ptr(),
            &mut receiver,
            ptr::null_mut(),
        )
    })?;
    let mut many = Vec::new();
    let args = if wanted as usize <= FEW || given <= FEW {
        &few[..FEW.min(wanted as usize).min(given.max(1))]
    } else {
        many.resize(given.min(wanted as usize), ptr::null_mut());
        let mut room = many.len();
        // SAFETY: as above.
        check(unsafe {
            sys::napi_get_cb_info(
                call.env,
                info,
                &mut room,
                many.as_mut_ptr(),
                ptr::null_mut(),
                ptr::null_mut(),
            )
        })?;
        &many[..]
    };
    let mut at = 0;
    for value in args.iter().take(given) {
        call.give(list.add(at * 4), *value)?;
        at += 1;
    }
    if at < wanted {
        let mut undefined = ptr::null_mut();
        // SAFETY: writes a handle of the current scope.
        check(unsafe { sys::napi_get_undefined(call.env, &mut undefined) })?;
        let undefined = call.handle(undefined)?;
        for at in at..wanted {
            call.write(list.add(at * 4), undefined)?;
        }
    }
    call.write_optional(count, given as u32)?;
    if !this.is_null() {
        call.give(this, receiver)?;
    }
    call.write_optional(data, value)
}

fn napi_get_new_target(call: &Call<'_>, info: u32, result: Ptr) -> Outcome {
    let known = call.addon.callbacks.borrow().info(info);
    let (info, _) = known.ok_or(Failure::INVALID_ARG)?;
    call.out::<u32>(result)?;
    let mut target = ptr::null_mut();
    // SAFETY: the call is on the stack; writes a handle, or null where it is no construction.
    check(unsafe { sys::napi_get_new_target(call.env, info, &mut target) })?;
    match target.is_null() {
        true => call.write(result, 0u32),
        false => call.give(result, target),
    }
}

fn napi_new_instance(call: &Call<'_>, class: Handle, count: u32, list: Ptr, result: Ptr) -> Outcome {
    let class = call.value(class)?;
    let args = call.values(list, count)?;
    call.make(result, |made| {
        // SAFETY: the handles are live; one that is no constructor is refused with a status.
        call.javascript(|| unsafe { sys::napi_new_instance(call.env, class, args.len(), args.as_ptr(), made) })
    })
}
