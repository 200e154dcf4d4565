//! Data of the guest that an object of JavaScript carries, and what is to be called once nobody needs it.

use std::cell::RefCell;
use std::ffi::c_void;
use std::rc::Rc;

use napi_sys as sys;

use super::addon::Addon;
use super::call::Call;
use super::failure::{Failure, Outcome};
use super::key::Keyed;
use super::tag::Tag;
use crate::error::Error;
use crate::ffi::Env;

/// A `void *` of the guest's with a `napi_finalize` for it.
#[derive(Debug, Clone, Copy)]
pub struct GuestData {
    pub data: u32,
    /// Where in the table the finalizer is; 0 is none.
    pub finalize: u32,
    pub hint: u32,
}

/// All that objects carry: wraps, externals, finalizers.
#[derive(Default)]
pub struct Carried(RefCell<Keyed<GuestData>>);

impl Call<'_> {
    /// Keeps data for an object. Returns what Node-API is to be given as its data, with [`finalize`].
    pub fn carry(&self, data: GuestData) -> Outcome<Tag> {
        let number = self.addon.state.carried.0.borrow_mut().add(data);
        number
            .map(|number| Tag::new(self.addon.id(), number))
            .map_err(|_| Failure::GENERIC)
    }

    /// The data that a pointer of Node-API's stands for. That of another addon is none.
    pub fn carried(&self, pointer: *mut c_void) -> Outcome<GuestData> {
        let tag = self.own_tag(pointer)?;
        let carried = self.addon.state.carried.0.borrow();
        carried.get(tag.number).copied().ok_or(Failure::INVALID_ARG)
    }

    /// The same, to be kept no longer.
    pub fn uncarry(&self, pointer: *mut c_void) -> Outcome<GuestData> {
        let tag = self.own_tag(pointer)?;
        let taken = self.addon.state.carried.0.borrow_mut().take(tag.number);
        taken.ok_or(Failure::INVALID_ARG)
    }

    /// The data stays, but its finalizer is not called.
    pub fn drop_finalizer(&self, pointer: *mut c_void) {
        if let Ok(tag) = self.own_tag(pointer)
            && let Some(data) = self.addon.state.carried.0.borrow_mut().get_mut(tag.number)
        {
            data.finalize = 0;
        }
    }

    fn own_tag(&self, pointer: *mut c_void) -> Outcome<Tag> {
        let tag = Tag::from_pointer(pointer).filter(|tag| tag.addon == self.addon.id());
        tag.ok_or(Failure::INVALID_ARG)
    }
}

/// The object was collected, or the environment ends.
pub unsafe extern "C" fn finalize(raw: sys::napi_env, data: *mut c_void, _: *mut c_void) {
    let Some(tag) = Tag::from_pointer(data) else { return };
    // An addon that was disposed of has run it.
    let Some(addon) = Addon::find(tag.addon) else { return };
    // SAFETY: Node-API passes the environment and has opened a handle scope.
    addon.finalize_carried(unsafe { Env::from_raw(raw) }, tag);
}

impl Addon {
    /// Calls the finalizer of data, if there is one.
    pub fn finalize(self: &Rc<Self>, data: GuestData) -> Result<(), Error> {
        if data.finalize == 0 {
            return Ok(());
        }
        let params = (self.environment(), data.data, data.hint);
        self.enter(|| self.call_table::<_, ()>(data.finalize, params), Ok)
    }

    /// Gives up data of the addon's, for which there is no object any more.
    pub fn finalize_carried(self: &Rc<Self>, env: Env<'_>, tag: Tag) {
        let taken = self.state.carried.0.borrow_mut().take(tag.number);
        if let Some(data) = taken {
            self.run_task(env, || self.finalize(data));
        }
    }

    /// Calls all finalizers that are left, those of the youngest data first, and tells how each ended.
    pub fn finalize_all(self: &Rc<Self>, mut ended: impl FnMut(Result<(), Error>)) {
        let left: Vec<_> = self.state.carried.0.borrow_mut().drain().collect();
        for data in left {
            ended(self.ffi().scoped(|_| self.finalize(data)));
        }
    }
}
