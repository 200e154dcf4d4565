//! What can go wrong.

use std::fmt;

use wasmtime_wasi::I32Exit;

/// Why a module is not loaded, a call did not return, or a program did not end.
#[derive(Debug)]
pub enum Failure {
    /// The module has no plan: a compile or link error of its `init` section, or of the binary.
    Plan(wasmport_init_section::Error),
    /// The bytes are no WebAssembly that the engine accepts.
    Compile(wasmtime::Error),
    /// The host does not provide what the module imports, or what its plan asks for.
    Link(String),
    /// A call trapped, or a function of the host failed.
    Trap(wasmtime::Error),
    /// `proc_exit` ended a call; during a run this is no failure.
    Exit(i32),
    /// The module is no program.
    NoEntry,
}

impl Failure {
    /// How a call, or an instantiation, ended that did not return.
    pub(crate) fn of_call(error: wasmtime::Error) -> Failure {
        match error.downcast_ref::<I32Exit>() {
            Some(exit) => Failure::Exit(exit.0),
            None => Failure::Trap(error),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Plan(error) => error.fmt(f),
            // With the causes: the first line alone says little.
            Failure::Compile(error) | Failure::Trap(error) => write!(f, "{error:#}"),
            Failure::Link(reason) => f.write_str(reason),
            Failure::Exit(code) => write!(f, "the module called proc_exit({code}) while it was not run"),
            Failure::NoEntry => f.write_str("the module is a library: its plan has no entry to run"),
        }
    }
}

impl std::error::Error for Failure {}
