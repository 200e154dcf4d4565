//! Links a module, carries out its plan and makes its namespace object.

mod bind;
mod binding;
mod esm;
mod init;
mod link;
mod loaded;
mod namespace;

use std::rc::Rc;
use std::sync::Arc;

use wasmport_init_section::Phase;

use crate::engine;
use crate::error::Error;
use crate::ffi::{Env, Reference, Thrown, Value};
use crate::guest;
use crate::js_api::{self, unpoolable};
use crate::module::{Linkable, Module};
use crate::store::StoreCell;
use crate::wasi;

pub use binding::{LoadedModule, add_versions};
use link::Host;
use loaded::Loaded;

/// The store that all ES modules of an environment share: they live as long as it does, and link
/// to each other natively.
struct SharedStore {
    cell: Rc<StoreCell>,
    /// The modules' own objects come and go; what they imported stays.
    _anchor: Reference,
}

/// What loading a module made.
pub struct Namespace<'s> {
    /// The object that shows the exports, and keeps the instance.
    pub exports: Value<'s>,
    /// What a program gets: the same, unless a step of the plan made something else of it.
    pub shown: Value<'s>,
}

/// Loads a compiled module: links it, starts it, and returns its namespace. `shared` makes it part
/// of the ES module graph.
pub fn instantiate<'s>(
    env: Env<'s>,
    module: &Arc<Module>,
    imports: Value<'s>,
    wasi: wasi::Options,
    shared: bool,
) -> Result<Namespace<'s>, Error> {
    let started = begin(env, module, imports, wasi, shared)?;
    let Started { cell, code, loaded, .. } = &started;
    if loaded.addon.is_some() {
        // Who made the namespace has said all that it shows.
        let exports = namespace::bare(env, cell, loaded)?;
        let shown = started.namespace.unwrap_or(exports);
        if !shared {
            namespace::make_disposable(env, cell, loaded, shown)?;
        }
        return Ok(Namespace { exports, shown });
    }
    let exports = cell.batch(env, || namespace::make(env, cell, loaded, code, !shared))?;
    Ok(Namespace {
        exports,
        shown: started.namespace.unwrap_or(exports),
    })
}

/// What is called in an instance of its own.
pub enum FreshCall<'a, 's> {
    /// The entry of the plan. The result is the exit code.
    Entry,
    /// An export, with arguments of JavaScript.
    Export(&'a str, &'a [Value<'s>]),
}

/// Makes a call of a command: in an instance of its own, which ends with it. Nothing of the instance
/// is made for JavaScript, which would keep it until it collects.
pub fn call_fresh<'s>(
    env: Env<'s>,
    module: &Arc<Module>,
    imports: Value<'s>,
    wasi: wasi::Options,
    call: FreshCall<'_, 's>,
) -> Result<Value<'s>, Error> {
    let Started { cell, loaded, .. } = begin(env, module, imports, wasi, false)?;
    let ended = match call {
        FreshCall::Entry => loaded
            .call_entry(env, &cell)
            .and_then(|exit_code| Ok(env.int32(exit_code)?)),
        FreshCall::Export(name, args) => loaded.call_export(env, &cell, name, args),
    };
    // What was thrown has to wait while the dispose steps run. What went wrong first is what is told.
    let thrown = env.take_exception();
    let disposed = loaded.dispose(env, &cell);
    // A memory or table that it imports is in the same store and may outlive the call.
    if module.imports_functions_only() {
        cell.dispose();
    }
    match (ended, thrown) {
        (Err(_), Some(error)) => {
            env.take_exception();
            Err(env.throw(error).into())
        }
        (Err(error), None) => {
            env.take_exception();
            Err(error)
        }
        (Ok(result), _) => disposed.map(|()| result),
    }
}

/// An instance of which the evaluate steps are done.
struct Started<'a, 's> {
    cell: Rc<StoreCell>,
    code: &'a Linkable,
    loaded: Rc<Loaded>,
    /// What one of the steps made to be the namespace.
    namespace: Option<Value<'s>>,
}

