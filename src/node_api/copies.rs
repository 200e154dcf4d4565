//! What the guest has of the bytes of JavaScript's buffers: copies, which are kept in step.
//!
//! A guest sees its own memory only. When it asks for the address of bytes that lie elsewhere, it gets that of a copy,
//! which its `malloc` has made room for. While the call into the guest runs that asked for it, the copy and the buffer are
//! one to whoever looks: what the guest has changed is written back whenever control passes to JavaScript, and read again
//! when it comes back.
//!
//! After that call the copy stays, as the address is the guest's for as long as the buffer is there: until the buffer was
//! collected, or, where the guest has done nothing in the call by which it could keep the buffer, until the room is needed.

use std::cell::{Cell, RefCell};
use std::ptr;
use std::rc::Rc;

use napi_sys as sys;
use rustc_hash::FxHashMap;

use super::addon::Addon;
use super::call::Call;
use super::failure::{Failure, Outcome};
use super::linear::Linear;
use super::spans::{self, Span};
use crate::ffi::{Env, Value, WeakReference};

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
    /// How many calls into the guest are on the stack.
    depth: Cell<u32>,
    /// Those that the running call has asked for.
    lent: RefCell<Vec<Rc<Copied>>>,
    is_lending: Cell<bool>,
    /// The same of the calls around it that have asked for some, with how many calls are around each.
    suspended: RefCell<Vec<(u32, Vec<Rc<Copied>>)>>,
    is_suspending: Cell<bool>,
    /// Whether the guest has done something since the outermost call began by which JavaScript may keep a value for it.
    has_kept: Cell<bool>,
    /// The references that it has made since then.
    references: RefCell<Vec<u32>>,
}

/// Bytes of a buffer, and where the guest has them.
struct Copied {
    holder: WeakReference,
    /// Which bytes of the holder.
    offset: usize,
    length: usize,
    address: u32,
    is_lent: Cell<bool>,
    /// The guest may know the address for as long as the buffer is there.
    is_kept: Cell<bool>,
    last_used: Cell<u64>,
    /// Of a kept copy in a memory that threads share: what the buffer held when both were last the same. If it does so
    /// still, the copy is not read again: a thread may be writing there.
    in_step: Cell<Option<blake3::Hash>>,
}

/// Copies that asynchronous work may write to.
pub struct InWork(Vec<(Rc<Copied>, Option<blake3::Hash>)>);

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

    fn write_back(&self, env: Env<'_>, memory: &Linear) {
        if let Some((theirs, ours, length)) = self.places(env, memory)
            && differ(theirs, ours, length)
        {
            // SAFETY: JavaScript has so many bytes there, and the guest here, until one of both runs.
            unsafe { ptr::copy(ours, theirs, length) };
        }
    }

    /// Copies what JavaScript has, unless it is what both had when they were last in step.
    fn read(&self, env: Env<'_>, memory: &Linear) {
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

    fn note_step(&self, env: Env<'_>) {
        let there = self.there(env);
        self.in_step.set(there.map(|(theirs, length)| hash(theirs, length)));
    }

    fn covers(&self, span: &Span) -> bool {
        self.offset <= span.offset && span.offset + span.length <= self.offset + self.length
    }
}

impl Copies {
    /// Notes that JavaScript may run on behalf of the guest, or is given values by it.
    #[inline]
    pub fn note_script(&self) {
        self.has_kept.set(true);
    }

    pub fn note_reference(&self, number: u32) {
        if self.depth.get() > 0 {
            self.references.borrow_mut().push(number);
        }
    }

    /// A call into the guest begins. What the call around it has asked for may be asked for anew by this one.
    #[inline]
    pub fn begin_call(&self) {
        let depth = self.depth.replace(self.depth.get() + 1);
        if depth == 0 {
            self.has_kept.set(false);
        } else if self.is_lending.get() {
            self.suspend(depth);
        }
    }

    #[cold]
    fn suspend(&self, depth: u32) {
        let lent = self.lent.take();
        for copied in &lent {
            copied.is_lent.set(false);
            copied.is_kept.set(true);
        }
        self.is_lending.set(false);
        self.suspended.borrow_mut().push((depth, lent));
        self.is_suspending.set(true);
    }
}

impl Addon {
    /// A call into the guest ends, and with it its loans.
    #[inline]
    pub fn end_loans(&self) {
        let copies = &self.state.copies;
        let depth = copies.depth.get() - 1;
        copies.depth.set(depth);
        if copies.is_lending.get() {
            self.write_back();
            self.settle_loans(depth);
        }
        if copies.is_suspending.get() {
            self.resume(depth);
        }
        if depth == 0 && !copies.references.borrow().is_empty() {
            copies.references.borrow_mut().clear();
        }
    }

    /// Writes back what the guest has changed of the bytes that the running call has asked for.
    fn write_back(&self) {
        let Ok(memory) = self.memory() else { return };
        self.ffi().scoped(|env| {
            for copied in self.state.copies.lent.borrow().iter() {
                copied.write_back(env, memory);
            }
        });
    }

