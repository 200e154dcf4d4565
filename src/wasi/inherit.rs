//! The standard streams of the process, used directly.
//!
//! No buffer and no helper thread: output is out when the call returns, and input that the guest
//! never asks for stays there for others. Node makes pipes and terminals non-blocking, and that
//! belongs to the open file, not to our use of it; so each operation waits with `poll`.

use std::io::{self, IsTerminal as _};
use std::os::fd::{AsFd, BorrowedFd};

use bytes::Bytes;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use tokio::io::AsyncRead;
use wasmtime_wasi::async_trait;
use wasmtime_wasi::cli::{self, StdinStream};
use wasmtime_wasi::p2::{InputStream, Pollable, StreamError, StreamResult};
use wasmtime_wasi::runtime::spawn_blocking;

use super::output::Sink;

/// The most that one read allocates, as in `wasmtime-wasi`.
const MAX_READ: usize = 64 * 1024;

/// Waits for one of `events`, or for the end or an error, which the next operation reports.
/// Without a timeout it is true; with one it may be false.
fn wait(fd: BorrowedFd<'_>, events: PollFlags, timeout: Option<&Timespec>) -> io::Result<bool> {
    loop {
        match poll(&mut [PollFd::from_borrowed_fd(fd, events)], timeout) {
            Ok(count) => return Ok(count > 0),
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

#[derive(Clone, Copy)]
pub(super) enum InheritedOutput {
    Stdout,
    Stderr,
}

impl Sink for InheritedOutput {
    fn write_all(&self, bytes: &[u8]) -> io::Result<()> {
        match self {
            InheritedOutput::Stdout => write_all(io::stdout().as_fd(), bytes),
            InheritedOutput::Stderr => write_all(io::stderr().as_fd(), bytes),
        }
    }
    fn is_terminal(&self) -> bool {
        match self {
            InheritedOutput::Stdout => io::stdout().is_terminal(),
            InheritedOutput::Stderr => io::stderr().is_terminal(),
        }
    }
}

fn write_all(fd: BorrowedFd<'_>, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match rustix::io::write(fd, bytes) {
            Ok(count) => bytes = &bytes[count..],
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => {
                wait(fd, PollFlags::OUT, None)?;
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// The standard input of the process. It keeps nothing, so that all uses of it agree.
pub(super) struct InheritedInput;

impl cli::IsTerminal for InheritedInput {
    fn is_terminal(&self) -> bool {
        // The trait here has a method of this name for the same type.
        io::IsTerminal::is_terminal(&io::stdin())
    }
}

impl StdinStream for InheritedInput {
    fn async_stream(&self) -> Box<dyn AsyncRead + Send + Sync> {
        cli::stdin().async_stream()
    }
    fn p2_stream(&self) -> Box<dyn InputStream> {
        Box::new(InheritedInput)
    }
}

#[async_trait]
impl InputStream for InheritedInput {
    fn read(&mut self, size: usize) -> StreamResult<Bytes> {
        match ready_now() {
            Ok(true) => read(size),
            Ok(false) => Ok(Bytes::new()),
            Err(error) => Err(StreamError::LastOperationFailed(error.into())),
        }
    }
    async fn blocking_read(&mut self, size: usize) -> StreamResult<Bytes> {
        read(size)
    }
}

fn ready_now() -> io::Result<bool> {
    wait(io::stdin().as_fd(), PollFlags::IN, Some(&Timespec::default()))
}

fn read(size: usize) -> StreamResult<Bytes> {
    if size == 0 {
        return Ok(Bytes::new());
    }
    let stdin = io::stdin();
    let fd = stdin.as_fd();
    let mut buffer = vec![0; size.min(MAX_READ)];
    let error = loop {
        match rustix::io::read(fd, &mut buffer[..]) {
            Ok(0) => return Err(StreamError::Closed),
            Ok(count) => {
                buffer.truncate(count);
                return Ok(buffer.into());
            }
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => {
                if let Err(error) = wait(fd, PollFlags::IN, None) {
                    break error;
                }
            }
            Err(error) => break error.into(),
        }
    };
    Err(StreamError::LastOperationFailed(error.into()))
}

#[async_trait]
impl Pollable for InheritedInput {
    /// For `poll_oneoff`, where input is waited for along with timers: this one must not block.
    async fn ready(&mut self) {
        if let Ok(true) = ready_now() {
            return;
        }
        let Ok((stop, _running)) = io::pipe() else {
            return;
        };
        // The thread ends with this wait, whichever event ends it: `_running` is closed then.
        spawn_blocking(move || {
            let stdin = io::stdin();
            let mut fds = [PollFd::new(&stdin, PollFlags::IN), PollFd::new(&stop, PollFlags::IN)];
            while let Err(Errno::INTR) = poll(&mut fds, None) {}
        })
        .await;
    }
}
