//! Functions that JavaScript calls.

use std::any::Any;
use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;

use napi_sys as sys;

use super::{Env, Thrown, Value};

/// What a [`Callback`] was called with.
pub struct Call<'s> {
    pub env: Env<'s>,
    pub this: Value<'s>,
    args: [Value<'s>; Call::MAX],
    given: usize,
}

/// A function for JavaScript to call. It returns the result, or that it left an exception pending.
pub type Callback = for<'s> fn(&Call<'s>) -> Result<Value<'s>, Thrown>;

impl<'s> Call<'s> {
    /// As many arguments as any callback of this addon takes.
    const MAX: usize = 6;

    /// The argument at `index`, or `undefined`.
    pub fn arg(&self, index: usize) -> Value<'s> {
        self.args[index]
    }

    /// How many arguments were given.
    pub fn given(&self) -> usize {
        self.given
    }

    /// Reads what a raw callback was called with, and its data pointer.
    ///
    /// # Safety
    /// `raw` and `info` must be what Node-API passed to the running callback, and `'s` no longer than it runs.
    unsafe fn read(raw: sys::napi_env, info: sys::napi_callback_info) -> (Self, *mut c_void) {
        let mut args = [ptr::null_mut(); Call::MAX];
        let (mut given, mut this, mut data) = (Call::MAX, ptr::null_mut(), ptr::null_mut());
        // SAFETY: by this function's contract; `args` has the room that `given` says, and entries
        // beyond the arguments given are set to undefined by Node-API.
        unsafe { sys::napi_get_cb_info(raw, info, &mut given, args.as_mut_ptr(), &mut this, &mut data) };
        // SAFETY: the handles live in the scope of the running callback.
        let call = unsafe {
            Call {
                env: Env::from_raw(raw),
                this: Value::from_raw(this),
                args: args.map(|raw| Value::from_raw(raw)),
                given,
            }
        };
        (call, data)
    }
}

impl<'s> Env<'s> {
    /// A function that runs `callback`.
    pub fn function(self, name: &str, callback: Callback) -> Result<Value<'s>, Thrown> {
        let data = callback as *mut c_void;
        // SAFETY: the name is passed with its length and copied. `invoke` takes its data for a
        // `Callback`, which a function pointer is for ever.
        self.make(|raw| unsafe {
            sys::napi_create_function(
                self.raw,
                name.as_ptr().cast(),
                name.len() as isize,
                Some(invoke),
                data,
                raw,
            )
        })
    }
}

/// Runs a callback whose function pointer is the data of the JavaScript function.
unsafe extern "C" fn invoke(raw: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    // SAFETY: Node-API passes the environment and the call of the running callback.
    let (call, data) = unsafe { Call::read(raw, info) };
    // SAFETY: only `function` installs `invoke`, with a `Callback` as data.
    let callback: Callback = unsafe { std::mem::transmute(data) };
    guard(call.env, || callback(&call))
}

/// Runs `f` for a raw callback. A panic does not cross into C++, where it would end the process:
/// it is thrown as an error that names it as our bug.
#[inline]
pub fn guard<'s>(env: Env<'s>, f: impl FnOnce() -> Result<Value<'s>, Thrown>) -> sys::napi_value {
    match catch_unwind(AssertUnwindSafe(f)) {
        Ok(Ok(value)) => value.raw,
        Ok(Err(Thrown)) => ptr::null_mut(),
        Err(panic) => {
            report(env, &*panic);
            ptr::null_mut()
        }
    }
}

#[cold]
fn report(env: Env<'_>, panic: &(dyn Any + Send)) {
    let text = panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_default();
    // A JavaScript exception that was pending when the panic began must not hide it.
    env.take_exception();
    env.bug(&format!("wasmport panicked: {text}"));
}
