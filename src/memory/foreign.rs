//! A memory in JavaScript's hands, of whatever engine: V8's or ours.

use std::cell::UnsafeCell;

use wiggle::GuestMemory;

use crate::error::Error;
use crate::ffi::{Env, Reference, Value, WeakReference};

/// A `WebAssembly.Memory`, by its `buffer`. It is not kept: the memory of a store keeps what is imported there, which
/// may be functions over this.
pub struct ForeignMemory {
    memory: WeakReference,
    /// A `Uint8Array` over the buffer. Growth of a memory that is not shared leaves it without bytes.
    view: Option<WeakReference>,
}

/// By its tag, since a buffer of another realm is no instance of this one's class.
const VIEW: &str = "({ buffer }) => [new Uint8Array(buffer), buffer[Symbol.toStringTag] !== 'ArrayBuffer']";

struct View(Reference);

impl ForeignMemory {
    pub fn new(env: Env<'_>, memory: Value<'_>) -> Result<ForeignMemory, Error> {
        Ok(ForeignMemory {
            memory: env.weak_reference(memory)?,
            view: None,
        })
    }

    /// Does something with the bytes of the memory. No JavaScript runs meanwhile.
    pub fn with<R>(&mut self, env: Env<'_>, f: impl FnOnce(&mut GuestMemory<'_>) -> R) -> Result<R, Error> {
        if let Some(view) = &self.view
            && let Some(view) = env.upgrade(view)
            && let Some((data, length)) = env.bytes_at(view)
            && length > 0
        {
            // SAFETY: V8 says that so many bytes are there. They are not shared with other threads, and while `f` has
            // them neither JavaScript nor WebAssembly runs on this one.
            let bytes = unsafe { std::slice::from_raw_parts_mut(data, length) };
            return Ok(f(&mut GuestMemory::Unshared(bytes)));
        }
        let make = env.local(|env| Ok(View(env.reference(env.run_script(VIEW)?)?)))?;
        let memory = env.upgrade(&self.memory);
        let memory = memory.ok_or_else(|| Error::internal("a memory that was collected"))?;
        let made = env.call(env.deref(&make.0)?, &[memory])?;
        let view = env.get_element(made, 0)?;
        let is_shared = env.as_boolean(env.get_element(made, 1)?).unwrap_or(true);
        let (data, length) = env.bytes_at(view).unwrap_or((std::ptr::null_mut(), 0));
        if length == 0 {
            return Ok(f(&mut GuestMemory::Unshared(&mut [])));
        }
        if !is_shared {
            self.view = Some(env.weak_reference(view)?);
            // SAFETY: as above.
            let bytes = unsafe { std::slice::from_raw_parts_mut(data, length) };
            return Ok(f(&mut GuestMemory::Unshared(bytes)));
        }
        // A shared memory keeps its old buffers when it grows, so a view of it is used once.
        // SAFETY: V8 says that so many bytes are there, and the view, a live handle, keeps them. They are used as what
        // they are: cells that others may write.
        let bytes = unsafe { std::slice::from_raw_parts(data.cast::<UnsafeCell<u8>>(), length) };
        Ok(f(&mut GuestMemory::Shared(bytes)))
    }
}
