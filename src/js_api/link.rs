//! Reads the imports: from the value that is given for each to what an instance is made with.

use std::rc::Rc;

use wasmtime::{AsContext, Extern, ExternType, GlobalType, Mutability};

use super::global::{GlobalObject, new_global};
use super::memory::MemoryObject;
use super::mismatch::{fits, found, function, wrong};
use super::table::TableObject;
use crate::error::{self, Class, Error};
use crate::ffi::{Env, Type, Value};
use crate::module::{Import, Module};
use crate::store::{ObjectKey, StoreCell};
use crate::value::{ExportedFunction, ImportName, Item, Kind, TagObject, bridge, import_function};

/// The store that a value for an import belongs to, and whether that is where the instance must be.
/// A function can be called from any store, and an immutable global can be copied.
pub fn home<'s>(env: Env<'s>, value: Value<'s>) -> Result<Option<(Rc<StoreCell>, bool)>, Error> {
    match env.type_of(value) {
        Type::Function => {
            let record = StoreCell::record_of::<ExportedFunction>(env, value)?;
            Ok(record.map(|(cell, _)| (cell, false)))
        }
        Type::Object => {
            if let Some(memory) = env.unwrap::<MemoryObject>(value) {
                return Ok(match memory {
                    MemoryObject::Own(late) => late.get().map(|(cell, _)| (cell, true)),
                    MemoryObject::Shared(_) => None,
                });
            }
            if let Some(table) = env.unwrap::<TableObject>(value) {
                return Ok(table.late.get().map(|(cell, _)| (cell, true)));
            }
            let Some(global) = env.unwrap::<GlobalObject>(value) else {
                return Ok(None);
            };
            let mutable = global.ty()?.mutability() == Mutability::Var;
            Ok(global.0.get().map(|(cell, _)| (cell, mutable)))
        }
        _ => Ok(None),
    }
}

/// What an instance in the store of `cell` is made with for `value`. `index` is that of the import
/// among those of its kind.
pub fn convert(
    env: Env<'_>,
    cell: &Rc<StoreCell>,
    module: &Module,
    import: &Import,
    index: u32,
    value: Value<'_>,
) -> Result<Extern, Error> {
    let refuse = || Err(wrong(module, import, &describe(env, value)?));
    match &import.ty {
        ExternType::Func(ty) => {
            if env.type_of(value) != Type::Function {
                return refuse();
            }
            match StoreCell::record_of::<ExportedFunction>(env, value)? {
                Some((store, exported)) if Rc::ptr_eq(&store, cell) => {
                    fit(cell, module, import, exported.func().into())
                }
                Some((store, exported)) => {
                    let bridged = match bridge(cell, env, value, &store, &exported) {
                        Err(Error::Report(why)) => {
                            let found = format!("{}: {}", function(&exported.signature().ty), why.message);
                            return Err(wrong(module, import, &found));
                        }
                        other => other?,
                    };
                    fit(cell, module, import, bridged.into())
                }
                None => {
                    let name = ImportName {
                        module: &import.module,
                        name: &import.name,
                        index,
                    };
                    Ok(import_function(cell, env, value, ty.clone(), name, &module.file)?.into())
                }
            }
        }
        ExternType::Memory(_) => match env.unwrap::<MemoryObject>(value) {
            None => refuse(),
            Some(MemoryObject::Shared(shared)) => {
                if module.imports_thread_spawn() {
                    shared.prepare(false);
                }
                fit(cell, module, import, shared.memory().clone().into())
            }
            Some(MemoryObject::Own(late)) => match late.get() {
                Some((store, view)) => in_store(cell, &store, module, import, view.memory().into()),
                None => {
                    let ty = late.description().ok_or_else(unbound)?;
                    let memory = MemoryObject::bind(env, late, value, cell, ty)?;
                    fit(cell, module, import, memory.into())
                }
            },
        },
        ExternType::Table(_) => match env.unwrap::<TableObject>(value) {
            None => refuse(),
            Some(table) => match table.late.get() {
                Some((store, table)) => in_store(cell, &store, module, import, table.into()),
                None => {
                    let ty = table.late.description().ok_or_else(unbound)?;
                    let table = table.bind(env, value, cell, ty)?;
                    fit(cell, module, import, table.into())
                }
            },
        },
        ExternType::Tag(_) => match env.unwrap::<TagObject>(value) {
            None => refuse(),
            Some(TagObject(tag)) => {
                let tag = tag.in_store(cell, env, value)?;
                fit(cell, module, import, tag.into())
            }
        },
        ExternType::Global(ty) => match env.unwrap::<GlobalObject>(value) {
            Some(global) => global_object(env, cell, module, import, global, value),
            None => plain_global(env, cell, module, import, ty, value),
        },
    }
}

