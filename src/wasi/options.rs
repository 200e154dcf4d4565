//! What a guest is given.

use std::net::{IpAddr, SocketAddr};
use std::os::fd::OwnedFd;
use std::{fmt, io};

use super::capture::Capture;

/// Everything a guest can reach. The default grants nothing.
#[derive(Default)]
pub struct Options {
    /// The arguments as the guest sees them; the first one is the program's name.
    pub args: Vec<String>,
    /// The whole environment: nothing is added to it but `PWD`, where there is a `cwd`.
    pub env: Vec<(String, String)>,
    /// The directory in which the guest begins, by a path of the guest.
    pub cwd: Option<String>,
    /// The directories that are open when the guest starts.
    pub preopens: Vec<Preopen>,
    pub stdin: Input,
    pub stdout: Output,
    pub stderr: Output,
    pub clocks: Clocks,
    pub random: Random,
    pub network: Network,
    /// How many threads it may have besides its first.
    pub max_threads: u32,
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
    /// An open file of any kind.
    Fd(OwnedFd),
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
    /// An open file of any kind.
    Fd(OwnedFd),
}

/// Which clocks a guest has.
#[derive(Default)]
pub enum Clocks {
    #[default]
    System,
    /// Clocks that begin at a time and move only by what the guest does.
    Virtual {
        /// Nanoseconds since 1970.
        start_ns: u64,
    },
}

/// Where a guest's random bytes come from.
#[derive(Default)]
pub enum Random {
    #[default]
    System,
    /// A sequence that these bytes determine: the same on every machine.
    Seed(Vec<u8>),
}

/// What a guest can reach of the network: connections that come to it.
#[derive(Default)]
pub struct Network {
    /// The addresses at which it listens.
    pub listen: Vec<SocketAddr>,
    /// The networks whose hosts may connect, by an address and the length of its prefix; all if none is said.
    pub accept: Option<Vec<(IpAddr, u8)>>,
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
    /// A directory to begin in that cannot be opened.
    Cwd { path: String, error: io::Error },
    /// An address at which the host cannot listen.
    Listen { address: SocketAddr, error: io::Error },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Option { option, reason } => write!(f, "{option} {reason}"),
            Error::Preopen { guest, host, error } => write!(
                f,
                "preopens[{guest:?}]: cannot open the host directory {host:?}: {error}"
            ),
            Error::Cwd { path, error } => write!(f, "cwd: cannot open the guest's directory {path:?}: {error}"),
            Error::Listen { address, error } => write!(f, "network.listen: cannot listen at {address}: {error}"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::Option { .. } => None,
            Error::Preopen { error, .. } | Error::Cwd { error, .. } | Error::Listen { error, .. } => Some(error),
        }
    }
}

impl Options {
    /// Preview 1 hands strings over as C does, so a guest would see a cut or a different value.
    pub(super) fn check(&self) -> Result<(), Error> {
        let refuse = |option: String, reason| Err(Error::Option { option, reason });
        const NUL: &str = "contains a NUL character, which WASI strings cannot carry";
        for (i, arg) in self.args.iter().enumerate() {
            if arg.contains('\0') {
                return refuse(format!("args[{i}]"), NUL);
            }
        }
        for (key, value) in &self.env {
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
        for Preopen { guest, host, .. } in &self.preopens {
            if guest.contains('\0') || host.contains('\0') {
                return refuse(format!("preopens[{guest:?}]"), NUL);
            }
        }
        match &self.cwd {
            Some(cwd) if cwd.contains('\0') => refuse("cwd".into(), NUL),
            _ => Ok(()),
        }
    }
}
