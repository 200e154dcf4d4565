//! A guest off the JavaScript thread: its store, its threads, and how it ends.
//!
//! A program that is run, and each thread that a module makes for itself, has a store without a `StoreCell`: nothing
//! of JavaScript is in it, so that it can be on any thread. What the threads of a guest have in common is the
//! [`Guest`]: the module, its WASI, the memory, and the end, which they come to together.

mod deadline;
mod imports;
mod link;
mod start;
mod threads;

use std::mem;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use wasmtime::{SharedMemory, Store, UpdateDeadline};

use crate::engine::Profile;
use crate::error::{Error, Exit, Interrupted, Raised, Threw};
use crate::memory::resident_pages;
use crate::module::Module;
use crate::node_api;
use crate::store::{Data, StoreModule, trap};
use crate::wasi::{Interrupt, Process};

use deadline::Deadline;
pub use imports::{Argument, JsImports, Message, Request};
pub use link::{link, new_memory, no_memory};
pub use start::{
    Service, bound_memory, call_entry, call_step, calls, check_plain, imports_wasi, memory_source, no_service,
    wasi_function, wasi_process, wasi_service,
};
pub use threads::{THREAD_STACK, thread_spawn};

/// How a guest ended.
#[derive(Debug)]
pub enum Ended {
    /// It returned, or called `proc_exit`.
    Exit(i32),
    /// It called `proc_raise`, or took too long: the name of the signal.
    Signal(&'static str),
    /// Somebody stopped it.
    Stopped,
    /// A function of JavaScript that it imports threw.
    Threw,
    Failed(Error),
}

/// What the threads of a guest share.
pub struct Guest {
    pub module: Arc<Module>,
    /// None where the module gets no WASI from us, and once the guest has ended.
    process: Mutex<Option<Arc<Process>>>,
    /// The functions of JavaScript among its imports, where its threads can call them.
    imports: Option<JsImports>,
    /// What its threads have of Node-API, where it is an addon.
    node_api: Option<Arc<node_api::Shared>>,
    /// Set once the guest is to end. None where it has one thread that nobody can stop.
    interrupt: Option<Interrupt>,
    /// The shared memories that it imports, at whose addresses its threads may wait.
    memories: Mutex<Vec<SharedMemory>>,
    /// How many threads it may have besides its first.
    most_threads: u32,
    state: Mutex<State>,
    /// Told whenever a thread ends.
    changed: Condvar,
}

/// Is told how a guest ended.
type Settle = Box<dyn FnOnce(Ended) + Send>;

#[derive(Default)]
struct State {
    /// How many threads run that are ours to end: all but one of JavaScript.
    running: u32,
    /// How many of these it made itself.
    threads: u32,
    last_thread: u32,
    ended: Option<Ended>,
    /// Whether somebody sees to it that all threads leave.
    reaped: bool,
    /// Who is told how it ended if that is before it began.
    queued: Option<Settle>,
    deadline: Option<Deadline>,
    /// Calls of JavaScript that wait for their answer.
    waiting: Vec<(u64, mpsc::Sender<Message>)>,
    last_call: u64,
}

/// A guest of the JavaScript thread, kept in its store: the other threads end when that is dropped.
pub struct Owner(pub Arc<Guest>);

impl Drop for Owner {
    fn drop(&mut self) {
        self.0.end(Ended::Stopped);
    }
}

impl Guest {
    pub fn new(
        module: &Arc<Module>,
        process: Option<Arc<Process>>,
        imports: Option<JsImports>,
        node_api: Option<Arc<node_api::Shared>>,
        interrupt: Option<Interrupt>,
        most_threads: u32,
    ) -> Arc<Guest> {
        Arc::new(Guest {
            module: module.clone(),
            process: Mutex::new(process),
            imports,
            node_api,
            interrupt,
            memories: Mutex::default(),
            most_threads,
            state: Mutex::default(),
            changed: Condvar::new(),
        })
    }

    /// Adds the next of the shared memories that it imports. That is done before it has a second thread.
    pub fn add_memory(&self, memory: &SharedMemory) {
        let mut memories = self.memories.lock().unwrap_or_else(PoisonError::into_inner);
        memories.push(memory.clone());
    }

    /// The shared memory of a number, in the order of the imports.
    fn memory(&self, index: usize) -> Option<SharedMemory> {
        let memories = self.memories.lock().unwrap_or_else(PoisonError::into_inner);
        memories.get(index).cloned()
    }

