//! The WebAssembly JavaScript API: one class, one file. What WebIDL has to say of the classes is
//! done in JavaScript (`lib/webassembly`); here is what needs a store.

mod address;
mod binding;
mod function;
mod global;
mod instance;
mod late;
mod link;
mod memory;
mod mismatch;
mod module;
mod natives;
mod stores;
mod table;
mod tag;
mod types;

use std::rc::Rc;
use std::sync::Arc;

use wasmtime::Extern;

use crate::error::{Class, Error, code};
use crate::ffi::{Call, Env, Record, Value};
use crate::store::StoreCell;
use crate::value::{function_object, tag_object};

pub use global::{global_getter, global_value, watch_global};
pub use instance::{exports, instantiate, unpoolable};
pub use link::{apart, convert, fit, home};
pub use memory::share;
pub use mismatch::{function as function_text, wrong};
pub use module::{CompileOptions, ESM_OPTIONS, ModuleObject, Provider};
pub use natives::natives;

/// The JavaScript object for something that an instance exports. `index` is that of the export
/// among the items of its kind.
pub fn object<'s>(
    cell: &Rc<StoreCell>,
    env: Env<'s>,
    item: Extern,
    index: u32,
    file: &Arc<str>,
) -> Result<Value<'s>, Error> {
    match item {
        Extern::Func(func) => function_object(cell, env, func, Some(index), file),
        Extern::Memory(memory) => memory::object(cell, env, memory),
        Extern::Table(table) => table::object(cell, env, table),
        Extern::Global(global) => global::object(cell, env, global),
        Extern::Tag(tag) => tag_object(cell, env, tag),
        Extern::SharedMemory(memory) => memory::shared_object(env, memory),
    }
}

/// The record of the object that a native function is called for.
fn receiver<'s, T: Record>(call: &Call<'s>, index: usize, class: &str) -> Result<&'s T, Error> {
    call.env.unwrap::<T>(call.arg(index)).ok_or_else(|| {
        Error::new(
            Class::TypeError,
            code::OPTION,
            format!("Receiver is not a WebAssembly.{class}"),
        )
    })
}
