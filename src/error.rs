//! The one error type, and the only place that makes JavaScript errors.
//!
//! `CompileError`, `LinkError` and `RuntimeError` are Node's own classes, taken when the addon
//! loads, so that `instanceof WebAssembly.RuntimeError` holds whoever replaces the global later.

use std::fmt;
use std::io;

use crate::ffi::{Env, ErrorKind, Reference, Thrown, Value};

/// The class of a JavaScript error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    Error,
    TypeError,
    RangeError,
    CompileError,
    LinkError,
    RuntimeError,
}

/// The `code` of an error: what a program tests.
pub mod code {
    pub const COMPILE: &str = "ERR_WASMPORT_COMPILE";
    pub const DISPOSED: &str = "ERR_WASMPORT_DISPOSED";
    pub const EXIT: &str = "ERR_WASMPORT_EXIT";
    pub const INTERNAL: &str = "ERR_WASMPORT_INTERNAL";
    pub const LINK: &str = "ERR_WASMPORT_LINK";
    pub const MAX_BUFFER: &str = "ERR_WASMPORT_MAX_BUFFER";
    pub const MEMORY: &str = "ERR_WASMPORT_MEMORY";
    pub const NOT_WASM: &str = "ERR_WASMPORT_NOT_WASM";
    pub const NO_ENTRY: &str = "ERR_WASMPORT_NO_ENTRY";
    pub const OPTION: &str = "ERR_WASMPORT_OPTION";
    pub const STACK: &str = "ERR_WASMPORT_STACK";
    pub const TRAP: &str = "ERR_WASMPORT_TRAP";
    pub const UNSUPPORTED: &str = "ERR_WASMPORT_UNSUPPORTED";
    pub const VALUE: &str = "ERR_WASMPORT_VALUE";
}

/// What went wrong, ready to become a JavaScript error.
#[derive(Debug)]
pub struct Report {
    pub class: Class,
    pub code: String,
    pub message: String,
    /// Further properties of the error object.
    pub details: Vec<(&'static str, Detail)>,
    /// Frames of WebAssembly, innermost first, that go before the JavaScript ones in `stack`.
    pub frames: Vec<String>,
}

/// The value of a property of an error.
#[derive(Debug)]
pub enum Detail {
    Text(String),
    Number(f64),
}

/// The error of every fallible function of this crate.
#[derive(Debug)]
pub enum Error {
    /// A JavaScript exception is pending; it is the error.
    Thrown,
    Report(Box<Report>),
}

/// How a guest ended by WASI's `proc_exit`: an error that passes through every frame of the guest.
/// Unlike the one of `wasmtime-wasi` it carries any code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exit(pub i32);

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the guest exited with code {}", self.0)
    }
}

impl std::error::Error for Exit {}

/// How a guest ended by WASI's `proc_raise`: the name of the signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Raised(pub &'static str);

impl fmt::Display for Raised {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the guest raised {}", self.0)
    }
}

impl std::error::Error for Raised {}

/// Takes a guest that was stopped out of what it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interrupted;

impl fmt::Display for Interrupted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the guest was stopped")
    }
}

impl std::error::Error for Interrupted {}

/// Takes a guest out of its run that wrote more than may be collected: the name of the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MaxBuffer(pub &'static str);

impl fmt::Display for MaxBuffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the program wrote more to {} than maxBuffer allows", self.0)
    }
}

impl std::error::Error for MaxBuffer {}

/// Takes a guest out of a call of JavaScript, on another thread, that threw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Threw;

impl fmt::Display for Threw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a function of JavaScript threw")
    }
}

impl std::error::Error for Threw {}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Thrown => f.write_str("a JavaScript exception is pending"),
            Error::Report(report) => f.write_str(&report.message),
        }
    }
}

impl std::error::Error for Error {}

impl From<Thrown> for Error {
    fn from(Thrown: Thrown) -> Self {
        Error::Thrown
    }
}

