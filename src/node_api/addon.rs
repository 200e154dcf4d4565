//! An addon that is a guest: one instance, and all that it holds of JavaScript.
//!
//! An addon stays until its namespace is disposed of or its environment ends, as native ones do: its classes and
//! references may be used at any time. What JavaScript keeps of it are numbers, so that a function that is called, or a
//! finalizer that is run, after its end finds out that it is gone.

use std::cell::{Cell, OnceCell, RefCell};
use std::ffi::c_void;
use std::rc::Rc;
use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock};

use napi_sys as sys;
use rustc_hash::FxHashMap;
use wasmtime::{Extern, Func, Instance, StoreContextMut, Table, TypedFunc, ValRaw, WasmParams, WasmResults, bail};

use super::callbacks::Callbacks;
use super::emnapi;
use super::failure::{Failure, Outcome};
use super::handles::{Handles, Mark};
use super::last_error::LastError;
use super::linear::Linear;
use super::shared::Shared;
use super::state::State;
use crate::error::{Class, Error, code};
use crate::ffi::{Courier, Env, EnvAddress, Reference, Thrown, Value, guard};
use crate::store::{Data, Retained, StoreCell};
use crate::value::error_of;

thread_local! {
    /// The addons of this thread's environment.
    static ADDONS: RefCell<FxHashMap<u32, Rc<Addon>>> = RefCell::default();
    static LAST_ID: Cell<u32> = const { Cell::new(0) };
}

/// What a guest is given as its environment where emnapi makes none: any address will do that is not null.
const ENVIRONMENT: u32 = 1;

/// An instance with Node-API.
pub struct Addon {
    pub cell: Rc<StoreCell>,
    pub file: Arc<str>,
    pub shared: Arc<Shared>,
    pub handles: RefCell<Handles>,
    pub callbacks: RefCell<Callbacks>,
    pub last_error: LastError,
    /// What the chapters keep.
    pub state: State,
    env: EnvAddress,
    raw_env: sys::napi_env,
    environment: Cell<u32>,
    bound: OnceCell<Bound>,
    /// Where the functions are that were called as callbacks, by their place in the table.
    known: RefCell<FxHashMap<u32, usize>>,
    /// The call into the guest that runs now.
    mark: Cell<Mark>,
    /// How many calls into the store there are while it does. In others the guest has no Node-API.
    depth: Cell<u32>,
    /// Keeps the memory, which may be one of another instance that is disposed of.
    _store: Retained,
    /// Keeps the values of the store.
    _anchor: Reference,
}

/// What an addon has of its instance.
pub struct Bound {
    pub linear: Linear,
    pub instance: Instance,
    table: Option<Table>,
    malloc: Option<TypedFunc<u32, u32>>,
    free: Option<TypedFunc<u32, ()>>,
}

/// The names by which allocators are exported: that of C, and that of napi-rs where there is no libc.
const MALLOC: [&str; 2] = ["malloc", "napi_wasm_malloc"];

impl Addon {
    /// Prepares an addon for the instance of a store.
    pub fn new(env: Env<'_>, cell: &Rc<StoreCell>, file: &Arc<str>) -> Result<Rc<Addon>, Error> {
        let id = LAST_ID.get() + 1;
        LAST_ID.set(id);
        let addon = Rc::new(Addon {
            cell: cell.clone(),
            file: file.clone(),
            shared: Arc::new(Shared {
                id,
                courier: Courier::new(env, "wasmport.addon")?,
                memory: OnceLock::new(),
                threads_left: OnceLock::new(),
                tasks: Default::default(),
                works: Default::default(),
                calls: Default::default(),
                has_ended: Default::default(),
            }),
            handles: RefCell::default(),
            callbacks: RefCell::default(),
            last_error: LastError::default(),
            state: State::default(),
            env: env.address(),
            raw_env: env.raw(),
            environment: Cell::new(ENVIRONMENT),
            bound: OnceCell::new(),
            known: RefCell::default(),
            mark: Cell::new(Handles::default().mark()),
            depth: Cell::new(0),
            _store: cell.retain(),
            _anchor: cell.anchor().hold(env)?,
        });
        ADDONS.with_borrow_mut(|addons| addons.insert(id, addon.clone()));
        // SAFETY: the hook is a function of this addon, which is never unloaded; its argument is a number.
        unsafe { sys::napi_add_env_cleanup_hook(env.raw(), Some(end_with_environment), id as usize as *mut c_void) };
        Ok(addon)
    }

