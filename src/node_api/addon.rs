//! An addon that is a guest: one instance, and all that it holds of JavaScript.
//!
//! An addon stays until its namespace is disposed of or its environment ends, as native ones do: its classes and
//! references may be used at any time. What JavaScript keeps of it are numbers, so that a function that is called, or a
//! finalizer that is run, after its end finds out that it is gone.

use std::cell::{Cell, OnceCell, RefCell};
use std::ffi::c_void;
use std::rc::Rc;
use std::sync::{Arc, OnceLock};

use napi_sys as sys;
use rustc_hash::FxHashMap;
use wasmtime::{Extern, Instance, Table, TypedFunc};

use super::callbacks::Callbacks;
use super::emnapi;
use super::entry::Entry;
use super::failure::{Failure, Outcome};
use super::handles::Handles;
use super::last_error::LastError;
use super::linear::Linear;
use super::shared::Shared;
use super::state::State;
use crate::error::{Class, Error, code};
use crate::ffi::{Courier, Env, EnvAddress, Reference, Thrown, Value, guard};
use crate::store::{Retained, StoreCell};

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
    pub entry: Entry,
    /// Keeps the memory, which may be one of another instance that is disposed of.
    _store: Retained,
    /// Keeps the values of the store.
    _anchor: Reference,
}

/// What an addon has of its instance.
pub struct Bound {
    pub linear: Linear,
    pub instance: Instance,
    pub table: Option<Table>,
    pub malloc: Option<TypedFunc<u32, u32>>,
    pub free: Option<TypedFunc<u32, ()>>,
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
            entry: Entry::default(),
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
