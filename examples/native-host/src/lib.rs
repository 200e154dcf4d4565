//! A host of the `init` section on Wasmtime, in no more code than it takes: the specification is
//! docs/INIT-SECTION.md, and each file here is one part of it.
//!
//! - [`Host`]: what the host provides, as [`Service`]s that modules import from and are bound to
//! - [`Program`]: bytes → plan → a module that is linked; it can be loaded, or run
//! - [`Started`]: one instance, and the phases of the plan on it
//! - [`Loaded`]: what an importer sees: a namespace, of one instance or of a command
//! - [`Failure`]: what can go wrong
//!
//! The plan itself, what is inferred and what the section says, is the work of `wasmport-init-section`.

#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod failure;
mod host;
mod loaded;
mod program;
mod started;
mod wasi;

pub use failure::Failure;
pub use host::{Bound, Host, Service};
pub use loaded::Loaded;
pub use program::{Program, explain};
pub use started::Started;
pub use wasi::Wasi;
