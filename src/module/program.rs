//! What a program is compiled for, which has to be known before it is.

use wasmparser::{Chunk, Parser, Payload};

use super::source::{self, Source};
use crate::engine::Profile;
use crate::error::Error;

/// What stands before the imports, and they, mostly fit in this.
const HEAD: usize = 64 << 10;

/// The profile of a program that nobody wants to stop: a thread that it makes may have to be stopped when another ends.
pub fn profile(source: &Source) -> Result<Profile, Error> {
    let head = source.head(HEAD)?;
    let spawns = match spawns_threads(&head) {
        Some(spawns) => spawns,
        None => {
            let bytes = source.read()?;
            // What is not WebAssembly is told when it is compiled.
            source::binary(&bytes, "").is_ok_and(|binary| spawns_threads(&binary).unwrap_or(false))
        }
    };
    Ok(match spawns {
        true => Profile::Interruptible,
        false => Profile::Plain,
    })
}

/// Whether a module imports the function that makes threads. None if it is text, or there is too little of it.
fn spawns_threads(bytes: &[u8]) -> Option<bool> {
    if !source::is_binary(bytes) {
        return None;
    }
    let mut parser = Parser::new(0);
    let mut rest = bytes;
    loop {
        let (consumed, payload) = match parser.parse(rest, false) {
            Ok(Chunk::Parsed { consumed, payload }) => (consumed, payload),
            Ok(Chunk::NeedMoreData(_)) => return None,
            Err(_) => return Some(false),
        };
        match payload {
            Payload::ImportSection(imports) => {
                let mut imports = imports.into_imports().flatten();
                return Some(imports.any(|import| super::is_thread_spawn(import.module, import.name)));
            }
            Payload::FunctionSection(_) | Payload::CodeSectionStart { .. } | Payload::End(_) => return Some(false),
            _ => {}
        }
        rest = &rest[consumed..];
    }
}
