//! Output kept in memory.

use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use wasmtime_wasi::p1::types::Errno;

use super::errno::Result;

/// A buffer that grows with what the guest writes. Clones share it, so one stays with whoever
/// wants the output.
#[derive(Clone)]
pub struct Capture {
    bytes: Arc<Mutex<Vec<u8>>>,
    limit: Option<usize>,
}

/// The guest wrote more than the limit allows.
pub struct Full;

impl Capture {
    /// `limit` is the most bytes that it holds.
    pub fn new(limit: Option<usize>) -> Capture {
        Capture {
            bytes: Arc::default(),
            limit,
        }
    }

    /// What was written since the last call.
    pub fn take(&self) -> Vec<u8> {
        mem::take(&mut *self.bytes())
    }

    /// Stores what fits.
    pub(super) fn write(&self, bytes: &[u8]) -> Result<std::result::Result<(), Full>> {
        let mut buffer = self.bytes();
        let room = self
            .limit
            .map_or(usize::MAX, |limit| limit.saturating_sub(buffer.len()));
        let fits = &bytes[..bytes.len().min(room)];
        // A guest can outgrow the host's memory: its error, not the end of the process.
        buffer.try_reserve(fits.len()).map_err(|_| Errno::Nomem)?;
        buffer.extend_from_slice(fits);
        Ok(if fits.len() < bytes.len() { Err(Full) } else { Ok(()) })
    }

    fn bytes(&self) -> MutexGuard<'_, Vec<u8>> {
        // Bytes have no invariant that a panic could have broken.
        self.bytes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
