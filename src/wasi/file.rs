//! An open file of the system: a regular one, a device, a pipe or a socket.

use std::io::IoSlice;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::event::PollFlags;
use rustix::fs::{self, FallocateFlags, FileType, OFlags, SeekFrom};
use rustix::io::{Errno as System, retry_on_intr};
use rustix::net::RecvFlags;
use wasmtime_wasi::p1::types::{Advice, Errno, Fdflags, Filedelta, Filesize, Filestat, Filetype, Whence};

use super::errno::{Fault, Result};
use super::filestat;
use super::interrupt::{Waiter, is_ready};
use super::reopen;
use super::socket;

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
    /// The same pipe or terminal in an open file of our own that never blocks, to read and write by,
    /// once that is needed.
    own: OnceLock<Option<OwnedFd>>,
}

impl File {
    pub fn new(handle: Handle, file_type: FileType) -> File {
        File {
            handle,
            file_type,
            nonblocking: AtomicBool::new(false),
            is_shared: false,
            own: OnceLock::new(),
        }
    }

    /// An open file that the guest is given: whatever it is, others may have it open too.
    pub fn given(handle: Handle, waiter: Waiter<'_>) -> File {
        // A standard stream may be closed; each use of it will say so.
        let file_type = fs::fstat(&handle).map_or(FileType::Unknown, |stat| FileType::from_raw_mode(stat.st_mode));
        let mut file = File::new(handle, file_type);
        file.is_shared = true;
        if waiter.is_interruptible() {
            file.reopen();
        }
        file
    }

    /// Sees to it that the system does not wait in a read or write, if it can be done.
    fn reopen(&self) {
        if self.is_shared && self.is_stream() && !self.is_socket() {
            self.own.get_or_init(|| reopen::non_blocking(&self.handle));
        }
    }

    fn own(&self) -> Option<&OwnedFd> {
        self.own.get()?.as_ref()
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
        if nonblocking {
            self.reopen();
        }
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
        if self.is_regular() {
            return fill(buffer, waiter, |part, _| rustix::io::read(&self.handle, part));
        }
        let most = buffer.len().min(waiter.at_once());
        let buffer = &mut buffer[..most];
        self.when(PollFlags::IN, waiter, |fd| match self.is_socket() {
            true => rustix::net::recv(fd, &mut *buffer, RecvFlags::DONTWAIT).map(|(count, _)| count),
            false => rustix::io::read(fd, &mut *buffer),
        })
    }

    /// Writes all, unless the file takes no more.
    pub fn write(&self, slices: &mut [IoSlice<'_>], waiter: Waiter<'_>) -> Result<usize> {
        let most = match self.is_asked(waiter) {
            // A pipe that is ready may still block a write of more than this.
            true => PIPE_BUF,
            false => waiter.at_once(),
        };
        drain(slices, most, |now, _| match self.is_socket() {
            true => socket::send(self, now, waiter),
            false => self.when(PollFlags::OUT, waiter, |fd| rustix::io::writev(fd, now)),
        })
    }

    /// Whether a read or write has to be preceded by the question whether it would wait: it must
    /// not, and neither the open file nor the call says so to the system.
    fn is_asked(&self, waiter: Waiter<'_>) -> bool {
        let may_block = self.is_shared && self.own().is_none() && !self.is_regular() && !self.is_socket();
        may_block && (self.is_nonblocking() || waiter.is_interruptible())
    }

    fn is_nonblocking(&self) -> bool {
        self.nonblocking.load(Ordering::Relaxed)
    }

    /// Carries out an operation that may have to wait.
    pub fn when<T>(
        &self,
        events: PollFlags,
        waiter: Waiter<'_>,
        mut operation: impl FnMut(BorrowedFd<'_>) -> rustix::io::Result<T>,
    ) -> Result<T> {
        let fd = self.handle.as_fd();
        let own = self.own().map_or(fd, OwnedFd::as_fd);
        let nonblocking = self.is_nonblocking();
        // Another may still be faster than the operation after it, and take what there was.
        let mut ask = self.is_asked(waiter);
        loop {
            waiter.check()?;
            if ask && nonblocking && !is_ready(fd, events)? {
                return Err(Errno::Again.into());
            }
            if ask && !nonblocking {
                waiter.wait(fd, events)?;
            }
            match operation(own) {
                Err(System::INTR) => {}
                Err(System::AGAIN) if !nonblocking => ask = true,
                result => return Ok(result?),
            }
        }
    }

    pub fn read_at(&self, buffer: &mut [u8], offset: Filesize, waiter: Waiter<'_>) -> Result<usize> {
        fill(buffer, waiter, |part, done| {
            rustix::io::pread(&self.handle, part, offset.saturating_add(done as u64))
        })
    }

    /// Writes all, unless the file takes no more.
    pub fn write_at(&self, slices: &mut [IoSlice<'_>], offset: Filesize, waiter: Waiter<'_>) -> Result<usize> {
        drain(slices, waiter.at_once(), |now, written| {
            waiter.check()?;
            let offset = offset.saturating_add(written as u64);
            Ok(retry_on_intr(|| rustix::io::pwritev(&self.handle, now, offset))?)
        })
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

/// Reads until the buffer is full or the file gives less than it is asked for, which is its end.
/// `read` takes a part of the buffer and the number of bytes before it.
fn fill(
    buffer: &mut [u8],
    waiter: Waiter<'_>,
    mut read: impl FnMut(&mut [u8], usize) -> rustix::io::Result<usize>,
) -> Result<usize> {
    let mut done = 0;
    loop {
        waiter.check()?;
        let most = waiter.at_once().min(buffer.len() - done);
        let part = &mut buffer[done..done + most];
        match retry_on_intr(|| read(&mut *part, done)) {
            Ok(count) => {
                done += count;
                if count < most || done == buffer.len() {
                    return Ok(done);
                }
            }
            Err(_) if done > 0 => return Ok(done),
            Err(error) => return Err(error.into()),
        }
    }
}

/// Writes until there is no more, or `write` takes nothing. It has at most `most` bytes at a time,
/// and the number of those before.
fn drain(
    mut slices: &mut [IoSlice<'_>],
    most: usize,
    mut write: impl FnMut(&[IoSlice<'_>], usize) -> Result<usize>,
) -> Result<usize> {
    let mut left: usize = slices.iter().map(|slice| slice.len()).sum();
    let mut written = 0;
    while left > 0 {
        let result = match left <= most {
            true => write(slices, written),
            false => write(&[IoSlice::new(&slices[0][..slices[0].len().min(most)])], written),
        };
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
