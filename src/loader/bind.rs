//! The bind steps: services get the instance's memory before anything is called.

use std::rc::Rc;

use wasmport_init_section::{Args, Bind, MemorySource, Source};
use wasmtime::Extern;

use super::Linking;
use super::link::{Host, import_object, is_addon};
use super::loaded::Loaded;
use crate::error::{self, Class, Error};
use crate::ffi::{Env, Type, Value};
use crate::guest::{self, Service, bound_memory, memory_source};
use crate::module::{Linkable, Module};
use crate::node_api::Addon;
use crate::store::StoreCell;
use crate::value::error_of;
use crate::wasi;

/// The function by which a JavaScript service takes the memory.
pub const HOOK: &str = "__wasm_bind";

/// The service that Node-API is in a plan.
pub const NODE_API: &str = "napi";

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
    let Some(memory) = imported(code, externs, &import.module, &import.name) else {
        return Ok(());
    };
    cell.with(|cx| wasi::bind(cx, service.id, memory))?
        .map_err(|error| error_of(cell, env, error, &module.file))
}

/// Checks that there is somebody for each service of the plan, before anything of the guest runs.
pub fn check(env: Env<'_>, module: &Module, imports: Value<'_>) -> Result<(), Error> {
    for bind in &module.plan().bind {
        let ours = is_node_api(module, &bind.service)
            || wasi::is_service(&bind.service) && module.interface().imports_from(&bind.service);
        if !ours
            && hook(env, imports, &bind.service)?.is_none()
            && module.origin().is_none_or(|origin| origin.bind == Source::Section)
        {
            return Err(unbound(module, bind));
        }
    }
    for step in &module.plan().steps {
        if let Args::Service(service) = &step.args
            && !is_node_api(module, service)
            && (hook(env, imports, service)?.is_none()
                || !module.plan().bind.iter().any(|bind| bind.service == *service))
        {
            return Err(guest::no_service(module, service));
        }
    }
    Ok(())
}

/// Whether a service is Node-API, for a module that imports that.
pub fn is_node_api(module: &Module, service: &str) -> bool {
    service == NODE_API && is_addon(module)
}

/// Gives an addon its memory and its table.
fn bind_addon(
    cell: &Rc<StoreCell>,
    addon: &Addon,
    loaded: &Loaded,
    code: &Linkable,
    externs: &[Extern],
    bind: &Bind,
) -> Result<(), Error> {
    let module = &*loaded.module;
    let memory = match memory_source(module, bind)? {
        MemorySource::Export(export) => cell.with(|cx| loaded.instance.get_export(cx, &export.name))?,
        MemorySource::Import(import) => imported(code, externs, &import.module, &import.name),
    };
    let table = match bind.table.as_str() {
        "" => None,
        name => cell.with(|cx| loaded.instance.get_table(cx, name))?,
    };
    match memory {
        Some(memory) => addon.bind(loaded.instance, memory, table),
        None => Err(Error::internal(format_args!("{}: a bound memory is gone", module.file))),
    }
}

/// What was linked for an import.
fn imported(code: &Linkable, externs: &[Extern], module: &str, name: &str) -> Option<Extern> {
    let mut imports = code.imports.iter();
    let position = imports.position(|import| import.module == module && import.name == name)?;
    externs.get(position).cloned()
}

/// The function by which the import object or module of a name takes the memory, and that object.
fn hook<'s>(env: Env<'s>, imports: Value<'s>, service: &str) -> Result<Option<(Value<'s>, Value<'s>)>, Error> {
    let host = import_object(env, imports, service)?;
    let hook = match env.type_of(host) {
        Type::Object | Type::Function => env.get(host, HOOK)?,
        _ => return Ok(None),
    };
    Ok((env.type_of(hook) == Type::Function).then_some((host, hook)))
}

/// Carries out all bind steps of the plan.
pub fn carry_out(
    env: Env<'_>,
    cell: &Rc<StoreCell>,
    loaded: &Loaded,
    linking: &Linking<'_, '_>,
    code: &Linkable,
    externs: &[Extern],
    host: &Host,
) -> Result<(), Error> {
    let (module, imports) = (&*loaded.module, linking.imports);
    for bind in &module.plan().bind {
        if let Some(addon) = host.addon.as_ref().filter(|_| bind.service == NODE_API) {
            bind_addon(cell, addon, loaded, code, externs, bind)?;
            continue;
        }
        if let Some(service) = host.wasi.as_ref().filter(|service| service.module == bind.service) {
            cell.with(|cx| service.bind(cx, &loaded.instance))?
                .map_err(|error| error_of(cell, env, error, &module.file))?;
            continue;
        }
        let Some((host, hook)) = hook(env, imports, &bind.service)? else {
            continue;
        };
        let memory = match memory_source(module, bind)? {
            MemorySource::Export(export) => loaded.object(env, cell, &export.name)?,
            MemorySource::Import(import) => env.get(env.get(imports, &import.module)?, &import.name)?,
        };
        let table = match bind.table.as_str() {
            "" => env.undefined()?,
            name => loaded.object(env, cell, name)?,
        };
        let argument = env.object()?;
        env.set(argument, "memory", memory)?;
        env.set(argument, "table", table)?;
        env.set(argument, "exports", loaded.exports(env, cell)?)?;
        let returned = env.call_method(host, hook, &[argument])?;
        if env.type_of(returned) == Type::Object {
            loaded.add_service(env, cell, &bind.service, returned)?;
        }
    }
    Ok(())
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
    .with_text("file", &*module.file)
    .with_text("service", bind.service.as_str())
}
