//! Finds what a module imports. Kinds are checked here, before anything is instantiated.

use std::rc::Rc;

use wasmtime::{Extern, ExternType, Global};

use super::namespace::Namespace;
use super::start::wasi_function;
use crate::error::Error;
use crate::ffi::{Env, Type, Value};
use crate::js_api::{self, wrong};
use crate::module::{Import, Linkable, Module};
use crate::store::{ServiceId, StoreCell};
use crate::wasi;

/// A value given for an import; none where WASI provides it. Each is read once, in the module's order.
pub struct Given<'s>(Vec<Found<'s>>);

/// What there is for one import.
enum Found<'s> {
    Wasi,
    Value(Value<'s>),
    /// A global of another instance. Its namespace shows only the value.
    Global(Rc<StoreCell>, Global),
}

/// Reads the values for all imports.
pub fn read<'s>(env: Env<'s>, module: &Module, imports: Value<'s>) -> Result<Given<'s>, Error> {
    let imported = &module.code.on_demand().imports;
    let mut values = Vec::with_capacity(imported.len());
    for import in imported {
        let host = import_object(env, imports, &import.module)?;
        values.push(match env.type_of(host) {
            Type::Object | Type::Function => match exported_global(env, host, import)? {
                Some((cell, global)) => Found::Global(cell, global),
                None => Found::Value(env.get(host, &import.name)?),
            },
            Type::Undefined if wasi::is_service(&import.module) => Found::Wasi,
            Type::Undefined => return Err(wrong(module, import, "nothing: no such import object was given")),
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
    let Some((cell, namespace)) = StoreCell::record_of::<Namespace>(env, host)? else {
        return Ok(None);
    };
    let global = cell.with(|cx| namespace.global(cx, &import.name))?;
    Ok(global.map(|global| (cell, global)))
}

/// The store of the WebAssembly objects among the imports. Functions do not count: one of another
/// store is called through JavaScript, so that each namespace can be disposed of by itself.
pub fn joined_store<'s>(env: Env<'s>, given: &Given<'s>, module: &Module) -> Result<Option<Rc<StoreCell>>, Error> {
    let mut joined: Option<(&Import, Rc<StoreCell>)> = None;
    for (found, import) in given.0.iter().zip(&module.code.on_demand().imports) {
        let cell = match found {
            Found::Wasi => None,
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

/// Makes an extern of the store for each import.
pub fn link(
    env: Env<'_>,
    cell: &Rc<StoreCell>,
    module: &Module,
    code: &Linkable,
    given: &Given<'_>,
    service: Option<ServiceId>,
) -> Result<Vec<Extern>, Error> {
    let mut functions = 0;
    let mut externs = Vec::with_capacity(code.imports.len());
    for (import, found) in code.imports.iter().zip(&given.0) {
        externs.push(match (found, service) {
            (Found::Value(value), _) => js_api::convert(env, cell, module, import, functions, *value)?,
            (Found::Global(_, global), _) => js_api::fit(cell, module, import, (*global).into())?,
            (Found::Wasi, Some(service)) => cell.with(|cx| wasi_function(cx, module, import, service))??.into(),
            (Found::Wasi, None) => return Err(Error::internal("a module imports WASI but has none")),
        });
        functions += u32::from(matches!(import.ty, ExternType::Func(_)));
    }
    Ok(externs)
}
