//! Ends guests that take too long.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;
use std::time::{Duration, Instant};

use super::{Ended, Guest};

/// The deadlines that are set, by time and number.
static DEADLINES: Mutex<Deadlines> = Mutex::new(Deadlines {
    waiting: BTreeMap::new(),
    last: 0,
    watched: false,
});
static CHANGED: Condvar = Condvar::new();

struct Deadlines {
    waiting: BTreeMap<(Instant, u64), Weak<Guest>>,
    last: u64,
    /// Whether there is a thread that waits for the first of them.
    watched: bool,
}

/// A deadline that is set as long as this is kept.
pub struct Deadline((Instant, u64));

impl Guest {
    /// Ends the guest as by SIGTERM after a time, if it still is there then. Fails if there is no thread to see to that.
    pub fn end_after(self: &Arc<Self>, timeout: Duration) -> io::Result<()> {
        let deadline = {
            let mut deadlines = lock();
            if !deadlines.watched {
                thread::Builder::new().name("wasmport-deadline".into()).spawn(watch)?;
                deadlines.watched = true;
            }
            deadlines.last += 1;
            let key = (Instant::now() + timeout, deadlines.last);
            deadlines.waiting.insert(key, Arc::downgrade(self));
            CHANGED.notify_one();
            Deadline(key)
        };
        self.state().deadline = Some(deadline);
        Ok(())
    }
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
            // The guest may drop its deadline, which takes the lock.
            drop(deadlines);
            if let Some(guest) = expired.and_then(|(_, guest)| guest.upgrade()) {
                guest.end(Ended::Signal("SIGTERM"));
            }
            deadlines = lock();
            continue;
        }
        deadlines = (CHANGED.wait_timeout(deadlines, left))
            .unwrap_or_else(PoisonError::into_inner)
            .0;
    }
    deadlines.watched = false;
}

fn lock() -> MutexGuard<'static, Deadlines> {
    // Each change is one call of the map.
    DEADLINES.lock().unwrap_or_else(PoisonError::into_inner)
}
