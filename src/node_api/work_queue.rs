//! The works that wait for a thread, and the threads that carry them out.

use std::collections::VecDeque;
use std::env;
use std::sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError};

use wasmtime::{Extern, bail};

use super::shared::Anywhere;

/// How many threads carry out works, unless the environment says otherwise, and at most: those of libuv.
const THREADS: u32 = 4;
const MOST_THREADS: u32 = 1024;

/// A work that waits.
#[derive(Clone, Copy)]
pub struct Job {
    /// The number of the work.
    pub work: u32,
    pub environment: u32,
    /// Where in the guest's table the function is, and what it is called with.
    pub execute: u32,
    pub data: u32,
}

/// What the JavaScript thread and the threads that carry out works have in common.
#[derive(Default)]
pub struct WorkQueue {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Job>,
    /// The works that are being carried out.
    running: Vec<u32>,
    /// How many threads there are.
    threads: u32,
    /// Whether there can be no more.
    refused: bool,
    ended: bool,
}

/// How far a work is that was queued.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    Waiting,
    Running,
    Done,
}

impl WorkQueue {
    /// Whether one more work would have to wait though there may be another thread for it.
    pub fn wants_thread(&self) -> bool {
        let state = self.state();
        let busy = state.waiting.len() + state.running.len();
        busy >= state.threads as usize && state.threads < threads() && !state.refused && !state.ended
    }

    pub fn has_threads(&self) -> bool {
        self.state().threads > 0
    }

    /// Notes a thread that was made, or that none can be.
    pub fn add_thread(&self, is_made: bool) {
        let mut state = self.state();
        match is_made {
            true => state.threads += 1,
            false => state.refused = true,
        }
    }

    /// Adds a work. Returns false if none is carried out any more.
    pub fn push(&self, job: Job) -> bool {
        let mut state = self.state();
        if state.ended {
            return false;
        }
        state.waiting.push_back(job);
        self.changed.notify_one();
        true
    }

    /// The next work, if one waits. It is running then.
    pub fn take(&self) -> Option<Job> {
        self.state().take()
    }

    /// Waits for the next work. None once the addon has ended.
    fn wait(&self) -> Option<Job> {
        let mut state = self.state();
        while !state.ended {
            if let Some(job) = state.take() {
                return Some(job);
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        None
    }

    /// Notes that a work was carried out.
    pub fn finish(&self, work: u32) {
        self.state().running.retain(|running| *running != work);
    }

    /// Takes back a work that waits. Returns how far it was.
    pub fn cancel(&self, work: u32) -> Stage {
        let mut state = self.state();
        if let Some(place) = state.waiting.iter().position(|job| job.work == work) {
            state.waiting.remove(place);
            return Stage::Waiting;
        }
        match state.running.contains(&work) {
            true => Stage::Running,
            false => Stage::Done,
        }
    }

    /// No work is begun any more, and its threads return.
    pub fn end(&self) {
        self.state().ended = true;
        self.changed.notify_all();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // No change of it can be left half done.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn take(&mut self) -> Option<Job> {
        let job = self.waiting.pop_front().filter(|_| !self.ended)?;
        self.running.push(job.work);
        Some(job)
    }
}

/// How many threads carry out works at most, each addon having its own. It is asked once, as libuv does.
pub fn threads() -> u32 {
    static ASKED: OnceLock<u32> = OnceLock::new();
    *ASKED.get_or_init(|| match env::var("UV_THREADPOOL_SIZE") {
        Ok(size) => size.trim().parse().unwrap_or(1).clamp(1, MOST_THREADS),
        Err(_) => THREADS,
    })
}

/// What a thread does that carries out works: the guest has made it for this, and calls this on it.
pub fn work(call: &mut Anywhere<'_, '_>) -> wasmtime::Result<()> {
    if call.addon.is_some() {
        bail!("the guest has the JavaScript thread wait for asynchronous works, which it would do for ever");
    }
    let shared = call.shared.clone();
    while let Some(job) = shared.works.wait() {
        execute(call, job)?;
        shared.works.finish(job.work);
        shared.send(move |env, addon| addon.complete(env, job.work, napi_sys::Status::napi_ok));
    }
    Ok(())
}

fn execute(call: &mut Anywhere<'_, '_>, job: Job) -> wasmtime::Result<()> {
    let Some(Extern::Table(table)) = call.caller.get_export("__indirect_function_table") else {
        bail!("the addon exports no table `__indirect_function_table`, in which the function of a work would be");
    };
    let func = table.get(&mut *call.caller, u64::from(job.execute));
    let Some(func) = func.as_ref().and_then(|func| func.as_func().flatten()) else {
        bail!(
            "the addon gave {} as the function of a work, where its table has no function",
            job.execute
        );
    };
    let func = func.typed::<(u32, u32), ()>(&*call.caller)?;
    func.call(&mut *call.caller, (job.environment, job.data))
}
