//! Ends guests that take too long.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::guest::{Ended, Guest};

/// The deadlines that are set, by time and number.
static DEADLINES: Mutex<Deadlines> = Mutex::new(Deadlines {
    waiting: BTreeMap::new(),
    last: 0,
    watched: false,
});
static CHANGED: Condvar = Condvar::new();

struct Deadlines {
    waiting: BTreeMap<(Instant, u64), Arc<Guest>>,
    last: u64,
    /// Whether there is a thread that waits for the first of them.
    watched: bool,
}

/// A deadline that is set as long as this is kept.
pub struct Deadline((Instant, u64));

/// Ends a guest as by SIGTERM after a time.
pub fn set(guest: &Arc<Guest>, timeout: Duration) -> Deadline {
    let mut deadlines = lock();
    deadlines.last += 1;
    let key = (Instant::now() + timeout, deadlines.last);
    deadlines.waiting.insert(key, guest.clone());
    if !deadlines.watched {
        let thread = thread::Builder::new().name("wasmport-deadline".into());
        deadlines.watched = thread.spawn(watch).is_ok();
    }
    CHANGED.notify_one();
    Deadline(key)
}

impl Drop for Deadline {
    fn drop(&mut self) {
        lock().waiting.remove(&self.0);
        CHANGED.notify_one();
    }
}

/// Waits for the first deadline until there is none.
fn watch() {
    let mut deadlines = lock();
    while let Some((&(time, _), _)) = deadlines.waiting.first_key_value() {
        let left = time.saturating_duration_since(Instant::now());
        if left.is_zero() {
            let expired = deadlines.waiting.pop_first();
            drop(deadlines);
            if let Some((_, guest)) = expired {
                guest.end(Ended::Signal("SIGTERM"));
            }
            deadlines = lock();
            continue;
        }
        deadlines = (CHANGED.wait_timeout(deadlines, left)).unwrap_or_else(PoisonError::into_inner).0;
    }
    deadlines.watched = false;
}

fn lock() -> MutexGuard<'static, Deadlines> {
    // Each change is one call of the map.
    DEADLINES.lock().unwrap_or_else(PoisonError::into_inner)
}
