//! Custom asynchronous operations: who does something later, for asynchronous hooks and `AsyncLocalStorage`.
//!
//! <https://nodejs.org/api/n-api.html#custom-asynchronous-operations>

use std::cell::RefCell;
use std::ptr;

use napi_sys as sys;

use super::addon::Addon;
use super::call::{Call, Handle, Ptr};
use super::emnapi;
use super::failure::{Failure, Outcome, check};
use super::function::{Function, functions};
use super::handles::ScopeError;
use super::key::Keyed;
use crate::ffi::Env;

pub const FUNCTIONS: &[Function] = functions! {
    api napi_async_init(Handle, Handle, Ptr);
    api napi_async_destroy(u32);
    script napi_make_callback(u32, Handle, Handle, u32, Ptr, Ptr);
    api napi_open_callback_scope(Handle, u32, Ptr);
    api napi_close_callback_scope(u32);
};

/// The contexts that the guest has made.
#[derive(Default)]
pub struct AsyncContexts(RefCell<Keyed<sys::napi_async_context>>);

/// Makes a context, and returns its number. The resource may be null.
pub fn init(call: &Call<'_>, resource: sys::napi_value, name: sys::napi_value) -> Outcome<u32> {
    let context = init_raw(call, resource, name)?;
    let added = call.addon.state.async_contexts.0.borrow_mut().add(context);
    added.map_err(|context| {
        // SAFETY: it was made just now, and nobody else has it.
        unsafe { sys::napi_async_destroy(call.env, context) };
        Failure::GENERIC
    })
}

fn init_raw(call: &Call<'_>, resource: sys::napi_value, name: sys::napi_value) -> Outcome<sys::napi_async_context> {
    let resource = to_object(call, resource)?;
    let name = to_string(call, name)?;
    let mut context = ptr::null_mut();
    // SAFETY: the handles are live or null, which is refused with a status where there must be one.
    check(unsafe { sys::napi_async_init(call.env, resource, name, &mut context) })?;
    Ok(context)
}

/// The object for a resource. Node's own conversion leaves an exception to V8 alone, which then crashes in the next call
/// that the guest makes; here it is pending, like any.
fn to_object(call: &Call<'_>, resource: sys::napi_value) -> Outcome<sys::napi_value> {
    if resource.is_null()
        || [sys::ValueType::napi_object, sys::ValueType::napi_function].contains(&kind(call, resource)?)
    {
        return Ok(resource);
    }
    convert(sys::Status::napi_object_expected, |object| {
        // SAFETY: the handle is live; the result is written where there is one.
        unsafe { sys::napi_coerce_to_object(call.env, resource, object) }
    })
}

/// The same for a name, which is mostly text.
fn to_string(call: &Call<'_>, name: sys::napi_value) -> Outcome<sys::napi_value> {
    if kind(call, name)? == sys::ValueType::napi_string {
        return Ok(name);
    }
    convert(sys::Status::napi_string_expected, |text| {
        // SAFETY: as above.
        unsafe { sys::napi_coerce_to_string(call.env, name, text) }
    })
}

fn kind(call: &Call<'_>, value: sys::napi_value) -> Outcome<sys::napi_valuetype> {
    let mut kind = 0;
    // SAFETY: the handle is live.
    check(unsafe { sys::napi_typeof(call.env, value, &mut kind) })?;
    Ok(kind)
}

fn convert(
    expected: sys::napi_status,
    f: impl FnOnce(*mut sys::napi_value) -> sys::napi_status,
) -> Outcome<sys::napi_value> {
    let mut value = ptr::null_mut();
    match f(&mut value) {
        sys::Status::napi_ok => Ok(value),
        _ => Err(Failure::Status(expected)),
    }
}

pub fn destroy(call: &Call<'_>, context: u32) -> Outcome {
    let taken = call.addon.state.async_contexts.0.borrow_mut().take(context);
    let context = taken.ok_or(Failure::INVALID_ARG)?;
    // SAFETY: it was made by `init`, and is no longer among those that there are.
    check(unsafe { sys::napi_async_destroy(call.env, context) })
}

/// Calls a function in a context.
pub fn make_callback(
    call: &Call<'_>,
    context: u32,
    receiver: sys::napi_value,
    function: sys::napi_value,
    args: &[sys::napi_value],
) -> Outcome<sys::napi_value> {
    make_callback_in(call, find(call, context)?, receiver, function, args)
}

fn find(call: &Call<'_>, context: u32) -> Outcome<sys::napi_async_context> {
    let contexts = call.addon.state.async_contexts.0.borrow();
    contexts.get(context).copied().ok_or(Failure::INVALID_ARG)
}

fn make_callback_in(
    call: &Call<'_>,
    context: sys::napi_async_context,
    receiver: sys::napi_value,
    function: sys::napi_value,
    args: &[sys::napi_value],
) -> Outcome<sys::napi_value> {
    let mut returned = ptr::null_mut();
    check(call.javascript(|| {
        // SAFETY: the context is there, or null, which is none; the handles are live.
        unsafe {
            sys::napi_make_callback(
                call.env,
                context,
                receiver,
                function,
                args.len(),
                args.as_ptr(),
                &mut returned,
            )
        }
    }))?;
    Ok(returned)
}

