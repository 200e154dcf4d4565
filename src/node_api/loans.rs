//! Loans: copies of JavaScript's buffers that the guest has asked for, kept in step while its call runs.
//!
//! To whoever looks the copy and the buffer are one then: what the guest has changed is written back whenever it calls a
//! function of JavaScript's or returns, and read again when control comes back. That is not done for what merely might run
//! JavaScript, as reading a property does: it would be a comparison of all bytes for each. There the bytes are the guest's
//! until it returns.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use super::addon::Addon;
use super::call::Call;
use super::copies::Copied;
use super::failure::Outcome;
use crate::ffi::Env;

/// What the calls on the stack have asked for.
#[derive(Default)]
pub struct Loans {
    /// How many calls into the guest are on the stack.
    depth: Cell<u32>,
    /// What the running call has asked for.
    lent: RefCell<Vec<Rc<Copied>>>,
    is_lending: Cell<bool>,
    /// How many calls there were when it asked for the first of them.
    lent_at: Cell<u32>,
    /// Whether JavaScript has been given them back for a while.
    is_away: Cell<bool>,
    /// The loans of calls that wait for JavaScript, which has called the guest again.
    suspended: RefCell<Vec<Suspended>>,
    is_suspending: Cell<bool>,
    /// Whether the guest has done something since the outermost call began by which JavaScript may keep a value for it.
    has_kept: Cell<bool>,
    /// The references that it has made since then.
    references: RefCell<Vec<u32>>,
}

/// Loans that go on when a call ends.
struct Suspended {
    /// How many calls are around that one.
    depth: u32,
    lent_at: u32,
    lent: Vec<Rc<Copied>>,
}

/// Copies that asynchronous work may write to.
pub struct InWork(Vec<(Rc<Copied>, Option<blake3::Hash>)>);

impl Loans {
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

    /// A call into the guest begins. What the call around it has given back may be asked for anew by this one.
    #[inline]
    pub fn begin_call(&self) {
        let depth = self.depth.replace(self.depth.get() + 1);
        if depth == 0 {
            self.has_kept.set(false);
        } else if self.is_away.get() {
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
        self.is_away.set(false);
        let lent_at = self.lent_at.get();
        self.suspended.borrow_mut().push(Suspended { depth, lent_at, lent });
        self.is_suspending.set(true);
    }
}

impl Addon {
    /// A call into the guest ends, and with it its loans.
    #[inline]
    pub fn end_loans(&self) {
        let loans = &self.state.loans;
        let depth = loans.depth.get() - 1;
        loans.depth.set(depth);
        if loans.is_lending.get() {
            self.write_back();
            if depth < loans.lent_at.get() {
                self.settle_loans(depth);
            }
        }
        if loans.is_suspending.get() {
            self.resume(depth);
        }
        if depth == 0 && !loans.references.borrow().is_empty() {
            loans.references.borrow_mut().clear();
        }
    }

    /// Writes back what the guest has changed of the bytes that the running call has asked for.
    fn write_back(&self) {
        let Ok(memory) = self.memory() else { return };
        self.ffi().scoped(|env| {
            for copied in self.state.loans.lent.borrow().iter() {
                copied.write_back(env, memory);
            }
        });
    }

    #[cold]
    fn settle_loans(&self, depth: u32) {
        let loans = &self.state.loans;
        let is_left = |number: &u32| self.state.references.has(*number);
        let has_kept = depth > 0 || loans.has_kept.get() || loans.references.borrow().iter().any(is_left);
        let is_shared = self.memory().is_ok_and(|memory| memory.as_shared().is_some());
        loans.is_lending.set(false);
        self.ffi().scoped(|env| {
            for copied in loans.lent.take() {
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
        let loans = &self.state.loans;
        let of_call = loans.suspended.borrow_mut().pop_if(|of| of.depth == depth);
        let Some(Suspended { lent_at, lent, .. }) = of_call else {
            return;
        };
        loans.is_suspending.set(!loans.suspended.borrow().is_empty());
        for copied in &lent {
            copied.is_lent.set(true);
        }
        loans.lent.replace(lent);
        loans.lent_at.set(lent_at);
        loans.is_lending.set(true);
        loans.is_away.set(true);
    }

    /// Writes back what work has changed, on its completion.
    pub fn take_from_work(&self, work: &InWork) {
        let Ok(memory) = self.memory() else { return };
        self.ffi().scoped(|env| {
            for (copied, before) in &work.0 {
                if copied.state(memory) != *before {
                    copied.write_back(env, memory);
                }
            }
        });
    }

    /// Ends what is lent, at the end of the addon.
    pub fn end_all_loans(&self) {
        let loans = &self.state.loans;
        loans.lent.take();
        loans.is_lending.set(false);
        loans.suspended.take();
        loans.is_suspending.set(false);
    }
}

impl Call<'_> {
    /// Runs `f`, which has Node call a function of JavaScript's: it sees what the guest has written, and the guest what
    /// it has.
    #[inline]
    pub fn javascript<R>(&self, f: impl FnOnce() -> R) -> R {
        if !self.addon.state.loans.is_lending.get() {
            return f();
        }
        self.javascript_with_copies(f)
    }

    #[cold]
    fn javascript_with_copies<R>(&self, f: impl FnOnce() -> R) -> R {
        let Ok(memory) = self.memory() else { return f() };
        let loans = &self.addon.state.loans;
        let each_lent = |f: &dyn Fn(&Copied, Env<'_>)| {
            self.ffi()
                .scoped(|env| loans.lent.borrow().iter().for_each(|copied| f(copied, env)));
        };
        self.addon.write_back();
        if memory.as_shared().is_some() {
            each_lent(&|copied, env| copied.note_step(env));
        }
        loans.is_away.set(true);
        let result = f();
        loans.is_away.set(false);
        each_lent(&|copied, env| copied.read(env, memory));
        result
    }

    /// The copies that work may write to which is queued in this call.
    pub fn lend_to_work(&self) -> Outcome<InWork> {
        let loans = &self.addon.state.loans;
        if !loans.is_lending.get() {
            return Ok(InWork(Vec::new()));
        }
        let memory = self.memory()?;
        let with_hash = |copied: &Rc<Copied>| {
            copied.is_kept.set(true);
            (copied.clone(), copied.state(memory))
        };
        Ok(InWork(loans.lent.borrow().iter().map(with_hash).collect()))
    }

    /// Reads the bytes, unless the calls on the stack have them already.
    pub fn lend(&self, copied: &Rc<Copied>) -> Outcome {
        if !copied.is_lent.get() {
            copied.read(self.ffi(), self.memory()?);
            self.note_lent(copied);
        }
        Ok(())
    }

    /// Notes that the running call has it.
    pub fn note_lent(&self, copied: &Rc<Copied>) {
        let loans = &self.addon.state.loans;
        // What is asked for outside of a call is there for as long as the buffer.
        if loans.depth.get() == 0 {
            copied.is_kept.set(true);
            return;
        }
        copied.is_lent.set(true);
        loans.lent.borrow_mut().push(copied.clone());
        if !loans.is_lending.replace(true) {
            loans.lent_at.set(loans.depth.get());
        }
    }
}
