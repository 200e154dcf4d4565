//! Finds what a module imports. Kinds are checked here, before anything is instantiated.

use std::rc::Rc;
use std::sync::Arc;

use wasmtime::{Extern, ExternType, Func, Global, Memory, MemoryType};

use super::bind::{HOOK, NODE_API};
use super::esm::advice;
use super::loaded::Loaded;
use crate::error::Error;
use crate::ffi::{Env, Type, Value};
use crate::guest::{self, Guest, Owner, Service};
use crate::js_api::{self, ESM_OPTIONS, Provider, wrong};
use crate::module::{Import, Linkable, Module};
use crate::node_api::{self, Addon};
use crate::store::StoreCell;
use crate::value::strings;
use crate::wasi::{self, Interrupt};

/// What there is for each import, in the module's order. Each value is read once.
pub struct Given<'s>(Vec<Found<'s>>);

/// What there is for one import.
enum Found<'s> {
    Wasi,
    /// The function by which the module makes threads.
    ThreadSpawn,
    /// The memory of a module that makes threads or is an addon, which nobody else has.
    OwnMemory(MemoryType),
    NodeApi(&'static node_api::Function),
    /// A function of `wasm:js-string`, or a string constant.
    Builtin(Provider),
    Value(Value<'s>),
    /// A global of another instance. Its namespace shows only the value.
    Global(Rc<StoreCell>, Global),
}

/// Reads the values for all imports.
pub fn read<'s>(env: Env<'s>, module: &Module, imports: Value<'s>) -> Result<Given<'s>, Error> {
    let imported = &module.code.on_demand().imports;
    let is_addon = is_addon(module);
    let mut values = Vec::with_capacity(imported.len());
    for import in imported {
        let provider = ESM_OPTIONS.provider(import);
        if provider != Provider::Program {
            values.push(Found::Builtin(provider));
            continue;
        }
        if import.name == HOOK {
            return Err(wrong(
                module,
                import,
                "a name that is never imported: by it the host gives a service the memory",
            ));
        }
        let host = import_object(env, imports, &import.module)?;
        values.push(match env.type_of(host) {
            Type::Object | Type::Function => match exported_global(env, host, import)? {
                Some((cell, global)) => Found::Global(cell, global),
                None => given(module, import, is_addon, env.get(host, &import.name)?, env),
            },
            Type::Undefined if wasi::is_service(&import.module) => Found::Wasi,
            Type::Undefined if import.is_thread_spawn() => Found::ThreadSpawn,
            Type::Undefined => match given(module, import, is_addon, host, env) {
                Found::Value(_) => return Err(wrong(module, import, &nothing(module, import, is_addon))),
                found => found,
            },
            _ => {
                return Err(wrong(
                    module,
                    import,
                    &format!("{} as the import object", env.describe(host)),
                ));
            }
        });
    }
    Ok(Given(values))
}

/// What a value of the program's is for an import.
fn given<'s>(module: &Module, import: &Import, is_addon: bool, value: Value<'s>, env: Env<'s>) -> Found<'s> {
    if env.type_of(value) != Type::Undefined {
        return Found::Value(value);
    }
    if let Some(ty) = own_memory(module, import, is_addon) {
        return Found::OwnMemory(ty.clone());
    }
    match node_api::function(&import.module, &import.name) {
        Some(function) if matches!(import.ty, ExternType::Func(_)) => Found::NodeApi(function),
        _ => Found::Value(value),
    }
}

/// Whether a module imports Node-API.
pub fn is_addon(module: &Module) -> bool {
    let mut imports = module.code.on_demand().imports.iter();
    imports.any(|import| node_api::function(&import.module, &import.name).is_some())
}

/// Whether the host provides an import where the program gives nothing. `is_addon` is what that says of the module.
pub fn is_provided(module: &Module, import: &Import, is_addon: bool) -> bool {
    wasi::is_service(&import.module)
        || import.is_thread_spawn()
        || node_api::function(&import.module, &import.name).is_some()
        || own_memory(module, import, is_addon).is_some()
}

/// The type of an imported memory that the host makes if nobody gives one: that of threads, and of an addon, which
/// JavaScript sees through Node-API.
fn own_memory<'m>(module: &Module, import: &'m Import, is_addon: bool) -> Option<&'m MemoryType> {
    match &import.ty {
        ExternType::Memory(ty) if is_addon => Some(ty),
        _ => module.own_memory(import),
    }
}

