//! Standard streams that are no files of the system.

use std::io::IoSlice;
use std::sync::{Mutex, PoisonError};

use wasmtime_wasi::p1::types::Errno;

use super::capture::{Capture, Full};
use super::errno::{Fault, Result};
use super::interrupt::Waiter;
use crate::error::MaxBuffer;

pub enum Stream {
    /// Bytes to read; then the end.
    Input { bytes: Vec<u8>, position: Mutex<usize> },
    /// Takes all and keeps nothing.
    Discard,
    Capture {
        capture: Capture,
        /// Such as `stdout`, for the error of one that is full.
        name: &'static str,
    },
}

impl Stream {
    pub fn input(bytes: Vec<u8>) -> Stream {
        Stream::Input {
            bytes,
            position: Mutex::new(0),
        }
    }

    pub fn read(&self, buffer: &mut [u8]) -> Result<usize> {
        let Stream::Input { bytes, position } = self else {
            return Err(Errno::Badf.into());
        };
        // A position has no invariant that a panic could have broken.
        let mut position = position.lock().unwrap_or_else(PoisonError::into_inner);
        let rest = &bytes[*position..];
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        *position += count;
        Ok(count)
    }

    pub fn write(&self, slices: &[IoSlice<'_>], waiter: Waiter<'_>) -> Result<usize> {
        match self {
            Stream::Input { .. } => return Err(Errno::Badf.into()),
            Stream::Discard => {}
            Stream::Capture { capture, name } => {
                for part in slices.iter().flat_map(|slice| slice.chunks(waiter.at_once())) {
                    waiter.check()?;
                    if let Err(Full) = capture.write(part)? {
                        return Err(Fault::end(MaxBuffer(name)));
                    }
                }
            }
        }
        Ok(slices.iter().map(|slice| slice.len()).sum())
    }

    /// How much there is to read.
    pub fn available(&self) -> u64 {
        match self {
            Stream::Input { bytes, position } => {
                let position = position.lock().unwrap_or_else(PoisonError::into_inner);
                (bytes.len() - *position) as u64
            }
            Stream::Discard | Stream::Capture { .. } => 0,
        }
    }
}
