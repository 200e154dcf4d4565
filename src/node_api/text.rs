//! Texts in the guest's memory, of bytes or of code units of 16 bits.

use std::ffi::{CString, c_char};
use std::ptr;

use napi_sys as sys;
use smallvec::SmallVec;

use super::call::{AUTO_LENGTH, Call, Handle, Ptr};
use super::failure::{Failure, Outcome, check};
use super::linear::Plain;

/// The most bytes or code units that V8 takes for a string. Of more that end with a NUL it ends the process.
const MOST_UNITS: usize = (1 << 29) - 24;

impl Call<'_> {
    /// Lends the units of a text, of which there are as many as is said, or as come before its NUL.
    pub fn with_text<T: Plain + Default + PartialEq>(
        &self,
        text: Ptr,
        length: u32,
        f: impl FnOnce(*const T, isize) -> Outcome,
    ) -> Outcome {
        let length = self.length_of::<T>(text, length)?;
        if length == 0 {
            return f(ptr::dangling(), 0);
        }
        self.lend_units(text, length, |start| f(start, length as isize))
    }

    /// Lends a name in UTF-8 that ends with a NUL.
    pub fn with_name(&self, text: Ptr, f: impl FnOnce(*const c_char) -> Outcome) -> Outcome {
        let length = self.length_of::<u8>(text, AUTO_LENGTH)?;
        self.lend_units(text, length, |start: *const u8| f(start.cast()))
    }

    /// Lends units that are in memory, as they are or a copy, which ends with a NUL in any case.
    fn lend_units<T: Plain + Default>(&self, text: Ptr, length: usize, f: impl FnOnce(*const T) -> Outcome) -> Outcome {
        let memory = self.memory()?;
        let start: *const T = memory.at(text.0, length * size_of::<T>())?.cast();
        if memory.as_shared().is_none() && start.is_aligned() {
            return f(start);
        }
        // Node may read a text twice, which other threads must not change in between.
        let mut units: SmallVec<[T; 64]> = SmallVec::new();
        units.try_reserve_exact(length + 1).map_err(|_| Failure::GENERIC)?;
        memory.append_to(text.0, length, &mut units)?;
        units.push(T::default());
        f(units.as_ptr())
    }

    /// A copy of the bytes of a text.
    pub fn text(&self, text: Ptr, length: u32) -> Outcome<Vec<u8>> {
        let length = self.length_of::<u8>(text, length)?;
        self.memory()?.copy_out(text.0, length)
    }

    /// A copy of a name that ends with a NUL.
    pub fn name(&self, text: Ptr) -> Outcome<CString> {
        CString::new(self.text(text, AUTO_LENGTH)?).map_err(|_| Failure::INVALID_ARG)
    }

    fn length_of<T: Plain + Default + PartialEq>(&self, text: Ptr, length: u32) -> Outcome<usize> {
        let length = match length {
            0 => 0,
            _ if text.is_null() => return Err(Failure::INVALID_ARG),
            AUTO_LENGTH => self.memory()?.before_zero::<T>(text.0)?,
            length if length > i32::MAX as u32 => return Err(Failure::INVALID_ARG),
            length => length as usize,
        };
        // What is not all there is another mistake than a text that is too long.
        self.memory()?.at(text.0, length * size_of::<T>())?;
        match length > MOST_UNITS {
            true => Err(Failure::GENERIC),
            false => Ok(length),
        }
    }

    /// Has Node write a string into a buffer of the guest's, with a NUL at its end, or tell how long it is where there is
    /// no buffer. `host` is called with the place for the units, how many fit in, and the place for how many there are.
    pub fn read_string<T: Plain>(
        &self,
        value: Handle,
        buffer: Ptr,
        size: u32,
        result: Ptr,
        host: impl Fn(sys::napi_value, *mut T, usize, *mut usize) -> sys::napi_status,
    ) -> Outcome {
        let value = self.value(value)?;
        self.optional_out::<u32>(result)?;
        let mut length = 0;
        if buffer.is_null() {
            let wanted: *mut usize = match result.is_null() {
                true => ptr::null_mut(),
                false => &mut length,
            };
            check(host(value, ptr::null_mut(), 0, wanted))?;
            return self.write_optional(result, length as u32);
        }
        let size = match size {
            AUTO_LENGTH => {
                check(host(value, ptr::null_mut(), 0, &mut length))?;
                length + 1
            }
            size => size as usize,
        };
        let to: *mut T = self.memory()?.at(buffer.0, size * size_of::<T>())?.cast();
        if !to.is_aligned() {
            return Err(Failure::INVALID_ARG);
        }
        // Older Nodes take the size for a signed number; no string is as long as the largest.
        check(host(value, to, size.min(i32::MAX as usize), &mut length))?;
        self.write_optional(result, length as u32)
    }
}