/// Finds the store for an instance, and links and starts it there.
fn begin<'a, 's>(
    env: Env<'s>,
    module: &'a Arc<Module>,
    imports: Value<'s>,
    wasi: wasi::Options,
    shared: bool,
) -> Result<Started<'a, 's>, Error> {
    let given = link::read(env, module, imports)?;
    bind::check(env, module, imports)?;
    let linking = Linking { module, given, imports };
    let cell = match link::joined_store(env, &linking.given, module)? {
        Some(cell) => cell,
        None if shared && !link::is_addon(module) => shared_store(env)?,
        None => {
            // The pool is for what is made often: a module with WASI opens files each time.
            if !guest::imports_wasi(module)
                && !module.imports_thread_spawn()
                && !link::is_addon(module)
                && let Some(code) = module.code.pooled()
            {
                let cell = StoreCell::new(env, code.module.engine())?;
                match linking.instantiate(env, &cell, code, &Host::default())? {
                    Some(started) => return Ok(started),
                    None => cell.dispose(),
                }
            }
            StoreCell::new(env, engine::engine()?)?
        }
    };
    let code = module.code.on(&cell.engine()?).ok_or_else(|| unpoolable(module))?;
    let host = Host::new(env, &cell, module, &linking.given, wasi)?;
    let started = linking.instantiate(env, &cell, code, &host);
    if let (Err(_), Some(addon)) = (&started, &host.addon) {
        addon.discard();
    }
    started?.ok_or_else(|| unpoolable(module))
}

/// Says now what [`instantiate`] would find wrong with the imports, as far as it can be known without an instance.
pub fn check<'s>(env: Env<'s>, module: &Arc<Module>, imports: Value<'s>, wasi: wasi::Options) -> Result<(), Error> {
    let given = link::read(env, module, imports)?;
    bind::check(env, module, imports)?;
    if !module.imports_functions_only() {
        // The objects belong to a store, or to the one of the first instance that they are given to.
        return Ok(());
    }
    let cell = StoreCell::new(env, engine::engine()?)?;
    let host = Host::new(env, &cell, module, &given, wasi)?;
    let linked = link::link(env, &cell, module, module.code.on_demand(), &given, &host);
    if let Some(addon) = &host.addon {
        addon.discard();
    }
    cell.dispose();
    linked.map(drop)
}

/// What an instance is made of, whichever store it comes into.
struct Linking<'a, 's> {
    module: &'a Arc<Module>,
    given: link::Given<'s>,
    imports: Value<'s>,
}

impl<'a, 's> Linking<'a, 's> {
    /// Returns none where the pool of the store is full. Nothing of the guest has run then.
    fn instantiate(
        &self,
        env: Env<'s>,
        cell: &Rc<StoreCell>,
        code: &'a Linkable,
        host: &Host,
    ) -> Result<Option<Started<'a, 's>>, Error> {
        let module = self.module;
        let externs = link::link(env, cell, module, code, &self.given, host)?;
        bind::imported_memory(env, cell, module, code, &externs, host.wasi.as_ref())?;
        let Some(instance) = js_api::instantiate(env, cell, module, code, &externs)? else {
            return Ok(None);
        };
        let loaded = Rc::new(Loaded::new(module, instance, host.addon.as_ref()));
        bind::carry_out(env, cell, &loaded, self, code, &externs, host)?;
        let namespace = loaded.carry_out(env, cell, Phase::Evaluate)?;
        Ok(Some(Started {
            cell: cell.clone(),
            code,
            loaded,
            namespace,
        }))
    }
}

fn shared_store(env: Env<'_>) -> Result<Rc<StoreCell>, Error> {
    let shared = env.local(|env| {
        let cell = engine::engine()
            .and_then(|engine| StoreCell::new(env, engine))
            .map_err(|error| error.throw(env))?;
        let anchor = cell.anchor().hold(env)?;
        Ok::<_, Thrown>(SharedStore { cell, _anchor: anchor })
    })?;
    Ok(shared.cell.clone())
}
