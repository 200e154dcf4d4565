//! The descriptors of a guest: what each number stands for, and what may be done with it.

use std::io::IoSlice;
use std::os::fd::{AsFd as _, BorrowedFd};
use std::sync::atomic::{AtomicU16, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use wasmtime_wasi::p1::types::{Errno, Fd, Fdflags, Fdstat, Filestat, Filetype, Rights};

use super::dir::Dir;
use super::errno::Result;
use super::file::File;
use super::interrupt::Waiter;
use super::socket::Listener;
use super::stream::Stream;
use super::times::Times;

/// The most descriptors that a guest may have at a time.
const MAX_DESCRIPTORS: usize = 1024;

/// What stands behind a descriptor.
pub enum Object {
    File(File),
    Dir(Dir),
    Stream(Stream),
    Listener(Listener),
}

pub struct Descriptor {
    pub object: Object,
    base: AtomicU64,
    inheriting: AtomicU64,
    flags: AtomicU16,
}

impl Descriptor {
    pub fn new(object: Object, base: Rights, inheriting: Rights, flags: Fdflags) -> Descriptor {
        Descriptor {
            object,
            base: AtomicU64::new(base.bits()),
            inheriting: AtomicU64::new(inheriting.bits()),
            flags: AtomicU16::new(flags.bits()),
        }
    }

    pub fn base(&self) -> Rights {
        Rights::from_bits_truncate(self.base.load(Ordering::Relaxed))
    }

    /// What descriptors may have that are opened by this one.
    pub fn inheriting(&self) -> Rights {
        Rights::from_bits_truncate(self.inheriting.load(Ordering::Relaxed))
    }

    /// Refuses what the descriptor has no right to.
    pub fn check(&self, needed: Rights) -> Result<()> {
        match self.base().contains(needed) {
            true => Ok(()),
            false => Err(Errno::Notcapable.into()),
        }
    }

    /// Refuses to read or write what it has no right to; what has no contents says so first.
    pub fn check_contents(&self, needed: Rights) -> Result<()> {
        match &self.object {
            Object::Dir(_) => Err(Errno::Isdir.into()),
            Object::Listener(_) => Err(Errno::Notconn.into()),
            Object::File(_) | Object::Stream(_) => self.check(needed),
        }
    }

    /// Gives rights up. None comes back.
    pub fn shrink(&self, base: Rights, inheriting: Rights) -> Result<()> {
        if !self.base().contains(base) || !self.inheriting().contains(inheriting) {
            return Err(Errno::Notcapable.into());
        }
        self.base.fetch_and(base.bits(), Ordering::Relaxed);
        self.inheriting.fetch_and(inheriting.bits(), Ordering::Relaxed);
        Ok(())
    }

    pub fn flags(&self) -> Fdflags {
        Fdflags::from_bits_truncate(self.flags.load(Ordering::Relaxed))
    }

    pub fn set_flags(&self, flags: Fdflags) -> Result<()> {
        let sync = Fdflags::SYNC | Fdflags::DSYNC | Fdflags::RSYNC;
        // The system takes these when a file is opened, and ignores them later.
        if flags & sync != self.flags() & sync {
            return Err(Errno::Inval.into());
        }
        let nonblocking = flags.contains(Fdflags::NONBLOCK);
        match &self.object {
            Object::File(file) => {
                let append = flags.contains(Fdflags::APPEND);
                if append != self.flags().contains(Fdflags::APPEND) {
                    file.set_append(append)?;
                }
                file.set_nonblocking(nonblocking);
            }
            Object::Listener(listener) => listener.set_nonblocking(nonblocking),
            // Neither ever waits nor has a place to write at.
            Object::Stream(_) | Object::Dir(_) => {}
        }
        self.flags.store(flags.bits(), Ordering::Relaxed);
        Ok(())
    }

    pub fn fdstat(&self) -> Fdstat {
        Fdstat {
            fs_filetype: match &self.object {
                Object::File(file) => file.filetype(),
                Object::Dir(_) => Filetype::Directory,
                Object::Stream(_) => Filetype::Unknown,
                Object::Listener(_) => Filetype::SocketStream,
            },
            fs_flags: self.flags(),
            fs_rights_base: self.base(),
            fs_rights_inheriting: self.inheriting(),
        }
    }

    pub fn stat(&self) -> Result<Filestat> {
        match &self.object {
            Object::File(file) => file.stat(),
            Object::Dir(dir) => dir.stat(),
            Object::Listener(_) | Object::Stream(_) => Ok(Filestat {
                dev: 0,
                ino: 0,
                filetype: self.fdstat().fs_filetype,
                nlink: 0,
                size: 0,
                atim: 0,
                mtim: 0,
                ctim: 0,
            }),
        }
    }

    /// The guest's name for a directory that was open from the start.
    pub fn preopen(&self) -> Option<&str> {
        match &self.object {
            Object::Dir(dir) => dir.preopen.as_deref(),
            Object::File(_) | Object::Stream(_) | Object::Listener(_) => None,
        }
    }

    pub fn read(&self, buffer: &mut [u8], waiter: Waiter<'_>) -> Result<usize> {
        match &self.object {
            Object::File(file) => file.read(buffer, waiter),
            Object::Stream(stream) => stream.read(buffer),
            Object::Listener(_) => Err(Errno::Notconn.into()),
            Object::Dir(_) => Err(Errno::Isdir.into()),
        }
    }

    pub fn write(&self, slices: &mut [IoSlice<'_>], waiter: Waiter<'_>) -> Result<usize> {
        match &self.object {
            Object::File(file) => file.write(slices, waiter),
            Object::Stream(stream) => stream.write(slices, waiter),
            Object::Listener(_) => Err(Errno::Notconn.into()),
            Object::Dir(_) => Err(Errno::Isdir.into()),
        }
    }

    /// Calls `sync` with what can be made permanent.
    pub fn sync(&self, sync: impl FnOnce(BorrowedFd<'_>) -> rustix::io::Result<()>) -> Result<()> {
        match &self.object {
            Object::File(file) => Ok(sync(file.as_fd())?),
            Object::Dir(dir) => Ok(sync(dir.root().as_fd())?),
            Object::Stream(_) | Object::Listener(_) => Err(Errno::Inval.into()),
        }
    }

    pub fn set_times(&self, times: Times) -> Result<()> {
        match &self.object {
            Object::File(file) => Ok(rustix::fs::futimens(file, &times.into())?),
            Object::Dir(dir) => dir.set_times(times),
            Object::Stream(_) | Object::Listener(_) => Err(Errno::Badf.into()),
        }
    }

    pub fn dir(&self) -> Result<&Dir> {
        match &self.object {
            Object::Dir(dir) => Ok(dir),
            Object::File(file) if file.is_regular() => Err(Errno::Notdir.into()),
            Object::File(_) | Object::Stream(_) | Object::Listener(_) => Err(Errno::Badf.into()),
        }
    }

    /// An object that has a content of its own.
    pub fn file(&self) -> Result<&File> {
        match &self.object {
            Object::File(file) => Ok(file),
            Object::Dir(_) | Object::Stream(_) | Object::Listener(_) => Err(Errno::Badf.into()),
        }
    }

    /// The same, for what needs a position in the content.
    pub fn seekable(&self) -> Result<&File> {
        match &self.object {
            Object::File(file) if !file.is_stream() => Ok(file),
            Object::File(_) | Object::Stream(_) | Object::Listener(_) => Err(Errno::Spipe.into()),
            Object::Dir(_) => Err(Errno::Isdir.into()),
        }
    }

    /// The same, for what only sockets can.
    pub fn socket(&self) -> Result<&File> {
        match &self.object {
            Object::File(file) if file.is_socket() => Ok(file),
            Object::Listener(_) => Err(Errno::Notconn.into()),
            Object::File(_) | Object::Dir(_) | Object::Stream(_) => Err(Errno::Notsock.into()),
        }
    }
}

/// All that can be done with a file. What a file cannot do in fact, the system says.
pub fn file_rights() -> Rights {
    Rights::FD_DATASYNC
        | Rights::FD_READ
        | Rights::FD_SEEK
        | Rights::FD_FDSTAT_SET_FLAGS
        | Rights::FD_SYNC
        | Rights::FD_TELL
        | Rights::FD_WRITE
        | Rights::FD_ADVISE
        | Rights::FD_ALLOCATE
        | Rights::FD_FILESTAT_GET
        | Rights::FD_FILESTAT_SET_SIZE
        | Rights::FD_FILESTAT_SET_TIMES
        | Rights::POLL_FD_READWRITE
}

/// All that can be done with what comes and goes: a terminal is known by it that it cannot seek.
pub fn stream_rights() -> Rights {
    Rights::FD_DATASYNC
        | Rights::FD_READ
        | Rights::FD_FDSTAT_SET_FLAGS
        | Rights::FD_SYNC
        | Rights::FD_WRITE
        | Rights::FD_ADVISE
        | Rights::FD_FILESTAT_GET
        | Rights::POLL_FD_READWRITE
        | Rights::SOCK_SHUTDOWN
}

/// All that can be done with a socket that connections come from.
pub fn listener_rights() -> Rights {
    Rights::FD_FDSTAT_SET_FLAGS | Rights::FD_FILESTAT_GET | Rights::POLL_FD_READWRITE | Rights::SOCK_ACCEPT
}

/// All that can be done with a directory.
pub fn dir_rights() -> Rights {
    Rights::PATH_CREATE_DIRECTORY
        | Rights::PATH_CREATE_FILE
        | Rights::PATH_LINK_SOURCE
        | Rights::PATH_LINK_TARGET
        | Rights::PATH_OPEN
        | Rights::FD_READDIR
        | Rights::PATH_READLINK
        | Rights::PATH_RENAME_SOURCE
        | Rights::PATH_RENAME_TARGET
        | Rights::PATH_SYMLINK
        | Rights::PATH_REMOVE_DIRECTORY
        | Rights::PATH_UNLINK_FILE
        | Rights::PATH_FILESTAT_GET
        | Rights::PATH_FILESTAT_SET_TIMES
        | Rights::FD_FILESTAT_GET
        | Rights::FD_FILESTAT_SET_TIMES
        | Rights::FD_FDSTAT_SET_FLAGS
        | Rights::FD_SYNC
        | Rights::FD_DATASYNC
}

/// The numbers in use. It is not locked while anything is read or written.
#[derive(Default)]
pub struct Table(Mutex<Vec<Option<Arc<Descriptor>>>>);

impl Table {
    pub fn get(&self, fd: Fd) -> Result<Arc<Descriptor>> {
        let slots = self.lock();
        let slot = slots.get(u32::from(fd) as usize).and_then(Option::as_ref);
        Ok(slot.ok_or(Errno::Badf)?.clone())
    }

    /// Fails if no number is free: asked before anything is opened, created or emptied.
    pub fn check_room(&self) -> Result<()> {
        let slots = self.lock();
        match slots.len() < MAX_DESCRIPTORS || slots.iter().any(Option::is_none) {
            true => Ok(()),
            false => Err(Errno::Mfile.into()),
        }
    }

    /// Puts a descriptor at the lowest number that is free.
    pub fn add(&self, descriptor: Descriptor) -> Result<Fd> {
        let mut slots = self.lock();
        let free = slots.iter().position(Option::is_none).unwrap_or(slots.len());
        if free >= MAX_DESCRIPTORS {
            return Err(Errno::Mfile.into());
        }
        if free == slots.len() {
            slots.push(None);
        }
        slots[free] = Some(Arc::new(descriptor));
        Ok(Fd::from(free as u32))
    }

    pub fn close(&self, fd: Fd) -> Result<()> {
        let closed = self.lock().get_mut(u32::from(fd) as usize).and_then(Option::take);
        // What was behind it is closed here, without the lock, or by the last thread that uses it.
        closed.map(drop).ok_or_else(|| Errno::Badf.into())
    }

    /// Gives a descriptor the number of another, which is closed.
    pub fn renumber(&self, from: Fd, to: Fd) -> Result<()> {
        let (from, to) = (u32::from(from) as usize, u32::from(to) as usize);
        let mut slots = self.lock();
        let is_open = |slot: usize| slots.get(slot).is_some_and(Option::is_some);
        if !is_open(from) || !is_open(to) {
            return Err(Errno::Badf.into());
        }
        if from == to {
            return Ok(());
        }
        let moved = slots[from].take();
        let closed = std::mem::replace(&mut slots[to], moved);
        drop(slots);
        drop(closed);
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Option<Arc<Descriptor>>>> {
        // No operation on it stops half way.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
