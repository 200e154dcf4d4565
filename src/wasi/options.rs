//! What a guest is given, and how that becomes a context of `wasmtime-wasi`.

use std::{fmt, io};

use wasmtime_wasi::p1::WasiP1Ctx;
use wasmtime_wasi::p2::pipe::MemoryInputPipe;
use wasmtime_wasi::{FsPerms, WasiCtxBuilder};

use super::capture::Capture;
use super::inherit::{InheritedInput, InheritedOutput};
use super::output::Direct;

/// Everything a guest can reach. The default grants nothing.
#[derive(Default)]
pub struct Options {
    /// The arguments as the guest sees them; the first one is the program's name.
    pub args: Vec<String>,
    /// The whole environment: nothing is added to it.
    pub env: Vec<(String, String)>,
    /// The directories that are open when the guest starts.
    pub preopens: Vec<Preopen>,
    pub stdin: Input,
    pub stdout: Output,
    pub stderr: Output,
}

/// A host directory that the guest may use, with all that is below it.
pub struct Preopen {
    /// The path by which the guest knows it.
    pub guest: String,
    /// Its path on the host.
    pub host: String,
    /// Refuse everything that would change it.
    pub readonly: bool,
}

/// Where a guest's input comes from.
#[derive(Default)]
pub enum Input {
    /// Nowhere: the first read is the end of the file.
    #[default]
    Ignore,
    /// The standard input of the process.
    Inherit,
    Bytes(Vec<u8>),
}

/// Where a guest's output goes.
#[derive(Default)]
pub enum Output {
    /// Nowhere: writing succeeds.
    #[default]
    Ignore,
    /// The same stream of the process.
    Inherit,
    /// A buffer, read with [`Capture::take`].
    Pipe(Capture),
}

/// Why options were refused.
#[derive(Debug)]
pub enum Error {
    /// A value that preview 1 has no way to carry.
    Option {
        /// Such as `args[1]` or `env.HOME`.
        option: String,
        reason: &'static str,
    },
    /// A host directory that cannot be opened.
    Preopen {
        guest: String,
        host: String,
        error: io::Error,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Option { option, reason } => write!(f, "{option} {reason}"),
            Error::Preopen { guest, host, error } => write!(
                f,
                "preopens[{guest:?}]: cannot open the host directory {host:?}: {error}"
            ),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::Option { .. } => None,
            Error::Preopen { error, .. } => Some(error),
        }
    }
}

/// Builds the context, opening the preopened directories.
pub(super) fn context(options: Options) -> Result<WasiP1Ctx, Error> {
    check(&options)?;
    let mut builder = WasiCtxBuilder::new();
    // Must precede the preopens, which copy it.
    builder.allow_blocking_current_thread(true);
    // The builder allows these; no function of preview 1 opens a socket, and none should if one
    // is ever added.
    builder.allow_tcp(false).allow_udp(false);
    builder.args(&options.args).envs(&options.env);
    match options.stdin {
        Input::Ignore => {}
        Input::Inherit => {
            builder.stdin(InheritedInput);
        }
        Input::Bytes(bytes) => {
            builder.stdin(MemoryInputPipe::new(bytes));
        }
    }
    match options.stdout {
        Output::Ignore => {}
        Output::Inherit => {
            builder.stdout(Direct(InheritedOutput::Stdout));
        }
        Output::Pipe(capture) => {
            builder.stdout(Direct(capture));
        }
    }
    match options.stderr {
        Output::Ignore => {}
        Output::Inherit => {
            builder.stderr(Direct(InheritedOutput::Stderr));
        }
        Output::Pipe(capture) => {
            builder.stderr(Direct(capture));
        }
    }
    for Preopen { guest, host, readonly } in options.preopens {
        let perms = if readonly {
            FsPerms::ReadOnly
        } else {
            FsPerms::ReadWrite
        };
        if let Err(error) = builder.preopened_dir(&host, &guest, perms) {
            let error = error
                .downcast()
                .unwrap_or_else(|error| io::Error::other(error.to_string()));
            return Err(Error::Preopen { guest, host, error });
        }
    }
    Ok(builder.build_p1())
}

/// Preview 1 hands strings over as C does, so a guest would see a cut or a different value.
fn check(options: &Options) -> Result<(), Error> {
    let refuse = |option: String, reason| Err(Error::Option { option, reason });
    const NUL: &str = "contains a NUL character, which WASI strings cannot carry";
    for (i, arg) in options.args.iter().enumerate() {
        if arg.contains('\0') {
            return refuse(format!("args[{i}]"), NUL);
        }
    }
    for (key, value) in &options.env {
        if key.contains('\0') {
            return refuse(format!("env key {key:?}"), NUL);
        }
        if key.contains('=') {
            return refuse(
                format!("env key {key:?}"),
                "contains '=', which ends the name of a variable",
            );
        }
        if value.contains('\0') {
            return refuse(format!("env.{key}"), NUL);
        }
    }
    for Preopen { guest, host, .. } in &options.preopens {
        if guest.contains('\0') || host.contains('\0') {
            return refuse(format!("preopens[{guest:?}]"), NUL);
        }
    }
    Ok(())
}
