//! The one error type of this crate.

use std::fmt;

/// When a host has to report an [`Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The bytes are malformed: the binary itself, or its `init` section.
    Compile,
    /// The bytes are well-formed, but the plan does not fit what the binary imports and exports.
    Link,
}

/// Why a binary has no plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    kind: ErrorKind,
    offset: Option<usize>,
    reason: String,
}

impl Error {
    pub(crate) fn compile(offset: usize, reason: impl Into<String>) -> Self {
        Error {
            kind: ErrorKind::Compile,
            offset: Some(offset),
            reason: reason.into(),
        }
    }

    pub(crate) fn link(reason: impl Into<String>) -> Self {
        Error {
            kind: ErrorKind::Link,
            offset: None,
            reason: reason.into(),
        }
    }

    /// Whether this is a compile error or a link error.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Where the error is, in bytes from the start of the file. Every compile error has one, no link error does.
    pub fn offset(&self) -> Option<usize> {
        self.offset
    }

    /// What is wrong, without the offset.
    pub fn reason(&self) -> &str {
        &self.reason
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)?;
        match self.offset {
            Some(offset) => write!(f, " (at offset {offset:#x})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Error {}

impl From<wasmparser::Error> for Error {
    fn from(error: wasmparser::Error) -> Self {
        Error::compile(error.offset(), error.message())
    }
}
