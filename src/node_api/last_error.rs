//! The last error, of which `napi_get_last_error_info` tells.

use std::cell::Cell;

use napi_sys as sys;

use super::addon::Addon;

/// How the last call of the API ended.
#[derive(Default)]
pub struct LastError {
    status: Cell<sys::napi_status>,
    /// Where the guest keeps it itself: in emnapi 2 that is in the struct that is its environment, which the guest reads.
    in_guest: Cell<Option<u32>>,
}

impl LastError {
    pub fn status(&self) -> sys::napi_status {
        self.status.get()
    }

    /// The guest has a `napi_extended_error_info` of its own at this address.
    pub fn keep_in_guest(&self, address: u32) {
        self.in_guest.set(Some(address));
    }

    /// Where the guest keeps it, if it does.
    pub fn address(&self) -> Option<u32> {
        self.in_guest.get()
    }

    pub fn set(&self, addon: &Addon, status: sys::napi_status) {
        self.status.set(status);
        if let Some(address) = self.in_guest.get() {
            self.write(addon, address);
        }
    }

    /// Fills in a `napi_extended_error_info` but for the message, which the guest has for each status.
    fn write(&self, addon: &Addon, address: u32) {
        let Ok(memory) = addon.memory() else { return };
        // The guest made the struct; where it is none, nobody reads it.
        let _ = memory.write(address.wrapping_add(4), [0u32; 2]);
        let _ = memory.write(address.wrapping_add(12), self.status.get());
    }
}
