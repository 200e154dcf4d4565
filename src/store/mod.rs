//! Who holds a Wasmtime store now.
//!
//! JavaScript calls WebAssembly, which calls JavaScript, which calls the same store again: that is
//! normal. Rust's exclusive borrow of a store cannot be held across such a call, so a [`StoreCell`]
//! keeps the *current context*: the pointer through which the store may be used at this moment. It
//! is replaced on each call out to JavaScript and taken while it is in use. Each nested use is thus
//! a reborrow of a pointer whose holder waits further down the stack, and never a sibling of it.
//!
//! A store frees nothing before it is dropped, so it is the unit of lifetime. It is dropped with
//! the last JavaScript object over it, or when it is disposed of, and never while it is in use.
#![allow(unsafe_code)]

mod anchor;
mod confined;
mod data;
mod identity;
mod module;
mod references;
mod trap;

use std::any::Any;
use std::cell::{Cell, RefCell, UnsafeCell};
use std::ffi::c_void;
use std::mem;
use std::ptr;
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustc_hash::FxHashMap;
use wasmtime::{AsContext, AsContextMut, Engine, Func, Module, RootScope, Store, StoreContextMut};

use crate::engine::MAX_WASM_STACK;
use crate::error::{Class, Error, code};
use crate::ffi::{Callable, Env, Record, StackBounds, Thrown, Value};

pub use anchor::{Anchor, Slot};
pub use confined::Confined;
pub use data::{Data, ServiceId};
pub use identity::ObjectKey;
use identity::code_address;
pub use module::StoreModule;
pub use references::{References, Root};
pub use trap::{JsException, trap};

/// What must be left of the thread's stack beyond what WebAssembly itself may use: for the host
/// functions it calls and for making an error.
const STACK_MARGIN: usize = 128 * 1024;

/// A store of the current thread, shared by the JavaScript objects over it.
pub struct StoreCell {
    /// The context to use the store through now; null while somebody uses it, and for ever once
    /// the store is gone.
    current: Cell<*mut c_void>,
    /// How many calls into the store are on the stack.
    depth: Cell<u32>,
    disposed: Cell<bool>,
    /// How many need the store though it was disposed of: the `ArrayBuffer`s over its memories, and
    /// calls that still convert their results.
    users: Cell<usize>,
    store: UnsafeCell<Option<Store<Data>>>,
    stack: StackBounds,
    anchor: Anchor,
    /// Where in the anchor the JavaScript object for an object of the store is.
    objects: RefCell<FxHashMap<ObjectKey, u32>>,
    /// The records of function objects and namespaces, by their place in the anchor.
    records: RefCell<FxHashMap<u32, Rc<dyn Any>>>,
    references: References,
    /// Set when a memory of the store may have grown since `views` were last compared with it.
    grown: Arc<AtomicBool>,
    views: RefCell<Vec<Weak<dyn View>>>,
    /// Globals that JavaScript sees as live bindings: any call may change them, and nothing says which.
    live: RefCell<Vec<Rc<dyn View>>>,
    has_live: Cell<bool>,
    modules: RefCell<Vec<StoreModule>>,
    /// The indices of host functions among the imports that they were made for.
    host_functions: RefCell<FxHashMap<ObjectKey, u32>>,
    /// What functions of other stores are in this one.
    bridged: RefCell<FxHashMap<(usize, ObjectKey), Func>>,
}

impl StoreCell {
    /// A new store. Its anchor is kept by the JavaScript objects made over it, and until then by
    /// the handle scope of the caller.
    pub fn new(env: Env<'_>, engine: &Engine) -> Result<Rc<StoreCell>, Error> {
        let mut store = Store::new(engine, Data::default());
        let grown = store.data().grown();
        store.limiter(|data| data.limiter());
        let current = pointer(store.as_context_mut());
        let cell = Rc::new(StoreCell {
            current: Cell::new(current),
            depth: Cell::new(0),
            disposed: Cell::new(false),
            users: Cell::new(0),
            store: UnsafeCell::new(Some(store)),
            stack: StackBounds::current(),
            anchor: Anchor::new(env)?,
            objects: RefCell::default(),
            records: RefCell::default(),
            references: References::default(),
            grown,
            views: RefCell::default(),
            live: RefCell::default(),
            has_live: Cell::new(false),
            modules: RefCell::default(),
            host_functions: RefCell::default(),
            bridged: RefCell::default(),
        });
        cell.anchor.keep(env, Box::new(Keeper(cell.clone())))?;
        Ok(cell)
    }