fn napi_async_init(call: &Call<'_>, resource: Handle, name: Handle, result: Ptr) -> Outcome {
    let name = call.value(name)?;
    call.out::<u32>(result)?;
    let context = init(call, call.optional_value(resource)?, name)?;
    call.write(result, context)
}

fn napi_async_destroy(call: &Call<'_>, context: u32) -> Outcome {
    destroy(call, context)
}

fn napi_make_callback(
    call: &Call<'_>,
    context: u32,
    receiver: Handle,
    function: Handle,
    count: u32,
    list: Ptr,
    result: Ptr,
) -> Outcome {
    call.optional_out::<u32>(result)?;
    let receiver = call.value(receiver)?;
    if count > 0 && list.is_null() {
        return Err(Failure::INVALID_ARG);
    }
    let args = call.values(list, count)?;
    let function = call.value(function)?;
    let context = match context {
        0 => ptr::null_mut(),
        context => find(call, emnapi::async_context(call.addon, context))?,
    };
    let returned = make_callback_in(call, context, receiver, function, &args)?;
    match result.is_null() {
        true => Ok(()),
        false => call.give(result, returned),
    }
}

/// The resource is ignored, as Node does.
fn napi_open_callback_scope(call: &Call<'_>, _: Handle, context: u32, result: Ptr) -> Outcome {
    call.out::<u32>(result)?;
    let context = find(call, emnapi::async_context(call.addon, context))?;
    let scope = open(call.env, context)?;
    let number = call.addon.handles.borrow_mut().open_callback(scope);
    call.write(result, number)
}

fn napi_close_callback_scope(call: &Call<'_>, scope: u32) -> Outcome {
    if scope == 0 {
        return Err(Failure::INVALID_ARG);
    }
    let mark = call.addon.mark();
    let closed = call.addon.handles.borrow_mut().close_callback(call.env, mark, scope);
    match closed {
        Ok(scope) => {
            scope.inspect(|scope| call.addon.close_callback_scope(*scope));
            Ok(())
        }
        Err(ScopeError::Unknown) => Err(Failure::INVALID_ARG),
        Err(ScopeError::NotInnermost) => Err(Failure::Status(sys::Status::napi_callback_scope_mismatch)),
    }
}

fn open(env: sys::napi_env, context: sys::napi_async_context) -> Outcome<sys::napi_callback_scope> {
    let mut scope = ptr::null_mut();
    // SAFETY: the context is there; that it may go before the scope is closed is nothing to the scope.
    check(unsafe { sys::napi_open_callback_scope(env, ptr::null_mut(), context, &mut scope) })?;
    Ok(scope)
}

impl Addon {
    /// Closes a scope, which may run what JavaScript has put off until then. Nothing of the addon is borrowed meanwhile.
    pub fn close_callback_scope(&self, scope: sys::napi_callback_scope) {
        // SAFETY: it is open, and those that were opened inside it are closed.
        unsafe { sys::napi_close_callback_scope(self.raw_env(), scope) };
    }

    /// Destroys the contexts that the guest has left.
    pub fn end_async_contexts(&self) {
        let left = self.state.async_contexts.0.borrow_mut().drain();
        for context in left {
            // SAFETY: it was made by `init`, and is no longer among those that there are.
            unsafe { sys::napi_async_destroy(self.raw_env(), context) };
        }
    }
}

/// The context of something of the host's own that calls the guest later, with its resource, which it keeps.
#[derive(Clone, Copy)]
pub struct Resource {
    context: sys::napi_async_context,
    kept: sys::napi_ref,
}

impl Resource {
    /// Makes one. Without a resource of the guest's Node makes an object, and keeps it itself.
    pub fn new(call: &Call<'_>, resource: Handle, name: Handle) -> Outcome<Resource> {
        let name = call.value(name)?;
        let object = to_object(call, call.optional_value(resource)?)?;
        let mut kept = ptr::null_mut();
        if !object.is_null() {
            // SAFETY: the handle is live, and that of an object.
            check(unsafe { sys::napi_create_reference(call.env, object, 1, &mut kept) })?;
        }
        match init_raw(call, object, name) {
            Ok(context) => Ok(Resource { context, kept }),
            Err(failure) => {
                delete_reference(call.env, kept);
                Err(failure)
            }
        }
    }

    /// Runs `f`, which calls the guest, in this context.
    pub fn run(self, addon: &Addon, f: impl FnOnce()) {
        let scope = open(addon.raw_env(), self.context);
        f();
        if let Ok(scope) = scope {
            addon.close_callback_scope(scope);
        }
    }

    /// Ends it. Of what is a copy of it none is used any more.
    pub fn delete(self, env: Env<'_>) {
        // SAFETY: it was made by `new`, and its owner gives it up.
        unsafe { sys::napi_async_destroy(env.raw(), self.context) };
        delete_reference(env.raw(), self.kept);
    }
}

fn delete_reference(env: sys::napi_env, reference: sys::napi_ref) {
    if !reference.is_null() {
        // SAFETY: it is a reference of ours, which is given up.
        unsafe { sys::napi_delete_reference(env, reference) };
    }
}
