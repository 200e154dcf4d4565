//! Links a module, carries out its plan and makes its namespace object.

mod binding;
mod bind;
mod link;
mod namespace;
mod start;

use std::rc::Rc;

use wasmtime::Instance;

use crate::error::{Class, Error, code};
use crate::ffi::{Env, Reference, Thrown, Value};
use crate::module::Module;
use crate::store::StoreCell;
use crate::wasi::{self, Wasi};

pub use binding::ModuleObject;
pub use start::{call_entry, check_phases, evaluate, memory_export, wasi_service};

/// The store that all ES modules of an environment share: they live as long as it does, and link
/// to each other natively.
struct SharedStore {
    cell: Rc<StoreCell>,
    /// The modules' own objects come and go; what they imported stays.
    _anchor: Reference,
}

/// Loads a compiled module: links it, starts it, and returns its namespace.
pub fn instantiate<'s>(
    env: Env<'s>,
    module: &Module,
    imports: Value<'s>,
    wasi: wasi::Options,
    shared: bool,
) -> Result<Value<'s>, Error> {
    if module.plan.is_command() {
        return Err(Error::new(
            Class::Error,
            code::COMMAND,
            format!(
                "{} is a program, not a library: its exports need a fresh instance for each call; run it with run()",
                module.file
            ),
        ));
    }
    start::check_phases(module)?;
    let given = link::read(env, module, imports)?;
    let cell = match link::joined_store(env, &given, module)? {
        Some(cell) => cell,
        None if shared => shared_store(env)?,
        None => StoreCell::new(env)?,
    };
    cell.add_file(&module.code.module, &module.file);
    let service = wasi_service(module, wasi, |wasi: Wasi| cell.with(|mut cx| cx.data_mut().add_service(wasi)))?;
    let externs = link::link(env, &cell, module, &given, service.as_ref().map(|service| service.id))?;
    bind::imported_memory(&cell, module, &externs, service.as_ref())?;
    let instance = cell.enter(|cx| Instance::new(cx, &module.code.module, &externs))?;
    cell.settle(env)?;
    let instance = instance.map_err(|error| instantiation_error(&cell, error, module))?;
    let namespace = namespace::make(env, &cell, module, &instance, !shared)?;
    bind::carry_out(env, &cell, module, &instance, imports, service.as_ref(), namespace)?;
    let evaluated = cell.enter(|cx| evaluate(cx, &instance, module))?;
    cell.settle(env)?;
    evaluated.map_err(|error| cell.error_of(error, &module.file))?;
    Ok(namespace)
}

fn shared_store(env: Env<'_>) -> Result<Rc<StoreCell>, Error> {
    let shared = env.local(|env| {
        let cell = StoreCell::new(env).map_err(|error| error.throw(env))?;
        let anchor = cell.anchor().hold(env)?;
        Ok::<_, Thrown>(SharedStore { cell, _anchor: anchor })
    })?;
    Ok(shared.cell.clone())
}

/// What `Instance::new` failed with: a start function that trapped or threw, or an import of the
/// right kind but the wrong type.
fn instantiation_error(cell: &StoreCell, error: wasmtime::Error, module: &Module) -> Error {
    let linked = error.downcast_ref::<wasmtime::WasmBacktrace>().is_some()
        || error.is::<crate::store::JsException>()
        || error.is::<wasmtime::Trap>();
    if linked {
        return cell.error_of(error, &module.file);
    }
    Error::new(Class::LinkError, code::LINK, format!("{}: {error:#}", module.file)).with_text("file", &*module.file)
}
