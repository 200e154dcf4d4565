//! Cleanup on exit of the environment: hooks, which run when the addon ends.
//!
//! <https://nodejs.org/api/n-api.html#cleanup-on-exit-of-the-current-nodejs-environment>

use std::cell::RefCell;
use std::rc::Rc;

use napi_sys as sys;

use super::addon::Addon;
use super::call::{Call, Ptr};
use super::failure::{Failure, Outcome};
use super::function::{Function, functions};
use super::key::Keyed;
use crate::error::Error;

pub const FUNCTIONS: &[Function] = functions! {
    api napi_add_env_cleanup_hook(u32, u32);
    api napi_remove_env_cleanup_hook(u32, u32);
    api napi_add_async_cleanup_hook(u32, u32, Ptr);
    plain napi_remove_async_cleanup_hook(u32) -> u32;
};

/// A function of the guest's table and what it is called with.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Hook {
    function: u32,
    argument: u32,
    /// The number by which the guest knows it, if it may take its time.
    handle: Option<u32>,
}

/// The hooks of an addon, in the order in which they were added.
#[derive(Default)]
pub struct CleanupHooks {
    hooks: RefCell<Vec<Hook>>,
    /// The hooks that may take their time, until the guest says that they are done.
    handles: RefCell<Keyed<()>>,
}

impl Addon {
    /// The hook that runs next at the end: the one that was added last.
    fn next_hook(&self) -> Option<Hook> {
        self.state.cleanup_hooks.hooks.borrow_mut().pop()
    }

    /// Runs one hook, if one is left. Those that are added meanwhile run too.
    pub fn run_cleanup_hook(self: &Rc<Self>) -> Option<Result<(), Error>> {
        let hook = self.next_hook()?;
        Some(self.enter(
            || match hook.handle {
                None => self.call_table::<u32, ()>(hook.function, hook.argument),
                Some(handle) => self.call_table::<(u32, u32), ()>(hook.function, (handle, hook.argument)),
            },
            Ok,
        ))
    }
}

fn napi_add_env_cleanup_hook(call: &Call<'_>, function: u32, argument: u32) -> Outcome {
    let hook = plain(function, argument)?;
    let mut hooks = call.addon.state.cleanup_hooks.hooks.borrow_mut();
    if hooks.contains(&hook) {
        // Node ends the process on it.
        return Err(Failure::INVALID_ARG);
    }
    hooks.push(hook);
    Ok(())
}

fn napi_remove_env_cleanup_hook(call: &Call<'_>, function: u32, argument: u32) -> Outcome {
    let hook = plain(function, argument)?;
    call.addon
        .state
        .cleanup_hooks
        .hooks
        .borrow_mut()
        .retain(|known| *known != hook);
    Ok(())
}

fn plain(function: u32, argument: u32) -> Outcome<Hook> {
    match function {
        0 => Err(Failure::INVALID_ARG),
        function => Ok(Hook {
            function,
            argument,
            handle: None,
        }),
    }
}

fn napi_add_async_cleanup_hook(call: &Call<'_>, function: u32, argument: u32, result: Ptr) -> Outcome {
    let mut hook = plain(function, argument)?;
    call.optional_out::<u32>(result)?;
    let hooks = &call.addon.state.cleanup_hooks;
    let handle = hooks.handles.borrow_mut().add(()).map_err(|()| Failure::GENERIC)?;
    hook.handle = Some(handle);
    hooks.hooks.borrow_mut().push(hook);
    call.write_optional(result, handle)
}

/// Takes a hook back, or says that one has done what it was called for: the end of an addon does not wait for that.
fn napi_remove_async_cleanup_hook(call: &Call<'_>, handle: u32) -> wasmtime::Result<u32> {
    let hooks = &call.addon.state.cleanup_hooks;
    let known = hooks.handles.borrow_mut().take(handle);
    hooks.hooks.borrow_mut().retain(|hook| hook.handle != Some(handle));
    Ok(match known {
        Some(()) => sys::Status::napi_ok as u32,
        None => sys::Status::napi_invalid_arg as u32,
    })
}
