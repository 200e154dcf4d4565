//! Output that is written at once, on the calling thread.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use tokio::io::AsyncWrite;
use wasmtime_wasi::async_trait;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamError, StreamResult};

/// Takes bytes, all of them or none that count.
pub(super) trait Sink: Clone + Send + Sync + Unpin + 'static {
    fn write_all(&self, bytes: &[u8]) -> io::Result<()>;
    fn is_terminal(&self) -> bool;
}

/// A sink as a standard stream. The adapters of `wasmtime-wasi` put a task and a buffer between
/// guest and sink, so that output can be late, and lost when the process ends.
#[derive(Clone)]
pub(super) struct Direct<S>(pub S);

impl<S: Sink> IsTerminal for Direct<S> {
    fn is_terminal(&self) -> bool {
        self.0.is_terminal()
    }
}

impl<S: Sink> StdoutStream for Direct<S> {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }
    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

#[async_trait]
impl<S: Sink> OutputStream for Direct<S> {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        // Not `Closed` for a broken pipe: the guest would see an I/O error instead of EPIPE.
        (self.0.write_all(&bytes)).map_err(|e| StreamError::LastOperationFailed(e.into()))
    }
    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }
    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(64 * 1024)
    }
    async fn blocking_write_and_flush(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.write(bytes)
    }
}

#[async_trait]
impl<S: Sink> Pollable for Direct<S> {
    async fn ready(&mut self) {}
}

impl<S: Sink> AsyncWrite for Direct<S> {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(self.0.write_all(bytes).map(|()| bytes.len()))
    }
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
