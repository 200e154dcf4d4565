//! The entries of a directory, as `fd_readdir` hands them out.

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, openat, statat};
use wasmtime_wasi::p1::types::{Dirent, Filetype};
use wiggle::GuestType as _;

use super::errno::Result;
use super::filestat;

/// A directory as it was when the guest began to read it: a cookie is the number of an entry, and
/// stays valid whatever happens to the directory.
pub struct Listing {
    /// All entries, each a `dirent` and the name after it.
    bytes: Vec<u8>,
    /// Where each entry begins.
    starts: Vec<usize>,
}

impl Listing {
    pub fn read(dir: &cap_std::fs::Dir) -> Result<Listing> {
        let mut listing = Listing {
            bytes: Vec::new(),
            starts: Vec::new(),
        };
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        // A stream of its own, which no other use of the directory moves.
        for entry in Dir::new(openat(dir, ".", flags, Mode::empty())?)? {
            let entry = entry?;
            let name = entry.file_name();
            let file_type = match entry.file_type() {
                // Not every file system says it here. An entry may be gone by now.
                FileType::Unknown => statat(dir, name, AtFlags::SYMLINK_NOFOLLOW)
                    .map_or(FileType::Unknown, |stat| FileType::from_raw_mode(stat.st_mode)),
                file_type => file_type,
            };
            listing.push(entry.ino(), filestat::filetype(file_type), name.to_bytes());
        }
        Ok(listing)
    }

    fn push(&mut self, ino: u64, filetype: Filetype, name: &[u8]) {
        self.starts.push(self.bytes.len());
        let next = self.starts.len() as u64;
        // A name has at most 255 bytes on every system.
        let length = name.len() as u32;
        self.bytes.extend(next.to_le_bytes());
        self.bytes.extend(ino.to_le_bytes());
        self.bytes.extend(length.to_le_bytes());
        self.bytes.extend((filetype as u32).to_le_bytes());
        debug_assert_eq!(
            (self.bytes.len() - self.starts[self.starts.len() - 1]) as u32,
            Dirent::guest_size()
        );
        self.bytes.extend(name);
    }

    /// The entries from a cookie on. The guest takes what fits, and part of an entry at the end.
    pub fn after(&self, cookie: u64) -> &[u8] {
        let start = usize::try_from(cookie).ok().and_then(|cookie| self.starts.get(cookie));
        start.map_or(&[], |start| &self.bytes[*start..])
    }
}
