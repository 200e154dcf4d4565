//! Links a module, carries out its plan and makes its namespace object.

mod bind;
mod binding;
mod esm;
mod init;
mod link;
mod loaded;
mod namespace;
mod start;

use std::rc::Rc;
use std::sync::Arc;

use wasmport_init_section::Phase;

use crate::engine;
use crate::error::Error;
use crate::ffi::{Env, Reference, Thrown, Value};
use crate::js_api::{self, unpoolable};
use crate::module::{Linkable, Module};
use crate::store::StoreCell;
use crate::wasi::{self, Wasi};

pub use binding::{LoadedModule, add_versions};
use loaded::Loaded;
pub use start::{call_entry, call_step, calls, check_plain, wasi_function, wasi_service};

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
    let given = link::read(env, module, imports)?;
    bind::check(env, module, imports)?;
    let cell = match link::joined_store(env, &given, module)? {
        Some(cell) => cell,
        None if shared => shared_store(env)?,
        None => {
            // The pool is for what is made often: a module with WASI opens files each time.
            if !start::imports_wasi(module)
                && let Some(code) = module.code.pooled()
            {
                let cell = StoreCell::new(env, code.module.engine())?;
                let attempt = Attempt {
                    module,
                    code,
                    given: &given,
                    imports,
                    disposable: true,
                };
                match attempt.carry_out(env, &cell, None)? {
                    Some(namespace) => return Ok(namespace),
                    None => cell.dispose(),
                }
            }
            StoreCell::new(env, engine::engine()?)?
        }
    };
    let code = module.code.on(&cell.engine()?).ok_or_else(|| unpoolable(module))?;
    let attempt = Attempt {
        module,
        code,
        given: &given,
        imports,
        disposable: !shared,
    };
    let service = wasi_service(module, wasi, |wasi: Wasi| {
        cell.with(|mut cx| cx.data_mut().add_service(wasi))
    })?;
    attempt
        .carry_out(env, &cell, service.as_ref())?
        .ok_or_else(|| unpoolable(module))
}

/// Says now what [`instantiate`] would find wrong with the imports, as far as it can be known without an instance.
pub fn check<'s>(env: Env<'s>, module: &Module, imports: Value<'s>, wasi: wasi::Options) -> Result<(), Error> {
    let given = link::read(env, module, imports)?;
    bind::check(env, module, imports)?;
    if !module.imports_functions_only() {
        // The objects belong to a store, or to the one of the first instance that they are given to.
        return Ok(());
    }
    let cell = StoreCell::new(env, engine::engine()?)?;
    let service = wasi_service(module, wasi, |wasi: Wasi| {
        cell.with(|mut cx| cx.data_mut().add_service(wasi))
    })?;
    let code = module.code.on_demand();
    let linked = link::link(env, &cell, module, code, &given, service.map(|service| service.id));
    cell.dispose();
    linked.map(drop)
}

/// One way to instantiate a module: in a store of one engine.
struct Attempt<'a, 's> {
    module: &'a Arc<Module>,
    code: &'a Linkable,
    given: &'a link::Given<'s>,
    imports: Value<'s>,
    disposable: bool,
}

impl<'s> Attempt<'_, 's> {
    /// Returns the namespace, or none where the pool is full. Nothing of the guest has run then.
    fn carry_out(
        &self,
        env: Env<'s>,
        cell: &Rc<StoreCell>,
        service: Option<&start::Service>,
    ) -> Result<Option<Namespace<'s>>, Error> {
        let Attempt { module, code, .. } = *self;
        let externs = link::link(env, cell, module, code, self.given, service.map(|service| service.id))?;
        bind::imported_memory(env, cell, module, code, &externs, service)?;
        let Some(instance) = js_api::instantiate(env, cell, module, code, &externs)? else {
            return Ok(None);
        };
        let loaded = Rc::new(Loaded::new(module, instance));
        let exports = cell.batch(env, || namespace::make(env, cell, &loaded, code, self.disposable))?;
        bind::carry_out(env, cell, &loaded, self.imports, service)?;
        let replaced = loaded.carry_out(env, cell, Phase::Evaluate)?;
        Ok(Some(Namespace {
            exports,
            shown: replaced.unwrap_or(exports),
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
