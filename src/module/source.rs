//! Where a module's bytes come from.

use std::borrow::Cow;
use std::fs::File;
use std::io::{ErrorKind, Read};

use blake3::Hash;

use crate::error::{Class, Error, code};

/// The first bytes of every module and component.
const MAGIC: &[u8] = b"\0asm";

/// How much of a file is read at once: what fits the cache of a core.
const CHUNK: usize = 256 * 1024;

/// A file to read, or bytes at hand: a binary, or its text form.
pub enum Source {
    File(String),
    Bytes(Vec<u8>),
}

impl Source {
    pub fn read(&self) -> Result<Cow<'_, [u8]>, Error> {
        match self {
            Source::Bytes(bytes) => Ok(Cow::Borrowed(bytes)),
            Source::File(path) => {
                let mut bytes = Vec::new();
                let mut file = File::open(path).map_err(|error| Error::system(&error, "open", path))?;
                file.read_to_end(&mut bytes)
                    .map_err(|error| Error::system(&error, "read", path))?;
                Ok(Cow::Owned(bytes))
            }
        }
    }

    /// The hash of the bytes. A file is hashed as it is read: to have all of a large one in memory
    /// takes longer than to hash it.
    pub fn hash(&self) -> Result<Hash, Error> {
        let path = match self {
            Source::Bytes(bytes) => return Ok(blake3::hash(bytes)),
            Source::File(path) => path,
        };
        let mut file = File::open(path).map_err(|error| Error::system(&error, "open", path))?;
        let mut hasher = blake3::Hasher::new();
        let mut chunk = vec![0; CHUNK];
        loop {
            match file.read(&mut chunk) {
                Ok(0) => return Ok(hasher.finalize()),
                Ok(length) => hasher.update(&chunk[..length]),
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(Error::system(&error, "read", path)),
            };
        }
    }
}

/// The binary form of `bytes`, which may be text.
pub fn binary<'a>(bytes: &'a [u8], file: &str) -> Result<Cow<'a, [u8]>, Error> {
    if bytes.starts_with(MAGIC) {
        return Ok(Cow::Borrowed(bytes));
    }
    match std::str::from_utf8(bytes) {
        Ok(text) if is_text(text) => match wat::parse_str(text) {
            Ok(binary) => Ok(Cow::Owned(binary)),
            Err(error) => {
                Err(Error::new(Class::CompileError, code::COMPILE, format!("{file}: {error}")).with_text("file", file))
            }
        },
        _ => Err(not_wasm(bytes, file)),
    }
}

/// Text begins with a parenthesis, perhaps after white space and comments, which begin with one or with `;;`.
fn is_text(text: &str) -> bool {
    let text = text.trim_start();
    text.starts_with('(') || text.starts_with(";;")
}

fn not_wasm(bytes: &[u8], file: &str) -> Error {
    let found = match bytes {
        [] => "it is empty".to_owned(),
        _ => format!("it begins with {:02x?}", &bytes[..bytes.len().min(4)]),
    };
    Error::new(
        Class::CompileError,
        code::NOT_WASM,
        format!("{file} is not WebAssembly: {found}, where a binary begins with [00, 61, 73, 6d] (\"\\0asm\") and the text form with a parenthesis"),
    )
    .with_text("file", file)
}
