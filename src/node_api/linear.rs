//! The memory of a guest, as Node-API uses it: by address and length, checked, and copied.

use std::cell::Cell;
use std::ops::Range;
use std::ptr;
use std::rc::Weak;

use smallvec::{Array, SmallVec};
use wasmtime::{Memory, SharedMemory};

use super::failure::{Failure, Outcome};
use crate::store::StoreCell;

/// A linear memory. The engine never moves one, and one never shrinks: what was found to be inside stays so, and stays
/// where it is.
pub struct Linear {
    base: *mut u8,
    /// How long it was when that was last asked.
    known: Cell<usize>,
    source: Source,
}

enum Source {
    Memory(Memory, Weak<StoreCell>),
    Shared(SharedMemory),
}

/// A number as it is in memory.
///
/// # Safety
/// Every pattern of bits must be a value, and there must be no padding.
pub unsafe trait Plain: Copy {}
// SAFETY: integers, floats and arrays of them have neither invalid patterns nor padding.
unsafe impl Plain for u8 {}
// SAFETY: as above.
unsafe impl Plain for u16 {}
// SAFETY: as above.
unsafe impl Plain for u32 {}
// SAFETY: as above.
unsafe impl Plain for i32 {}
// SAFETY: as above.
unsafe impl Plain for u64 {}
// SAFETY: as above.
unsafe impl Plain for i64 {}
// SAFETY: as above.
unsafe impl Plain for f64 {}
// SAFETY: as above.
unsafe impl<T: Plain, const N: usize> Plain for [T; N] {}

impl Linear {
    /// A memory of a store, used on the store's thread.
    pub fn of_store(cell: &std::rc::Rc<StoreCell>, memory: Memory) -> Result<Linear, crate::error::Error> {
        let (base, length) = cell.proceed(|cx| (memory.data_ptr(&cx), memory.data_size(&cx)))?;
        Ok(Linear {
            base,
            known: Cell::new(length),
            source: Source::Memory(memory, std::rc::Rc::downgrade(cell)),
        })
    }

    pub fn shared(memory: SharedMemory) -> Linear {
        Linear {
            base: memory.data().as_ptr() as *mut u8,
            known: Cell::new(memory.data_size()),
            source: Source::Shared(memory),
        }
    }

    /// The memory, where threads share it.
    pub fn as_shared(&self) -> Option<&SharedMemory> {
        match &self.source {
            Source::Shared(memory) => Some(memory),
            Source::Memory(..) => None,
        }
    }

    /// Where `length` bytes at an address are. They stay there as long as the store, or the shared memory, does.
    #[inline]
    pub fn at(&self, address: u32, length: usize) -> Outcome<*mut u8> {
        let end = (address as usize).checked_add(length).ok_or(Failure::INVALID_ARG)?;
        if end > self.known.get() && end > self.length() {
            return Err(Failure::INVALID_ARG);
        }
        Ok(self.base.wrapping_add(address as usize))
    }

    /// The address of a pointer into the memory.
    pub fn address_of(&self, pointer: *const u8) -> Option<u32> {
        let offset = (pointer as usize).checked_sub(self.base as usize)?;
        if offset >= self.known.get() && offset >= self.length() {
            return None;
        }
        u32::try_from(offset).ok()
    }

    #[cold]
    fn length(&self) -> usize {
        let length = match &self.source {
            Source::Shared(memory) => memory.data_size(),
            Source::Memory(memory, cell) => {
                let now = cell.upgrade().map(|cell| cell.proceed(|cx| memory.data_size(&cx)));
                now.and_then(Result::ok).unwrap_or(self.known.get())
            }
        };
        self.known.set(length);
        length
    }

    pub fn read<T: Plain>(&self, address: u32) -> Outcome<T> {
        let from = self.at(address, size_of::<T>())?;
        // SAFETY: the bytes are inside, and any are a `T`. Where another thread writes them meanwhile, what is read is as
        // torn as the guest's own read of them would be; it is checked after it was copied.
        Ok(unsafe { ptr::read_unaligned(from.cast()) })
    }

    pub fn write<T: Plain>(&self, address: u32, value: T) -> Outcome {
        let to = self.at(address, size_of::<T>())?;
        // SAFETY: the bytes are inside, and no Rust reference to them is ever made.
        unsafe { ptr::write_unaligned(to.cast(), value) };
        Ok(())
    }

    /// A copy of numbers, which no other thread can change.
    pub fn copy_out<T: Plain>(&self, address: u32, count: usize) -> Outcome<Vec<T>> {
        let length = count.checked_mul(size_of::<T>()).ok_or(Failure::INVALID_ARG)?;
        let from = self.at(address, length)?;
        let mut numbers: Vec<T> = Vec::new();
        numbers.try_reserve_exact(count).map_err(|_| Failure::GENERIC)?;
        // SAFETY: the bytes are inside, the vector has room for them, and any are a `T`.
        unsafe {
            ptr::copy_nonoverlapping(from, numbers.as_mut_ptr().cast(), length);
            numbers.set_len(count);
        }
        Ok(numbers)
    }

    /// Appends a copy of numbers to a list, where no other thread can change them.
    pub fn append_to<A: Array<Item: Plain>>(&self, address: u32, count: usize, list: &mut SmallVec<A>) -> Outcome {
        let length = count.checked_mul(size_of::<A::Item>()).ok_or(Failure::INVALID_ARG)?;
        let from = self.at(address, length)?;
        list.try_reserve(count).map_err(|_| Failure::GENERIC)?;
        let known = list.len();
        // SAFETY: the bytes are inside, the list has room for them, and any are a number.
        unsafe {
            ptr::copy_nonoverlapping(from, list.as_mut_ptr().add(known).cast(), length);
            list.set_len(known + count);
        }
        Ok(())
    }

    /// How many numbers come before one that is 0.
    pub fn before_zero<T: Plain + Default + PartialEq>(&self, address: u32) -> Outcome<usize> {
        let start: *const T = self.at(address, 0)?.cast();
        let within = |length: usize| length.saturating_sub(address as usize) / size_of::<T>();
        let find = |mut numbers: Range<usize>| {
            // SAFETY: the bytes are inside, and any are a `T`; what another thread writes meanwhile is as in `read`.
            numbers.find(|at| unsafe { ptr::read_unaligned(start.wrapping_add(*at)) } == T::default())
        };
        let known = within(self.known.get());
        let found = find(0..known).or_else(|| find(known..within(self.length())));
        // A memory that has none from here on has an end.
        found.ok_or(Failure::INVALID_ARG)
    }

    pub fn copy_in(&self, address: u32, bytes: &[u8]) -> Outcome {
        let to = self.at(address, bytes.len())?;
        // SAFETY: the bytes are inside, and `bytes` are Rust's, so not in there.
        unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), to, bytes.len()) };
        Ok(())
    }
}
