//! Finds what a module imports. Kinds are checked here, before anything is instantiated.

use std::rc::Rc;

use wasmtime::{Extern, ExternType, Global, GlobalType, Mutability, RootScope};

use crate::error::{Class, Error, code};
use crate::ffi::{Env, Type, Value};
use crate::js_api;
use crate::module::{Import, Module};
use crate::store::{ServiceId, StoreCell};
use crate::value::{Item, Kind, import_function};
use crate::wasi;

/// A value given for an import; none where WASI provides it. Each is read once, in the module's order.
pub struct Given<'s>(Vec<Option<Value<'s>>>);

/// Reads the values for all imports.
pub fn read<'s>(env: Env<'s>, module: &Module, imports: Value<'s>) -> Result<Given<'s>, Error> {
    let mut values = Vec::with_capacity(module.code.imports.len());
    for import in &module.code.imports {
        let host = match env.type_of(imports) {
            Type::Undefined => imports,
            _ => env.get(imports, &import.module)?,
        };
        values.push(match env.type_of(host) {
            Type::Object | Type::Function => Some(env.get(host, &import.name)?),
            Type::Undefined if wasi::is_service(&import.module) => None,
            Type::Undefined => return Err(wrong(module, import, "nothing: no such import object was given")),
            _ => return Err(wrong(module, import, &format!("{} as the import object", env.describe(host)))),
        });
    }
    Ok(Given(values))
}

/// The store of the WebAssembly objects among the imports. Functions do not count: one of another
/// store is called through JavaScript.
pub fn joined_store<'s>(env: Env<'s>, given: &Given<'s>, module: &Module) -> Result<Option<Rc<StoreCell>>, Error> {
    let mut joined: Option<(&Import, Rc<StoreCell>)> = None;
    for (value, import) in given.0.iter().zip(&module.code.imports) {
        if matches!(import.ty, ExternType::Func(_)) {
            continue;
        }
        let Some(value) = value else { continue };
        let Some((cell, _)) = js_api::behind(env, *value)? else { continue };
        match joined {
            Some((other, first)) if !Rc::ptr_eq(&first, &cell) => {
                return Err(Error::new(
                    Class::LinkError,
                    code::LINK,
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
    given: &Given<'_>,
    service: Option<ServiceId>,
) -> Result<Vec<Extern>, Error> {
    let imports = module.code.imports.iter();
    imports
        .zip(&given.0)
        .map(|(import, value)| match (value, service) {
            (Some(value), _) => convert(env, cell, module, import, *value),
            (None, Some(service)) => cell.with(|cx| wasi::function(cx, service, &import.name))?.map(Extern::Func).ok_or_else(|| {
                wrong(module, import, "nothing: WASI preview 1 has no function of that name")
            }),
            (None, None) => Err(Error::internal("a module imports WASI but has none")),
        })
        .collect()
}

fn convert(env: Env<'_>, cell: &Rc<StoreCell>, module: &Module, import: &Import, value: Value<'_>) -> Result<Extern, Error> {
    let ours = js_api::behind(env, value)?;
    if let Some((store, item)) = &ours {
        let same = Rc::ptr_eq(store, cell);
        match (&import.ty, item) {
            (ExternType::Func(_), Extern::Func(_))
            | (ExternType::Memory(_), Extern::Memory(_))
            | (ExternType::Table(_), Extern::Table(_))
            | (ExternType::Global(_), Extern::Global(_))
                if same =>
            {
                return Ok(item.clone());
            }
            // A function of another store is called as any JavaScript function is.
            (ExternType::Func(_), Extern::Func(_)) => {}
            _ => return Err(wrong(module, import, &format!("a {} of WebAssembly", kind_of(item)))),
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

/// A plain value becomes an immutable global.
fn global(
    env: Env<'_>,
    cell: &Rc<StoreCell>,
    module: &Module,
    import: &Import,
    ty: &GlobalType,
    value: Value<'_>,
) -> Result<Extern, Error> {
    let found = env.type_of(value);
    let fits = match Kind::of(ty.content()) {
        Kind::I64 => found == Type::BigInt,
        Kind::I32 | Kind::F32 | Kind::F64 => found == Type::Number,
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
    global.map(Extern::Global).map_err(|error| cell.error_of(error, &module.file))
}

fn kind_of(item: &Extern) -> &'static str {
    match item {
        Extern::Func(_) => "function",
        Extern::Memory(_) | Extern::SharedMemory(_) => "memory",
        Extern::Table(_) => "table",
        Extern::Global(_) => "global",
        Extern::Tag(_) => "tag",
    }
}

/// What an import needs, in words.
fn expected(ty: &ExternType) -> String {
    match ty {
        ExternType::Func(ty) => {
            let list = |types: &mut dyn Iterator<Item = wasmtime::ValType>| {
                types.map(|ty| ty.to_string()).collect::<Vec<_>>().join(", ")
            };
            format!("a function ({}) -> ({})", list(&mut ty.params()), list(&mut ty.results()))
        }
        ExternType::Global(ty) if ty.mutability() == Mutability::Var => {
            format!("a mutable global of type {}: the Global object of another instance", ty.content())
        }
        ExternType::Global(ty) => match Kind::of(ty.content()) {
            Kind::I64 => "a global of type i64: a BigInt".into(),
            Kind::I32 | Kind::F32 | Kind::F64 => format!("a global of type {}: a number", ty.content()),
            _ => format!("a global of type {}", ty.content()),
        },
        ExternType::Memory(_) => "a memory: the Memory object of another instance".into(),
        ExternType::Table(ty) => format!("a table of {}: the Table object of another instance", ty.element()),
        ExternType::Tag(_) => "a tag, which this version does not link".into(),
    }
}

fn wrong(module: &Module, import: &Import, found: &str) -> Error {
    let expected = expected(&import.ty);
    Error::new(
        Class::LinkError,
        code::LINK,
        format!("{}: import {}.{}: expected {expected}; found {found}", module.file, import.module, import.name),
    )
    .with_text("file", &*module.file)
    .with_text("importModule", import.module.as_str())
    .with_text("importName", import.name.as_str())
    .with_text("expected", expected)
    .with_text("found", found)
}
