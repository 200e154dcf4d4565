//! The bind steps: services get the instance's memory before anything is called.

use std::rc::Rc;

use wasmport_init_section::{Bind, MemorySource, Source};
use wasmtime::{Extern, Instance};

use super::link::import_object;
use super::start::{Service, bound_memory, memory_source};
use crate::error::{self, Class, Error};
use crate::ffi::{Env, Type, Value};
use crate::js_api;
use crate::module::{Linkable, Module};
use crate::store::StoreCell;
use crate::value::error_of;
use crate::wasi;

/// The function by which a JavaScript service takes the memory.
const HOOK: &str = "__wasm_bind";

/// Binds a memory that the module imports to WASI: it is there before the instance, whose start
/// function may call WASI already.
pub fn imported_memory(
    env: Env<'_>,
    cell: &Rc<StoreCell>,
    module: &Module,
    code: &Linkable,
    externs: &[Extern],
    service: Option<&Service>,
) -> Result<(), Error> {
    let Some(service) = service else { return Ok(()) };
    let Some(MemorySource::Import(import)) = bound_memory(module, &service.module)? else {
        return Ok(());
    };
    let position = code
        .imports
        .iter()
        .position(|other| other.module == import.module && other.name == import.name);
    let Some(memory) = position.map(|index| externs[index].clone()) else {
        return Ok(());
    };
    cell.with(|cx| wasi::bind(cx, service.id, memory))?
        .map_err(|error| error_of(cell, env, error, &module.file))
}

/// Carries out all bind steps of the plan.
pub fn carry_out(
    env: Env<'_>,
    cell: &Rc<StoreCell>,
    module: &Module,
    instance: &Instance,
    imports: Value<'_>,
    service: Option<&Service>,
    exports: Value<'_>,
) -> Result<(), Error> {
    for bind in &module.plan().bind {
        if let Some(service) = service.filter(|service| service.module == bind.service) {
            cell.with(|cx| service.bind(cx, instance))?
                .map_err(|error| error_of(cell, env, error, &module.file))?;
            continue;
        }
        let host = import_object(env, imports, &bind.service)?;
        let hook = match env.type_of(host) {
            Type::Object | Type::Function => env.get(host, HOOK)?,
            _ => host,
        };
        if env.type_of(hook) != Type::Function {
            if module.origin().is_some_and(|origin| origin.bind == Source::Inferred) {
                continue;
            }
            return Err(unbound(module, bind));
        }
        let memory = match memory_source(module, bind)? {
            MemorySource::Export(export) => object(env, cell, module, instance, &export.name)?,
            MemorySource::Import(import) => env.get(env.get(imports, &import.module)?, &import.name)?,
        };
        let table = match bind.table.as_str() {
            "" => env.undefined()?,
            name => object(env, cell, module, instance, name)?,
        };
        let argument = env.object()?;
        env.set(argument, "memory", memory)?;
        env.set(argument, "table", table)?;
        env.set(argument, "exports", exports)?;
        env.call_method(host, hook, &[argument])?;
    }
    Ok(())
}

fn object<'s>(
    env: Env<'s>,
    cell: &Rc<StoreCell>,
    module: &Module,
    instance: &Instance,
    name: &str,
) -> Result<Value<'s>, Error> {
    match cell.with(|mut cx| instance.get_export(&mut cx, name))? {
        Some(item) => {
            let export = module.interface().exports.iter().find(|export| export.name == name);
            js_api::object(cell, env, item, export.map_or(0, |export| export.index), &module.file)
        }
        None => Err(Error::internal(format_args!(
            "{}: the export '{name}' is gone",
            module.file
        ))),
    }
}

fn unbound(module: &Module, bind: &Bind) -> Error {
    Error::new(
        Class::LinkError,
        error::code::LINK,
        format!(
            "{}: the plan binds the memory to '{}', which nothing provides: expected an import object of that name with a function {HOOK}",
            module.file, bind.service
        ),
    )
    .with_text("service", bind.service.as_str())
}