    /// Uses the store, without entering WebAssembly.
    #[inline]
    pub fn with<R>(&self, f: impl FnOnce(StoreContextMut<'_, Data>) -> R) -> Result<R, Error> {
        if self.disposed.get() {
            return Err(disposed());
        }
        self.proceed(f)
    }

    /// The same for a call that is on its way already: it goes on, though the store was disposed of meanwhile.
    #[inline]
    pub fn proceed<R>(&self, f: impl FnOnce(StoreContextMut<'_, Data>) -> R) -> Result<R, Error> {
        let current = self.current.replace(ptr::null_mut());
        if current.is_null() {
            return Err(match self.disposed.get() {
                true => disposed(),
                false => Error::internal("a store was entered while it was in use"),
            });
        }
        let _restore = Restore { cell: self, current };
        // SAFETY: `current` is the context of the innermost holder of the store (the store itself,
        // or the host call that `lend` is running in). That holder does not use it before we
        // return, and taking it out of the cell keeps everybody else from using it meanwhile.
        // `StoreContextMut` is a transparent wrapper of this pointer (Wasmtime's C API relies on it).
        Ok(f(unsafe {
            mem::transmute::<*mut c_void, StoreContextMut<'_, Data>>(current)
        }))
    }

    /// Enters WebAssembly: `f` calls a function of the store.
    #[inline]
    pub fn enter<R>(&self, f: impl FnOnce(StoreContextMut<'_, Data>) -> R) -> Result<R, Error> {
        // Only the outermost entry sets Wasmtime's own stack limit; nested ones inherit it.
        if self.depth.get() == 0 && self.stack.left() < MAX_WASM_STACK + STACK_MARGIN {
            return Err(out_of_stack());
        }
        self.depth.set(self.depth.get() + 1);
        let _leave = Leave(self);
        self.with(f)
    }

    /// Gives the store to whoever `f` calls, from inside a host function that has it as `cx`.
    #[inline]
    pub fn lend<R>(&self, mut cx: StoreContextMut<'_, Data>, f: impl FnOnce() -> R) -> R {
        let current = self.current.replace(pointer(cx.as_context_mut()));
        let _restore = Restore { cell: self, current };
        f()
    }

    /// How many calls into the store are on the stack.
    #[inline]
    pub fn depth(&self) -> u32 {
        self.depth.get()
    }

    /// The store's objects in JavaScript's heap.
    pub fn anchor(&self) -> &Anchor {
        &self.anchor
    }

    /// Whether something in JavaScript still keeps the store.
    pub fn is_reachable(&self, env: Env<'_>) -> bool {
        self.anchor.is_there(env)
    }

    /// The JavaScript object for an object of the store, if it was made already.
    pub fn object<'s>(&self, env: Env<'s>, key: ObjectKey) -> Result<Option<Value<'s>>, Thrown> {
        let index = self.objects.borrow().get(&key).copied();
        index.map(|index| self.anchor.get(env, index)).transpose()
    }

    /// Runs `f`, which makes JavaScript objects over the store, and lets them all keep it in one go.
    pub fn batch<R, E: From<Thrown>>(&self, env: Env<'_>, f: impl FnOnce() -> Result<R, E>) -> Result<R, E> {
        self.anchor.batch(env, f)
    }

    /// The cell that an object over a store keeps; none for any other object.
    pub fn kept_by(env: Env<'_>, object: Value<'_>) -> Result<Option<Rc<StoreCell>>, Thrown> {
        Ok(Anchor::kept_by(env, object)?.map(|Keeper(cell)| cell.clone()))
    }

    /// Attaches a record to an object over the store, and makes the object keep the store.
    pub fn attach<T: 'static>(&self, env: Env<'_>, object: Value<'_>, record: Rc<T>) -> Result<(), Thrown> {
        let index = self.anchor.add_object(env, object, None)?;
        self.records.borrow_mut().insert(index, record);
        Ok(())
    }

    /// Makes `object` the JavaScript object for `key`. It keeps the store.
    pub fn adopt(&self, env: Env<'_>, key: ObjectKey, object: Value<'_>) -> Result<(), Thrown> {
        let index = self.anchor.add_object(env, object, None)?;
        self.objects.borrow_mut().insert(key, index);
        Ok(())
    }

    /// Makes `object` the JavaScript object for `key`, though it does not keep this store: it is over
    /// another one, or over none.
    pub fn adopt_foreign(&self, env: Env<'_>, key: ObjectKey, object: Value<'_>) -> Result<(), Thrown> {
        let index = self.anchor.add_value(env, object)?;
        self.objects.borrow_mut().insert(key, index);
        Ok(())
    }

