//! Thread-safe functions: calls of JavaScript by any thread of the guest.
//!
//! <https://nodejs.org/api/n-api.html#asynchronous-thread-safe-function-calls>

use std::cell::{Cell, RefCell};
use std::cmp::Reverse;
use std::ptr;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use napi_sys as sys;
use rustc_hash::FxHashMap;

use super::addon::Addon;
use super::call::{Call, Handle, Ptr};
use super::callback_scope::AsyncContext;
use super::emnapi;
use super::failure::{Failure, Outcome, check};
use super::function::{Function, functions};
use super::guest_data::GuestData;
use super::key;
use super::shared::{Anywhere, Shared};
use super::threadsafe_calls::Queue;
use crate::error::Error;
use crate::ffi::Env;

pub const FUNCTIONS: &[Function] = functions! {
    api napi_create_threadsafe_function(Handle, Handle, Handle, u32, u32, u32, u32, u32, u32, Ptr);
    any_thread napi_get_threadsafe_function_context(u32, Ptr) -> i32;
    any_thread napi_call_threadsafe_function(u32, u32, i32) -> i32;
    any_thread napi_acquire_threadsafe_function(u32) -> i32;
    any_thread napi_release_threadsafe_function(u32, i32) -> i32;
    api napi_unref_threadsafe_function(u32);
    api napi_ref_threadsafe_function(u32);
};

/// The part of the thread-safe functions that only the JavaScript thread works on, by their numbers.
#[derive(Default)]
pub struct ThreadsafeFunctions(RefCell<FxHashMap<u32, Rc<ThreadsafeFunction>>>);

struct ThreadsafeFunction {
    env: sys::napi_env,
    /// The function of JavaScript; null where the guest has given none.
    function: sys::napi_ref,
    /// Where in the table the function is that calls it; 0 where it is called with no arguments.
    call_js: u32,
    /// The finalizer. Its hint is what the guest calls the context.
    finalize: GuestData,
    async_context: Rc<AsyncContext>,
    /// Whether it keeps the event loop running.
    is_referenced: Cell<bool>,
}

#[allow(clippy::too_many_arguments, reason = "the signature is Node-API's")]
fn napi_create_threadsafe_function(
    call: &Call<'_>,
    function: Handle,
    resource: Handle,
    name: Handle,
    max_queue_size: u32,
    threads: u32,
    finalize_data: u32,
    finalize: u32,
    context: u32,
    call_js: u32,
    result: Ptr,
) -> Outcome {
    call.value(name)?;
    call.out::<u32>(result)?;
    let function = call.optional_value(function)?;
    if threads == 0 || (function.is_null() && call_js == 0) {
        return Err(Failure::INVALID_ARG);
    }
    let async_context = AsyncContext::new(call, call.optional_value(resource)?, call.value(name)?, true)?;
    let made = ThreadsafeFunction {
        env: call.env,
        function: refer(call, function)?,
        call_js,
        finalize: GuestData {
            data: finalize_data,
            finalize,
            hint: context,
        },
        async_context,
        is_referenced: Cell::new(true),
    };
    let queue = Queue::new(max_queue_size, threads, context);
    let number = call.addon.shared.calls.add(queue).ok_or(Failure::GENERIC)?;
    call.addon.shared.courier.keep(call.ffi());
    let functions = &call.addon.state.threadsafe_functions.0;
    functions.borrow_mut().insert(number, Rc::new(made));
    call.write(result, number)
}

/// Keeps a function. Null is none.
fn refer(call: &Call<'_>, function: sys::napi_value) -> Outcome<sys::napi_ref> {
    let mut reference = ptr::null_mut();
    if function.is_null() {
        return Ok(reference);
    }
    let mut kind = 0;
    // SAFETY: the handle is live.
    check(unsafe { sys::napi_typeof(call.env, function, &mut kind) })?;
    if kind != sys::ValueType::napi_function {
        return Err(Failure::INVALID_ARG);
    }
    // SAFETY: as above.
    check(unsafe { sys::napi_create_reference(call.env, function, 1, &mut reference) })?;
    Ok(reference)
}

fn napi_get_threadsafe_function_context(
    call: &mut Anywhere<'_, '_>,
    number: u32,
    result: Ptr,
) -> wasmtime::Result<i32> {
    let known = call.shared.calls.context(number).ok_or(Failure::INVALID_ARG);
    match known.and_then(|context| match result.is_null() {
        true => Err(Failure::INVALID_ARG),
        false => call.write(result, context),
    }) {
        Ok(()) => Ok(sys::Status::napi_ok),
        Err(Failure::Status(status)) => Ok(status),
        Err(Failure::Trap(error)) => Err(error),
    }
}

fn napi_call_threadsafe_function(
    call: &mut Anywhere<'_, '_>,
    number: u32,
    data: u32,
    mode: i32,
) -> wasmtime::Result<i32> {
    let waits = mode != sys::ThreadsafeFunctionCallMode::nonblocking;
    let status = call.shared.calls.push(number, data, waits, call.addon.is_none());
    match status == sys::Status::napi_ok && !request_turn(call.shared, number) {
        true => Ok(sys::Status::napi_closing),
        false => Ok(status),
    }
}

fn napi_acquire_threadsafe_function(call: &mut Anywhere<'_, '_>, number: u32) -> wasmtime::Result<i32> {
    Ok(call.shared.calls.acquire(number))
}

fn napi_release_threadsafe_function(call: &mut Anywhere<'_, '_>, number: u32, mode: i32) -> wasmtime::Result<i32> {
    let aborts = mode == sys::ThreadsafeFunctionReleaseMode::abort;
    let (status, ends) = call.shared.calls.release(number, aborts);
    if ends {
        request_turn(call.shared, number);
    }
    Ok(status)
}

