//! The asynchronous contexts of Node, and the scopes in which code runs in one.

use std::ptr;
use std::rc::Rc;

use napi_sys as sys;

use super::addon::Addon;
use super::call::Call;
use super::failure::{Failure, Outcome, check};

/// A context. It is destroyed once nobody holds it, so that none goes in which code runs: Node does not look after that.
pub struct AsyncContext {
    env: sys::napi_env,
    raw: sys::napi_async_context,
    /// The resource; null where Node has made one, and keeps it.
    resource: sys::napi_ref,
}

/// Code runs in a context until this is dropped, which runs what JavaScript has put off until then.
pub struct CallbackScope {
    raw: sys::napi_callback_scope,
    context: Rc<AsyncContext>,
}

impl AsyncContext {
    /// Makes a context, unless the addon ends. The resource may be null; `keeps` says that the context keeps it.
    pub fn new(
        call: &Call<'_>,
        resource: sys::napi_value,
        name: sys::napi_value,
        keeps: bool,
    ) -> Outcome<Rc<AsyncContext>> {
        // One that the end of the addon has not seen would outlive Node's environment.
        if Addon::find(call.addon.id()).is_none() {
            return Err(Failure::GENERIC);
        }
        let object = to_object(call, resource)?;
        let name = to_string(call, name)?;
        let mut context = AsyncContext {
            env: call.env,
            raw: ptr::null_mut(),
            resource: ptr::null_mut(),
        };
        if !object.is_null() {
            // SAFETY: the handle is live, and that of an object.
            check(unsafe { sys::napi_create_reference(call.env, object, keeps.into(), &mut context.resource) })?;
        }
        // SAFETY: the handles are live, the resource may be null.
        check(unsafe { sys::napi_async_init(call.env, object, name, &mut context.raw) })?;
        Ok(Rc::new(context))
    }

    pub fn raw(&self) -> sys::napi_async_context {
        self.raw
    }

    /// Keeps the resource in the innermost handle scope: as long as code runs in the context Node has to have it.
    pub fn hold_resource(&self) {
        let mut value = ptr::null_mut();
        if !self.resource.is_null() {
            // SAFETY: the reference is ours; the handle is of the scope of the running call.
            unsafe { sys::napi_get_reference_value(self.env, self.resource, &mut value) };
        }
    }

    /// Opens a scope, to be dropped in the handle scope in which it was opened.
    pub fn open(self: &Rc<Self>) -> Outcome<CallbackScope> {
        self.hold_resource();
        let mut raw = ptr::null_mut();
        // SAFETY: the context is there, and stays so until the scope is closed.
        check(unsafe { sys::napi_open_callback_scope(self.env, ptr::null_mut(), self.raw, &mut raw) })?;
        Ok(CallbackScope {
            raw,
            context: self.clone(),
        })
    }

    /// Runs `f`, which calls the guest, in this context.
    pub fn run(self: &Rc<Self>, f: impl FnOnce()) {
        let _scope = self.open();
        f();
    }
}

impl Drop for AsyncContext {
    fn drop(&mut self) {
        if !self.raw.is_null() {
            // SAFETY: it was made by `new`, no code runs in it, and nobody else has it.
            unsafe { sys::napi_async_destroy(self.env, self.raw) };
        }
        if !self.resource.is_null() {
            // SAFETY: as above.
            unsafe { sys::napi_delete_reference(self.env, self.resource) };
        }
    }
}

impl Drop for CallbackScope {
    fn drop(&mut self) {
        // SAFETY: it is open, and those that were opened inside it are closed.
        unsafe { sys::napi_close_callback_scope(self.context.env, self.raw) };
    }
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
