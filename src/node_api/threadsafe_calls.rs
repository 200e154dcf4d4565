//! What threads want to have passed to thread-safe functions, which the JavaScript thread does in their order.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use napi_sys as sys;

use super::key::Keyed;

/// The part of an addon's thread-safe functions that all threads work on.
#[derive(Default)]
pub struct CallQueues {
    state: Mutex<State>,
    /// Told when a queue has room again, or none will have.
    changed: Condvar,
}

#[derive(Default)]
struct State {
    queues: Keyed<Queue>,
    ended: bool,
}

/// The queue of a thread-safe function.
pub struct Queue {
    waiting: VecDeque<u32>,
    /// The most that may wait; 0 is no limit.
    most: u32,
    /// How many threads say that they use the function.
    threads: u32,
    context: u32,
    is_closing: bool,
    /// Whether its finalizer was run. The threads that still use it are told that it is closing.
    is_finalized: bool,
}

/// What the JavaScript thread is to do next for a function.
pub struct Turn {
    pub data: Option<u32>,
    /// Whether the function ends after that.
    pub is_last: bool,
}

impl Queue {
    pub fn new(most: u32, threads: u32, context: u32) -> Queue {
        Queue {
            waiting: VecDeque::new(),
            most,
            threads,
            context,
            is_closing: false,
            is_finalized: false,
        }
    }

    fn is_full(&self) -> bool {
        self.most > 0 && self.waiting.len() >= self.most as usize
    }
}

impl CallQueues {
    /// Adds the queue of a new function, and returns its number. None if there are too many, or the addon ends.
    pub fn add(&self, queue: Queue) -> Option<u32> {
        let mut state = self.state();
        match state.ended {
            true => None,
            false => state.queues.add(queue).ok(),
        }
    }

    /// Queues a call. `waits` says whether it waits for room, `may_wait` whether the thread that calls can.
    pub fn push(&self, number: u32, data: u32, waits: bool, may_wait: bool) -> sys::napi_status {
        let mut state = self.state();
        loop {
            if state.ended {
                return sys::Status::napi_closing;
            }
            let Some(queue) = state.queues.get_mut(number) else {
                return sys::Status::napi_invalid_arg;
            };
            if queue.is_closing {
                if queue.threads == 0 {
                    return sys::Status::napi_invalid_arg;
                }
                queue.threads -= 1;
                state.forget(number);
                return sys::Status::napi_closing;
            }
            match (queue.is_full(), waits, may_wait) {
                (false, ..) => {
                    queue.waiting.push_back(data);
                    return sys::Status::napi_ok;
                }
                (true, false, _) => return sys::Status::napi_queue_full,
                // Only this thread could make room.
                (true, true, false) => return sys::Status::napi_would_deadlock,
                (true, true, true) => {}
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Adds a thread to those that use a function.
    pub fn acquire(&self, number: u32) -> sys::napi_status {
        let mut state = self.state();
        let ended = state.ended;
        let Some(queue) = state.queues.get_mut(number) else {
            return unknown(ended);
        };
        if queue.is_closing || ended {
            return sys::Status::napi_closing;
        }
        match queue.threads.checked_add(1) {
            Some(threads) => {
                queue.threads = threads;
                sys::Status::napi_ok
            }
            None => sys::Status::napi_generic_failure,
        }
    }

    /// Takes a thread from those that use a function. `aborts` says that no thread may use it any more. True if the
    /// JavaScript thread has to see to its end.
    pub fn release(&self, number: u32, aborts: bool) -> (sys::napi_status, bool) {
        let mut state = self.state();
        let ended = state.ended;
        let Some(queue) = state.queues.get_mut(number) else {
            return (unknown(ended), false);
        };
        if queue.threads == 0 {
            return (sys::Status::napi_invalid_arg, false);
        }
        queue.threads -= 1;
        let ends = (queue.threads == 0 || aborts) && !queue.is_closing;
        if ends && aborts {
            queue.is_closing = true;
            self.changed.notify_all();
        }
        state.forget(number);
        (sys::Status::napi_ok, ends)
    }

    pub fn context(&self, number: u32) -> Option<u32> {
        self.state().queues.get(number).map(|queue| queue.context)
    }

    /// Takes the next call of a function. None if there is no such function any more.
    pub fn turn(&self, number: u32) -> Option<Turn> {
        let mut state = self.state();
        if state.ended {
            return None;
        }
        let queue = state.queues.get_mut(number)?;
        if queue.is_closing {
            return Some(Turn {
                data: None,
                is_last: true,
            });
        }
        let was_full = queue.is_full();
        let data = queue.waiting.pop_front();
        queue.is_closing = queue.waiting.is_empty() && queue.threads == 0;
        let is_last = queue.is_closing;
        if was_full || is_last {
            self.changed.notify_all();
        }
        Some(Turn { data, is_last })
    }

    /// Ends a function whose finalizer was run. Returns what was not passed to it.
    pub fn finish(&self, number: u32) -> VecDeque<u32> {
        let mut state = self.state();
        let Some(queue) = state.queues.get_mut(number) else {
            return VecDeque::new();
        };
        queue.is_closing = true;
        queue.is_finalized = true;
        let left = std::mem::take(&mut queue.waiting);
        state.forget(number);
        self.changed.notify_all();
        left
    }

    /// Takes no calls any more. Who waits for room is told that the function is closing.
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
    /// Gives the queue of a function up that has ended and that no thread uses any more.
    fn forget(&mut self, number: u32) {
        let queue = self.queues.get(number);
        if queue.is_some_and(|queue| queue.is_finalized && queue.threads == 0) {
            self.queues.take(number);
        }
    }
}

/// The status for a function that is not there.
fn unknown(ended: bool) -> sys::napi_status {
    match ended {
        true => sys::Status::napi_closing,
        false => sys::Status::napi_invalid_arg,
    }
}