/// Has the JavaScript thread do what there is for a function. Each call has a turn of its own, in which microtasks run
/// after it.
fn request_turn(shared: &Arc<Shared>, number: u32) -> bool {
    shared.send(move |env, addon| addon.take_turn(env, number))
}

fn napi_unref_threadsafe_function(call: &Call<'_>, number: u32) -> Outcome {
    set_referenced(call, number, false)
}

fn napi_ref_threadsafe_function(call: &Call<'_>, number: u32) -> Outcome {
    set_referenced(call, number, true)
}

fn set_referenced(call: &Call<'_>, number: u32, is_referenced: bool) -> Outcome {
    let functions = call.addon.state.threadsafe_functions.0.borrow();
    let function = functions.get(&number).ok_or(Failure::INVALID_ARG)?;
    match (function.is_referenced.replace(is_referenced), is_referenced) {
        (false, true) => call.addon.shared.courier.keep(call.ffi()),
        (true, false) => call.addon.shared.courier.let_go(call.ffi()),
        _ => {}
    }
    Ok(())
}

impl Drop for ThreadsafeFunction {
    fn drop(&mut self) {
        if !self.function.is_null() {
            // SAFETY: it was made by `refer`, and nobody else has it.
            unsafe { sys::napi_delete_reference(self.env, self.function) };
        }
    }
}

impl Addon {
    /// Makes the next call of a function, or ends it.
    fn take_turn(self: &Rc<Self>, env: Env<'_>, number: u32) {
        let Some(turn) = self.shared.calls.turn(number) else {
            return;
        };
        let known = self.state.threadsafe_functions.0.borrow().get(&number).cloned();
        if let (Some(data), Some(function)) = (turn.data, known) {
            let call = || self.call_js(env, &function, data);
            function.async_context.run(|| self.run_callback(env, call));
            if turn.is_last {
                request_turn(&self.shared, number);
            }
        } else if turn.is_last {
            self.finish_function(env, number);
        }
    }

    fn call_js(self: &Rc<Self>, env: Env<'_>, function: &ThreadsafeFunction, data: u32) -> Result<(), Error> {
        let mut value = ptr::null_mut();
        if !function.function.is_null() {
            // SAFETY: the reference is there as long as the function; the handle is of the scope of this turn.
            unsafe { sys::napi_get_reference_value(env.raw(), function.function, &mut value) };
        }
        if function.call_js != 0 {
            return self.enter(
                || {
                    let handle = match value.is_null() {
                        true => Some(0),
                        false => self.handles.borrow_mut().add(value),
                    };
                    let handle = handle.ok_or_else(|| Error::internal("no handle for a thread-safe function"))?;
                    let params = (self.environment(), handle, function.finalize.hint, data);
                    self.call_table::<(u32, u32, u32, u32), ()>(function.call_js, params)
                },
                Ok,
            );
        }
        let receiver = env.undefined()?;
        // SAFETY: the handles are live. What it throws is pending then.
        unsafe { sys::napi_call_function(env.raw(), receiver.raw(), value, 0, ptr::null(), ptr::null_mut()) };
        Ok(())
    }

    /// Calls the guest where an exception of JavaScript is told as Node tells those of thread-safe functions.
    fn run_callback(self: &Rc<Self>, env: Env<'_>, f: impl FnOnce() -> Result<(), Error>) {
        self.run_task(env, || {
            match f() {
                Ok(()) | Err(Error::Thrown) => emnapi::report(self, env, false),
                Err(error) => return Err(error),
            }
            Ok(())
        });
    }

    /// Ends a function: its finalizer runs, and the guest is given back what was not passed to it, if it is still there.
    fn finish_function(self: &Rc<Self>, env: Env<'_>, number: u32) {
        let removed = self.state.threadsafe_functions.0.borrow_mut().remove(&number);
        let Some(function) = removed else { return };
        let is_told = !self.shared.has_ended.load(Ordering::Relaxed);
        if is_told && function.finalize.finalize != 0 {
            let finalize = || self.finalize(function.finalize);
            function.async_context.run(|| self.run_callback(env, finalize));
        }
        let left = self.shared.calls.finish(number);
        if is_told && function.call_js != 0 {
            for data in left {
                // There is no environment to call JavaScript in, which is how the guest sees what it is for.
                let params = (0, 0, function.finalize.hint, data);
                self.run_callback(env, || {
                    self.enter(
                        || self.call_table::<(u32, u32, u32, u32), ()>(function.call_js, params),
                        Ok,
                    )
                });
            }
        }
        if function.is_referenced.get() {
            self.shared.courier.let_go(env);
        }
    }

    /// Ends all functions, the youngest first, at the end of the addon.
    pub fn end_threadsafe_functions(self: &Rc<Self>, env: Env<'_>) {
        let functions = self.state.threadsafe_functions.0.borrow();
        let mut numbers: Vec<_> = functions.keys().copied().collect();
        drop(functions);
        numbers.sort_unstable_by_key(|number| Reverse(key::place(*number)));
        for number in numbers {
            self.finish_function(env, number);
        }
    }

    /// Has no function keep the event loop running, as there is no guest any more that could be called for it.
    pub fn abandon_threadsafe_functions(&self, env: Env<'_>) {
        for function in self.state.threadsafe_functions.0.borrow().values() {
            if function.is_referenced.replace(false) {
                self.shared.courier.let_go(env);
            }
        }
    }
}
