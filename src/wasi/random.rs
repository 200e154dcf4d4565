//! Random bytes: the system's, or a sequence that a seed fixes.

use std::sync::{Mutex, PoisonError};

use blake3::{Hasher, OutputReader};

use super::errno::Result;
use super::options::Random;

/// Separates the sequence from every other use of BLAKE3 on the same seed.
const CONTEXT: &str = "wasmport 2026-11-22 WASI random_get";

pub enum Source {
    System,
    Seeded(Mutex<OutputReader>),
}

impl Source {
    pub fn new(random: &Random) -> Source {
        match random {
            Random::System => Source::System,
            Random::Seed(seed) => {
                let mut hasher = Hasher::new_derive_key(CONTEXT);
                hasher.update(seed);
                Source::Seeded(Mutex::new(hasher.finalize_xof()))
            }
        }
    }

    pub fn fill(&self, buffer: &mut [u8]) -> Result<()> {
        match self {
            Source::System => system(buffer),
            Source::Seeded(sequence) => {
                // A position in a sequence has no invariant that a panic could have broken.
                sequence.lock().unwrap_or_else(PoisonError::into_inner).fill(buffer);
                Ok(())
            }
        }
    }
}

#[cfg(target_os = "linux")]
fn system(mut buffer: &mut [u8]) -> Result<()> {
    use rustix::io::Errno;
    use rustix::rand::{GetRandomFlags, getrandom};

    while !buffer.is_empty() {
        match getrandom(&mut *buffer, GetRandomFlags::empty()) {
            Ok(count) => buffer = &mut buffer[count..],
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn system(buffer: &mut [u8]) -> Result<()> {
    use std::fs::File;
    use std::io::Read as _;

    Ok(File::open("/dev/urandom")?.read_exact(buffer)?)
}