    #[cold]
    fn settle_loans(&self, depth: u32) {
        let copies = &self.state.copies;
        let is_left = |number: &u32| self.state.references.has(*number);
        let has_kept = depth > 0 || copies.has_kept.get() || copies.references.borrow().iter().any(is_left);
        let is_shared = self.memory().is_ok_and(|memory| memory.as_shared().is_some());
        copies.is_lending.set(false);
        self.ffi().scoped(|env| {
            for copied in copies.lent.take() {
                copied.is_lent.set(false);
                copied.is_kept.set(copied.is_kept.get() || has_kept);
                if is_shared && copied.is_kept.get() {
                    copied.note_step(env);
                }
            }
        });
    }

    /// Goes on with the loans of the call around the one that has ended.
    #[cold]
    fn resume(&self, depth: u32) {
        let copies = &self.state.copies;
        let Some((_, lent)) = copies.suspended.borrow_mut().pop_if(|(of, _)| *of == depth) else {
            return;
        };
        copies.is_suspending.set(!copies.suspended.borrow().is_empty());
        if let Ok(memory) = self.memory() {
            self.ffi().scoped(|env| {
                for copied in &lent {
                    copied.is_lent.set(true);
                    copied.read(env, memory);
                }
            });
        }
        copies.lent.replace(lent);
        copies.is_lending.set(true);
    }

    /// Writes back what work has changed, on its completion.
    pub fn take_from_work(&self, work: &InWork) {
        let Ok(memory) = self.memory() else { return };
        self.ffi().scoped(|env| {
            for (copied, before) in &work.0 {
                let now = memory.at(copied.address, copied.length).ok();
                if now.map(|ours| hash(ours, copied.length)) != *before {
                    copied.write_back(env, memory);
                }
            }
        });
    }

    /// Forgets all copies, at the end of the addon: their bytes go with its memory.
    pub fn forget_copies(&self) {
        let copies = &self.state.copies;
        copies.known.take();
        copies.lent.take();
        copies.is_lending.set(false);
        copies.suspended.take();
        copies.is_suspending.set(false);
    }
}

impl Call<'_> {
    /// Runs `f`, which has Node call a function of JavaScript's: it sees what the guest has written, and the guest what
    /// it has.
    #[inline]
    pub fn javascript<R>(&self, f: impl FnOnce() -> R) -> R {
        if !self.addon.state.copies.is_lending.get() {
            return f();
        }
        self.javascript_with_copies(f)
    }

    #[cold]
    fn javascript_with_copies<R>(&self, f: impl FnOnce() -> R) -> R {
        let Ok(memory) = self.memory() else { return f() };
        let lent: Vec<_> = self.addon.state.copies.lent.borrow().clone();
        self.addon.write_back();
        if memory.as_shared().is_some() {
            self.ffi()
                .scoped(|env| lent.iter().for_each(|copied| copied.note_step(env)));
        }
        let result = f();
        self.ffi()
            .scoped(|env| lent.iter().for_each(|copied| copied.read(env, memory)));
        result
    }

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
        self.lend(&copied)?;
        Ok(copied.address + (span.offset - copied.offset) as u32)
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
        Ok(copied.map(|copied| (copied.address + (span.offset - copied.offset) as u32, true)))
    }

    /// Copies bytes between a buffer and the guest's copy of it, now. Returns false if it has none.
    pub fn sync(&self, span: Span, to_guest: bool) -> Outcome<bool> {
        if self.known_address(&span)?.is_some() {
            return Ok(true);
        }
        let Some(copied) = self.find_copy(&span) else {
            return Ok(false);
        };
        let address = copied.address + (span.offset - copied.offset) as u32;
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

    /// The copies that work may write to which is queued in this call.
    pub fn lend_to_work(&self) -> Outcome<InWork> {
        let copies = &self.addon.state.copies;
        if !copies.is_lending.get() {
            return Ok(InWork(Vec::new()));
        }
        let memory = self.memory()?;
        let with_hash = |copied: &Rc<Copied>| {
            copied.is_kept.set(true);
            let ours = memory.at(copied.address, copied.length).ok();
            (copied.clone(), ours.map(|ours| hash(ours, copied.length)))
        };
        Ok(InWork(copies.lent.borrow().iter().map(with_hash).collect()))
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
        let holder: Value<'_> = super::addon::value_of(span.holder);
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
        let holder = self.ffi().weak_reference(super::addon::value_of(span.holder));
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

    /// Reads the bytes, unless the calls on the stack have them already.
    fn lend(&self, copied: &Rc<Copied>) -> Outcome {
        if !copied.is_lent.get() {
            copied.read(self.ffi(), self.memory()?);
            self.note_lent(copied);
        }
        Ok(())
    }

    fn note_lent(&self, copied: &Rc<Copied>) {
        let copies = &self.addon.state.copies;
        copies.clock.set(copies.clock.get() + 1);
        copied.last_used.set(copies.clock.get());
        // What is asked for outside of a call is there for as long as the buffer.
        if copies.depth.get() == 0 {
            copied.is_kept.set(true);
            return;
        }
        copied.is_lent.set(true);
        copies.lent.borrow_mut().push(copied.clone());
        copies.is_lending.set(true);
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
        let is_unneeded: rustc_hash::FxHashSet<_> = unneeded.iter().map(Rc::as_ptr).collect();
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
        if a != b {
            return true;
        }
    }
    // SAFETY: as above.
    (whole..length).any(|at| unsafe { a.add(at).read() != b.add(at).read() })
}

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
