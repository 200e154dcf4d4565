//! What the guest has of the bytes of JavaScript's buffers: copies, each at an address of the guest's.
//!
//! A guest sees its own memory only. When it asks for the address of bytes that lie elsewhere, it gets that of a copy,
//! which its `malloc` has made room for. That is the guest's for as long as the buffer is there. So a copy stays until the
//! buffer was collected, or, where the guest has done nothing by which it could keep the buffer, until the room is needed.
//! `loans.rs` keeps it in step.

use std::cell::{Cell, RefCell};
use std::ptr;
use std::rc::Rc;

use napi_sys as sys;
use rustc_hash::{FxHashMap, FxHashSet};

use super::addon::{Addon, value_of};
use super::call::Call;
use super::failure::{Failure, Outcome};
use super::linear::Linear;
use super::spans::{self, Span};
use crate::ffi::{Env, WeakReference};

/// Up to how many bytes a buffer is copied as a whole, though the guest has asked for a view of it: such are the buffers
/// that Node takes small ones from.
const SMALL: usize = 64 * 1024;
/// How many bytes of copies there may be before it is looked which are needed.
const ROOM: usize = 32 * 1024 * 1024;
/// What a copy takes besides its bytes, roughly.
const OVERHEAD: usize = 512;

/// The copies of an addon.
#[derive(Default)]
pub struct Copies {
    /// By where the bytes of the buffer are in this process.
    known: RefCell<FxHashMap<usize, Vec<Rc<Copied>>>>,
    /// What they take together.
    size: Cell<usize>,
    /// At what size it is looked again which are needed.
    limit: Cell<usize>,
    clock: Cell<u64>,
}

/// Bytes of a buffer, and where the guest has them.
pub struct Copied {
    holder: WeakReference,
    /// Which bytes of the holder.
    pub offset: usize,
    length: usize,
    pub address: u32,
    /// A call that is on the stack has asked for it.
    pub is_lent: Cell<bool>,
    /// The guest may know the address for as long as the buffer is there.
    pub is_kept: Cell<bool>,
    last_used: Cell<u64>,
    /// Of a kept copy in a memory that threads share: what the buffer held when both were last the same. If it does so
    /// still, the copy is not read again: a thread may be writing there.
    in_step: Cell<Option<blake3::Hash>>,
}

impl Copied {
    /// Where JavaScript has the bytes now, and how many of them are still there.
    fn there(&self, env: Env<'_>) -> Option<(*mut u8, usize)> {
        let holder = env.upgrade(&self.holder)?;
        let span = spans::span(env.raw(), holder.raw()).ok()?;
        let left = span.whole.checked_sub(self.offset)?;
        let there = !span.base.is_null() && left > 0;
        there.then(|| (span.base.wrapping_add(self.offset), left.min(self.length)))
    }

    /// The two places of the bytes: JavaScript's and the guest's.
    fn places(&self, env: Env<'_>, memory: &Linear) -> Option<(*mut u8, *mut u8, usize)> {
        let (theirs, length) = self.there(env)?;
        Some((theirs, memory.at(self.address, length).ok()?, length))
    }

    /// Gives JavaScript what the guest has changed.
    pub fn write_back(&self, env: Env<'_>, memory: &Linear) {
        if let Some((theirs, ours, length)) = self.places(env, memory)
            && differ(theirs, ours, length)
        {
            // SAFETY: JavaScript has so many bytes there, and the guest here, until one of both runs.
            unsafe { ptr::copy(ours, theirs, length) };
        }
    }

    /// Copies what JavaScript has, unless it is what both had when they were last in step.
    pub fn read(&self, env: Env<'_>, memory: &Linear) {
        let Some((theirs, ours, length)) = self.places(env, memory) else {
            return;
        };
        if self.in_step.get().is_some_and(|known| known == hash(theirs, length)) {
            return;
        }
        self.in_step.set(None);
        // SAFETY: as in `write_back`.
        unsafe { ptr::copy(theirs, ours, length) };
    }

    /// Notes that both have the same now.
    pub fn note_step(&self, env: Env<'_>) {
        let there = self.there(env);
        self.in_step.set(there.map(|(theirs, length)| hash(theirs, length)));
    }

    fn covers(&self, span: &Span) -> bool {
        self.offset <= span.offset && span.offset + span.length <= self.offset + self.length
    }

    /// What tells whether the guest has changed the copy since.
    pub fn state(&self, memory: &Linear) -> Option<blake3::Hash> {
        let ours = memory.at(self.address, self.length).ok()?;
        Some(hash(ours, self.length))
    }

