//! Async contexts of the guest's own C: what it does later is seen by asynchronous hooks, and `AsyncLocalStorage` works
//! across it.
//!
//! emnapi has the ids of async hooks for that, Node-API contexts that it makes them of. Here an id is the number of
//! such a context: to the guest either is but a number.

use std::cell::RefCell;

use napi_sys as sys;
use rustc_hash::FxHashMap;

use super::super::addon::Addon;
use super::super::async_context;
use super::super::call::{Call, Handle, Ptr};
use super::super::failure::{Failure, Outcome};
use super::super::function::{Function, functions};
use super::environment::answer;

pub const FUNCTIONS: &[Function] = functions! {
    plain _emnapi_node_emit_async_init(Handle, Handle, f64, Ptr);
    plain _emnapi_node_emit_async_destroy(f64, f64);
    plain _emnapi_node_make_callback(u32, Handle, Handle, Ptr, u32, f64, f64, Ptr) -> i32;
    plain _emnapi_async_init_js(Handle, Handle, Ptr) -> i32;
    plain _emnapi_async_destroy_js(u32) -> i32;
};

/// A guest with emnapi has `napi_async_init` itself. Its `napi_async_context` is the address of eight bytes that are for
/// the host to write to: here is which context belongs to an address.
#[derive(Default)]
pub struct Hooks(RefCell<FxHashMap<u32, u32>>);

/// The number of the context that a `napi_async_context` of the guest's stands for.
pub fn async_context(addon: &Addon, handle: u32) -> u32 {
    let known = addon.state.emnapi.hooks.0.borrow().get(&handle).copied();
    known.unwrap_or(handle)
}

/// Makes a context. Its number and 0 are written to `result`, where the guest expects two ids.
fn _emnapi_node_emit_async_init(
    call: &Call<'_>,
    resource: Handle,
    name: Handle,
    _: f64,
    result: Ptr,
) -> wasmtime::Result<()> {
    answer("_emnapi_node_emit_async_init", emit_init(call, resource, name, result))
}

fn emit_init(call: &Call<'_>, resource: Handle, name: Handle, result: Ptr) -> Outcome {
    call.out::<[f64; 2]>(result)?;
    let context = async_context::init(call, call.optional_value(resource)?, call.value(name)?)?;
    call.write(result, [f64::from(context), 0.0])
}

/// What was made for a guest that then had no name for it is none of ours.
fn _emnapi_node_emit_async_destroy(call: &Call<'_>, id: f64, _: f64) -> wasmtime::Result<()> {
    status(async_context::destroy(call, id as u32)).map(drop)
}

/// Calls a function in a context. What it throws has no caller to go to.
#[allow(clippy::too_many_arguments, reason = "the signature is emnapi's")]
fn _emnapi_node_make_callback(
    call: &Call<'_>,
    _: u32,
    resource: Handle,
    function: Handle,
    list: Ptr,
    count: u32,
    id: f64,
    _: f64,
    result: Ptr,
) -> wasmtime::Result<i32> {
    let called = make_callback(call, resource, function, (list, count), id as u32, result);
    call.addon.report_uncaught(call.ffi());
    status(called)
}

fn make_callback(
    call: &Call<'_>,
    resource: Handle,
    function: Handle,
    (list, count): (Ptr, u32),
    context: u32,
    result: Ptr,
) -> Outcome {
    call.optional_out::<u32>(result)?;
    let (receiver, function) = (call.value(resource)?, call.value(function)?);
    let args = call.values(list, count)?;
    call.prepare_script()?;
    let returned = async_context::make_callback(call, context, receiver, function, &args)?;
    match result.is_null() {
        true => Ok(()),
        false => call.give(result, returned),
    }
}

fn _emnapi_async_init_js(call: &Call<'_>, resource: Handle, name: Handle, result: Ptr) -> wasmtime::Result<i32> {
    status(init_js(call, resource, name, result))
}

fn init_js(call: &Call<'_>, resource: Handle, name: Handle, result: Ptr) -> Outcome {
    call.out::<u64>(result)?;
    let context = async_context::init(call, call.optional_value(resource)?, call.value(name)?)?;
    let previous = call.addon.state.emnapi.hooks.0.borrow_mut().insert(result.0, context);
    // The guest freed the address without saying so.
    previous.map_or(Ok(()), |previous| async_context::destroy(call, previous))
}

fn _emnapi_async_destroy_js(call: &Call<'_>, handle: u32) -> wasmtime::Result<i32> {
    let context = call.addon.state.emnapi.hooks.0.borrow_mut().remove(&handle);
    let context = context.ok_or(Failure::INVALID_ARG);
    status(context.and_then(|context| async_context::destroy(call, context)))
}

/// A status that the guest notes itself.
fn status(outcome: Outcome) -> wasmtime::Result<i32> {
    match outcome {
        Ok(()) => Ok(sys::Status::napi_ok),
        Err(Failure::Status(status)) => Ok(status),
        Err(Failure::Trap(error)) => Err(error),
    }
}
