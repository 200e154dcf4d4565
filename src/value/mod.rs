//! JavaScript values and WebAssembly values, converted by signature, and the calls that carry them
//! in both directions.
//!
//! Calls are Wasmtime's unchecked ones: the arrays of raw values are made and read here, by the
//! function's own type, which is what the checks would compare them with. Hence the `unsafe`.
#![allow(unsafe_code)]

mod exception;
mod export;
mod gc_object;
mod host_value;
mod import;
mod item;
mod number;
mod signature;
pub mod strings;
mod tag;

pub use exception::error_of;
pub use export::{ExportedFunction, call_function, function_object};
pub use gc_object::{GcObject, gc_object};
pub use host_value::HostValue;
pub use import::{ImportName, bridge, import_function};
pub use item::{Item, canonical, number_from_js, opaque};
pub use number::to_js as number_to_js;
pub use signature::{Kind, Signature, type_name};
pub use tag::{Tag, TagObject, js_tag, tag_object};
