//! Finds what a module imports. Kinds are checked here, before anything is instantiated.

use std::rc::Rc;

use wasmtime::{Extern, ExternType, Global, GlobalType, Mutability, RootScope};

use super::mismatch::{fits, found, function, wrong};
use super::namespace::Namespace;
use super::start::wasi_function;
use crate::error::{self, Class, Error};
use crate::ffi::{Env, Type, Value};
use crate::js_api;
use crate::module::{Import, Linkable, Module};
use crate::store::{ServiceId, StoreCell};
use crate::value::{Item, Kind, import_function};
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
/// store is called through JavaScript.
pub fn joined_store<'s>(env: Env<'s>, given: &Given<'s>, module: &Module) -> Result<Option<Rc<StoreCell>>, Error> {
    let mut joined: Option<(&Import, Rc<StoreCell>)> = None;
    for (found, import) in given.0.iter().zip(&module.code.on_demand().imports) {
        if matches!(import.ty, ExternType::Func(_)) {
            continue;
        }
        let cell = match found {
            Found::Wasi => None,
            Found::Value(value) => js_api::behind(env, *value)?.map(|(cell, _)| cell),
            Found::Global(cell, _) => Some(cell.clone()),
        };
        let Some(cell) = cell else { continue };
        match joined {
            Some((other, first)) if !Rc::ptr_eq(&first, &cell) => {
                return Err(Error::new(
                    Class::LinkError,
                    error::code::LINK,
                    format!(
                        "{}: imports {}.{} and {}.{} belong to different stores and cannot meet in one instance; \
                         load the modules that make them so that one imports from the other",
                        module.file, other.module, other.name, import.module, import.name
                    ),
                ));
            }
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
    let imports = code.imports.iter();
    imports
        .zip(&given.0)
        .map(|(import, found)| match (found, service) {
            (Found::Value(value), _) => convert(env, cell, module, import, *value),
            (Found::Global(_, global), _) => check(cell, module, import, (*global).into()),
            (Found::Wasi, Some(service)) => cell
                .with(|cx| wasi_function(cx, module, import, service))?
                .map(Extern::Func),
            (Found::Wasi, None) => Err(Error::internal("a module imports WASI but has none")),
        })
        .collect()
}

fn convert(
    env: Env<'_>,
    cell: &Rc<StoreCell>,
    module: &Module,
    import: &Import,
    value: Value<'_>,
) -> Result<Extern, Error> {
    if let Some((store, item)) = js_api::behind(env, value)? {
        let same = Rc::ptr_eq(&store, cell);
        match (&import.ty, &item) {
            // A function of another store is called as any JavaScript function is. Types of two
            // engines cannot be compared but by what they say.
            (ExternType::Func(expected), Extern::Func(func)) if !same => {
                let found = store.with(|cx| function(&func.ty(&cx)))?;
                if found != function(expected) {
                    return Err(wrong(module, import, &found));
                }
            }
            _ => return check(&store, module, import, item),
        }
    }
    match &import.ty {
        ExternType::Func(ty) => {
            if env.type_of(value) != Type::Function {
                return Err(wrong(module, import, &env.describe(value)));
            }
            let names = (import.module.as_str(), import.name.as_str());
            Ok(import_function(cell, env, value, ty.clone(), names, &module.file)?.into())
        }
        ExternType::Global(ty) => global(env, cell, module, import, ty, value),
        _ => Err(wrong(module, import, &env.describe(value))),
    }
}

/// Takes an object of the store if it has the import's type.
fn check(cell: &StoreCell, module: &Module, import: &Import, item: Extern) -> Result<Extern, Error> {
    match cell.with(|cx| {
        if fits(&cx, &item, &import.ty) {
            Ok(())
        } else {
            Err(found(&cx, &item))
        }
    })? {
        Ok(()) => Ok(item),
        Err(found) => Err(wrong(module, import, &found)),
    }
}

/// A plain value becomes an immutable global.
fn global(
    env: Env<'_>,
    cell: &Rc<StoreCell>,
    module: &Module,
    import: &Import,
    ty: &GlobalType,
    value: Value<'_>,
) -> Result<Extern, Error> {
    let given = env.type_of(value);
    let fits = match Kind::of(ty.content()) {
        Kind::I64 => given == Type::BigInt,
        Kind::I32 | Kind::F32 | Kind::F64 => given == Type::Number,
        Kind::Opaque => false,
        Kind::Extern { .. } | Kind::Func { .. } => true,
    };
    if !fits || ty.mutability() == Mutability::Var {
        return Err(wrong(module, import, &env.describe(value)));
    }
    let item = Item::from_js(cell, env, value, ty.content())?;
    let global = cell.with(|cx| {
        let mut scope = RootScope::new(cx);
        let value = item.into_val(&mut scope)?;
        Global::new(&mut scope, ty.clone(), value)
    })?;
    global
        .map(Extern::Global)
        .map_err(|error| cell.error_of(error, &module.file))
}