    /// Makes `object` keep the store, which does not keep it.
    pub fn tie(&self, env: Env<'_>, object: Value<'_>) -> Result<(), Thrown> {
        self.anchor.tie_loosely(env, object)
    }

    /// The objects that JavaScript has for structs, arrays and exceptions of the store.
    pub fn references(&self) -> &References {
        &self.references
    }

    /// Notes the JavaScript object for a reference. The store does not keep the object.
    pub fn note(&self, env: Env<'_>, object: Value<'_>, root: Root) -> Result<(), Error> {
        let address = self.proceed(|cx| root.address(&mut RootScope::new(cx)).ok())?;
        Ok(self.references.insert(env, object, root, address)?)
    }

    /// A function object that calls `record` and keeps the store. It becomes the one for `key`.
    pub fn callable<'s, T: Callable>(
        &self,
        env: Env<'s>,
        key: Option<ObjectKey>,
        name: &str,
        record: T,
    ) -> Result<Value<'s>, Thrown> {
        let arity = record.arity();
        let record = Rc::new(record);
        // SAFETY: the record is dropped with this cell. The anchor keeps the cell and, from here
        // on, the function keeps the anchor; if that fails, nobody ever gets hold of the function.
        let function = unsafe { env.function_over(name, Rc::as_ptr(&record)) }?;
        let index = self.anchor.add_object(env, function, Some(arity))?;
        self.records.borrow_mut().insert(index, record);
        if let Some(key) = key {
            self.objects.borrow_mut().insert(key, index);
        }
        Ok(function)
    }

    /// The cell and the record of a function that `callable` made, or an object that `attach` got.
    pub fn record_of<T: 'static>(env: Env<'_>, object: Value<'_>) -> Result<Recorded<T>, Thrown> {
        let Some(cell) = StoreCell::kept_by(env, object)? else {
            return Ok(None);
        };
        let index = cell.anchor.find(env, object)?;
        let record = index.and_then(|index| cell.records.borrow().get(&index).cloned());
        Ok(record
            .and_then(|record| record.downcast().ok())
            .map(|record| (cell, record)))
    }

    /// Adds a view of a memory, to be told of growth.
    pub fn add_view(&self, view: Weak<dyn View>) {
        let mut views = self.views.borrow_mut();
        views.retain(|view| view.strong_count() > 0);
        views.push(view);
    }

    /// Adds a live binding, which is kept for as long as the store.
    pub fn add_live(&self, view: Rc<dyn View>) {
        self.live.borrow_mut().push(view);
        self.has_live.set(true);
    }

    /// Runs whenever control is about to pass to JavaScript: growth inside WebAssembly detaches
    /// the buffers over the memory, and live bindings get their values, before JavaScript can look at them.
    #[inline]
    pub fn settle(&self, env: Env<'_>) -> Result<(), Error> {
        if self.grown.load(Ordering::Relaxed) || self.has_live.get() {
            self.refresh_views(env)
        } else {
            Ok(())
        }
    }

    #[cold]
    fn refresh_views(&self, env: Env<'_>) -> Result<(), Error> {
        if self.grown.swap(false, Ordering::Relaxed) {
            let views: Vec<_> = self.views.borrow().iter().filter_map(Weak::upgrade).collect();
            views.iter().try_for_each(|view| view.refresh(env))?;
        }
        // The setters are assignments of our own and run nothing of the program's.
        self.live.borrow().iter().try_for_each(|view| view.refresh(env))
    }

    /// Collects dropped references if many values were put into the store since it last did.
    pub fn collect_if_due(&self) -> Result<(), Error> {
        match self.anchor.wants_collection() {
            true => self.proceed(|mut cx| cx.gc(None))?.map_err(Error::internal),
            false => Ok(()),
        }
    }

    /// Notes where a module of the store came from, for the frames of its traps.
    pub fn add_module(&self, module: &Module, file: &Arc<str>) {
        self.modules.borrow_mut().push(StoreModule::new(module, file));
    }

    /// What messages call the store's code where they do not know better.
    pub fn file(&self) -> Arc<str> {
        let modules = self.modules.borrow();
        modules
            .first()
            .map_or_else(|| "<wasm>".into(), StoreModule::shared_file)
    }

    /// The index of a function in its module.
    pub fn function_index(&self, func: &Func) -> Result<Option<u32>, Error> {
        let (key, address) =
            self.proceed(|mut cx| (ObjectKey::function(&mut cx, func), code_address(&mut cx, func)))?;
        let host = self.host_functions.borrow().get(&key).copied();
        let modules = self.modules.borrow();
        Ok(host.or_else(|| modules.iter().find_map(|module| module.function_index(address))))
    }

    /// Notes which imported function a host function is.
    pub fn name_host_function(&self, key: ObjectKey, index: u32) {
        self.host_functions.borrow_mut().insert(key, index);
    }

    /// What a function of another store is in this one, if it was passed here before.
    pub fn bridged(&self, foreign: &(usize, ObjectKey)) -> Option<Func> {
        self.bridged.borrow().get(foreign).copied()
    }

    pub fn add_bridged(&self, foreign: (usize, ObjectKey), func: Func) {
        self.bridged.borrow_mut().insert(foreign, func);
    }

    /// The error for what a call ended with that was no exception. `file` is the module that was called.
    #[cold]
    pub fn trap(&self, error: wasmtime::Error, file: &str) -> Error {
        trap(error, file, &self.modules.borrow())
    }

    /// Lets go of the store: at once if nothing uses it, else as soon as nothing does. Every use
    /// from now on is an error.
    pub fn dispose(&self) {
        self.disposed.set(true);
        self.release();
    }

    /// Whether somebody has let go of the store.
    pub fn is_disposed(&self) -> bool {
        self.disposed.get()
    }

    /// Keeps the store, disposed of or not, until the result is dropped.
    pub fn retain(self: &Rc<Self>) -> Retained {
        self.users.set(self.users.get() + 1);
        Retained(self.clone())
    }

    fn release(&self) {
        if self.disposed.get() && self.depth.get() == 0 && self.users.get() == 0 {
            self.current.set(ptr::null_mut());
            // SAFETY: at depth 0 no call is on the stack, and no closure of `with` is either: they
            // do not call JavaScript, so nothing can dispose from inside one. So nobody has a
            // context of the store, and `current` no longer hands one out.
            drop(unsafe { (*self.store.get()).take() });
            // The cell itself goes when V8 gets to it, which may be many stores later.
            self.objects.take();
            self.live.take();
            self.modules.take();
            self.host_functions.take();
            self.bridged.take();
        }
    }

    /// The engine of the store, which its modules must be of.
    pub fn engine(&self) -> Result<Engine, Error> {
        self.with(|cx| cx.as_context().engine().clone())
    }
}

