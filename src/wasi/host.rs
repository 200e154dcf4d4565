//! What calls do that need more than one object, or that both previews have in a form of their own.

use std::sync::Arc;

use wasmtime_wasi::p1::types::*;
use wiggle::{GuestMemory, GuestPtr};

use super::descriptor::{Descriptor, Object, dir_rights, file_rights, stream_rights};
use super::dir::{Access, Dir, Opened};
use super::errno::Result;
use super::file::File;
use super::path;
use super::poll;
use super::process::Process;

/// A process in the hands of one of its threads.
pub struct Host<'a>(pub &'a Process);

impl Host<'_> {
    /// What a number stands for.
    pub fn get(&self, fd: Fd) -> Result<Arc<Descriptor>> {
        self.0.table.get(fd)
    }

    /// Calls `call` with a directory that has a right.
    pub fn with_dir<R>(&self, fd: Fd, needed: Rights, call: impl FnOnce(&Dir) -> Result<R>) -> Result<R> {
        let descriptor = self.get(fd)?;
        let dir = descriptor.dir()?;
        descriptor.check(needed)?;
        call(dir)
    }

    /// Calls `call` with a file that has a right.
    pub fn with_file<R>(&self, fd: Fd, needed: Rights, call: impl FnOnce(&File) -> Result<R>) -> Result<R> {
        let descriptor = self.get(fd)?;
        let file = descriptor.file()?;
        descriptor.check(needed)?;
        call(file)
    }

    /// Calls `call` with something that has a position, and a right.
    pub fn with_position<R>(&self, fd: Fd, needed: Rights, call: impl FnOnce(&File) -> Result<R>) -> Result<R> {
        let descriptor = self.get(fd)?;
        let file = descriptor.seekable()?;
        descriptor.check(needed)?;
        call(file)
    }

    /// Calls `call` with something that data comes from or goes to, and that has a right.
    pub fn with_socket<R>(&self, fd: Fd, needed: Rights, call: impl FnOnce(&File) -> Result<R>) -> Result<R> {
        let descriptor = self.get(fd)?;
        let file = descriptor.socket()?;
        descriptor.check(needed)?;
        call(file)
    }

    /// `fd_seek`, decoded.
    pub fn seek(&self, fd: Fd, offset: Filedelta, whence: Whence) -> Result<Filesize> {
        let needed = match (whence, offset) {
            (Whence::Cur, 0) => Rights::FD_TELL,
            _ => Rights::FD_SEEK,
        };
        self.with_position(fd, needed, |file| file.seek(offset, whence))
    }

    /// `fd_filestat_get`, decoded.
    pub fn stat(&self, fd: Fd) -> Result<Filestat> {
        let descriptor = self.get(fd)?;
        descriptor.check(Rights::FD_FILESTAT_GET)?;
        descriptor.stat()
    }

    /// `path_filestat_get`, decoded.
    pub fn stat_at(
        &self,
        memory: &GuestMemory<'_>,
        fd: Fd,
        flags: Lookupflags,
        path: GuestPtr<str>,
    ) -> Result<Filestat> {
        let path = path::read(memory, path)?;
        self.with_dir(fd, Rights::PATH_FILESTAT_GET, |dir| dir.stat_at(&path, follows(flags)))
    }

    /// `poll_oneoff`, decoded.
    pub fn poll(
        &self,
        memory: &mut GuestMemory<'_>,
        subscriptions: &[Subscription],
        events: GuestPtr<Event>,
    ) -> Result<Size> {
        let happened = poll::poll(self.0, subscriptions)?;
        let count = Size::try_from(happened.len())?;
        for (event, slot) in happened.into_iter().zip(events.as_array(count).iter()) {
            memory.write(slot?, event)?;
        }
        Ok(count)
    }

    /// `path_open`, decoded.
    pub fn open(&self, fd: Fd, path: &str, follow: bool, oflags: Oflags, rights: Rights, flags: Fdflags) -> Result<Fd> {
        let descriptor = self.get(fd)?;
        let dir = descriptor.dir()?;
        descriptor.check(Rights::PATH_OPEN)?;
        let allowed = descriptor.inheriting();
        let access = Access {
            read: rights.contains(Rights::FD_READ),
            write: rights.contains(Rights::FD_WRITE),
        };
        let mut denied = Rights::empty();
        if !access.read {
            denied |= Rights::FD_READ;
        }
        if !access.write {
            denied |= Rights::FD_WRITE;
        }
        if !(allowed | denied).contains(Rights::FD_READ | Rights::FD_WRITE) {
            return Err(Errno::Notcapable.into());
        }
        self.0.table.check_room()?;
        if oflags.contains(Oflags::CREAT) {
            descriptor.check(Rights::PATH_CREATE_FILE)?;
        }
        if !dir.is_writable() {
            // The system lets the times of a file be changed that is open to be read.
            denied |= Rights::FD_FILESTAT_SET_TIMES;
        }
        let (object, able) = match dir.open(path, follow, oflags, flags, access)? {
            Opened::Dir(dir) => (Object::Dir(dir), dir_rights()),
            Opened::File(file) if file.is_stream() => (Object::File(file), stream_rights()),
            Opened::File(file) => (Object::File(file), file_rights()),
        };
        let base = able & allowed & !denied;
        self.0.table.add(Descriptor::new(object, base, allowed, flags))
    }
}

/// Whether a link at the end of a path is followed.
pub fn follows(flags: Lookupflags) -> bool {
    flags.contains(Lookupflags::SYMLINK_FOLLOW)
}
