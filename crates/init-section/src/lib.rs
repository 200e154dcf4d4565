//! The `init` section of WebAssembly binaries: how a module wants to be started, said in the module itself.
//!
//! A host parses the [`Interface`] of a binary, [`resolve`]s its [`Plan`] and carries the plan out. The plan is
//! inferred from imports and exports; a custom section named `init` replaces parts of it. This crate does not need
//! an engine, and does not validate: it reads what the plan depends on and nothing else.
//!
//! # For hosts
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
//! Reading costs the same for a large module as for a small one with the same imports and exports. A host that caches
//! compiled code can keep the [`outline`] of the module beside it, and [`Interface::parse_outline`] later in place of
//! the module.
//!
//! # Errors
//!
//! An [`Error`] is a compile error where the bytes are malformed, and then it has the offset in the file of the field
//! that is wrong; or a link error where the plan does not fit the module. [`Import`]s and [`Export`]s have the offsets of
//! their entries, for errors that only the host can find.
//!
//! ```
//! use wasmport_init_section::{resolve, ErrorKind, Interface};
//!
//! let wasm = wat::parse_str(r#"(module (@custom "init" "\01\05\00"))"#)?;
//! let error = resolve(&Interface::parse(&wasm)?).unwrap_err();
//! assert_eq!(error.kind(), ErrorKind::Compile);
//! assert_eq!(error.offset(), Some(16));
//! assert_eq!(error.reason(), "init section: unknown sub-section 5, which must be understood");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # For tools
//!
//! Tools change the section of a binary. As JSON, it has the field names of the specification ([`Section`]).
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
//!
//! # For guests
//!
//! A module in Rust says its plan with the macro of `wasmport-init-section-guest`, one in C or C++ with
//! `include/wasm_init.h`. Both encode it at compile time.
//!
//! # For other implementations
//!
//! `vectors/` has binaries with the plans or errors that every host of the section arrives at.
//!
//! # Fuzzing
//!
//! `fuzz/properties.rs` says what holds for any bytes: nothing panics, errors have offsets in the file, what is decoded
//! survives encoding, and changing the section leaves all other sections as they are. The tests check it on some
//! hundred thousand inputs; this on as many as one likes, with further modules to start from at the end:
//!
//! ```text
//! cargo run --release -p wasmport-init-section --example fuzz -- 1000000 0 __test__/guests/*/*.wasm
//! ```
//!
//! With cargo-fuzz and a nightly compiler, a fuzzer that sees what it covers, from this directory:
//!
//! ```text
//! mkdir -p fuzz/corpus/decode && cargo +nightly fuzz run decode fuzz/corpus/decode ../../__test__/guests
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
mod outline;
mod parse;
mod plan;
mod reader;
mod resolve;
mod section;
mod sections;
mod types;

pub use encode::{set_section, strip_section};
pub use error::{Error, ErrorKind};
pub use interface::{Export, Import, InitPayload, Interface, Producer};
pub use memory::MemorySource;
pub use outline::outline;
pub use plan::{
    Args, Bind, IfMissing, Instance, Origin, Phase, Plan, Run, RunArgs, RunResult, Select, Source, Step, StepResult,
};
pub use resolve::{Resolved, resolve};
pub use section::Section;
pub use sections::Kind;
pub use types::{ExternType, ValueType};