impl Error {
    pub fn new(class: Class, code: &str, message: impl Into<String>) -> Error {
        Error::Report(Box::new(Report {
            class,
            code: code.to_owned(),
            message: message.into(),
            details: Vec::new(),
            frames: Vec::new(),
        }))
    }

    /// A failure that only a mistake of ours can cause.
    pub fn internal(message: impl fmt::Display) -> Error {
        Error::new(
            Class::Error,
            code::INTERNAL,
            format!("{message}; this is a bug in wasmport, not in your code"),
        )
    }

    /// A failed system call, as Node reports one: `code` is the errno's name.
    pub fn system(error: &io::Error, syscall: &'static str, path: &str) -> Error {
        let (name, text) = errno(error);
        Error::new(Class::Error, name, format!("{name}: {text}, {syscall} '{path}'"))
            .with("syscall", Detail::Text(syscall.into()))
            .with("path", Detail::Text(path.into()))
            .with("errno", Detail::Number(-f64::from(error.raw_os_error().unwrap_or(0))))
    }

    pub fn with(mut self, name: &'static str, detail: Detail) -> Error {
        if let Error::Report(report) = &mut self {
            report.details.push((name, detail));
        }
        self
    }

    pub fn with_text(self, name: &'static str, text: impl Into<String>) -> Error {
        self.with(name, Detail::Text(text.into()))
    }

    pub fn with_frames(mut self, frames: Vec<String>) -> Error {
        if let Error::Report(report) = &mut self {
            report.frames = frames;
        }
        self
    }

    /// Leaves the error pending as a JavaScript exception.
    pub fn throw(self, env: Env<'_>) -> Thrown {
        match self.into_value(env) {
            Ok(value) => env.throw(value),
            Err(thrown) => thrown,
        }
    }

    /// The same for a callback that napi-rs made: it sees that an exception is pending and lets it be.
    pub fn into_napi(self, env: Env<'_>) -> napi::Error {
        let Thrown = self.throw(env);
        napi::Error::from_status(napi::Status::PendingException)
    }

    /// The same for a promise that napi-rs rejects.
    pub fn into_rejection(self, env: Env<'_>) -> napi::Error {
        match self.into_value(env) {
            Ok(value) => value.into_unknown(env).into(),
            Err(Thrown) => napi::Error::from_status(napi::Status::PendingException),
        }
    }

    /// The JavaScript error object. A pending exception is taken and is the object.
    pub fn into_value<'s>(self, env: Env<'s>) -> Result<Value<'s>, Thrown> {
        let report = match self {
            Error::Thrown => return env.take_exception().ok_or(Thrown),
            Error::Report(report) => report,
        };
        let classes = Classes::get(env)?;
        let message = &report.message;
        let error = match report.class {
            Class::Error => env.error(ErrorKind::Error, message)?,
            Class::TypeError => env.error(ErrorKind::TypeError, message)?,
            Class::RangeError => env.error(ErrorKind::RangeError, message)?,
            Class::CompileError => env.construct(env.deref(&classes.compile)?, &[env.string(message)?])?,
            Class::LinkError => env.construct(env.deref(&classes.link)?, &[env.string(message)?])?,
            Class::RuntimeError => env.construct(env.deref(&classes.runtime)?, &[env.string(message)?])?,
        };
        env.set(error, "code", env.string(&report.code)?)?;
        for (name, detail) in &report.details {
            let value = match detail {
                Detail::Text(text) => env.string(text)?,
                Detail::Number(number) => env.number(*number)?,
            };
            env.set(error, name, value)?;
        }
        if !report.frames.is_empty() {
            add_frames(env, error, &report)?;
        }
        Ok(error)
    }
}

