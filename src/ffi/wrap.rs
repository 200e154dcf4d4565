//! Rust records that live as long as a JavaScript object.

use std::any::TypeId;
use std::cell::RefCell;
use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;

use napi_sys as sys;
use rustc_hash::FxHashMap;

use super::{Env, Thrown, Value};

thread_local! {
    /// The records of this thread and their types. `napi_unwrap` hands out whatever pointer any
    /// addon wrapped; only one that stands here may be followed.
    static RECORDS: RefCell<FxHashMap<usize, TypeId>> = RefCell::default();
}

/// A type that can be attached to a JavaScript object. It is dropped on the environment's thread,
/// some time after the object is collected, or when the environment ends.
pub trait Record: 'static {}

impl<'s> Env<'s> {
    /// Attaches `record` to `object`, which must not carry one yet, and says where it lives.
    pub fn wrap<T: Record>(self, object: Value<'_>, record: Box<T>) -> Result<*const T, Thrown> {
        let data = Box::into_raw(record);
        // SAFETY: the handle is live. `finalize` takes the box back exactly once: Node-API calls
        // it once if the wrap succeeded and never if it failed.
        let status = unsafe {
            sys::napi_wrap(
                self.raw,
                object.raw,
                data.cast(),
                Some(finalize::<T>),
                ptr::null_mut(),
                ptr::null_mut(),
            )
        };
        if let Err(thrown) = self.check(status) {
            // SAFETY: the wrap failed, so the box is still ours alone.
            drop(unsafe { Box::from_raw(data) });
            return Err(thrown);
        }
        RECORDS.with_borrow_mut(|records| records.insert(data as usize, TypeId::of::<T>()));
        Ok(data)
    }

    /// The record of type `T` attached to `object`, if it carries one.
    pub fn unwrap<T: Record>(self, object: Value<'s>) -> Option<&'s T> {
        let mut data = ptr::null_mut();
        // SAFETY: the handle is live; anything but an object with a record is refused with a status.
        let status = unsafe { sys::napi_unwrap(self.raw, object.raw, &mut data) };
        let ours = status == sys::Status::napi_ok
            && RECORDS.with_borrow(|records| records.get(&(data as usize)) == Some(&TypeId::of::<T>()));
        // SAFETY: the registry says that `data` is a live `T` of ours. Its object, and with it the
        // record, is kept alive by the handle for at least `'s`.
        ours.then(|| unsafe { &*data.cast::<T>() })
    }
}

unsafe extern "C" fn finalize<T: Record>(_: sys::napi_env, data: *mut c_void, _: *mut c_void) {
    // Late in the process the registry may be gone already; nobody can unwrap then.
    let _ = RECORDS.try_with(|records| records.borrow_mut().remove(&(data as usize)));
    // SAFETY: `wrap` made this box and Node-API calls the finalizer once.
    let record = unsafe { Box::from_raw(data.cast::<T>()) };
    // A panic in a destructor must not cross into C++. There is nobody to tell it to but the
    // panic hook, which has printed it.
    let _ = catch_unwind(AssertUnwindSafe(|| drop(record)));
}
