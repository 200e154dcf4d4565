//! Paths as guests give them.

use std::borrow::Cow;

use wasmtime_wasi::p1::types::Errno;
use wiggle::{GuestMemory, GuestPtr};

use super::errno::Result;

/// The longest path, as `PATH_MAX` is for Linux: with the byte that ends it there.
const MAX_PATH: u32 = 4096;

/// Reads a path; only what any system could open.
pub fn read<'m>(memory: &'m GuestMemory<'_>, path: GuestPtr<str>) -> Result<Cow<'m, str>> {
    if path.len() >= MAX_PATH {
        return Err(Errno::Nametoolong.into());
    }
    let path = memory.as_cow_str(path)?;
    match path.as_bytes() {
        [] => Err(Errno::Noent.into()),
        bytes if bytes.contains(&0) => Err(Errno::Inval.into()),
        _ => Ok(path),
    }
}
