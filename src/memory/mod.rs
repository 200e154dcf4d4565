//! Guarded views of linear memory.
#![allow(unsafe_code)]

mod foreign;
mod resident;
mod shared;

use std::cell::RefCell;
use std::rc::Rc;

use wasmtime::Memory;

use crate::error::{Class, Error, code};
use crate::ffi::{Buffer, BufferError, Env, Value, external_buffer};
use crate::store::{StoreCell, View};

pub use foreign::ForeignMemory;
pub use resident::resident_pages;
pub use shared::SharedView;

/// The `ArrayBuffer` over a memory: the same object until the memory grows, which detaches it.
pub struct MemoryView {
    cell: Rc<StoreCell>,
    memory: Memory,
    shown: RefCell<Option<Shown>>,
}

struct Shown {
    buffer: Buffer,
    length: usize,
}

impl MemoryView {
    pub fn new(cell: Rc<StoreCell>, memory: Memory) -> Rc<MemoryView> {
        let view = Rc::new(MemoryView {
            cell,
            memory,
            shown: RefCell::new(None),
        });
        let weak = Rc::downgrade(&view);
        view.cell.add_view(weak);
        view
    }

    pub fn memory(&self) -> Memory {
        self.memory
    }

    /// The current buffer.
    pub fn buffer<'s>(&self, env: Env<'s>) -> Result<Value<'s>, Error> {
        let (data, length) = self
            .cell
            .with(|cx| (self.memory.data_ptr(&cx), self.memory.data_size(&cx)))?;
        self.detach_unless(env, |shown| {
            // Somebody may have moved its bytes to another `ArrayBuffer`: it shows nothing any more.
            shown.length == length && (length == 0 || !shown.buffer.is_detached(env))
        })?;
        if let Some(shown) = &*self.shown.borrow() {
            return Ok(shown.buffer.value(env)?);
        }
        let owner = self.cell.retain();
        // SAFETY: the engine never moves a memory (`memory_may_move(false)`), and `owner` keeps the
        // store, and with it the mapping, until V8 lets go of the bytes.
        let value = unsafe { external_buffer(env, data, length, owner) }.map_err(forbidden)?;
        let buffer = Buffer::keep(env, value)?;
        *self.shown.borrow_mut() = Some(Shown { buffer, length });
        Ok(value)
    }

    /// The size in bytes.
    pub fn size(&self) -> Result<usize, Error> {
        self.cell.with(|cx| self.memory.data_size(&cx))
    }

    /// Fills a `Uint8Array` with the bytes at `address`.
    pub fn read(&self, env: Env<'_>, address: usize, into: Value<'_>) -> Result<(), Error> {
        let (ours, theirs, length) = self.span(env, address, into)?;
        // SAFETY: by `span`, and neither JavaScript nor WebAssembly of this store runs meanwhile. The array may be
        // one over this memory.
        unsafe { std::ptr::copy(ours, theirs, length) };
        Ok(())
    }

    /// Copies the bytes of a `Uint8Array` to `address`.
    pub fn write(&self, env: Env<'_>, address: usize, from: Value<'_>) -> Result<(), Error> {
        let (ours, theirs, length) = self.span(env, address, from)?;
        // SAFETY: as in `read`.
        unsafe { std::ptr::copy(theirs, ours, length) };
        Ok(())
    }

    /// Where the memory has its bytes at `address`, where the array has its bytes, and how many those are; both are
    /// valid for so many.
    fn span(&self, env: Env<'_>, address: usize, array: Value<'_>) -> Result<(*mut u8, *mut u8, usize), Error> {
        let (data, size) = self
            .cell
            .with(|cx| (self.memory.data_ptr(&cx), self.memory.data_size(&cx)))?;
        let (theirs, length) = bytes_of(env, array, address, size)?;
        Ok((data.wrapping_add(address), theirs, length))
    }

    /// Grows the memory by `delta` pages and says how many it had; `None` where it cannot grow so far.
    pub fn grow(&self, env: Env<'_>, delta: u64) -> Result<Option<u64>, Error> {
        let before = self.cell.with(|mut cx| self.memory.grow(&mut cx, delta).ok())?;
        self.cell.settle(env)?;
        if before.is_some() && delta == 0 {
            // Growth by nothing makes a new buffer as well.
            self.detach_unless(env, |_| false)?;
        }
        Ok(before)
    }

    /// Detaches and forgets the buffer unless it is still `right`.
    fn detach_unless(&self, env: Env<'_>, right: impl FnOnce(&Shown) -> bool) -> Result<(), Error> {
        let stale = self.shown.borrow_mut().take_if(|shown| !right(shown));
        Ok(stale.map_or(Ok(()), |shown| shown.buffer.detach(env))?)
    }
}

/// The bytes of a `Uint8Array` that fits at `address` of a memory of `size` bytes, which is for the JavaScript half to see to.
fn bytes_of(env: Env<'_>, array: Value<'_>, address: usize, size: usize) -> Result<(*mut u8, usize), Error> {
    let (data, length) = env
        .bytes_at(array)
        .ok_or_else(|| Error::internal("bytes to copy that are no Uint8Array"))?;
    match address.checked_add(length) {
        // V8 has no address for no bytes.
        _ if length == 0 => Ok((std::ptr::NonNull::dangling().as_ptr(), 0)),
        Some(end) if end <= size => Ok((data, length)),
        _ => Err(Error::internal("bytes to copy that do not fit")),
    }
}

impl View for MemoryView {
    fn refresh(&self, env: Env<'_>) -> Result<(), Error> {
        match self.cell.with(|cx| self.memory.data_size(&cx)) {
            Ok(length) => self.detach_unless(env, |shown| shown.length == length),
            // Disposed of while it was running: nobody can grow the memory any more.
            Err(_) => Ok(()),
        }
    }
}

fn forbidden(error: BufferError) -> Error {
    match error {
        BufferError::Thrown(thrown) => thrown.into(),
        BufferError::Forbidden => Error::new(
            Class::Error,
            code::MEMORY,
            "this host forbids ArrayBuffers over memory outside of V8's heap (Electron does), so memory.buffer cannot be had; readMemory() and writeMemory() of wasmport copy bytes instead",
        ),
    }
}
