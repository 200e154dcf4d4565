//! Work that other threads have for the JavaScript thread.

use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use napi_sys as sys;

use super::{Env, Thrown};

/// What is to be done on the JavaScript thread. It is dropped undone if the environment ends before.
type Job = Box<dyn FnOnce(Env<'_>) + Send>;

/// Takes jobs to the JavaScript thread of an environment, in their order, one after the other in turns of the event loop.
/// It does not keep the event loop running unless it is told to.
pub struct Courier(Mutex<State>);

struct State {
    /// Null once it is closed.
    raw: sys::napi_threadsafe_function,
    /// How many need the event loop.
    keepers: u32,
}

// SAFETY: a thread-safe function of Node-API is for use on any thread, and the lock keeps it from being used after
// `close`; what may only be done on the JavaScript thread takes an `Env`.
unsafe impl Send for Courier {}
// SAFETY: as above.
unsafe impl Sync for Courier {}

impl Courier {
    /// `name` is what asynchronous hooks show.
    pub fn new(env: Env<'_>, name: &str) -> Result<Courier, Thrown> {
        let name = env.string(name)?;
        let mut raw = ptr::null_mut();
        // SAFETY: the name is a live handle; `carry` takes its data for a boxed `Job`, which `send` passes.
        env.check(unsafe {
            sys::napi_create_threadsafe_function(
                env.raw,
                ptr::null_mut(),
                ptr::null_mut(),
                name.raw,
                0,
                1,
                ptr::null_mut(),
                None,
                ptr::null_mut(),
                Some(carry),
                &mut raw,
            )
        })?;
        // SAFETY: it was made just now, on this thread.
        env.check(unsafe { sys::napi_unref_threadsafe_function(env.raw, raw) })?;
        Ok(Courier(Mutex::new(State { raw, keepers: 0 })))
    }

    /// Has a job done. Returns false, and drops it, if none is taken any more.
    pub fn send(&self, job: impl FnOnce(Env<'_>) + Send + 'static) -> bool {
        let state = self.state();
        if state.raw.is_null() {
            return false;
        }
        let job: Box<Job> = Box::new(Box::new(job));
        let data = Box::into_raw(job);
        // SAFETY: it is not closed, which the lock keeps so; a call that does not block takes no other lock of ours.
        let status = unsafe {
            sys::napi_call_threadsafe_function(state.raw, data.cast(), sys::ThreadsafeFunctionCallMode::nonblocking)
        };
        if status == sys::Status::napi_ok {
            return true;
        }
        // SAFETY: it was not taken, so the box is still ours.
        drop(unsafe { Box::from_raw(data) });
        false
    }

    /// Keeps the event loop running until `let_go` was called as often.
    pub fn keep(&self, env: Env<'_>) {
        let mut state = self.state();
        state.keepers += 1;
        if state.keepers == 1 && !state.raw.is_null() {
            // SAFETY: it is not closed, and this is its thread.
            unsafe { sys::napi_ref_threadsafe_function(env.raw, state.raw) };
        }
    }

    pub fn let_go(&self, env: Env<'_>) {
        let mut state = self.state();
        state.keepers = state.keepers.saturating_sub(1);
        if state.keepers == 0 && !state.raw.is_null() {
            // SAFETY: as in `keep`.
            unsafe { sys::napi_unref_threadsafe_function(env.raw, state.raw) };
        }
    }

    /// Takes no more jobs and drops those that wait. To be called before the environment has ended.
    pub fn close(&self) {
        let raw = std::mem::replace(&mut self.state().raw, ptr::null_mut());
        if !raw.is_null() {
            // SAFETY: it was not closed before, and nobody can call it any more.
            unsafe { sys::napi_release_threadsafe_function(raw, sys::ThreadsafeFunctionReleaseMode::abort) };
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Each change is one assignment.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

unsafe extern "C" fn carry(raw: sys::napi_env, _: sys::napi_value, _: *mut c_void, data: *mut c_void) {
    // SAFETY: `send` passed this box, and Node-API hands it on once.
    let job = unsafe { Box::from_raw(data.cast::<Job>()) };
    // Without an environment it is being closed.
    if raw.is_null() {
        let _ = catch_unwind(AssertUnwindSafe(|| drop(job)));
        return;
    }
    // SAFETY: Node-API passes the environment and has opened a handle scope.
    let env = unsafe { Env::from_raw(raw) };
    super::guard(env, || {
        job(env);
        env.undefined()
    });
    // There is no caller that it could be thrown to.
    if let Some(error) = env.take_exception() {
        // SAFETY: both are live.
        unsafe { sys::napi_fatal_exception(raw, error.raw) };
    }
}
