//! Calls into the guest, and what each of them holds.

use std::cell::{Cell, RefCell};
use std::sync::atomic::Ordering;

use rustc_hash::FxHashMap;
use wasmtime::{Func, StoreContextMut, TypedFunc, ValRaw, WasmParams, WasmResults, bail};

use super::addon::Addon;
use super::failure::{Failure, Outcome};
use super::handles::{Handles, Mark};
use crate::error::{Class, Error, code};
use crate::store::Data;
use crate::value::error_of;

/// The call into the guest that runs now.
pub struct Entry {
    /// Where its handles begin.
    mark: Cell<Mark>,
    /// How many calls into the store there are while it does. In others the guest has no Node-API.
    depth: Cell<u32>,
    /// Where the functions are that were called as callbacks, by their place in the table.
    known: RefCell<FxHashMap<u32, usize>>,
}

impl Default for Entry {
    fn default() -> Self {
        Entry {
            mark: Cell::new(Handles::default().mark()),
            depth: Cell::default(),
            known: RefCell::default(),
        }
    }
}

impl Addon {
    /// Where the guest's handles of the running call begin.
    pub fn mark(&self) -> Mark {
        self.entry.mark.get()
    }

    /// Runs `f`, which calls into the guest with handles: those that are made meanwhile end with it. What `f` returns may
    /// be one of them, so it is looked up by `result` before. Fails if the guest traps, or leaves scopes open.
    pub fn enter<T, R>(
        &self,
        f: impl FnOnce() -> Result<T, Error>,
        result: impl FnOnce(T) -> Result<R, Error>,
    ) -> Result<R, Error> {
        self.state.loans.begin_call();
        self.begin(true).end(f().and_then(result))
    }

    /// The same for what the guest does for us in the midst of a call, which has its buffers meanwhile.
    pub fn enter_aside<R>(&self, f: impl FnOnce() -> Result<R, Error>) -> Result<R, Error> {
        self.begin(false).end(f())
    }

