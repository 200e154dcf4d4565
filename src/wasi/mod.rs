//! WASI previews 0 and 1 for core modules.
//!
//! `wasmtime-wasi` decodes the calls: arguments, flags, pointers and their bounds. What they do is
//! ours, on a [`Process`] that all threads of a guest share, over `cap-std`, which lets no path out
//! of its directory. The functions work on whatever memory the plan binds ([`bind`]) and on memories
//! of other engines ([`functions`]).
//!
//! Every call runs on the calling thread and may block it: the caller either owns that thread or
//! asked for a synchronous call. An [`Interrupt`] ends it all the same.
#![deny(unsafe_code)]

mod capture;
mod class;
mod clock;
mod cwd;
mod descriptor;
mod dir;
mod errno;
mod file;
mod filestat;
mod from_js;
mod functions;
mod host;
mod interrupt;
mod listing;
mod options;
mod path;
mod poll;
mod preview0;
mod preview1;
mod process;
mod random;
mod reopen;
mod service;
mod signal;
mod socket;
mod stream;
mod times;
mod vectors;

pub use capture::Capture;
pub use from_js::{Captures, WasiOptions};
pub use functions::{Function, Param, function, functions, is_service};
pub use interrupt::Interrupt;
pub use options::{Clocks, Input, Network, Options, Output, Preopen, Random};
pub use process::Process;
pub use service::{Wasi, bind};
