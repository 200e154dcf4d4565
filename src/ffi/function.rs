//! Functions over a Rust record: the fast way from JavaScript into native code.

use std::ffi::c_void;
use std::ptr;

use napi_sys as sys;

use super::callback::guard;
use super::{Env, ErrorKind, Record, Thrown, Value};

/// A record that is called.
pub trait Callable: 'static {
    /// How many arguments `call` gets. Missing ones are `undefined`, further ones are dropped.
    fn arity(&self) -> usize;

    fn call<'s>(&self, env: Env<'s>, args: &[Value<'s>]) -> Result<Value<'s>, Thrown>;
}

/// Calls with up to this many arguments need no allocation.
const INLINE: usize = 8;

impl<'s> Env<'s> {
    /// A function that calls `record`.
    ///
    /// # Safety
    /// The record must outlive the function.
    pub unsafe fn function_over<T: Callable>(self, name: &str, record: *const T) -> Result<Value<'s>, Thrown> {
        let data = record.cast_mut().cast();
        // SAFETY: the name is passed with its length and copied. `call::<T>` takes its data for a
        // `T`, which it is, and which lives long enough by this function's contract.
        self.make(|raw| unsafe {
            sys::napi_create_function(
                self.raw,
                name.as_ptr().cast(),
                name.len() as isize,
                Some(call::<T>),
                data,
                raw,
            )
        })
    }
}

impl<'s> Env<'s> {
    /// A function that calls `record`, which it keeps.
    pub fn function_of<T: Callable + Record>(self, name: &str, record: T) -> Result<Value<'s>, Thrown> {
        let record = Box::new(record);
        // SAFETY: the box is wrapped by the function, which nobody else has before it is, and a box does not move what
        // is in it.
        let function = unsafe { self.function_over::<T>(name, &*record) }?;
        self.wrap(function, record)?;
        Ok(function)
    }
}

unsafe extern "C" fn call<T: Callable>(raw: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    // SAFETY: the environment of the running callback.
    let env = unsafe { Env::from_raw(raw) };
    guard(env, || {
        let mut args = [ptr::null_mut(); INLINE];
        let (mut count, mut data) = (INLINE, ptr::null_mut::<c_void>());
        // SAFETY: `args` has room for `count` handles; Node-API fills those beyond the arguments
        // given with undefined.
        unsafe { sys::napi_get_cb_info(raw, info, &mut count, args.as_mut_ptr(), ptr::null_mut(), &mut data) };
        let mut target = ptr::null_mut();
        // SAFETY: writes a handle, or null where this is no construction.
        unsafe { sys::napi_get_new_target(raw, info, &mut target) };
        if !target.is_null() {
            // Node-API has no functions that are not constructors.
            let error = env.error(
                ErrorKind::TypeError,
                "an exported WebAssembly function is not a constructor",
            )?;
            return Err(env.throw(error));
        }
        // SAFETY: `function_over` gave this data, and the record outlives the running function.
        let record = unsafe { &*data.cast::<T>() };
        let arity = record.arity();
        if arity <= INLINE {
            // SAFETY: `Value` is a transparent wrapper of a handle, and the first `INLINE` are written.
            let args = unsafe { std::slice::from_raw_parts(args.as_ptr().cast::<Value<'_>>(), arity) };
            return record.call(env, args);
        }
        let mut args = vec![ptr::null_mut(); arity];
        let mut count = arity;
        // SAFETY: as above, with the room that `count` says.
        unsafe {
            sys::napi_get_cb_info(
                raw,
                info,
                &mut count,
                args.as_mut_ptr(),
                ptr::null_mut(),
                ptr::null_mut(),
            );
            let args = std::slice::from_raw_parts(args.as_ptr().cast::<Value<'_>>(), arity);
            record.call(env, args)
        }
    })
}