/// Words for an import object that is not there. Who made the module may say why.
fn nothing(module: &Module, import: &Import, is_addon: bool) -> String {
    if is_addon && let Some(why) = node_api::unknown(&import.name) {
        return why;
    }
    let text = "nothing: no such import object was given";
    match advice(module) {
        Some(advice) => format!("{text}. {advice}"),
        None => text.to_owned(),
    }
}

/// Fails if a module imports a function of Node-API that the program gives nothing for.
pub fn refuse_node_api(env: Env<'_>, module: &Module, imports: Value<'_>) -> Result<(), Error> {
    for import in &module.code.on_demand().imports {
        if node_api::function(&import.module, &import.name).is_none() {
            continue;
        }
        let host = import_object(env, imports, &import.module)?;
        let is_given = matches!(env.type_of(host), Type::Object | Type::Function)
            && env.type_of(env.get(host, &import.name)?) != Type::Undefined;
        if !is_given {
            return Err(wrong(
                module,
                import,
                "nothing: the option nodeApi is false, so that the module gets no Node-API",
            ));
        }
    }
    Ok(())
}

/// What was given for an import module: `undefined` where nothing was.
pub fn import_object<'s>(env: Env<'s>, imports: Value<'s>, module: &str) -> Result<Value<'s>, Error> {
    match env.type_of(imports) {
        Type::Undefined => Ok(imports),
        _ => Ok(env.get(imports, module)?),
    }
}

/// The global behind a namespace of ours.
fn exported_global<'s>(
    env: Env<'s>,
    host: Value<'s>,
    import: &Import,
) -> Result<Option<(Rc<StoreCell>, Global)>, Error> {
    if !matches!(import.ty, ExternType::Global(_)) {
        return Ok(None);
    }
    let Some((cell, loaded)) = StoreCell::record_of::<Loaded>(env, host)? else {
        return Ok(None);
    };
    let global = cell.with(|cx| loaded.global(cx, &import.name))?;
    Ok(global.map(|global| (cell, global)))
}

/// The store of the WebAssembly objects among the imports. Functions do not count: one of another
/// store is called through JavaScript, so that each namespace can be disposed of by itself.
pub fn joined_store<'s>(env: Env<'s>, given: &Given<'s>, module: &Module) -> Result<Option<Rc<StoreCell>>, Error> {
    let mut joined: Option<(&Import, Rc<StoreCell>)> = None;
    for (found, import) in given.0.iter().zip(&module.code.on_demand().imports) {
        let cell = match found {
            Found::Wasi | Found::ThreadSpawn | Found::OwnMemory(_) | Found::NodeApi(_) | Found::Builtin(_) => None,
            Found::Value(value) => js_api::home(env, *value)?.and_then(|(cell, must)| must.then_some(cell)),
            Found::Global(cell, _) => Some(cell.clone()),
        };
        let Some(cell) = cell else { continue };
        match joined {
            Some((other, first)) if !Rc::ptr_eq(&first, &cell) => return Err(js_api::apart(module, other, import)),
            _ => joined = Some((import, cell)),
        }
    }
    Ok(joined.map(|(_, cell)| cell))
}

/// What the host itself provides for an instance.
#[derive(Default)]
pub struct Host {
    pub wasi: Option<Service>,
    /// Where it makes threads.
    pub guest: Option<Arc<Guest>>,
    /// Where it imports Node-API.
    pub addon: Option<Rc<Addon>>,
}

