//! Output kept in memory.

use std::io;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::output::Sink;

/// A buffer that grows with what the guest writes. Clones share it, so one stays with whoever
/// wants the output.
#[derive(Clone, Default)]
pub struct Capture(Arc<Mutex<Vec<u8>>>);

impl Capture {
    pub fn new() -> Capture {
        Capture::default()
    }

    /// What was written since the last call.
    pub fn take(&self) -> Vec<u8> {
        mem::take(&mut *self.bytes())
    }

    fn bytes(&self) -> MutexGuard<'_, Vec<u8>> {
        // Bytes have no invariant that a panic could have broken.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sink for Capture {
    fn write_all(&self, bytes: &[u8]) -> io::Result<()> {
        let mut buffer = self.bytes();
        // A guest can outgrow the host's memory: its error, not the end of the process.
        buffer.try_reserve(bytes.len())?;
        buffer.extend_from_slice(bytes);
        Ok(())
    }
    fn is_terminal(&self) -> bool {
        false
    }
}
