//! JavaScript values and WebAssembly values, converted by signature, and the calls that carry them
//! in both directions.
//!
//! Calls are Wasmtime's unchecked ones: the arrays of raw values are made and read here, by the
//! function's own type, which is what the checks would compare them with. Hence the `unsafe`.
#![allow(unsafe_code)]

mod export;
mod import;
mod item;
mod number;
mod signature;

pub use export::{ExportedFunction, function_object};
pub use import::import_function;
pub use item::{Item, opaque};
pub use signature::{Kind, Signature, type_name};
