//! Links a module, carries out its plan and makes its namespace object.

mod bind;
mod binding;
mod link;
mod mismatch;
mod namespace;
mod start;

use std::rc::Rc;

use wasmtime::{Instance, PoolConcurrencyLimitError};

use crate::engine;
use crate::error::{Class, Error, code};
use crate::ffi::{Env, Reference, Thrown, Value};
use crate::module::{Linkable, Module};
use crate::store::StoreCell;
use crate::wasi::{self, Wasi};

pub use binding::{ModuleObject, add_versions};
pub use mismatch::wrong;
pub use start::{call_entry, check_phases, evaluate, wasi_function, wasi_service};

/// The store that all ES modules of an environment share: they live as long as it does, and link
/// to each other natively.
struct SharedStore {
    cell: Rc<StoreCell>,
    /// The modules' own objects come and go; what they imported stays.
    _anchor: Reference,
}

/// Loads a compiled module: links it, starts it, and returns its namespace. `shared` makes it part
/// of the ES module graph.
pub fn instantiate<'s>(
    env: Env<'s>,
    module: &Module,
    imports: Value<'s>,
    wasi: wasi::Options,
    shared: bool,
) -> Result<Value<'s>, Error> {
    if module.plan().is_command() {
        return Err(Error::new(
            Class::Error,
            code::COMMAND,
            format!(
                "{} is a program, not a library: its exports need a fresh instance for each call; run it with run()",
                module.file
            ),
        )
        .with_text("file", &*module.file));
    }
    start::check_phases(module)?;
    let given = link::read(env, module, imports)?;
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

/// One way to instantiate a module: in a store of one engine.
struct Attempt<'a, 's> {
    module: &'a Module,
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
    ) -> Result<Option<Value<'s>>, Error> {
        let Attempt { module, code, .. } = *self;
        cell.add_file(&code.module, &module.file);
        let externs = link::link(env, cell, module, code, self.given, service.map(|service| service.id))?;
        bind::imported_memory(cell, module, code, &externs, service)?;
        let instance = cell.enter(|cx| Instance::new(cx, &code.module, &externs))?;
        cell.settle(env)?;
        let instance = match instance {
            Err(error) if error.is::<PoolConcurrencyLimitError>() => return Ok(None),
            other => other.map_err(|error| instantiation_error(cell, error, module))?,
        };
        let namespace = cell.batch(env, || {
            namespace::make(env, cell, module, code, &instance, self.disposable)
        })?;
        bind::carry_out(env, cell, module, &instance, self.imports, service, namespace)?;
        let evaluated = cell.enter(|cx| evaluate(cx, &instance, module))?;
        cell.settle(env)?;
        evaluated.map_err(|error| cell.error_of(error, &module.file))?;
        Ok(Some(namespace))
    }
}

fn unpoolable(module: &Module) -> Error {
    Error::new(
        Class::LinkError,
        code::LINK,
        format!(
            "{} cannot join the store of the objects that it imports: that store takes its memories from a pool, \
             which is full or cannot hold this module; load the module that exports them with imports of its own from \
             here, or dispose of instances that are no longer used",
            module.file
        ),
    )
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

/// What `Instance::new` failed with: a segment or a start function that trapped, or an import that
/// threw; anything else is a failure to link.
fn instantiation_error(cell: &StoreCell, error: wasmtime::Error, module: &Module) -> Error {
    let ran = error.downcast_ref::<wasmtime::WasmBacktrace>().is_some()
        || error.is::<crate::store::JsException>()
        || error.is::<wasmtime::Trap>();
    if ran {
        return cell.error_of(error, &module.file);
    }
    Error::new(Class::LinkError, code::LINK, format!("{}: {error:#}", module.file)).with_text("file", &*module.file)
}
