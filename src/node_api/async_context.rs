//! Custom asynchronous operations: who does something later, for asynchronous hooks and `AsyncLocalStorage`.
//!
//! <https://nodejs.org/api/n-api.html#custom-asynchronous-operations>

use std::cell::RefCell;
use std::ptr;
use std::rc::Rc;

use napi_sys as sys;

use super::addon::Addon;
use super::call::{Call, Handle, Ptr};
use super::callback_scope::AsyncContext;
use super::emnapi;
use super::failure::{Failure, Outcome, check};
use super::function::{Function, functions};
use super::handles::ScopeError;
use super::key::Keyed;

pub const FUNCTIONS: &[Function] = functions! {
    api napi_async_init(Handle, Handle, Ptr);
    api napi_async_destroy(u32);
    script napi_make_callback(u32, Handle, Handle, u32, Ptr, Ptr);
    api napi_open_callback_scope(Handle, u32, Ptr);
    api napi_close_callback_scope(u32);
};

/// The contexts that the guest has made.
#[derive(Default)]
pub struct AsyncContexts(RefCell<Keyed<Rc<AsyncContext>>>);

/// Makes a context, and returns its number. The resource may be null, and is not kept.
pub fn init(call: &Call<'_>, resource: sys::napi_value, name: sys::napi_value) -> Outcome<u32> {
    let context = AsyncContext::new(call, resource, name, false)?;
    let added = call.addon.state.async_contexts.0.borrow_mut().add(context);
    added.map_err(|_| Failure::GENERIC)
}

/// Gives a context up. It is there until no code runs in it.
pub fn destroy(call: &Call<'_>, context: u32) -> Outcome {
    let taken = call.addon.state.async_contexts.0.borrow_mut().take(context);
    taken.map(drop).ok_or(Failure::INVALID_ARG)
}

/// Calls a function in a context.
pub fn make_callback(
    call: &Call<'_>,
    context: u32,
    receiver: sys::napi_value,
    function: sys::napi_value,
    args: &[sys::napi_value],
) -> Outcome<sys::napi_value> {
    make_callback_in(call, Some(find(call, context)?), receiver, function, args)
}

fn find(call: &Call<'_>, context: u32) -> Outcome<Rc<AsyncContext>> {
    let contexts = call.addon.state.async_contexts.0.borrow();
    contexts.get(context).cloned().ok_or(Failure::INVALID_ARG)
}

fn make_callback_in(
    call: &Call<'_>,
    context: Option<Rc<AsyncContext>>,
    receiver: sys::napi_value,
    function: sys::napi_value,
    args: &[sys::napi_value],
) -> Outcome<sys::napi_value> {
    let raw = context.as_ref().map_or(ptr::null_mut(), |context| context.raw());
    if let Some(context) = &context {
        context.hold_resource();
    }
    let mut returned = ptr::null_mut();
    check(call.javascript(|| {
        // SAFETY: the context is held, or null, which is none; the handles are live.
        unsafe {
            sys::napi_make_callback(
                call.env,
                raw,
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
        0 => None,
        context => Some(find(call, emnapi::async_context(call.addon, context))?),
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
    let scope = find(call, emnapi::async_context(call.addon, context))?.open()?;
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
        // The handles are not borrowed any more, as JavaScript may run.
        Ok(scope) => {
            drop(scope);
            Ok(())
        }
        Err(ScopeError::Unknown) => Err(Failure::INVALID_ARG),
        Err(ScopeError::NotInnermost) => Err(Failure::Status(sys::Status::napi_callback_scope_mismatch)),
    }
}

impl Addon {
    /// Gives up the contexts that the guest has left.
    pub fn end_async_contexts(&self) {
        let left = self.state.async_contexts.0.borrow_mut().drain();
        left.for_each(drop);
    }
}
