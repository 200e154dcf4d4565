//! WASI preview 1 for core modules.
//!
//! `wasmtime-wasi` does the work; what is ours is how a module meets it. Its own glue looks for
//! the guest's memory under the export name `memory` alone, so a module that imports its memory,
//! or calls it something else, cannot use it. Here the bind step of the plan says which memory it
//! is ([`bind`]); [`function`] makes the host functions, each tied to one [`Wasi`] that lives in
//! the store as a service.
//!
//! Every call runs on the calling thread and may block it: the caller either owns that thread or
//! asked for a synchronous call.

mod capture;
mod from_js;
mod inherit;
mod options;
mod output;
mod preview1;
mod service;

pub use capture::Capture;
pub use from_js::{Captures, WasiOptions};
pub use options::{Input, Options, Output, Preopen};
pub use preview1::function;
pub use service::{Wasi, bind, is_service};