    /// The addon of a number, unless it was disposed of.
    pub fn find(id: u32) -> Option<Rc<Addon>> {
        ADDONS
            .try_with(|addons| addons.borrow().get(&id).cloned())
            .ok()
            .flatten()
    }

    pub fn id(&self) -> u32 {
        self.shared.id
    }

    pub fn raw_env(&self) -> sys::napi_env {
        self.raw_env
    }

    /// The bind step: the addon works on this memory from now on, and calls back through this table.
    pub fn bind(&self, instance: Instance, memory: Extern, table: Option<Table>) -> Result<(), Error> {
        let linear = match memory {
            Extern::Memory(memory) => Linear::of_store(&self.cell, memory)?,
            Extern::SharedMemory(memory) => {
                // It is bound once.
                let _ = self.shared.memory.set(memory.clone());
                Linear::shared(memory)
            }
            _ => return Err(Error::internal("Node-API is bound to what is no memory")),
        };
        let (malloc, free) = self.cell.with(|mut cx| {
            let mut malloc = MALLOC
                .iter()
                .filter_map(|name| instance.get_typed_func(&mut cx, name).ok());
            (malloc.next(), instance.get_typed_func(&mut cx, "free").ok())
        })?;
        let bound = Bound {
            linear,
            instance,
            table,
            malloc,
            free,
        };
        self.bound
            .set(bound)
            .map_err(|_| Error::internal("Node-API is bound twice"))
    }

    pub fn bound(&self) -> Outcome<&Bound> {
        self.bound.get().ok_or(Failure::GENERIC)
    }

    pub fn memory(&self) -> Outcome<&Linear> {
        Ok(&self.bound()?.linear)
    }

    /// What the guest gets as `napi_env`.
    pub fn environment(&self) -> u32 {
        self.environment.get()
    }

    pub fn set_environment(&self, environment: u32) {
        self.environment.set(environment);
    }

    #[inline]
    pub fn is_environment(&self, environment: u32) -> bool {
        environment == self.environment.get()
    }