    fn process(&self) -> Option<Arc<Process>> {
        self.process.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Closes its files, whoever keeps the guest for a moment longer.
    fn close(&self) {
        let process = self.process.lock().unwrap_or_else(PoisonError::into_inner).take();
        drop(process);
    }

    fn has_ended(&self) -> bool {
        self.state().ended.is_some()
    }

    /// A store for a thread of the guest.
    fn store(&self) -> Store<Data> {
        let mut store = Store::new(self.module.code.on_demand().module.engine(), Data::default());
        if let Some(interrupt) = &self.interrupt {
            // Plain code never asks.
            store.set_epoch_deadline(1);
            let interrupt = interrupt.clone();
            store.epoch_deadline_callback(move |_| match interrupt.is_set() {
                true => Err(Interrupted.into()),
                false => Ok(UpdateDeadline::Continue(1)),
            });
        }
        store
    }

    /// What a call that did not return ended with.
    fn ended(&self, error: wasmtime::Error) -> Ended {
        if let Some(exit) = error.downcast_ref::<Exit>() {
            return Ended::Exit(exit.0);
        }
        if let Some(raised) = error.downcast_ref::<Raised>() {
            return Ended::Signal(raised.0);
        }
        if error.is::<Interrupted>() {
            return Ended::Stopped;
        }
        if error.is::<Threw>() {
            return Ended::Threw;
        }
        let modules = [StoreModule::new(
            &self.module.code.on_demand().module,
            &self.module.file,
        )];
        Ended::Failed(trap(error, &self.module.file, &modules))
    }

    /// Has a program wait for its turn. If it ends before that, `tell` is told how.
    pub fn wait_turn(&self, tell: impl FnOnce(Ended) + Send + 'static) {
        self.state().queued = Some(Box::new(tell));
    }

    /// Its turn has come. Returns whom to tell how it ends; none if it has ended already.
    pub fn take_turn(&self) -> Option<Settle> {
        self.state().queued.take()
    }

    /// Runs a program: `first` is its first thread. Returns how it ended, once the last thread has.
    pub fn run(self: &Arc<Self>, first: impl FnOnce(&mut Store<Data>) -> wasmtime::Result<i32>) -> Ended {
        self.state().running += 1;
        let mut store = self.store();
        let ended = match self.has_ended() {
            // No epoch will tell it any more.
            true => Ended::Stopped,
            false => first(&mut store).map_or_else(|error| self.ended(error), Ended::Exit),
        };
        drop(store);
        self.state().running -= 1;
        self.end(ended);
        let mut state = self.state();
        while state.running > 0 {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        self.close();
        state.ended.take().unwrap_or(Ended::Stopped)
    }

    /// Ends the guest, unless it has ended already. Its threads leave soon: those in WebAssembly at the next function or
    /// loop, those in WASI at once, and those that wait at an address by being woken.
    pub fn end(self: &Arc<Self>, ended: Ended) {
        let (ended, error) = match ended {
            // Nobody asks an addon how it ended.
            Ended::Failed(error) if self.node_api.is_some() => (Ended::Stopped, Some(error)),
            ended => (ended, None),
        };
        let (is_first, waiting, never_began, reaps, _deadline) = {
            let mut state = self.state();
            let is_first = state.ended.is_none();
            state.ended.get_or_insert(ended);
            self.changed.notify_all();
            let never_began = match state.queued.take() {
                Some(tell) => state.ended.take().map(|ended| (tell, ended)),
                None => None,
            };
            let reaps = self.interrupt.is_some() && state.running > 0 && !mem::replace(&mut state.reaped, true);
            (
                is_first,
                mem::take(&mut state.waiting),
                never_began,
                reaps,
                state.deadline.take(),
            )
        };
        // Now that it says how it ended: a thread that this ends says that it was stopped.
        if let Some(interrupt) = &self.interrupt {
            interrupt.set();
        }
        if let Some(shared) = self.node_api.as_ref().filter(|_| is_first) {
            shared.guest_ended(error);
        }
        for (_, answer) in waiting {
            // Whoever does not wait any more has ended.
            let _ = answer.send(Message::Interrupted);
        }
        if let Some((tell, ended)) = never_began {
            self.close();
            tell(ended);
        }
        if !reaps {
            return;
        }
        let guest = self.clone();
        let reaper = thread::Builder::new().name("wasmport-reaper".into());
        if reaper.spawn(move || guest.reap()).is_err() {
            // Without a thread to spare, this one has to wait.
            self.reap();
        }
    }

    /// Wakes the threads until all have left. More than once, as one may be about to wait at an address, or to take an
    /// epoch that has passed for its deadline.
    fn reap(&self) {
        for round in 0u32.. {
            if let Ok(engine) = Profile::Interruptible.engine() {
                engine.increment_epoch();
            }
            // Most threads leave without being looked for.
            let began = Instant::now();
            if round > 0 {
                let memories = (0..).map_while(|index| self.memory(index));
                memories.for_each(|memory| self.notify_all(&memory, !round.is_multiple_of(8)));
            }
            let state = self.state();
            if state.running == 0 {
                return;
            }
            // What a thread of plain code computes has to be waited for, at little cost.
            let cost = match round {
                0..=2 => Duration::ZERO,
                _ => (began.elapsed() * 20).min(Duration::from_secs(10)),
            };
            let pause = Duration::from_millis(1 << round.min(8)).max(cost);
            let _unused = self.changed.wait_timeout(state, pause);
        }
    }

    /// Wakes who waits at an address. Nobody says at which ones that is (wasmtime#12809), so all are notified, which
    /// takes some 20 ns each. Who waits has read there, so that at first only pages in use are looked at; but one may
    /// have been swapped out.
    fn notify_all(&self, memory: &SharedMemory, only_resident: bool) {
        const PAGE: u64 = 4096;
        let resident = match only_resident {
            true => resident_pages(memory).unwrap_or_default(),
            false => Vec::new(),
        };
        let size = memory.data_size() as u64;
        let scale = (size / PAGE).checked_div(resident.len() as u64).unwrap_or(1).max(1);
        for page in 0..size / PAGE {
            if page.is_multiple_of(256) && self.state().running == 0 {
                return;
            }
            if resident.get((page / scale) as usize) == Some(&false) {
                continue;
            }
            for address in (page * PAGE..(page + 1) * PAGE).step_by(4) {
                // A memory only grows, so it has the address.
                let _ = memory.atomic_notify(address, u32::MAX);
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Each change of it is one assignment.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
