//! What a function of Node-API works with while a guest calls it.

use std::rc::Rc;

use napi_sys as sys;

use super::addon::Addon;
use super::failure::{Failure, Outcome, check};
use super::linear::{Linear, Plain};
use crate::ffi::Env;

/// A call by the guest, on the JavaScript thread.
pub struct Call<'a> {
    pub addon: &'a Rc<Addon>,
    /// Node's environment.
    pub env: sys::napi_env,
}

/// An address in the guest's memory. 0 is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ptr(pub u32);

/// A `napi_value` of the guest's. 0 is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Handle(pub u32);

/// A function of Node-API that says yes or no of a live value.
pub type Question = unsafe extern "C" fn(sys::napi_env, sys::napi_value, *mut bool) -> sys::napi_status;

/// `NAPI_AUTO_LENGTH`: the text ends where its NUL is.
pub const AUTO_LENGTH: u32 = u32::MAX;

impl Ptr {
    pub fn is_null(self) -> bool {
        self.0 == 0
    }

    /// The address `offset` bytes further, which wraps like the guest's own arithmetic.
    pub fn add(self, offset: u32) -> Ptr {
        Ptr(self.0.wrapping_add(offset))
    }
}

impl Addon {
    #[inline]
    pub fn call(self: &Rc<Self>) -> Call<'_> {
        Call {
            addon: self,
            env: self.raw_env(),
        }
    }
}

impl<'a> Call<'a> {
    /// Node's environment, for what `ffi` does. The handles that it makes are of the scope of the running call.
    pub fn ffi(&self) -> Env<'a> {
        // SAFETY: the guest runs below a call from JavaScript, or from Node, which has opened a handle scope.
        unsafe { Env::from_raw(self.env) }
    }

    /// Before JavaScript may run: it does not while an exception is pending, and must see no memory that has grown.
    pub fn prepare_script(&self) -> Outcome {
        let mut pending = false;
        // SAFETY: the environment is live; the result is ours.
        check(unsafe { sys::napi_is_exception_pending(self.env, &mut pending) })?;
        if pending {
            return Err(Failure::PENDING_EXCEPTION);
        }
        self.addon.state.loans.note_script();
        // What it throws is pending then.
        self.addon.cell.settle(self.ffi()).map_err(|error| {
            error.throw(self.ffi());
            Failure::PENDING_EXCEPTION
        })
    }

    pub fn memory(&self) -> Outcome<&'a Linear> {
        self.addon.memory()
    }

    /// The value of a handle. One that was never given, or of which the scope has ended, is an invalid argument.
    #[inline]
    pub fn value(&self, handle: Handle) -> Outcome<sys::napi_value> {
        self.addon.handles.borrow().get(handle.0).ok_or(Failure::INVALID_ARG)
    }

    /// The same where the guest may leave it out: null then.
    pub fn optional_value(&self, handle: Handle) -> Outcome<sys::napi_value> {
        match handle {
            Handle(0) => Ok(std::ptr::null_mut()),
            handle => self.value(handle),
        }
    }

    /// What `typeof` says of a value.
    pub fn type_of(&self, value: sys::napi_value) -> Outcome<sys::napi_valuetype> {
        let mut kind = sys::ValueType::napi_undefined;
        // SAFETY: the handle is live; the result is ours.
        check(unsafe { sys::napi_typeof(self.env, value, &mut kind) })?;
        Ok(kind)
    }

    /// The guest's handle for a value of the innermost scope.
    #[inline]
    pub fn handle(&self, value: sys::napi_value) -> Outcome<u32> {
        self.addon.handles.borrow_mut().add(value).ok_or(Failure::GENERIC)
    }

    /// Checks where a result goes, before anything is done.
    #[inline]
    pub fn out<T: Plain>(&self, result: Ptr) -> Outcome {
        match result.is_null() {
            true => Err(Failure::INVALID_ARG),
            false => self.memory()?.at(result.0, size_of::<T>()).map(drop),
        }
    }

    /// The same where the guest may not want it.
    pub fn optional_out<T: Plain>(&self, result: Ptr) -> Outcome {
        match result.is_null() {
            true => Ok(()),
            false => self.out::<T>(result),
        }
    }

    pub fn read<T: Plain>(&self, from: Ptr) -> Outcome<T> {
        match from.is_null() {
            true => Err(Failure::INVALID_ARG),
            false => self.memory()?.read(from.0),
        }
    }

    #[inline]
    pub fn write<T: Plain>(&self, to: Ptr, value: T) -> Outcome {
        self.memory()?.write(to.0, value)
    }

    /// Writes a result, if the guest wants it.
    pub fn write_optional<T: Plain>(&self, to: Ptr, value: T) -> Outcome {
        match to.is_null() {
            true => Ok(()),
            false => self.write(to, value),
        }
    }

    /// Runs a function of Node-API that makes one value, and writes its handle.
    #[inline]
    pub fn make(&self, result: Ptr, f: impl FnOnce(*mut sys::napi_value) -> sys::napi_status) -> Outcome {
        self.out::<u32>(result)?;
        let mut value = std::ptr::null_mut();
        check(f(&mut value))?;
        self.give(result, value)
    }

    /// Writes the handle of a value.
    #[inline]
    pub fn give(&self, result: Ptr, value: sys::napi_value) -> Outcome {
        let handle = self.handle(value)?;
        self.write(result, handle)
    }

    /// Runs a function of Node-API that tells something of a value, and writes that.
    #[inline]
    pub fn tell<T: Plain + Default, N>(
        &self,
        result: Ptr,
        f: impl FnOnce(*mut N) -> sys::napi_status,
        convert: impl FnOnce(N) -> T,
    ) -> Outcome
    where
        N: Default,
    {
        self.out::<T>(result)?;
        let mut told = N::default();
        check(f(&mut told))?;
        self.write(result, convert(told))
    }

    /// Asks one of the functions of Node-API about a value that say yes or no, and writes that.
    pub fn ask(&self, value: Handle, result: Ptr, question: Question) -> Outcome {
        let value = self.value(value)?;
        // SAFETY: the handle is live, and the result is ours.
        self.tell(result, |told| unsafe { question(self.env, value, told) }, u8::from)
    }

    /// The values of a list of handles in memory.
    pub fn values(&self, list: Ptr, count: u32) -> Outcome<smallvec::SmallVec<[sys::napi_value; 8]>> {
        if count == 0 {
            return Ok(smallvec::SmallVec::new());
        }
        // All of it is there, or nothing is read: a count that is made up reserves nothing.
        self.memory()?.at(list.0, count as usize * 4)?;
        (0..count)
            .map(|index| self.value(Handle(self.read(list.add(index * 4))?)))
            .collect()
    }
}
