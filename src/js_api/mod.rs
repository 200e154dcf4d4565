//! The objects of the JavaScript API over a store: one class, one file.

mod global;
mod memory;
mod table;

use std::rc::Rc;
use std::sync::Arc;

use wasmtime::Extern;

use crate::error::{Class, Error, code};
use crate::ffi::{Env, Type, Value};
use crate::store::StoreCell;
use crate::value::{ExportedFunction, function_object};

pub use global::{global_getter, global_value};
pub use memory::MemoryObject;
pub use table::TableObject;

/// The JavaScript object for something that an instance exports as `name`.
pub fn object<'s>(
    cell: &Rc<StoreCell>,
    env: Env<'s>,
    item: Extern,
    name: &str,
    file: &Arc<str>,
) -> Result<Value<'s>, Error> {
    match item {
        Extern::Func(func) => function_object(cell, env, func, name, file),
        Extern::Memory(memory) => memory::object(cell, env, memory),
        Extern::Table(table) => table::object(cell, env, table, file),
        Extern::Global(global) => global_value(cell, env, global, file),
        Extern::SharedMemory(_) => Err(unsupported(file, name, "a shared memory")),
        Extern::Tag(_) => Err(unsupported(file, name, "a tag")),
    }
}

fn unsupported(file: &str, name: &str, what: &str) -> Error {
    Error::new(
        Class::LinkError,
        code::UNSUPPORTED,
        format!("{file} exports {what} as '{name}', which this version does not carry"),
    )
}

/// The WebAssembly object behind a JavaScript one, and its store, if it is one of ours.
pub fn behind<'s>(env: Env<'s>, value: Value<'s>) -> Result<Option<(Rc<StoreCell>, Extern)>, Error> {
    Ok(match env.type_of(value) {
        Type::Function => {
            StoreCell::record_of::<ExportedFunction>(env, value)?.map(|(cell, function)| (cell, function.func().into()))
        }
        Type::Object => behind_object(env, value).map(|(cell, item)| (cell.clone(), item)),
        _ => None,
    })
}

fn behind_object<'s>(env: Env<'s>, value: Value<'s>) -> Option<(&'s Rc<StoreCell>, Extern)> {
    if let Some(memory) = env.unwrap::<MemoryObject>(value) {
        return Some((memory.cell(), memory.memory().into()));
    }
    let table = env.unwrap::<TableObject>(value)?;
    Some((table.cell(), table.table().into()))
}
