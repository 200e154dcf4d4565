//! The threads that programs run on.

use std::collections::VecDeque;
use std::io;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use crate::guest::THREAD_STACK;

/// How many programs run at a time; others wait for their turn. More than a machine has cores, since programs wait for
/// their input and for each other.
const MOST: usize = 64;

/// How long a thread without work waits for some.
const IDLE: Duration = Duration::from_secs(2);

type Work = Box<dyn FnOnce() + Send>;

/// Not a pool of a library: that of tokio panics where the system has no thread to give.
static POOL: Mutex<Pool> = Mutex::new(Pool {
    waiting: VecDeque::new(),
    threads: 0,
    idle: 0,
    waits: 0,
});
static CHANGED: Condvar = Condvar::new();

struct Pool {
    waiting: VecDeque<Work>,
    threads: usize,
    /// How many of the threads wait for work.
    idle: usize,
    /// How many wait for a function of JavaScript, which may wait for a program that has yet to begin.
    waits: usize,
}

impl Pool {
    /// Adds a thread if there is work for one more.
    fn grow(&mut self) -> io::Result<()> {
        if self.waiting.len() > self.idle && self.threads < MOST + self.waits {
            let thread = thread::Builder::new().name("wasmport-run".into());
            thread.stack_size(THREAD_STACK).spawn(take_turns)?;
            self.threads += 1;
        }
        Ok(())
    }
}

/// Runs `work`, which does not panic, on a thread of the pool. Fails if there is none and can be none.
pub fn spawn(work: impl FnOnce() + Send + 'static) -> io::Result<()> {
    let mut pool = lock();
    pool.waiting.push_back(Box::new(work));
    match pool.grow() {
        Err(error) if pool.threads == 0 => {
            pool.waiting.pop_back();
            return Err(error);
        }
        // Else one of the others will do it.
        _ => {}
    }
    CHANGED.notify_one();
    Ok(())
}

/// Notes that a thread begins to wait for a function of JavaScript, or goes on. Others work meanwhile.
pub fn wait(begins: bool) {
    let mut pool = lock();
    match begins {
        true => pool.waits += 1,
        false => pool.waits -= 1,
    }
    // If there is no thread to add, one that ends its work takes the next.
    let _ = pool.grow();
}

/// What a thread of the pool does.
fn take_turns() {
    let mut pool = lock();
    loop {
        while let Some(work) = pool.waiting.pop_front() {
            drop(pool);
            work();
            pool = lock();
        }
        pool.idle += 1;
        let (guard, waited) = CHANGED.wait_timeout(pool, IDLE).unwrap_or_else(PoisonError::into_inner);
        pool = guard;
        pool.idle -= 1;
        if waited.timed_out() && pool.waiting.is_empty() {
            pool.threads -= 1;
            return;
        }
    }
}

fn lock() -> MutexGuard<'static, Pool> {
    // Each change of it is one assignment.
    POOL.lock().unwrap_or_else(PoisonError::into_inner)
}
