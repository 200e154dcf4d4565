//! WASI options as JavaScript gives them, already validated by the package's own code.

use std::net::IpAddr;
use std::os::fd::OwnedFd;

use napi::bindgen_prelude::{BigInt, Either, Either3, Uint8Array};
use napi_derive::napi;

use super::{Capture, Clocks, Input, Network, Options, Output, Preopen, Random};
use crate::error::{Class, Error, code};

/// The options object.
#[napi(object)]
pub struct WasiOptions {
    pub args: Vec<String>,
    /// Name and value of each variable, in order.
    pub env: Vec<Vec<String>>,
    /// A directory of the guest.
    pub cwd: Option<String>,
    pub preopens: Vec<PreopenOption>,
    /// A word, the bytes to read, or a file descriptor.
    pub stdin: Either3<String, f64, Uint8Array>,
    /// A word or a file descriptor.
    pub stdout: Either<String, f64>,
    pub stderr: Either<String, f64>,
    /// When virtual clocks begin, in nanoseconds since 1970.
    pub clocks: Option<BigInt>,
    /// The seed of a fixed sequence.
    pub random: Option<Uint8Array>,
    /// Socket addresses.
    pub listen: Option<Vec<String>>,
    /// Networks: an address, and how many of its bits count.
    pub accept: Option<Vec<(String, u32)>>,
    pub max_threads: Option<u32>,
}

#[napi(object)]
pub struct PreopenOption {
    pub guest: String,
    pub host: String,
    pub readonly: bool,
}

/// What a guest wrote to its outputs; none where they were not piped.
pub struct Captures {
    stdout: Option<Capture>,
    stderr: Option<Capture>,
}

impl Captures {
    pub fn take(&self) -> (Option<Vec<u8>>, Option<Vec<u8>>) {
        let take = |capture: &Option<Capture>| capture.as_ref().map(Capture::take);
        (take(&self.stdout), take(&self.stderr))
    }
}

impl WasiOptions {
    /// `most` is how many bytes of each output are collected.
    pub fn read(self, most: Option<usize>) -> Result<(Options, Captures), Error> {
        let stdin = match self.stdin {
            Either3::A(word) => match word.as_str() {
                "inherit" => Input::Inherit,
                "ignore" => Input::Ignore,
                _ => return Err(unknown("stdin", &word)),
            },
            Either3::B(fd) => Input::Fd(duplicate("stdin", fd)?),
            Either3::C(bytes) => Input::Bytes(bytes.to_vec()),
        };
        let (stdout, captured_stdout) = output("stdout", self.stdout, most)?;
        let (stderr, captured_stderr) = output("stderr", self.stderr, most)?;
        let preopens = self
            .preopens
            .into_iter()
            .map(|PreopenOption { guest, host, readonly }| Preopen { guest, host, readonly });
        let env = self
            .env
            .into_iter()
            .filter_map(|pair| <[String; 2]>::try_from(pair).ok())
            .map(|[name, value]| (name, value));
        let options = Options {
            args: self.args,
            env: env.collect(),
            cwd: self.cwd,
            preopens: preopens.collect(),
            stdin,
            stdout,
            stderr,
            clocks: match self.clocks {
                Some(start) => Clocks::Virtual {
                    start_ns: start.get_u64().1,
                },
                None => Clocks::System,
            },
            random: match self.random {
                Some(seed) => Random::Seed(seed.to_vec()),
                None => Random::System,
            },
            network: network(self.listen.unwrap_or_default(), self.accept)?,
            max_threads: self.max_threads.unwrap_or(0),
        };
        let captures = Captures {
            stdout: captured_stdout,
            stderr: captured_stderr,
        };
        Ok((options, captures))
    }
}

fn output(
    name: &'static str,
    value: Either<String, f64>,
    most: Option<usize>,
) -> Result<(Output, Option<Capture>), Error> {
    let word = match value {
        Either::A(word) => word,
        Either::B(fd) => return Ok((Output::Fd(duplicate(name, fd)?), None)),
    };
    match word.as_str() {
        "inherit" => Ok((Output::Inherit, None)),
        "ignore" => Ok((Output::Ignore, None)),
        "pipe" => {
            let capture = Capture::new(most);
            Ok((Output::Pipe(capture.clone()), Some(capture)))
        }
        _ => Err(unknown(name, &word)),
    }
}

/// A descriptor of our own for the file of one that belongs to the program.
fn duplicate(option: &'static str, fd: f64) -> Result<OwnedFd, Error> {
    crate::ffi::duplicate(fd as i32)
        .map_err(|error| Error::system(&error, "dup", &format!("{option}: {fd}")).with_text("option", option))
}

fn network(listen: Vec<String>, accept: Option<Vec<(String, u32)>>) -> Result<Network, Error> {
    let invalid = |option: &str, text: &str| {
        Error::new(
            Class::TypeError,
            code::OPTION,
            format!("network.{option}: '{text}' is no address"),
        )
    };
    let listen = listen
        .into_iter()
        .map(|address| address.parse().map_err(|_| invalid("listen", &address)));
    let accept = accept.map(|networks| {
        let networks = networks.into_iter();
        networks
            .map(|(address, bits)| match address.parse::<IpAddr>() {
                Ok(address) => Ok((address, bits as u8)),
                Err(_) => Err(invalid("accept", &address)),
            })
            .collect::<Result<Vec<_>, _>>()
    });
    Ok(Network {
        listen: listen.collect::<Result<_, _>>()?,
        accept: accept.transpose()?,
    })
}

fn unknown(option: &str, word: &str) -> Error {
    Error::new(
        Class::TypeError,
        code::OPTION,
        format!("option {option}: '{word}' is none of its words"),
    )
}

impl From<super::options::Error> for Error {
    fn from(error: super::options::Error) -> Error {
        match &error {
            super::options::Error::Preopen { guest, host, error } => {
                Error::system(error, "open", host).with_text("preopen", guest.as_str())
            }
            super::options::Error::Cwd { path, error } => Error::system(error, "open", path),
            super::options::Error::Listen { address, error } => Error::system(error, "listen", &address.to_string()),
            super::options::Error::Option { .. } => Error::new(Class::TypeError, code::OPTION, error.to_string()),
        }
    }
}