/// The cell and the record of an object over a store, if it has one.
type Recorded<T> = Option<(Rc<StoreCell>, Rc<T>)>;

/// What the anchor carries: it keeps the store for the objects that keep the anchor.
struct Keeper(Rc<StoreCell>);

impl Record for Keeper {}

/// Something that shows a memory or a global and must follow what WebAssembly does to it.
pub trait View {
    fn refresh(&self, env: Env<'_>) -> Result<(), Error>;
}

/// Keeps a store, and with it the memories of its instances.
pub struct Retained(Rc<StoreCell>);

impl Drop for Retained {
    fn drop(&mut self) {
        self.0.users.set(self.0.users.get() - 1);
        self.0.release();
    }
}

/// Puts the context back when a use of the store ends, by return or by unwinding.
struct Restore<'a> {
    cell: &'a StoreCell,
    current: *mut c_void,
}

impl Drop for Restore<'_> {
    #[inline]
    fn drop(&mut self) {
        self.cell.current.set(self.current);
    }
}

struct Leave<'a>(&'a StoreCell);

impl Drop for Leave<'_> {
    #[inline]
    fn drop(&mut self) {
        let depth = self.0.depth.get() - 1;
        self.0.depth.set(depth);
        if depth == 0 && self.0.disposed.get() {
            self.0.release();
        }
    }
}

fn pointer(cx: StoreContextMut<'_, Data>) -> *mut c_void {
    // SAFETY: `StoreContextMut` is a transparent wrapper of a pointer (see `with`).
    unsafe { mem::transmute::<StoreContextMut<'_, Data>, *mut c_void>(cx) }
}

#[cold]
fn disposed() -> Error {
    Error::new(
        Class::Error,
        code::DISPOSED,
        "this WebAssembly instance was disposed of; load it again to use it",
    )
}

#[cold]
fn out_of_stack() -> Error {
    Error::new(
        Class::RangeError,
        code::STACK,
        format!(
            "Maximum call stack size exceeded: WebAssembly needs {} KiB of stack to be entered; \
             call it from less deep, or give the worker a larger resourceLimits.stackSizeMb",
            (MAX_WASM_STACK + STACK_MARGIN) / 1024
        ),
    )
}
