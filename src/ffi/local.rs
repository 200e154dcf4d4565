//! State that exists once per environment.

use std::any::{Any, TypeId};
use std::cell::RefCell;
use std::ffi::c_void;
use std::rc::Rc;

use napi_sys as sys;
use rustc_hash::FxHashMap;

use super::{Env, Thrown};

thread_local! {
    /// An environment has its thread to itself, so what is per thread is per environment.
    static LOCALS: RefCell<FxHashMap<TypeId, Rc<dyn Any>>> = RefCell::default();
}

impl Env<'_> {
    /// The environment's `T`, made by `init` on first use. It is dropped when the environment
    /// ends, while references can still be deleted.
    pub fn local<T: 'static>(self, init: impl FnOnce(Self) -> Result<T, Thrown>) -> Result<Rc<T>, Thrown> {
        let key = TypeId::of::<T>();
        if let Some(local) = LOCALS.with_borrow(|locals| locals.get(&key).cloned()) {
            // The map's values have the type that their key names.
            return local.downcast::<T>().map_err(|_| Thrown);
        }
        let local = Rc::new(init(self)?);
        let first = LOCALS.with_borrow_mut(|locals| {
            locals.insert(key, local.clone());
            locals.len() == 1
        });
        if first {
            // SAFETY: the hook is a function of this addon, which is never unloaded (napi-build
            // links it so); its argument is not used.
            self.check(unsafe { sys::napi_add_env_cleanup_hook(self.raw, Some(clear), std::ptr::null_mut()) })?;
        }
        Ok(local)
    }
}

unsafe extern "C" fn clear(_: *mut c_void) {
    let locals = LOCALS.take();
    let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(locals)));
}