impl Host {
    /// Opens what a module needs of the host, in a store. The other threads end with the store.
    pub fn new(
        env: Env<'_>,
        cell: &Rc<StoreCell>,
        module: &Arc<Module>,
        given: &Given<'_>,
        wasi: wasi::Options,
    ) -> Result<Host, Error> {
        let spawns = given.0.iter().any(|found| matches!(found, Found::ThreadSpawn));
        let interrupt = match spawns {
            true => Some(Interrupt::new().map_err(|error| Error::system(&error, "pipe", ""))?),
            false => None,
        };
        let most_threads = wasi.max_threads;
        let process = guest::wasi_process(module, wasi, interrupt.clone())?;
        let service = match &process {
            Some(process) => guest::wasi_service(module, process, |wasi| {
                cell.with(|mut cx| cx.data_mut().add_service(wasi))
            })?,
            None => None,
        };
        let mut host = Host {
            wasi: service,
            ..Host::default()
        };
        if given.0.iter().any(|found| matches!(found, Found::NodeApi(_))) {
            host.addon = Some(Addon::new(env, cell, &module.file)?);
        }
        if spawns {
            let shared = host.addon.as_ref().map(|addon| addon.shared.clone());
            let guest = Guest::new(module, process, None, shared.clone(), interrupt, most_threads);
            if let Some(shared) = shared {
                let weak = Arc::downgrade(&guest);
                let left = move || weak.upgrade().map_or(0, |guest| guest.threads_left());
                // It is new.
                let _ = shared.threads_left.set(Box::new(left));
            }
            cell.with(|mut cx| cx.data_mut().add_service(Owner(guest.clone())))?;
            host.guest = Some(guest);
        }
        Ok(host)
    }

    fn need<T>(provided: &Option<T>) -> Result<&T, Error> {
        provided
            .as_ref()
            .ok_or_else(|| Error::internal("an import without its provider"))
    }
}

/// Makes an extern of the store for each import.
pub fn link(
    env: Env<'_>,
    cell: &Rc<StoreCell>,
    module: &Module,
    code: &Linkable,
    given: &Given<'_>,
    host: &Host,
) -> Result<Vec<Extern>, Error> {
    let mut functions = 0;
    let mut externs = Vec::with_capacity(code.imports.len());
    for (import, found) in code.imports.iter().zip(&given.0) {
        externs.push(match found {
            Found::Value(value) => js_api::convert(env, cell, module, import, functions, *value)?,
            Found::Global(_, global) => js_api::fit(cell, module, import, (*global).into())?,
            Found::Builtin(Provider::Constant) => strings::constant(cell, &import.name)?.into(),
            Found::Builtin(_) => strings::function(cell, env, &import.name)?.into(),
            Found::Wasi => {
                let service = Host::need(&host.wasi)?.id;
                cell.with(|cx| guest::wasi_function(cx, module, import, service))??
                    .into()
            }
            Found::ThreadSpawn => {
                let guest = Host::need(&host.guest)?;
                cell.with(|cx| guest::thread_spawn(cx, guest, module, import))??.into()
            }
            Found::NodeApi(function) => {
                let addon = Host::need(&host.addon)?;
                node_api_function(cell, addon, module, import, function)?.into()
            }
            Found::OwnMemory(ty) if ty.is_shared() => {
                let memory = guest::new_memory(module, ty)?;
                if is_shown(module, host) {
                    js_api::share(cell, env, &memory)?;
                }
                memory.into()
            }
            Found::OwnMemory(ty) => cell
                .with(|cx| Memory::new(cx, ty.clone()))?
                .map_err(|error| guest::no_memory(module, ty, &error))?
                .into(),
        });
        if let (Some(guest), Some(Extern::SharedMemory(memory))) = (&host.guest, externs.last()) {
            guest.add_memory(memory);
        }
        functions += u32::from(matches!(import.ty, ExternType::Func(_)));
    }
    Ok(externs)
}

/// Whether JavaScript may get to see the module's memory as an object. That of an addon it does not, unless a service of
/// the program's is bound to it.
fn is_shown(module: &Module, host: &Host) -> bool {
    let ours = |service: &str| service == NODE_API || wasi::is_service(service);
    host.addon.is_none() || !module.plan().bind.iter().all(|bind| ours(&bind.service))
}

/// A function of Node-API for an import of an addon.
fn node_api_function(
    cell: &Rc<StoreCell>,
    addon: &Rc<Addon>,
    module: &Module,
    import: &Import,
    function: &'static node_api::Function,
) -> Result<Func, Error> {
    let fitting = match &import.ty {
        ExternType::Func(ty) => function.of_type(ty).map(|function| (function, ty)),
        _ => None,
    };
    match fitting {
        Some((function, ty)) => function.link(cell, addon, ty.clone()),
        None => Err(wrong(
            module,
            import,
            &format!("a function {}, as Node-API has it", function.signature()),
        )),
    }
}
