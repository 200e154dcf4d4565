//! An open file of the system: a regular one, a device, a pipe or a socket.

use std::io::IoSlice;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::event::PollFlags;
use rustix::fs::{self, FallocateFlags, FileType, OFlags, SeekFrom};
use rustix::io::Errno as System;
use wasmtime_wasi::p1::types::{Advice, Errno, Fdflags, Filedelta, Filesize, Filestat, Filetype, Whence};

use super::errno::{Fault, Result};
use super::filestat;
use super::interrupt::{Waiter, is_ready};

/// What a pipe that is ready for output takes at least without waiting: `PIPE_BUF` of Linux, the
/// largest that any system has.
pub const PIPE_BUF: usize = 4096;

/// The file and whose it is.
pub enum Handle {
    Owned(OwnedFd),
    /// A standard stream of the process. It is not closed with the guest.
    Inherited(BorrowedFd<'static>),
}

impl AsFd for Handle {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Handle::Owned(fd) => fd.as_fd(),
            Handle::Inherited(fd) => *fd,
        }
    }
}

pub struct File {
    handle: Handle,
    file_type: FileType,
    /// Whether the guest wants `again` in place of waiting. The system's own flag does not say so:
    /// it belongs to the open file, which others may have made non-blocking for themselves.
    nonblocking: AtomicBool,
    /// Whether the program that runs the guest, or others, have the same open file.
    is_shared: bool,
}

impl File {
    pub fn new(handle: Handle, file_type: FileType) -> File {
        File {
            handle,
            file_type,
            nonblocking: AtomicBool::new(false),
            is_shared: false,
        }
    }

    /// An open file that the guest is given: whatever it is, others may have it open too.
    pub fn given(handle: Handle) -> File {
        // A standard stream may be closed; each use of it will say so.
        let file_type = fs::fstat(&handle).map_or(FileType::Unknown, |stat| FileType::from_raw_mode(stat.st_mode));
        File {
            is_shared: true,
            ..File::new(handle, file_type)
        }
    }

    pub fn is_regular(&self) -> bool {
        self.file_type == FileType::RegularFile
    }

    pub fn is_socket(&self) -> bool {
        self.file_type == FileType::Socket
    }

    /// Whether data comes and goes, and nothing has a position.
    pub fn is_stream(&self) -> bool {
        self.is_socket() || self.file_type == FileType::Fifo || self.is_terminal()
    }

    pub fn is_terminal(&self) -> bool {
        self.file_type == FileType::CharacterDevice && rustix::termios::isatty(&self.handle)
    }

    pub fn filetype(&self) -> Filetype {
        match filestat::filetype(self.file_type) {
            Filetype::SocketStream if self.is_datagram() => Filetype::SocketDgram,
            filetype => filetype,
        }
    }

    fn is_datagram(&self) -> bool {
        use rustix::net::SocketType;
        use rustix::net::sockopt::socket_type;
        matches!(socket_type(&self.handle), Ok(SocketType::DGRAM))
    }

    /// The flags that the file has already, of those that a guest can see.
    pub fn initial_flags(&self) -> Fdflags {
        match fs::fcntl_getfl(&self.handle) {
            Ok(flags) if flags.contains(OFlags::APPEND) => Fdflags::APPEND,
            _ => Fdflags::empty(),
        }
    }

    pub fn set_nonblocking(&self, nonblocking: bool) {
        self.nonblocking.store(nonblocking, Ordering::Relaxed);
    }

    pub fn set_append(&self, append: bool) -> Result<()> {
        if self.is_shared {
            // The flag would be set for all who have it open.
            return Err(Errno::Notsup.into());
        }
        let mut flags = fs::fcntl_getfl(&self.handle)?;
        flags.set(OFlags::APPEND, append);
        Ok(fs::fcntl_setfl(&self.handle, flags)?)
    }

    pub fn read(&self, buffer: &mut [u8], waiter: Waiter<'_>) -> Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        self.when(PollFlags::IN, waiter, |fd| rustix::io::read(fd, &mut *buffer))
    }