    fn begin(&self, lends: bool) -> RunningCall<'_> {
        let mark = self.handles.borrow().mark();
        RunningCall {
            addon: self,
            mark,
            outer: self.entry.mark.replace(mark),
            outer_depth: self.entry.depth.replace(self.cell.depth() + 1),
            lends,
        }
    }

    /// Whether the guest was called by one of these. If JavaScript has called it past us, by a function that it got from
    /// its table or as an argument, there is nobody who would end its handles and scopes.
    #[inline]
    pub fn is_entered(&self) -> bool {
        self.entry.depth.get() == self.cell.depth()
    }

    /// Ends a call into the guest. Returns how many scopes it has left open.
    fn end_scopes(&self, mark: Mark) -> usize {
        let mut left = 0;
        // After a panic they may be borrowed.
        while let Ok(mut handles) = self.handles.try_borrow_mut()
            && let Some(scope) = handles.end(self.raw_env(), mark, &mut left)
        {
            drop(handles);
            drop(scope);
        }
        left
    }

    #[cold]
    fn left_open(&self, left: usize) -> Error {
        Error::new(
            Class::Error,
            code::TRAP,
            format!(
                "{}: a function of the addon returned with {left} scope(s) open that it opened with napi_open_handle_scope \
                 or napi_open_callback_scope; each must be closed before",
                self.file
            ),
        )
        .with_text("file", &*self.file)
    }

    /// Enters WebAssembly. The error is what the call ended with.
    pub fn run<R>(&self, f: impl FnOnce(StoreContextMut<'_, Data>) -> wasmtime::Result<R>) -> Result<R, Error> {
        if self.shared.has_ended.load(Ordering::Relaxed) {
            return Err(self.ended());
        }
        let env = self.ffi();
        let outcome = self.cell.enter(f)?;
        self.cell.settle(env)?;
        outcome.map_err(|error| error_of(&self.cell, env, error, &self.file))
    }

    /// The error for a call of an addon of which a thread has failed: what that one was to do would be waited for in vain.
    #[cold]
    fn ended(&self) -> Error {
        Error::new(
            Class::Error,
            code::EXIT,
            format!(
                "{}: a thread of the addon has failed or exited, which has ended it; load it again to use it",
                self.file
            ),
        )
        .with_text("file", &*self.file)
    }

    /// Calls a function of the guest's table.
    pub fn call_table<P: WasmParams, R: WasmResults>(&self, index: u32, params: P) -> Result<R, Error> {
        self.run(|mut cx| {
            let func = self.table_entry(&mut cx, index)?;
            typed::<P, R>(&cx, func, index)?.call(&mut cx, params)
        })
    }

    /// Calls a `napi_callback` of the guest's table. What was found out about the function at a place holds as long as it
    /// is there: to find out its type takes longer than to call it.
    pub fn call_callback(&self, index: u32, environment: u32, info: u32) -> Result<u32, Error> {
        self.run(|mut cx| {
            let func = self.table_entry(&mut cx, index)?;
            let address = func.to_raw(&mut cx) as usize;
            let known = self.entry.known.borrow().get(&index) == Some(&address);
            if !known {
                typed::<(u32, u32), u32>(&cx, func, index)?;
                self.entry.known.borrow_mut().insert(index, address);
            }
            let mut raw = [ValRaw::u32(environment), ValRaw::u32(info)];
            // SAFETY: the function that is at this address, which it is as long as the store is there, was found to take
            // two integers and to return one.
            unsafe { func.call_unchecked(&mut cx, &mut raw)? };
            Ok(raw[0].get_u32())
        })
    }

    fn table_entry(&self, cx: &mut StoreContextMut<'_, Data>, index: u32) -> wasmtime::Result<Func> {
        let table = self.bound().ok().and_then(|bound| bound.table);
        let entry = table.and_then(|table| table.get(cx, u64::from(index)));
        match entry.as_ref().and_then(|entry| entry.as_func().flatten()) {
            Some(func) => Ok(*func),
            None => bail!("the addon gave {index} as a callback, where its table has no function"),
        }
    }

    /// Calls an export of the guest, if it has one of this name and type.
    pub fn call_export<P: WasmParams, R: WasmResults>(&self, name: &str, params: P) -> Result<Option<R>, Error> {
        let Some(bound) = self.bound().ok() else {
            return Ok(None);
        };
        let func = self
            .cell
            .with(|mut cx| bound.instance.get_typed_func::<P, R>(&mut cx, name).ok())?;
        match func {
            Some(func) => self.run(|mut cx| func.call(&mut cx, params)).map(Some),
            None => Ok(None),
        }
    }

    /// Has the guest allocate memory. A status says that it has none left, or no `malloc`.
    pub fn allocate(&self, size: u32) -> Outcome<u32> {
        let malloc = self.bound()?.malloc.as_ref().ok_or(Failure::GENERIC)?;
        let address = self
            .enter_aside(|| self.run(|mut cx| malloc.call(&mut cx, size)))
            .map_err(|error| self.fail(error))?;
        // What it says that it has allocated may be anywhere.
        match address {
            0 => Err(Failure::GENERIC),
            address => self.memory()?.at(address, size as usize).map(|_| address),
        }
    }

    /// Gives back what `allocate` returned.
    pub fn free(&self, address: u32) -> Result<(), Error> {
        match self.bound().ok().and_then(|bound| bound.free.as_ref()) {
            Some(free) => self.enter_aside(|| self.run(|mut cx| free.call(&mut cx, address))),
            None => Ok(()),
        }
    }
}

/// A function at a place of the table as one of a type.
fn typed<P: WasmParams, R: WasmResults>(
    cx: &StoreContextMut<'_, Data>,
    func: Func,
    index: u32,
) -> wasmtime::Result<TypedFunc<P, R>> {
    match func.typed(cx) {
        Ok(func) => Ok(func),
        Err(_) => bail!("the addon gave {index} as a callback, where its table has a function of another type"),
    }
}

/// A call into the guest, which ends after a panic too.
struct RunningCall<'a> {
    addon: &'a Addon,
    mark: Mark,
    outer: Mark,
    outer_depth: u32,
    /// Whether the guest is lent buffers for it.
    lends: bool,
}

impl RunningCall<'_> {
    /// Returns what the call did. It fails if the guest has left scopes open.
    fn end<R>(self, result: Result<R, Error>) -> Result<R, Error> {
        let call = std::mem::ManuallyDrop::new(self);
        let left = call.finish();
        match (result, left) {
            (Ok(_), 1..) => Err(call.addon.left_open(left)),
            (result, _) => result,
        }
    }

    /// Returns how many scopes the guest has left open.
    fn finish(&self) -> usize {
        if self.lends {
            self.addon.end_loans();
        }
        self.addon.entry.mark.set(self.outer);
        self.addon.entry.depth.set(self.outer_depth);
        self.addon.end_scopes(self.mark)
    }
}

impl Drop for RunningCall<'_> {
    fn drop(&mut self) {
        self.finish();
    }
}
