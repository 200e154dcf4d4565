//! File descriptors that belong to JavaScript.

use std::io;
use std::os::fd::{BorrowedFd, FromRawFd, IntoRawFd, OwnedFd};

use rustix::io::fcntl_dupfd_cloexec;
use rustix::pipe::{PipeFlags, pipe_with};

/// A descriptor of our own for the file of one that JavaScript has.
pub fn duplicate(fd: i32) -> io::Result<OwnedFd> {
    if fd < 0 {
        return Err(rustix::io::Errno::BADF.into());
    }
    // SAFETY: the number is only used in this call, which checks it: of one that is not open nothing is made.
    let borrowed = unsafe { BorrowedFd::borrow_raw(fd) };
    Ok(fcntl_dupfd_cloexec(borrowed, 3)?)
}

/// The two ends of a pipe: the one to read from and the one to write to.
pub fn pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    Ok(pipe_with(PipeFlags::CLOEXEC)?)
}

/// Gives a descriptor to JavaScript.
pub fn into_raw(fd: OwnedFd) -> i32 {
    fd.into_raw_fd()
}

/// Closes a descriptor of JavaScript's.
pub fn close(fd: i32) {
    if fd >= 0 {
        // SAFETY: JavaScript got it from `into_raw`, and gives it back by this.
        drop(unsafe { OwnedFd::from_raw_fd(fd) });
    }
}
