//! Says in the source of a WebAssembly module how it wants to be started.
//!
//! [`init_section!`] encodes a plan while the crate is compiled, and puts it into the custom section `init` of the
//! module. Nothing of it is left in the code or memory of the module.
//!
//! ```
//! wasmport_init_section_guest::init_section! {
//!     Section::new()
//!         .steps(&[
//!             Step::evaluate(Select::Export("open_tables")),
//!             Step::evaluate(Select::Prefix("register_")).zeros(),
//!             Step::dispose(Select::Export("close_tables")).skip_if_missing(),
//!         ])
//!         .no_run()
//!         .hide(&[Select::Prefix("register_")])
//! }
//! # fn main() {}
//! ```
//!
//! What makes no plan does not compile:
//!
//! ```compile_fail
//! wasmport_init_section_guest::init_section! {
//!     // No service is named that could make a namespace of the result.
//!     Section::new().steps(&[Step::evaluate(Select::Export("register")).namespace()])
//! }
//! # fn main() {}
//! ```
//!
//! A part that is not mentioned stays absent, and the host infers it from imports and exports; an empty list, or
//! [`Section::no_run`], says that there is nothing. The types are in scope inside the macro.
//!
//! Say it once, in the crate that the module is made of: linkers leave out the sections of libraries that they need
//! nothing else from, and append one section to the other where there are two. Names of exports are those of the
//! finished module; that they exist is for the host to check.

#![no_std]
#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod encode;
mod plan;

pub use plan::{Bind, Run, Section, Select, Step};

/// Puts a [`Section`] into the custom section `init` of the module that is being compiled.
///
/// It takes a constant expression and expands to a `static`, so it stands where items stand. On targets that are not
/// WebAssembly the expression is still checked, and nothing is emitted.
#[macro_export]
macro_rules! init_section {
    ($section:expr $(,)?) => {
        // The name makes a second plan in the same place an error.
        #[cfg_attr(target_family = "wasm", link_section = "init")]
        #[cfg_attr(not(target_family = "wasm"), allow(dead_code))]
        static WASM_INIT_SECTION: [u8; {
            #[allow(unused_imports)]
            use $crate::*;
            $section.encoded_len()
        }] = {
            #[allow(unused_imports)]
            use $crate::*;
            $section.encode()
        };
    };
}
