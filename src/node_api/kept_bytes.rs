//! Bytes that the guest is given a pointer to and may read for as long as it likes.

use std::cell::Cell;

use super::call::Call;
use super::failure::Outcome;

/// Where in the guest's memory they are, once it has asked for them.
#[derive(Default)]
pub struct KeptBytes(Cell<Option<u32>>);

impl KeptBytes {
    /// The address of the bytes. The first time the guest allocates it, and they are written there; `bytes` is told the
    /// address and makes as many as `size` says.
    pub fn address(&self, call: &Call<'_>, size: usize, bytes: impl FnOnce(u32) -> Vec<u8>) -> Outcome<u32> {
        if let Some(address) = self.0.get() {
            return Ok(address);
        }
        let address = call.addon.allocate(size as u32)?;
        call.memory()?.copy_in(address, &bytes(address))?;
        self.0.set(Some(address));
        Ok(address)
    }
}
