//! Guarded views of linear memory.
#![allow(unsafe_code)]

mod shared;

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

use wasmtime::Memory;

use crate::error::{Class, Error, code};
use crate::ffi::{Buffer, BufferError, Env, EnvAddress, Value, external_buffer};
use crate::store::{StoreCell, View};

pub use shared::SharedView;

/// The `ArrayBuffer` over a memory: the same object until the memory grows, which detaches it.
pub struct MemoryView {
    cell: Rc<StoreCell>,
    memory: Memory,
    shown: RefCell<Option<Shown>>,
    /// Whether somebody moved the bytes to another `ArrayBuffer`, which nobody here knows.
    moved: Cell<bool>,
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
            moved: Cell::new(false),
        });
        let weak = Rc::downgrade(&view);
        view.cell.add_view(weak);
        view
    }

    /// Looks whether somebody moved the buffer's bytes to another `ArrayBuffer`, and then forgets the
    /// buffer: it shows nothing any more.
    fn notice_move(&self, env: Env<'_>) {
        let mut shown = self.shown.borrow_mut();
        if shown
            .take_if(|shown| shown.length > 0 && shown.buffer.is_detached(env))
            .is_some()
        {
            self.moved.set(true);
        }
    }

    pub fn memory(&self) -> Memory {
        self.memory
    }

    /// The current buffer.
    pub fn buffer<'s>(self: &Rc<Self>, env: Env<'s>) -> Result<Value<'s>, Error> {
        let (data, length) = self
            .cell
            .with(|cx| (self.memory.data_ptr(&cx), self.memory.data_size(&cx)))?;
        self.notice_move(env);
        self.detach_unless(env, length)?;
        if let Some(shown) = &*self.shown.borrow() {
            return Ok(shown.buffer.value(env)?);
        }
        let owner = self.cell.retain();
        // SAFETY: the engine never moves a memory (`memory_may_move(false)`), and `owner` keeps the
        // store, and with it the mapping, until V8 lets go of the bytes.
        let value = unsafe { external_buffer(env, data, length, owner) }.map_err(forbidden)?;
        let buffer = Buffer::keep(env, value)?;
        Shown::list(env, self)?;
        *self.shown.borrow_mut() = Some(Shown { buffer, length });
        Ok(value)
    }

    /// Grows the memory by `delta` pages and says how many it had; `None` where it cannot grow so far.
    pub fn grow(&self, env: Env<'_>, delta: u64) -> Result<Option<u64>, Error> {
        let before = self.cell.with(|mut cx| self.memory.grow(&mut cx, delta).ok())?;
        self.cell.settle(env)?;
        Ok(before)
    }

    fn detach_unless(&self, env: Env<'_>, length: usize) -> Result<(), Error> {
        let stale = self.shown.borrow_mut().take_if(|shown| shown.length != length);
        Ok(stale.map_or(Ok(()), |shown| shown.buffer.detach(env))?)
    }
}

impl Shown {
    /// Remembers a view that has a buffer for the end of the environment.
    fn list(env: Env<'_>, view: &Rc<MemoryView>) -> Result<(), Error> {
        let list = env.local(|env| {
            Ok(ShownViews {
                env: env.address(),
                views: RefCell::default(),
            })
        })?;
        let mut views = list.views.borrow_mut();
        if views.len() == views.capacity() {
            views.retain(|view| view.strong_count() > 0);
        }
        views.push(Rc::downgrade(view));
        Ok(())
    }
}

/// The views of an environment that have had a buffer.
///
/// A buffer's bytes can be moved to another `ArrayBuffer` and that to another thread. When the
/// environment ends, Node lets go of the bytes all the same, so the store behind them must then
/// stay for ever.
struct ShownViews {
    env: EnvAddress,
    views: RefCell<Vec<Weak<MemoryView>>>,
}

impl Drop for ShownViews {
    fn drop(&mut self) {
        // SAFETY: the state of an environment is dropped by its cleanup hook, on its thread and
        // before its handles end; `scoped` opens a handle scope.
        let env = unsafe { self.env.env() };
        for view in self.views.borrow().iter().filter_map(Weak::upgrade) {
            env.scoped(|env| view.notice_move(env));
            if view.moved.get() {
                std::mem::forget(view.cell.retain());
            }
        }
    }
}

impl View for MemoryView {
    fn refresh(&self, env: Env<'_>) -> Result<(), Error> {
        match self.cell.with(|cx| self.memory.data_size(&cx)) {
            Ok(length) => self.detach_unless(env, length),
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
