//! Guarded views of linear memory.
#![allow(unsafe_code)]

mod shared;

use std::cell::RefCell;
use std::rc::Rc;

use wasmtime::Memory;

use crate::error::{Class, Error, code};
use crate::ffi::{Buffer, BufferError, Env, Value, external_buffer};
use crate::store::{StoreCell, View};

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
            "this host forbids ArrayBuffers over memory outside of V8's heap (Electron does), so memory.buffer cannot be had",
        ),
    }
}
