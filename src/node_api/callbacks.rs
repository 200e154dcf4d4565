//! Calls of JavaScript into the guest: functions that stand for entries of its table.

use std::ffi::c_void;
use std::ptr;
use std::rc::Rc;

use napi_sys as sys;
use rustc_hash::FxHashMap;

use super::addon::{Addon, disposed, value_of};
use super::call::Call;
use super::failure::{Failure, Outcome, check};
use super::key::{self, Keyed};
use super::tag::Tag;
use crate::error::Error;
use crate::ffi::{Env, Thrown, Value, guard};

/// A `napi_callback` and the data it is called with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Callback {
    /// Where in the guest's table the function is.
    pub function: u32,
    pub data: u32,
}

/// The callbacks that JavaScript may call, and the calls of them that are on the stack.
#[derive(Default)]
pub struct Callbacks {
    callbacks: Keyed<Callback>,
    /// Those that are kept for as long as the addon.
    kept: FxHashMap<Callback, u32>,
    running: Vec<Running>,
    generation: u8,
}

#[derive(Clone, Copy)]
struct Running {
    info: sys::napi_callback_info,
    data: u32,
    generation: u8,
}

impl Callbacks {
    /// The number of a callback that is there for as long as the addon. There is one for each.
    pub fn keep(&mut self, callback: Callback) -> Outcome<u32> {
        if let Some(number) = self.kept.get(&callback) {
            return Ok(*number);
        }
        let number = self.callbacks.add(callback).map_err(|_| Failure::GENERIC)?;
        self.kept.insert(callback, number);
        Ok(number)
    }

    /// The number of a callback that is there until it is forgotten.
    pub fn add(&mut self, callback: Callback) -> Outcome<u32> {
        self.callbacks.add(callback).map_err(|_| Failure::GENERIC)
    }

    pub fn forget(&mut self, number: u32) {
        self.callbacks.take(number);
    }

    /// The call that a `napi_callback_info` of the guest's stands for, and its data.
    pub fn info(&self, number: u32) -> Option<(sys::napi_callback_info, u32)> {
        let running = self.running.get(key::place(number))?;
        (running.generation == key::generation(number)).then_some((running.info, running.data))
    }

    fn begin(&mut self, info: sys::napi_callback_info, data: u32) -> Option<u32> {
        self.generation = key::next(self.generation);
        let number = key::number(self.running.len(), self.generation)?;
        self.running.push(Running {
            info,
            data,
            generation: self.generation,
        });
        Some(number)
    }
}

impl Call<'_> {
    /// A function that calls the guest back. It takes a callback along that is called with data of its own: closures come
    /// and go.
    pub fn function(&self, name: &[u8], callback: Callback) -> Outcome<sys::napi_value> {
        let mut callbacks = self.addon.callbacks.borrow_mut();
        let number = match callback.data {
            0 => callbacks.keep(callback)?,
            _ => callbacks.add(callback)?,
        };
        drop(callbacks);
        let tag = Tag::new(self.addon.id(), number).to_pointer();
        let mut function = ptr::null_mut();
        // SAFETY: the name is passed with its length and copied; `invoke` takes its data for a tag.
        let made = check(unsafe {
            sys::napi_create_function(
                self.env,
                name.as_ptr().cast(),
                name.len() as isize,
                Some(invoke),
                tag,
                &mut function,
            )
        });
        if callback.data == 0 {
            return made.map(|()| function);
        }
        let made = made.and_then(|()| {
            // SAFETY: the handle is live; `forget` takes its data for a tag.
            let status = unsafe {
                sys::napi_add_finalizer(self.env, function, tag, Some(forget), ptr::null_mut(), ptr::null_mut())
            };
            check(status)
        });
        if made.is_err() {
            self.addon.callbacks.borrow_mut().forget(number);
        }
        made.map(|()| function)
    }

    /// What [`invoke`] is to be called with for a callback that stays as long as the addon.
    pub fn kept(&self, callback: Callback) -> Outcome<*mut c_void> {
        let number = self.addon.callbacks.borrow_mut().keep(callback)?;
        Ok(Tag::new(self.addon.id(), number).to_pointer())
    }
}

/// Calls the callback whose tag is the data of the JavaScript function.
pub unsafe extern "C" fn invoke(raw: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    // SAFETY: Node-API passes the environment and the running call.
    unsafe {
        answer(raw, info, |addon, number| {
            addon.callbacks.borrow().callbacks.get(number).copied()
        })
    }
}

/// Answers a call by JavaScript with the callback that `find` knows by the number in the data of the function.
///
/// # Safety
/// `raw` and `info` must be what Node-API passed to the running callback.
pub unsafe fn answer(
    raw: sys::napi_env,
    info: sys::napi_callback_info,
    find: impl FnOnce(&Addon, u32) -> Option<Callback>,
) -> sys::napi_value {
    // SAFETY: Node-API passes the environment and has opened a handle scope.
    let env = unsafe { Env::from_raw(raw) };
    guard(env, || {
        let mut data = ptr::null_mut();
        // SAFETY: the call is the running one; what is not asked for is null.
        unsafe {
            sys::napi_get_cb_info(raw, info, ptr::null_mut(), ptr::null_mut(), ptr::null_mut(), &mut data);
        }
        let tag = Tag::from_pointer(data);
        let addon = tag.and_then(|tag| Addon::find(tag.addon));
        let (Some(tag), Some(addon)) = (tag, addon) else {
            return Err(disposed(env));
        };
        match find(&addon, tag.number) {
            Some(callback) => addon.call_back(env, info, callback),
            None => Err(env.bug("a callback is gone")),
        }
    })
}

impl Addon {
    fn call_back<'s>(
        self: &Rc<Self>,
        env: Env<'s>,
        info: sys::napi_callback_info,
        callback: Callback,
    ) -> Result<Value<'s>, Thrown> {
        let number = self.callbacks.borrow_mut().begin(info, callback.data);
        let Some(number) = number else {
            return Err(Error::internal("too many calls into an addon at once").throw(env));
        };
        let _end = EndCallback(self);
        let environment = self.environment();
        let result = self.enter(
            || self.call_callback(callback.function, environment, number),
            |handle| Ok(self.handles.borrow().get(handle)),
        );
        match result {
            // Node takes null for undefined, and throws what the guest has left pending instead of returning a value.
            Ok(value) => Ok(value_of(value.unwrap_or(ptr::null_mut()))),
            Err(error) => Err(error.throw(env)),
        }
    }
}

struct EndCallback<'a>(&'a Addon);

impl Drop for EndCallback<'_> {
    fn drop(&mut self) {
        if let Ok(mut callbacks) = self.0.callbacks.try_borrow_mut() {
            callbacks.running.pop();
        }
    }
}

/// The function that a callback stood for was collected.
unsafe extern "C" fn forget(_: sys::napi_env, data: *mut c_void, _: *mut c_void) {
    let Some(tag) = Tag::from_pointer(data) else { return };
    if let Some(addon) = Addon::find(tag.addon) {
        addon.callbacks.borrow_mut().forget(tag.number);
    }
}
