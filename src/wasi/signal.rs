//! The signals that a guest can send to itself.

use wasmtime_wasi::p1::types::{Errno, Signal};

use super::errno::{Fault, Result};
use crate::error::Raised;

/// Does what a signal does to a program that has no handler for it: preview 1 has no handlers.
pub fn raise(signal: Signal) -> Result<()> {
    let name = match signal {
        // The test whether a signal could be sent; and those that are ignored.
        Signal::None | Signal::Chld | Signal::Cont | Signal::Urg | Signal::Winch => return Ok(()),
        // Nobody could make the guest go on.
        Signal::Stop | Signal::Tstp | Signal::Ttin | Signal::Ttou => return Err(Errno::Notsup.into()),
        Signal::Hup => "SIGHUP",
        Signal::Int => "SIGINT",
        Signal::Quit => "SIGQUIT",
        Signal::Ill => "SIGILL",
        Signal::Trap => "SIGTRAP",
        Signal::Abrt => "SIGABRT",
        Signal::Bus => "SIGBUS",
        Signal::Fpe => "SIGFPE",
        Signal::Kill => "SIGKILL",
        Signal::Usr1 => "SIGUSR1",
        Signal::Segv => "SIGSEGV",
        Signal::Usr2 => "SIGUSR2",
        Signal::Pipe => "SIGPIPE",
        Signal::Alrm => "SIGALRM",
        Signal::Term => "SIGTERM",
        Signal::Xcpu => "SIGXCPU",
        Signal::Xfsz => "SIGXFSZ",
        Signal::Vtalrm => "SIGVTALRM",
        Signal::Prof => "SIGPROF",
        Signal::Poll => "SIGPOLL",
        Signal::Pwr => "SIGPWR",
        Signal::Sys => "SIGSYS",
    };
    Err(Fault::end(Raised(name)))
}