fn global_object(
    env: Env<'_>,
    cell: &Rc<StoreCell>,
    module: &Module,
    import: &Import,
    object: &GlobalObject,
    value: Value<'_>,
) -> Result<Extern, Error> {
    match object.0.get() {
        None => {
            let unbound = object.0.description().ok_or_else(unbound)?;
            let global = object.bind(env, value, cell, unbound)?;
            fit(cell, module, import, global.into())
        }
        Some((store, _)) if !Rc::ptr_eq(&store, cell) && object.ty()?.mutability() == Mutability::Const => {
            // Nobody can tell a copy of what never changes.
            let ty = object.ty()?;
            let item = Item::from_js(cell, env, object.value(env, value)?, ty.content())?;
            let global = new_global(cell, ty, item)?;
            cell.adopt_foreign(env, ObjectKey::global(&global), value)?;
            fit(cell, module, import, global.into())
        }
        Some((store, global)) => in_store(cell, &store, module, import, global.into()),
    }
}

/// A plain value becomes an immutable global.
fn plain_global(
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
        Kind::Extern { .. } | Kind::Func { .. } | Kind::Any { .. } => true,
    };
    if !fits || ty.mutability() == Mutability::Var {
        return Err(wrong(module, import, &describe(env, value)?));
    }
    let item = match Item::from_js(cell, env, value, ty.content()) {
        Err(Error::Report(_)) => return Err(wrong(module, import, &describe(env, value)?)),
        other => other?,
    };
    Ok(new_global(cell, ty.clone(), item)?.into())
}

/// Takes an object of `store` for an instance in the store of `cell`.
fn in_store(
    cell: &Rc<StoreCell>,
    store: &Rc<StoreCell>,
    module: &Module,
    import: &Import,
    item: Extern,
) -> Result<Extern, Error> {
    if Rc::ptr_eq(cell, store) {
        return fit(cell, module, import, item);
    }
    let found = store.with(|cx| found(&cx, &item))?;
    Err(wrong(
        module,
        import,
        &format!(
            "{found} of another store than that of the other imports, where it cannot be used; \
             instantiate the modules that these come from with {{ store }} as third argument, so that they share one"
        ),
    ))
}

/// Takes an object of the store if it has the import's type.
pub fn fit(cell: &StoreCell, module: &Module, import: &Import, item: Extern) -> Result<Extern, Error> {
    match cell.with(|cx| {
        if fits(&cx, &item, &import.ty) {
            Ok(())
        } else {
            Err(found(cx.as_context(), &item))
        }
    })? {
        Ok(()) => Ok(item),
        Err(found) => Err(wrong(module, import, &found)),
    }
}

fn unbound() -> Error {
    Error::internal("an object is neither in a store nor outside of one")
}

/// A value in words. One of Node's own WebAssembly is a mistake that is easily made.
fn describe(env: Env<'_>, value: Value<'_>) -> Result<String, Error> {
    let class = env.call(env.class("foreignClass")?, &[value])?;
    Ok(match env.as_string(class) {
        Some(class) => format!(
            "a WebAssembly.{class} of Node's own WebAssembly; make it with the WebAssembly that wasmport exports"
        ),
        None => env.describe(value),
    })
}

/// The error for imports that must be in one store and are not.
pub fn apart(module: &Module, a: &Import, b: &Import) -> Error {
    Error::new(
        Class::LinkError,
        error::code::LINK,
        format!(
            "{}: imports {}.{} and {}.{} belong to different stores and cannot meet in one instance; \
             instantiate the modules that make them so that one imports from the other, or with {{ store }} as third \
             argument, so that they share one",
            module.file, a.module, a.name, b.module, b.name
        ),
    )
}