/// Puts the frames of WebAssembly above the JavaScript ones, as V8 shows its own.
fn add_frames(env: Env<'_>, error: Value<'_>, report: &Report) -> Result<(), Thrown> {
    let Some(stack) = env.as_string(env.get(error, "stack")?) else {
        return Ok(());
    };
    // The header is the class and the message, which may have several lines.
    let header = stack.find(&report.message).map_or(0, |at| at + report.message.len());
    let (header, rest) = stack.split_at(header);
    let frames: String = report.frames.iter().map(|frame| format!("\n    at {frame}")).collect();
    env.set(error, "stack", env.string(&format!("{header}{frames}{rest}"))?)
}

/// Node's own error classes of WebAssembly.
struct Classes {
    compile: Reference,
    link: Reference,
    runtime: Reference,
}

impl Classes {
    fn get(env: Env<'_>) -> Result<std::rc::Rc<Classes>, Thrown> {
        env.local(|env| {
            let namespace = env.get(env.global()?, "WebAssembly")?;
            let class = |name| env.reference(env.get(namespace, name)?);
            Ok(Classes {
                compile: class("CompileError")?,
                link: class("LinkError")?,
                runtime: class("RuntimeError")?,
            })
        })
    }
}

/// Takes hold of Node's error classes before a program can replace them.
pub fn prepare(env: Env<'_>) -> Result<(), Thrown> {
    Classes::get(env).map(drop)
}

/// The name and the text that Node has for a failed system call.
fn errno(error: &io::Error) -> (&'static str, &'static str) {
    match error.kind() {
        io::ErrorKind::NotFound => ("ENOENT", "no such file or directory"),
        io::ErrorKind::PermissionDenied => ("EACCES", "permission denied"),
        io::ErrorKind::IsADirectory => ("EISDIR", "illegal operation on a directory"),
        io::ErrorKind::NotADirectory => ("ENOTDIR", "not a directory"),
        io::ErrorKind::InvalidFilename => ("ENAMETOOLONG", "name too long"),
        io::ErrorKind::InvalidInput => ("EINVAL", "invalid argument"),
        io::ErrorKind::OutOfMemory => ("ENOMEM", "not enough memory"),
        io::ErrorKind::AddrInUse => ("EADDRINUSE", "address already in use"),
        io::ErrorKind::AddrNotAvailable => ("EADDRNOTAVAIL", "address not available"),
        _ if error.raw_os_error() == Some(BAD_DESCRIPTOR) => ("EBADF", "bad file descriptor"),
        _ if error.raw_os_error() == Some(TOO_MANY_LINKS) => ("ELOOP", "too many symbolic links encountered"),
        _ if error.raw_os_error() == Some(TOO_MANY_FILES) => ("EMFILE", "too many open files"),
        _ => ("EIO", "i/o error"),
    }
}

#[cfg(unix)]
const BAD_DESCRIPTOR: i32 = libc::EBADF;
#[cfg(unix)]
const TOO_MANY_LINKS: i32 = libc::ELOOP;
#[cfg(unix)]
const TOO_MANY_FILES: i32 = libc::EMFILE;
#[cfg(not(unix))]
const BAD_DESCRIPTOR: i32 = 6;
#[cfg(not(unix))]
const TOO_MANY_LINKS: i32 = 1921;
#[cfg(not(unix))]
const TOO_MANY_FILES: i32 = 4;

/// Turns a panic into an error that names it as our bug.
pub fn catch<R>(f: impl FnOnce() -> Result<R, Error>) -> Result<R, Error> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(f)).unwrap_or_else(|panic| {
        let text = panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| panic.downcast_ref::<&str>().copied());
        Err(Error::internal(format_args!(
            "wasmport panicked: {}",
            text.unwrap_or_default()
        )))
    })
}

/// Runs a function of the addon's API for napi-rs. A panic becomes an error that names it as our bug.
pub fn run<'s, R>(env: &'s napi::Env, f: impl FnOnce(Env<'s>) -> Result<R, Error>) -> napi::Result<R> {
    let env = Env::of(env);
    catch(|| f(env)).map_err(|error| error.into_napi(env))
}
