//! Calls back into the guest that its own C asks for: completions, calls of thread-safe functions, finalizers.

use std::ptr;

use napi_sys as sys;

use super::super::addon::Addon;
use super::super::call::Call;
use super::super::function::{Function, functions};
use super::super::guest_data::GuestData;
use crate::error::Error;
use crate::ffi::{Env, Thrown};
use crate::store::JsException;

pub const FUNCTIONS: &[Function] = functions! {
    plain _emnapi_callback_into_module(bool, u32, u32, u32, bool);
    plain _emnapi_call_finalizer(bool, u32, u32, u32, u32);
    // From 1.5 on.
    plain _emnapi_open_handle_scope() -> u32;
    plain _emnapi_close_handle_scope(u32);
};

/// Calls `callback` with the environment and `args`. What it throws has no caller to go to.
///
/// The last parameter says whether the scope around this call is to be closed if the guest traps, which it always is.
fn _emnapi_callback_into_module(
    call: &Call<'_>,
    force: bool,
    env: u32,
    callback: u32,
    args: u32,
    _: bool,
) -> wasmtime::Result<()> {
    let called = call
        .addon
        .enter(|| call.addon.call_table::<_, ()>(callback, (env, args)), Ok);
    finish(call, called, force)
}

fn _emnapi_call_finalizer(
    call: &Call<'_>,
    force: bool,
    _: u32,
    finalize: u32,
    data: u32,
    hint: u32,
) -> wasmtime::Result<()> {
    let called = call.addon.finalize(GuestData { data, finalize, hint });
    finish(call, called, force)
}

/// Ends a call back into the guest. A trap goes on through the guest that asked for the call.
fn finish(call: &Call<'_>, called: Result<(), Error>, force: bool) -> wasmtime::Result<()> {
    let env = call.ffi();
    match called {
        Err(Error::Thrown) | Ok(()) => {}
        Err(error) => {
            error.throw(env);
            return Err(JsException.into());
        }
    }
    report(call.addon, env, force);
    Ok(())
}

/// What Node does with an exception that a callback leaves to nobody: `force` says that it must not be lost. Of those
/// that may, it only warns, unless it was started with the option that the warning names.
pub fn report(addon: &Addon, env: Env<'_>, force: bool) {
    let Some(exception) = env.take_exception() else { return };
    let told = match force || reports_all(env).unwrap_or(false) {
        true => Err(env.throw(exception)),
        false => warn(env),
    };
    if told.is_err() {
        addon.report_uncaught(env);
    }
}

const OPTION: &str = "--force-node-api-uncaught-exceptions-policy";

fn reports_all(env: Env<'_>) -> Result<bool, Thrown> {
    let process = env.get(env.global()?, "process")?;
    let given = env.get(process, "execArgv")?;
    let includes = env.get(given, "includes")?;
    for form in [OPTION.to_owned(), format!("{OPTION}=true")] {
        let found = env.call_method(given, includes, &[env.string(&form)?])?;
        if env.as_boolean(found) == Some(true) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn warn(env: Env<'_>) -> Result<(), Thrown> {
    let text = format!(
        "Uncaught N-API callback exception detected, please run node with option {OPTION}=true to handle those exceptions \
         properly."
    );
    let process = env.get(env.global()?, "process")?;
    let emit = env.get(process, "emitWarning")?;
    let args = [
        env.string(&text)?,
        env.string("DeprecationWarning")?,
        env.string("DEP0168")?,
    ];
    env.call_method(process, emit, &args).map(drop)
}

fn _emnapi_open_handle_scope(call: &Call<'_>) -> wasmtime::Result<u32> {
    let mut scope = ptr::null_mut();
    // SAFETY: writes the scope, which is closed by the guest, or at the end of its call.
    let status = unsafe { sys::napi_open_handle_scope(call.env, &mut scope) };
    if status != sys::Status::napi_ok {
        wasmtime::bail!("no handle scope can be opened: status {status}");
    }
    Ok(call.addon.handles.borrow_mut().open(scope))
}

fn _emnapi_close_handle_scope(call: &Call<'_>, scope: u32) -> wasmtime::Result<()> {
    let closed = call
        .addon
        .handles
        .borrow_mut()
        .close(call.env, call.addon.mark(), scope, false);
    match closed {
        Ok(()) => Ok(()),
        Err(_) => wasmtime::bail!("the guest closed a handle scope that is not its innermost one"),
    }
}
