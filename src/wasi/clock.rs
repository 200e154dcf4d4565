//! The clocks of a guest: the system's, or ones that only the guest moves.

use std::sync::atomic::{AtomicU64, Ordering};

use rustix::time::{ClockId, Timespec, clock_getres, clock_gettime};
use wasmtime_wasi::p1::types::{Clockid, Timestamp};

use super::options::Clocks;

/// How far a virtual clock moves when it is read: a guest that waits for a time to come sees it come.
const STEP: u64 = 1_000_000;

pub enum Clock {
    System,
    Virtual {
        start: u64,
        /// Shared by all clocks, so that they agree.
        elapsed: AtomicU64,
    },
}

impl Clock {
    pub fn new(clocks: &Clocks) -> Clock {
        match clocks {
            Clocks::System => Clock::System,
            Clocks::Virtual { start_ns } => Clock::Virtual {
                start: *start_ns,
                elapsed: AtomicU64::new(0),
            },
        }
    }

    /// The time for the guest, in nanoseconds.
    #[inline]
    pub fn read(&self, id: Clockid) -> Timestamp {
        match self {
            Clock::System => nanoseconds(clock_gettime(system_id(id))),
            Clock::Virtual { start, elapsed } => at(*start, elapsed.fetch_add(STEP, Ordering::Relaxed), id),
        }
    }

    /// The time for us: a virtual clock does not move by it.
    pub fn now(&self, id: Clockid) -> Timestamp {
        match self {
            Clock::System => nanoseconds(clock_gettime(system_id(id))),
            Clock::Virtual { start, elapsed } => at(*start, elapsed.load(Ordering::Relaxed), id),
        }
    }

    pub fn resolution(&self, id: Clockid) -> Timestamp {
        match self {
            Clock::System => nanoseconds(clock_getres(system_id(id))),
            Clock::Virtual { .. } => STEP,
        }
    }

    /// Whether time passes only by what the guest does.
    pub fn is_virtual(&self) -> bool {
        matches!(self, Clock::Virtual { .. })
    }

    /// Lets virtual time pass; no other can be hurried.
    pub fn skip(&self, time: Timestamp) {
        if let Clock::Virtual { elapsed, .. } = self {
            let add = |now: u64| Some(now.saturating_add(time));
            // It has no way to fail: `add` always has a result.
            let _ = elapsed.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add);
        }
    }
}

fn at(start: u64, elapsed: u64, id: Clockid) -> Timestamp {
    match id {
        Clockid::Realtime => start.saturating_add(elapsed),
        Clockid::Monotonic | Clockid::ProcessCputimeId | Clockid::ThreadCputimeId => elapsed,
    }
}

fn system_id(id: Clockid) -> ClockId {
    match id {
        Clockid::Realtime => ClockId::Realtime,
        Clockid::Monotonic => ClockId::Monotonic,
        Clockid::ProcessCputimeId => ClockId::ProcessCPUTime,
        Clockid::ThreadCputimeId => ClockId::ThreadCPUTime,
    }
}

/// A time of the system as WASI has them, which has none before 1970.
pub fn nanoseconds(time: Timespec) -> Timestamp {
    match (u64::try_from(time.tv_sec), u64::try_from(time.tv_nsec)) {
        (Ok(seconds), Ok(nanoseconds)) => seconds.saturating_mul(1_000_000_000).saturating_add(nanoseconds),
        _ => 0,
    }
}

/// The other way round.
pub fn timespec(time: Timestamp) -> Timespec {
    Timespec {
        tv_sec: (time / 1_000_000_000) as i64,
        tv_nsec: (time % 1_000_000_000) as _,
    }
}
