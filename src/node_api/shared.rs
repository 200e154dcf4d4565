//! What the threads of an addon have in common.

use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use wasmtime::{AsContextMut, Caller, SharedMemory};

use super::addon::Addon;
use super::call::Ptr;
use super::emnapi::Tasks;
use super::failure::{Failure, Outcome};
use super::linear::{Linear, Plain};
use super::threadsafe_calls::CallQueues;
use super::work_queue::WorkQueue;
use crate::error::Error;
use crate::ffi::{Courier, Env};
use crate::store::Data;

/// The part of an addon that is there on each of its threads.
pub struct Shared {
    /// Which addon of the JavaScript thread it is.
    pub id: u32,
    /// The way to the JavaScript thread.
    pub courier: Courier,
    /// The memory, once it is bound, if it is one that threads share.
    pub memory: OnceLock<SharedMemory>,
    /// How many more threads it may make. None where it makes none.
    pub threads_left: OnceLock<Box<dyn Fn() -> u32 + Send + Sync>>,
    /// What emnapi has the event loop do.
    pub tasks: Tasks,
    /// The works that wait for a thread.
    pub works: WorkQueue,
    /// What is to be passed to thread-safe functions.
    pub calls: CallQueues,
    /// Whether one of its threads has ended the guest.
    pub has_ended: AtomicBool,
}

impl Shared {
    /// Has something done on the JavaScript thread in a turn of its own, unless the addon is disposed of before.
    /// Returns false if it will not be.
    pub fn send(&self, job: impl FnOnce(Env<'_>, &Rc<Addon>) + Send + 'static) -> bool {
        let id = self.id;
        self.courier.send(move |env| {
            if let Some(addon) = Addon::find(id) {
                job(env, &addon);
            }
        })
    }

    /// Begins no work any more and takes no call of a thread-safe function. Threads that wait for either return to the
    /// guest.
    pub fn end(&self) {
        self.works.end();
        self.calls.end();
    }

    /// The guest has ended while the addon is there: by a thread that called `proc_exit`, or failed. Nothing is completed
    /// any more, so that the event loop must not wait for it. An error is an uncaught exception, as it has no caller.
    pub fn guest_ended(&self, error: Option<Error>) {
        self.has_ended.store(true, Ordering::Relaxed);
        self.end();
        self.send(move |env, addon| {
            addon.abandon_works(env);
            addon.abandon_tasks(env);
            addon.abandon_threadsafe_functions(env);
            addon.run_task(env, || error.map_or(Ok(()), Err));
        });
    }
}

/// A call that may come from any thread of the guest.
pub struct Anywhere<'a, 'c> {
    pub shared: &'a Arc<Shared>,
    /// The addon, on the JavaScript thread.
    pub addon: Option<&'a Rc<Addon>>,
    /// The instance that calls.
    pub caller: &'a mut Caller<'c, Data>,
}

impl Anywhere<'_, '_> {
    pub fn read<T: Plain>(&mut self, from: Ptr) -> Outcome<T> {
        self.with_memory(|memory| memory.read(from.0))
    }

    pub fn write<T: Plain>(&mut self, to: Ptr, value: T) -> Outcome {
        self.with_memory(|memory| memory.write(to.0, value))
    }

    fn with_memory<R>(&mut self, f: impl FnOnce(&Linear) -> Outcome<R>) -> Outcome<R> {
        match (self.addon, self.shared.memory.get()) {
            (_, Some(memory)) => f(&Linear::shared(memory.clone())),
            // It may have grown, of which the store knows.
            (Some(addon), None) => addon.cell.lend(self.caller.as_context_mut(), || f(addon.memory()?)),
            (None, None) => Err(Failure::GENERIC),
        }
    }
}
