//! WASI options as JavaScript gives them, already validated by the package's own code.

use napi::bindgen_prelude::{Either, Uint8Array};
use napi_derive::napi;

use super::{Capture, Input, Options, Output, Preopen};
use crate::error::{Class, Error, code};

/// The options object.
#[napi(object)]
pub struct WasiOptions {
    pub args: Vec<String>,
    /// Name and value of each variable, in order.
    pub env: Vec<Vec<String>>,
    pub preopens: Vec<PreopenOption>,
    /// A word, or the bytes to read.
    pub stdin: Either<String, Uint8Array>,
    pub stdout: String,
    pub stderr: String,
}

#[napi(object)]
pub struct PreopenOption {
    pub guest: String,
    pub host: String,
    pub readonly: bool,
}

/// What a guest wrote to its outputs; none where they were not piped.
#[derive(Clone)]
pub struct Captures {
    pub stdout: Option<Capture>,
    pub stderr: Option<Capture>,
}

impl WasiOptions {
    pub fn read(self) -> Result<(Options, Captures), Error> {
        let stdin = match self.stdin {
            Either::A(word) => match word.as_str() {
                "inherit" => Input::Inherit,
                "ignore" => Input::Ignore,
                _ => return Err(unknown("stdin", &word)),
            },
            Either::B(bytes) => Input::Bytes(bytes.to_vec()),
        };
        let (stdout, captured_stdout) = output("stdout", &self.stdout)?;
        let (stderr, captured_stderr) = output("stderr", &self.stderr)?;
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
            preopens: preopens.collect(),
            stdin,
            stdout,
            stderr,
        };
        Ok((
            options,
            Captures {
                stdout: captured_stdout,
                stderr: captured_stderr,
            },
        ))
    }
}

fn output(name: &str, word: &str) -> Result<(Output, Option<Capture>), Error> {
    match word {
        "inherit" => Ok((Output::Inherit, None)),
        "ignore" => Ok((Output::Ignore, None)),
        "pipe" => {
            let capture = Capture::new();
            Ok((Output::Pipe(capture.clone()), Some(capture)))
        }
        _ => Err(unknown(name, word)),
    }
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
            super::options::Error::Option { .. } => Error::new(Class::TypeError, code::OPTION, error.to_string()),
        }
    }
}