    /// The guest's address of bytes that it covers.
    fn address_of(&self, span: &Span) -> u32 {
        self.address + (span.offset - self.offset) as u32
    }
}

impl Copies {
    fn tick(&self) -> u64 {
        self.clock.set(self.clock.get() + 1);
        self.clock.get()
    }
}

impl Addon {
    /// Forgets all copies, at the end of the addon: their bytes go with its memory.
    pub fn forget_copies(&self) {
        self.state.copies.known.take();
        self.end_all_loans();
    }
}

impl Call<'_> {
    /// The address at which the guest has bytes that JavaScript has, from now on in step with them. 0 if there are none.
    pub fn address_of(&self, span: Span) -> Outcome<u32> {
        if let Some(address) = self.known_address(&span)? {
            return Ok(address);
        }
        if span.base.is_null() || span.length == 0 {
            return Ok(0);
        }
        let copied = match self.find_copy(&span) {
            Some(copied) => copied,
            None => self.copy(&span)?,
        };
        copied.last_used.set(self.addon.state.copies.tick());
        self.lend(&copied)?;
        Ok(copied.address_of(&span))
    }

    /// The address of bytes that lie in the guest's own memory.
    fn known_address(&self, span: &Span) -> Outcome<Option<u32>> {
        let memory = self.memory()?;
        let address = memory.address_of(span.start());
        Ok(address.filter(|address| memory.at(*address, span.length).is_ok()))
    }

    /// The address of bytes, if the guest has them already, and whether that is of a copy. It gets none by this.
    pub fn present_address(&self, span: Span) -> Outcome<Option<(u32, bool)>> {
        if let Some(address) = self.known_address(&span)? {
            return Ok(Some((address, false)));
        }
        let copied = self.find_copy(&span);
        Ok(copied.map(|copied| (copied.address_of(&span), true)))
    }

    /// Copies bytes between a buffer and the guest's copy of it, now. Returns false if it has none.
    pub fn sync(&self, span: Span, to_guest: bool) -> Outcome<bool> {
        if self.known_address(&span)?.is_some() {
            return Ok(true);
        }
        let Some(copied) = self.find_copy(&span) else {
            return Ok(false);
        };
        let address = copied.address_of(&span);
        let ours = self.memory()?.at(address, span.length)?;
        match to_guest {
            // SAFETY: JavaScript has so many bytes there, and the guest here, until one of both runs.
            true => unsafe { ptr::copy(span.start(), ours, span.length) },
            // SAFETY: as above.
            false => unsafe { ptr::copy(ours, span.start(), span.length) },
        }
        if copied.in_step.get().is_some() {
            copied.note_step(self.ffi());
        }
        Ok(true)
    }

    /// Makes bytes of the guest's the copy of a buffer that was made for them.
    pub fn adopt_copy(&self, buffer: sys::napi_value, address: u32) -> Outcome {
        let span = self.span(buffer)?;
        let copied = self.remember(&span, span.offset, span.length, address)?;
        copied.is_kept.set(true);
        copied.write_back(self.ffi(), self.memory()?);
        self.note_lent(&copied);
        Ok(())
    }

    /// The copy that has the bytes. Where a buffer was may be another one now.
    fn find_copy(&self, span: &Span) -> Option<Rc<Copied>> {
        let known = self.addon.state.copies.known.borrow();
        let here = known.get(&(span.base as usize))?;
        let env = self.ffi();
        let holder = value_of(span.holder);
        let is_same = |copied: &&Rc<Copied>| {
            let theirs = env.upgrade(&copied.holder);
            copied.covers(span) && theirs.is_some_and(|theirs| env.same(theirs, holder))
        };
        here.iter().find(is_same).cloned()
    }

    fn copy(&self, span: &Span) -> Outcome<Rc<Copied>> {
        let (offset, length) = match span.whole <= SMALL || span.length >= span.whole / 2 {
            true => (0, span.whole),
            false => (span.offset, span.length),
        };
        self.make_room(length)?;
        let size = u32::try_from(length).map_err(|_| Failure::GENERIC)?;
        let address = match self.addon.allocate(size) {
            Err(Failure::Status(sys::Status::napi_generic_failure)) => {
                self.free_unneeded(0)?;
                self.addon.allocate(size)?
            }
            allocated => allocated?,
        };
        self.remember(span, offset, length, address)
    }

    fn remember(&self, span: &Span, offset: usize, length: usize, address: u32) -> Outcome<Rc<Copied>> {
        let copies = &self.addon.state.copies;
        let holder = self.ffi().weak_reference(value_of(span.holder));
        let copied = Rc::new(Copied {
            holder: holder.map_err(|_| Failure::PENDING_EXCEPTION)?,
            offset,
            length,
            address,
            is_lent: Cell::new(false),
            is_kept: Cell::new(false),
            last_used: Cell::new(0),
            in_step: Cell::new(None),
        });
        let mut known = copies.known.borrow_mut();
        known.entry(span.base as usize).or_default().push(copied.clone());
        copies.size.set(copies.size.get() + length + OVERHEAD);
        Ok(copied)
    }

    /// Sees to it that copies do not take ever more of the guest's memory.
    fn make_room(&self, length: usize) -> Outcome {
        let copies = &self.addon.state.copies;
        let size = copies.size.get() + length + OVERHEAD;
        if size <= copies.limit.get().max(ROOM) {
            return Ok(());
        }
        self.free_unneeded(ROOM / 2)?;
        // What is left is needed: the next look is due when it has doubled.
        copies.limit.set(copies.size.get() * 2);
        Ok(())
    }

    /// Frees the copies of buffers that were collected; and, the oldest first, those that the guest cannot know of any
    /// more, until no more than `most` bytes of them are left.
    #[cold]
    fn free_unneeded(&self, most: usize) -> Outcome {
        let copies = &self.addon.state.copies;
        let all: Vec<_> = copies.known.borrow().values().flatten().cloned().collect();
        let (mut unneeded, mut idle) = (Vec::new(), Vec::new());
        self.ffi().scoped(|env| {
            for copied in all.into_iter().filter(|copied| !copied.is_lent.get()) {
                match (env.upgrade(&copied.holder), copied.is_kept.get()) {
                    (None, _) => unneeded.push(copied),
                    (Some(_), false) => idle.push(copied),
                    (Some(_), true) => {}
                }
            }
        });
        idle.sort_by_key(|copied| copied.last_used.get());
        let mut left: usize = idle.iter().map(|copied| copied.length + OVERHEAD).sum();
        for copied in idle {
            if left <= most {
                break;
            }
            left -= copied.length + OVERHEAD;
            unneeded.push(copied);
        }
        self.free_copies(&unneeded)
    }

    fn free_copies(&self, unneeded: &[Rc<Copied>]) -> Outcome {
        let copies = &self.addon.state.copies;
        let is_unneeded: FxHashSet<_> = unneeded.iter().map(Rc::as_ptr).collect();
        copies.known.borrow_mut().retain(|_, here| {
            here.retain(|copied| !is_unneeded.contains(&Rc::as_ptr(copied)));
            !here.is_empty()
        });
        for copied in unneeded {
            copies.size.set(copies.size.get() - copied.length - OVERHEAD);
            self.addon
                .free(copied.address)
                .map_err(|error| self.addon.fail(error))?;
        }
        Ok(())
    }
}

