//! JavaScript classes whose instances carry a Rust record.

use std::cell::Cell;
use std::ffi::c_void;
use std::ptr;

use napi_sys as sys;

use super::callback::{Callback, guard, invoke};
use super::{Call, Env, ErrorKind, Record, Reference, Thrown, Value};

thread_local! {
    /// Set while `Class::instance` runs the constructor, which throws for everybody else.
    static CONSTRUCTING: Cell<bool> = const { Cell::new(false) };
}

/// A member of a class.
pub enum Member {
    Method(&'static str, Callback),
    Getter(&'static str, Callback),
}

/// A class that only the addon makes instances of.
pub struct Class(Reference);

impl Class {
    pub fn define(env: Env<'_>, name: &'static str, members: &[Member]) -> Result<Class, Thrown> {
        let descriptors = members
            .iter()
            .map(|member| {
                let (name, callback) = match member {
                    Member::Method(name, f) | Member::Getter(name, f) => (name, f),
                };
                let is_method = matches!(member, Member::Method(..));
                Ok(sys::napi_property_descriptor {
                    utf8name: ptr::null(),
                    name: env.string(name)?.raw,
                    method: is_method.then_some(invoke),
                    getter: (!is_method).then_some(invoke),
                    setter: None,
                    value: ptr::null_mut(),
                    attributes: sys::PropertyAttributes::enumerable | sys::PropertyAttributes::configurable,
                    data: *callback as *mut c_void,
                })
            })
            .collect::<Result<Vec<_>, Thrown>>()?;
        // SAFETY: the name is passed with its length; each member's data is what `invoke` expects.
        let class = env.make(|raw| unsafe {
            sys::napi_define_class(
                env.raw,
                name.as_ptr().cast(),
                name.len() as isize,
                Some(construct),
                ptr::null_mut(),
                descriptors.len(),
                descriptors.as_ptr(),
                raw,
            )
        })?;
        Ok(Class(env.reference(class)?))
    }

    /// A new instance that carries `record`.
    pub fn instance<'s, T: Record>(&self, env: Env<'s>, record: Box<T>) -> Result<Value<'s>, Thrown> {
        let class = env.deref(&self.0)?;
        CONSTRUCTING.set(true);
        let object = env.construct(class, &[]);
        CONSTRUCTING.set(false);
        let object = object?;
        env.wrap(object, record)?;
        Ok(object)
    }
}

unsafe extern "C" fn construct(raw: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    // SAFETY: Node-API passes the environment and the call of the running callback.
    let (call, _) = unsafe { Call::read(raw, info) };
    guard(call.env, || {
        if CONSTRUCTING.replace(false) {
            return Ok(call.this);
        }
        let error = call.env.error(
            ErrorKind::TypeError,
            "Illegal constructor: instances come from loading a module",
        )?;
        Err(call.env.throw(error))
    })
}

impl<'s> Call<'s> {
    /// The record of the object that a method or accessor was called on.
    pub fn receiver<T: Record>(&self, class: &'static str) -> Result<&'s T, Thrown> {
        if let Some(record) = self.env.unwrap::<T>(self.this) {
            return Ok(record);
        }
        let error = self
            .env
            .error(ErrorKind::TypeError, &format!("Receiver is not a {class}"))?;
        Err(self.env.throw(error))
    }
}
