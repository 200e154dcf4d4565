//! Ending a guest that is in a call, and waiting for files in a way that can be ended.

use std::io::{self, PipeReader, PipeWriter, Write as _};
use std::os::fd::BorrowedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use super::errno::{Fault, Result};
use crate::error::Interrupted;

/// The most bytes that are moved at a time where a guest may be made to end meanwhile.
const AT_ONCE: usize = 1 << 20;

/// A request to end, from any thread: once it is set, every call of the guest fails with
/// [`Interrupted`], also one that is waiting.
#[derive(Clone)]
pub struct Interrupt(Arc<Inner>);

struct Inner {
    is_set: AtomicBool,
    /// Readable once the interrupt is set, so that `poll` can wait for it.
    event: PipeReader,
    setter: PipeWriter,
}

impl Interrupt {
    /// Fails if the process may open no more files.
    pub fn new() -> io::Result<Interrupt> {
        let (event, setter) = io::pipe()?;
        Ok(Interrupt(Arc::new(Inner {
            is_set: AtomicBool::new(false),
            event,
            setter,
        })))
    }

    pub fn set(&self) {
        if !self.0.is_set.swap(true, Ordering::AcqRel) {
            // One byte into an empty pipe, of which both ends are open: it cannot fail.
            let _ = (&self.0.setter).write(&[0]);
        }
    }

    pub fn is_set(&self) -> bool {
        self.0.is_set.load(Ordering::Acquire)
    }
}

/// What a guest's thread that waits is woken by besides what it waits for.
#[derive(Clone, Copy)]
pub struct Waiter<'a>(pub Option<&'a Interrupt>);

impl<'a> Waiter<'a> {
    /// Whether waiting can be interrupted: then no call of the system may block on its own.
    pub fn is_interruptible(self) -> bool {
        self.0.is_some()
    }

    /// Fails if the guest is to end.
    #[inline]
    pub fn check(self) -> Result<()> {
        match self.0 {
            Some(interrupt) if interrupt.is_set() => Err(Fault::end(Interrupted)),
            _ => Ok(()),
        }
    }

    /// The most bytes to move between two checks.
    pub fn at_once(self) -> usize {
        match self.is_interruptible() {
            true => AT_ONCE,
            false => usize::MAX,
        }
    }

    /// Waits until one of `fds` is ready or the time has passed; true if one is. It may be early.
    pub fn poll(self, fds: &mut Vec<PollFd<'a>>, timeout: Option<&Timespec>) -> Result<bool> {
        let Some(Interrupt(inner)) = self.0 else {
            return Ok(ignore_signal(poll(fds, timeout))? > 0);
        };
        fds.push(PollFd::new(&inner.event, PollFlags::IN));
        let ready = ignore_signal(poll(fds, timeout));
        let interrupted = fds.pop().is_some_and(|fd| !fd.revents().is_empty());
        // What else is ready does not matter to a guest that ends.
        match interrupted {
            true => Err(Fault::end(Interrupted)),
            false => Ok(ready? > 0),
        }
    }

    /// Waits until an operation on `fd` can go on, or has an error or an end to report.
    pub fn wait(self, fd: BorrowedFd<'a>, events: PollFlags) -> Result<()> {
        let mut fds = vec![PollFd::from_borrowed_fd(fd, events)];
        while !self.poll(&mut fds, None)? {}
        Ok(())
    }
}

/// Whether an operation on `fd` would not wait.
pub fn is_ready(fd: BorrowedFd<'_>, events: PollFlags) -> Result<bool> {
    let mut fds = [PollFd::from_borrowed_fd(fd, events)];
    Ok(ignore_signal(poll(&mut fds, Some(&Timespec::default())))? > 0)
}

fn ignore_signal(result: rustix::io::Result<usize>) -> rustix::io::Result<usize> {
    match result {
        Err(Errno::INTR) => Ok(0),
        other => other,
    }
}