    /// Writes all, unless the file takes no more.
    pub fn write(&self, mut slices: &mut [IoSlice<'_>], waiter: Waiter<'_>) -> Result<usize> {
        // A pipe that is ready may still block a write of more than this.
        let most = match waiter.is_interruptible() && self.may_block() {
            true => PIPE_BUF,
            false => usize::MAX,
        };
        let mut left: usize = slices.iter().map(|slice| slice.len()).sum();
        let mut written = 0;
        while left > 0 {
            let result = self.when(PollFlags::OUT, waiter, |fd| match left <= most {
                true => rustix::io::writev(fd, slices),
                false => rustix::io::write(fd, &slices[0][..slices[0].len().min(most)]),
            });
            match result {
                Ok(0) => break,
                Ok(count) => {
                    IoSlice::advance_slices(&mut slices, count);
                    written += count;
                    left -= count;
                }
                Err(Fault::Errno(_)) if written > 0 => break,
                Err(fault) => return Err(fault),
            }
        }
        Ok(written)
    }

    fn may_block(&self) -> bool {
        self.is_shared && !self.is_regular()
    }

    /// Carries out an operation that may have to wait.
    pub fn when<T>(
        &self,
        events: PollFlags,
        waiter: Waiter<'_>,
        mut operation: impl FnMut(BorrowedFd<'_>) -> rustix::io::Result<T>,
    ) -> Result<T> {
        let fd = self.handle.as_fd();
        let nonblocking = self.nonblocking.load(Ordering::Relaxed);
        // What the guest opened never blocks. With what it was given, the system may block in the
        // operation itself, and whether it does is not ours to change.
        let mut ask = self.may_block() && (nonblocking || waiter.is_interruptible());
        loop {
            if ask && nonblocking && !is_ready(fd, events)? {
                return Err(Errno::Again.into());
            }
            if ask && !nonblocking {
                waiter.wait(fd, events)?;
            }
            match operation(fd) {
                Err(System::INTR) => {}
                Err(System::AGAIN) if !nonblocking => ask = true,
                result => return Ok(result?),
            }
        }
    }

    pub fn read_at(&self, buffer: &mut [u8], offset: Filesize) -> Result<usize> {
        loop {
            match rustix::io::pread(&self.handle, &mut *buffer, offset) {
                Err(System::INTR) => {}
                result => return Ok(result?),
            }
        }
    }

    /// Writes all, unless the file takes no more.
    pub fn write_at(&self, mut slices: &mut [IoSlice<'_>], offset: Filesize) -> Result<usize> {
        let mut left: usize = slices.iter().map(|slice| slice.len()).sum();
        let mut written = 0;
        while left > 0 {
            match rustix::io::pwritev(&self.handle, slices, offset.saturating_add(written as u64)) {
                Err(System::INTR) => {}
                Ok(0) => break,
                Ok(count) => {
                    IoSlice::advance_slices(&mut slices, count);
                    written += count;
                    left -= count;
                }
                Err(_) if written > 0 => break,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(written)
    }

    pub fn seek(&self, offset: Filedelta, whence: Whence) -> Result<Filesize> {
        let position = match whence {
            Whence::Set => SeekFrom::Start(u64::try_from(offset).map_err(|_| Errno::Inval)?),
            Whence::Cur => SeekFrom::Current(offset),
            Whence::End => SeekFrom::End(offset),
        };
        Ok(fs::seek(&self.handle, position)?)
    }

    pub fn stat(&self) -> Result<Filestat> {
        Ok(filestat::of_stat(&fs::fstat(&self.handle)?))
    }

    pub fn allocate(&self, offset: Filesize, length: Filesize) -> Result<()> {
        Ok(fs::fallocate(&self.handle, FallocateFlags::empty(), offset, length)?)
    }

    pub fn set_size(&self, size: Filesize) -> Result<()> {
        Ok(fs::ftruncate(&self.handle, size)?)
    }

    /// How much is there to read, where that can be known.
    pub fn available(&self) -> Filesize {
        match self.is_regular() {
            true => {
                let position = fs::seek(&self.handle, SeekFrom::Current(0));
                match (fs::fstat(&self.handle), position) {
                    (Ok(stat), Ok(position)) => (stat.st_size as u64).saturating_sub(position),
                    _ => 0,
                }
            }
            false => rustix::io::ioctl_fionread(&self.handle).unwrap_or(0),
        }
    }
}

impl AsFd for File {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.handle.as_fd()
    }
}

/// A hint, which not every system takes and no file needs.
#[cfg(target_os = "linux")]
pub fn advise(file: &File, offset: Filesize, length: Filesize, advice: Advice) -> Result<()> {
    let advice = match advice {
        Advice::Normal => fs::Advice::Normal,
        Advice::Sequential => fs::Advice::Sequential,
        Advice::Random => fs::Advice::Random,
        Advice::Willneed => fs::Advice::WillNeed,
        Advice::Dontneed => fs::Advice::DontNeed,
        Advice::Noreuse => fs::Advice::NoReuse,
    };
    // A length of 0 is to the end, for the guest as for the system.
    Ok(fs::fadvise(file, offset, std::num::NonZeroU64::new(length), advice)?)
}

/// A hint, which this system has no way to take.
#[cfg(not(target_os = "linux"))]
pub fn advise(_: &File, _: Filesize, _: Filesize, _: Advice) -> Result<()> {
    Ok(())
}