/// Whether bytes differ. Another thread may be writing them: no reference to them is made.
fn differ(a: *const u8, b: *const u8, length: usize) -> bool {
    const STEP: usize = 64;
    type Lanes = [u64; STEP / 8];
    let whole = length - length % STEP;
    for at in (0..whole).step_by(STEP) {
        // SAFETY: both have `length` bytes, and `at` is at least a step before the last of them.
        let (a, b) = unsafe {
            let (a, b) = (a.add(at).cast::<Lanes>(), b.add(at).cast::<Lanes>());
            (a.read_unaligned(), b.read_unaligned())
        };
        // Compared as arrays they are by a call of C's memcmp each.
        if a.iter().zip(&b).fold(0, |bits, (a, b)| bits | (a ^ b)) != 0 {
            return true;
        }
    }
    // SAFETY: as above.
    (whole..length).any(|at| unsafe { a.add(at).read() != b.add(at).read() })
}

/// Kept out of its callers: it needs much of the stack, and calls of JavaScript's nest below these.
#[inline(never)]
fn hash(bytes: *const u8, length: usize) -> blake3::Hash {
    const STEP: usize = 16 * 1024;
    let mut hasher = blake3::Hasher::new();
    let mut piece = [0u8; STEP];
    for at in (0..length).step_by(STEP) {
        let piece = &mut piece[..STEP.min(length - at)];
        // SAFETY: there are `length` bytes. They are copied, as another thread may be writing them.
        unsafe { ptr::copy_nonoverlapping(bytes.add(at), piece.as_mut_ptr(), piece.len()) };
        hasher.update(piece);
    }
    hasher.finalize()
}
