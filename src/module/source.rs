//! Where a module's bytes come from.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::sync::mpsc;
use std::thread;

use blake3::Hash;

use crate::error::{Class, Error, code};

/// The first bytes of every module and component.
const MAGIC: &[u8] = b"\0asm";

/// How much of a file is read, or hashed, at once.
const CHUNK: usize = 512 << 10;

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

    /// The first bytes, of which there are `length` unless the source is shorter.
    pub fn head(&self, length: usize) -> Result<Cow<'_, [u8]>, Error> {
        match self {
            Source::Bytes(bytes) => Ok(Cow::Borrowed(&bytes[..length.min(bytes.len())])),
            Source::File(path) => {
                let mut bytes = Vec::new();
                let file = File::open(path).map_err(|error| Error::system(&error, "open", path))?;
                file.take(length as u64)
                    .read_to_end(&mut bytes)
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
        hash_while_reading(&mut file).map_err(|error| Error::system(&error, "read", path))
    }
}

/// Reads on this thread and hashes on another: each takes about as long.
fn hash_while_reading(file: &mut File) -> io::Result<Hash> {
    let mut first = vec![0; CHUNK];
    let length = fill(file, &mut first)?;
    if length < CHUNK {
        return Ok(blake3::hash(&first[..length]));
    }
    thread::scope(|scope| {
        // Two chunks go back and forth: one is being filled while the other is being hashed.
        let (filled, to_hash) = mpsc::channel::<(Vec<u8>, usize)>();
        let (emptied, to_fill) = mpsc::channel();
        let hashing = thread::Builder::new()
            .name("wasmport-hash".into())
            .spawn_scoped(scope, move || {
                let mut hasher = blake3::Hasher::new();
                for (chunk, length) in to_hash {
                    hasher.update(&chunk[..length]);
                    // Nobody waits for it once the file has been read.
                    let _ = emptied.send(chunk);
                }
                hasher.finalize()
            })?;
        let (mut chunk, mut spare, mut length) = (first, Some(vec![0; CHUNK]), length);
        while length > 0 {
            let gone = || io::Error::other("the hashing thread is gone");
            filled.send((chunk, length)).map_err(|_| gone())?;
            chunk = spare.take().map_or_else(|| to_fill.recv().map_err(|_| gone()), Ok)?;
            length = fill(file, &mut chunk)?;
        }
        drop(filled);
        hashing
            .join()
            .map_err(|_| io::Error::other("the hashing thread panicked"))
    })
}

/// Fills the chunk, or less of it at the end of the file.
fn fill(file: &mut File, chunk: &mut [u8]) -> io::Result<usize> {
    let mut length = 0;
    while length < chunk.len() {
        match file.read(&mut chunk[length..]) {
            Ok(0) => break,
            Ok(read) => length += read,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(length)
}

/// Whether bytes can be a binary.
pub fn is_binary(bytes: &[u8]) -> bool {
    bytes.starts_with(MAGIC)
}

/// Checks that bytes begin as those of a core module.
pub fn check_module(bytes: &[u8], file: &str) -> Result<(), Error> {
    let found = match bytes {
        // A component's version has a second half that says so.
        [0, b'a', b's', b'm', _, _, 1, 0, ..] => {
            "they are a component, which the JavaScript API has no objects for".into()
        }
        _ if is_binary(bytes) => return Ok(()),
        _ => match bytes {
            [] => "there are none".into(),
            _ => format!("they begin with {:02x?}", &bytes[..bytes.len().min(4)]),
        },
    };
    Err(Error::new(
        Class::CompileError,
        code::COMPILE,
        format!("{file}: expected the bytes of a module, beginning with [00, 61, 73, 6d] (\"\\0asm\"); {found}"),
    ))
}

/// The binary form of `bytes`, which may be text.
pub fn binary<'a>(bytes: &'a [u8], file: &str) -> Result<Cow<'a, [u8]>, Error> {
    if is_binary(bytes) {
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

/// Checks that bytes are a binary, for what cannot be done to the text form.
pub fn check_binary(bytes: &[u8], file: &str) -> Result<(), Error> {
    if is_binary(bytes) {
        return Ok(());
    }
    match std::str::from_utf8(bytes) {
        Ok(text) if is_text(text) => Err(Error::new(
            Class::CompileError,
            code::NOT_WASM,
            format!(
                "{file} is the text form of a module, and only a binary has sections: \
                 assemble it first, such as with `wasm-tools parse`"
            ),
        )
        .with_text("file", file)),
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
