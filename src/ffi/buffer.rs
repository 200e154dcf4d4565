//! `ArrayBuffer`s over memory that is not V8's.

use std::cell::Cell;
use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use napi_sys as sys;

use super::{Env, Reference, Thrown, Value};

/// An external `ArrayBuffer`, kept so that it is the same object every time.
pub struct Buffer(Reference);

/// Why an external `ArrayBuffer` could not be made.
pub enum BufferError {
    Thrown(Thrown),
    /// This host forbids buffers over memory outside of V8's heap (Electron does).
    Forbidden,
}

impl From<Thrown> for BufferError {
    fn from(thrown: Thrown) -> Self {
        BufferError::Thrown(thrown)
    }
}

/// Makes an `ArrayBuffer` over `length` bytes at `data`, which stay valid as long as `owner`
/// lives. `owner` is dropped on the environment's thread once nothing can reach the bytes, be it
/// through this `ArrayBuffer` or through another that its contents were transferred to.
///
/// # Safety
/// The bytes at `data` must stay mapped and writable until `owner` is dropped.
pub unsafe fn external_buffer<'s, O: 'static>(
    env: Env<'s>,
    data: *mut u8,
    length: usize,
    owner: O,
) -> Result<Value<'s>, BufferError> {
    // SAFETY: the bytes outlive `owner` by this function's contract, and the finalizer drops the owner only when V8 lets
    // go of them.
    lend(env, owner, |finalize, hint, raw| unsafe {
        sys::napi_create_external_arraybuffer(env.raw, data.cast(), length, finalize, hint, raw)
    })
}

/// The same for a `Buffer`.
///
/// # Safety
/// As above.
pub unsafe fn external_node_buffer<'s, O: 'static>(
    env: Env<'s>,
    data: *mut u8,
    length: usize,
    owner: O,
) -> Result<Value<'s>, BufferError> {
    // SAFETY: as in `external_buffer`.
    lend(env, owner, |finalize, hint, raw| unsafe {
        sys::napi_create_external_buffer(env.raw, length, data.cast(), finalize, hint, raw)
    })
}

fn lend<'s, O: 'static>(
    env: Env<'s>,
    owner: O,
    make: impl FnOnce(sys::napi_finalize, *mut c_void, *mut sys::napi_value) -> sys::napi_status,
) -> Result<Value<'s>, BufferError> {
    let released = Rc::new(Cell::new(false));
    let hint = Box::into_raw(Box::new(Loan {
        _owner: owner,
        released: released.clone(),
    }));
    let mut raw = std::ptr::null_mut();
    let status = make(Some(release::<O>), hint.cast(), &mut raw);
    if status == sys::Status::napi_ok {
        // SAFETY: Node-API wrote a handle of the current scope.
        return Ok(unsafe { Value::from_raw(raw) });
    }
    // Node 20 refuses a buffer of more than 4 GiB, and lets go of its bytes as it does.
    if !released.get() {
        // SAFETY: no buffer was made, and `release` has not taken the box.
        drop(unsafe { Box::from_raw(hint) });
    }
    if status == sys::Status::napi_no_external_buffers_allowed {
        return Err(BufferError::Forbidden);
    }
    Err(env.check(status).err().unwrap_or(Thrown).into())
}

impl<'s> Env<'s> {
    /// A new `ArrayBuffer` of V8's with a copy of `bytes`.
    pub fn array_buffer(self, bytes: &[u8]) -> Result<Value<'s>, Thrown> {
        let mut data = std::ptr::null_mut();
        // SAFETY: writes a handle of the current scope, and where the bytes are.
        let buffer = self.make(|raw| unsafe { sys::napi_create_arraybuffer(self.raw, bytes.len(), &mut data, raw) })?;
        if !bytes.is_empty() {
            // SAFETY: the buffer was made with that length and nobody else knows it.
            unsafe { data.cast::<u8>().copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) };
        }
        Ok(buffer)
    }

    /// Where the bytes of a `Uint8Array` are; `None` where the value is none.
    pub fn bytes_at(self, value: Value<'_>) -> Option<(*mut u8, usize)> {
        let (mut kind, mut length, mut data) = (0, 0, std::ptr::null_mut());
        // SAFETY: a value of another type is refused with a status; what is not asked for is null.
        let status = unsafe {
            sys::napi_get_typedarray_info(
                self.raw,
                value.raw,
                &mut kind,
                &mut length,
                &mut data,
                std::ptr::null_mut(),
                std::ptr::null_mut(),
            )
        };
        let bytes = status == sys::Status::napi_ok && kind == sys::TypedarrayType::uint8_array;
        bytes.then_some((data.cast(), length))
    }

    /// A copy of the bytes of a `Uint8Array`; `None` where the value is none.
    pub fn as_bytes(self, value: Value<'_>) -> Option<Vec<u8>> {
        let (data, length) = self.bytes_at(value)?;
        if length == 0 {
            return Some(Vec::new());
        }
        // SAFETY: the bytes are the array's, and no JavaScript runs while they are copied.
        Some(unsafe { std::slice::from_raw_parts(data, length) }.to_vec())
    }
}

/// What keeps the bytes of a buffer, on V8's side.
struct Loan<O> {
    _owner: O,
    released: Rc<Cell<bool>>,
}

unsafe extern "C" fn release<O>(_: sys::napi_env, _: *mut c_void, hint: *mut c_void) {
    // SAFETY: `lend` made this box; Node-API calls the finalizer once.
    let loan = unsafe { Box::from_raw(hint.cast::<Loan<O>>()) };
    loan.released.set(true);
    let _ = catch_unwind(AssertUnwindSafe(|| drop(loan)));
}

impl Buffer {
    pub fn keep(env: Env<'_>, value: Value<'_>) -> Result<Buffer, Thrown> {
        env.reference(value).map(Buffer)
    }

    pub fn value<'s>(&self, env: Env<'s>) -> Result<Value<'s>, Thrown> {
        env.deref(&self.0)
    }

    pub fn is_detached(&self, env: Env<'_>) -> bool {
        let Ok(value) = env.deref(&self.0) else { return false };
        let mut detached = false;
        // SAFETY: the handle is an ArrayBuffer.
        unsafe { sys::napi_is_detached_arraybuffer(env.raw, value.raw, &mut detached) };
        detached
    }

    /// Detaches the buffer, as growth of a memory does: its length and that of every view is 0 then.
    pub fn detach(self, env: Env<'_>) -> Result<(), Thrown> {
        // Somebody may have done so already, by a transfer.
        if self.is_detached(env) {
            return Ok(());
        }
        let value = env.deref(&self.0)?;
        // SAFETY: the handle is an ArrayBuffer, and external ones are detachable.
        env.check(unsafe { sys::napi_detach_arraybuffer(env.raw, value.raw) })
    }
}