    /// Where the guest's handles of the running call begin.
    pub fn mark(&self) -> Mark {
        self.mark.get()
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
            outer: self.mark.replace(mark),
            outer_depth: self.depth.replace(self.cell.depth() + 1),
            lends,
        }
    }

    /// Whether the guest was called by one of these. If JavaScript has called it past us, by a function that it got from
    /// its table or as an argument, there is nobody who would end its handles and scopes.
    #[inline]
    pub fn is_entered(&self) -> bool {
        self.depth.get() == self.cell.depth()
    }

    /// Ends a call into the guest. Returns how many scopes it has left open.
    fn end_scopes(&self, mark: Mark) -> usize {
        let mut left = 0;
        // After a panic they may be borrowed.
        while let Ok(mut handles) = self.handles.try_borrow_mut()
            && let Some(scope) = handles.end(self.raw_env, mark, &mut left)
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
            let known = self.known.borrow().get(&index) == Some(&address);
            if !known {
                typed::<(u32, u32), u32>(&cx, func, index)?;
                self.known.borrow_mut().insert(index, address);
            }
            let mut raw = [ValRaw::u32(environment), ValRaw::u32(info)];
            // SAFETY: the function that is at this address, which it is as long as the store is there, was found to take
            // two integers and to return one.
            unsafe { func.call_unchecked(&mut cx, &mut raw)? };
            Ok(raw[0].get_u32())
        })
    }

    fn table_entry(&self, cx: &mut StoreContextMut<'_, Data>, index: u32) -> wasmtime::Result<Func> {
        let table = self.bound.get().and_then(|bound| bound.table);
        let entry = table.and_then(|table| table.get(cx, u64::from(index)));
        match entry.as_ref().and_then(|entry| entry.as_func().flatten()) {
            Some(func) => Ok(*func),
            None => bail!("the addon gave {index} as a callback, where its table has no function"),
        }
    }

    /// Calls an export of the guest, if it has one of this name and type.
    pub fn call_export<P: WasmParams, R: WasmResults>(&self, name: &str, params: P) -> Result<Option<R>, Error> {
        let Some(bound) = self.bound.get() else {
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
        match self.bound.get().and_then(|bound| bound.free.as_ref()) {
            Some(free) => self.enter_aside(|| self.run(|mut cx| free.call(&mut cx, address))),
            None => Ok(()),
        }
    }

    /// Leaves an error pending, for a function that the guest has called.
    pub fn fail(&self, error: Error) -> Failure {
        error.throw(self.ffi());
        Failure::PENDING_EXCEPTION
    }

    /// Runs what the event loop has for the guest: there is no caller, so what is thrown is an uncaught exception.
    pub fn run_task(&self, env: Env<'_>, f: impl FnOnce() -> Result<(), Error>) {
        guard(env, || {
            f().map_err(|error| error.throw(env))?;
            env.undefined()
        });
        self.report_uncaught(env);
    }

    /// Makes a pending exception an uncaught one.
    pub fn report_uncaught(&self, env: Env<'_>) {
        if let Some(error) = env.take_exception() {
            // SAFETY: both are live.
            unsafe { sys::napi_fatal_exception(self.raw_env, error.raw()) };
        }
    }

    /// Node's environment, for what `ffi` does.
    pub fn ffi<'s>(&self) -> Env<'s> {
        // SAFETY: an addon is used below a call from Node alone, which has opened a handle scope. The handles that are
        // made are used in that call.
        unsafe { self.env.env() }
    }

    pub fn set_last_error(&self, status: sys::napi_status) {
        self.last_error.set(self, status);
    }

    /// Ends the addon: its hooks and finalizers run, and nothing of it can be called any more.
    pub fn dispose(self: &Rc<Self>) -> Result<(), Error> {
        if emnapi::is_preparing(self) {
            return Ok(());
        }
        let prepared = emnapi::prepare_cleanup(self);
        let known = ADDONS.try_with(|addons| addons.borrow_mut().remove(&self.id()));
        if !matches!(known, Ok(Some(_))) {
            return Ok(());
        }
        // SAFETY: the hook was added with this argument.
        unsafe {
            sys::napi_remove_env_cleanup_hook(
                self.raw_env,
                Some(end_with_environment),
                self.id() as usize as *mut c_void,
            )
        };
        let ended = self.end();
        prepared.and(ended)
    }

    /// Lets go of an addon that was not loaded after all.
    pub fn discard(self: &Rc<Self>) {
        // What its finalizers throw is nobody's concern: there is an error already.
        let thrown = self.ffi().take_exception();
        let _ = self.dispose();
        self.ffi().take_exception();
        if let Some(error) = thrown {
            self.ffi().throw(error);
        }
    }

    fn end(self: &Rc<Self>) -> Result<(), Error> {
        // First of all, as the hooks of the guest may wait for threads that wait for this one.
        self.shared.end();
        let ended = self.run_teardown();
        self.shared.courier.close();
        ended
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
        self.addon.mark.set(self.outer);
        self.addon.depth.set(self.outer_depth);
        self.addon.end_scopes(self.mark)
    }
}

impl Drop for RunningCall<'_> {
    fn drop(&mut self) {
        self.finish();
    }
}

/// The environment ends, and with it each addon that is still there. No JavaScript runs any more.
unsafe extern "C" fn end_with_environment(id: *mut c_void) {
    let addon = ADDONS.try_with(|addons| addons.borrow_mut().remove(&(id as usize as u32)));
    if let Ok(Some(addon)) = addon {
        let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let mut scope = std::ptr::null_mut();
            // SAFETY: the environment is live until its hooks have run; the scope is closed below.
            unsafe { sys::napi_open_handle_scope(addon.raw_env, &mut scope) };
            // There is nobody to tell.
            let _ = addon.end();
            // SAFETY: it was opened above.
            unsafe { sys::napi_close_handle_scope(addon.raw_env, scope) };
        }));
    }
}

/// A value of the running call.
pub fn value_of<'s>(raw: sys::napi_value) -> Value<'s> {
    // SAFETY: callers have it from the handles of the running call, or from Node-API in it.
    unsafe { Value::from_raw(raw) }
}

/// What a function that an addon gave to JavaScript throws after the end of the addon.
#[cold]
pub fn disposed(env: Env<'_>) -> Thrown {
    Error::new(
        Class::Error,
        code::DISPOSED,
        "this addon was disposed of; load it again to use it",
    )
    .throw(env)
}
