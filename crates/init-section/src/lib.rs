//! The `init` section of WebAssembly binaries: how a module wants to be started, said in the module itself.
//!
//! A host parses the [`Interface`] of a binary, [`resolve`]s its [`Plan`] and carries the plan out. The plan is
//! inferred from imports and exports; a custom section named `init` replaces parts of it. This crate does not need
//! an engine, and does not validate: it reads what the plan depends on and nothing else.
//!
//! ```
//! use wasmport_init_section::{resolve, Interface, Select, Source};
//!
//! let wasm = wat::parse_str(r#"(module (func (export "_initialize")))"#)?;
//! let resolved = resolve(&Interface::parse(&wasm)?)?;
//!
//! assert_eq!(resolved.plan.steps[0].select, Select::Export("_initialize".into()));
//! assert_eq!(resolved.origin.steps, Source::Inferred);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Tools change the section of a binary:
//!
//! ```
//! use wasmport_init_section::{resolve, set_section, strip_section, Interface, Section, Source};
//!
//! let wasm = wat::parse_str(r#"(module (func (export "_start")))"#)?;
//! let section: Section = serde_json::from_str(
//!     r#"{ "steps": [{ "phase": "evaluate", "select": { "export": "_start" } }], "run": null }"#,
//! )?;
//! let with = set_section(&wasm, &section)?;
//! let resolved = resolve(&Interface::parse(&with)?)?;
//! assert_eq!(resolved.plan.run, None);
//! assert_eq!(resolved.origin.run, Source::Section);
//! assert_eq!(strip_section(&with)?, wasm);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod check;
mod core_module;
mod decode;
mod encode;
mod error;
mod infer;
mod interface;
mod memory;
mod parse;
mod plan;
mod reader;
mod resolve;
mod section;
mod sections;
mod types;

pub use encode::{outline, set_section, strip_section};
pub use error::{Error, ErrorKind};
pub use interface::{Export, Import, InitPayload, Interface, Producer};
pub use memory::MemorySource;
pub use plan::{
    Args, Bind, IfMissing, Instance, Origin, Phase, Plan, Run, RunArgs, RunResult, Select, Source, Step, StepResult,
};
pub use resolve::{Resolved, resolve};
pub use section::Section;
pub use sections::Kind;
pub use types::{ExternType, ValueType};
