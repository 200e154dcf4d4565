//! The times to give to a file.

use std::time::{Duration, SystemTime};

use cap_fs_ext::SystemTimeSpec;
use rustix::fs::{Timestamps, UTIME_NOW, UTIME_OMIT};
use rustix::time::Timespec;
use wasmtime_wasi::p1::types::{Errno, Fstflags, Timestamp};

use super::clock::timespec;
use super::errno::Result;

#[derive(Clone, Copy)]
enum Time {
    Keep,
    Now,
    At(Timestamp),
}

#[derive(Clone, Copy)]
pub struct Times {
    accessed: Time,
    modified: Time,
}

impl Times {
    pub fn new(accessed: Timestamp, modified: Timestamp, flags: Fstflags) -> Result<Times> {
        let time = |set, now, time| match (flags.contains(set), flags.contains(now)) {
            (true, true) => Err(Errno::Inval),
            (true, false) => Ok(Time::At(time)),
            (false, true) => Ok(Time::Now),
            (false, false) => Ok(Time::Keep),
        };
        Ok(Times {
            accessed: time(Fstflags::ATIM, Fstflags::ATIM_NOW, accessed)?,
            modified: time(Fstflags::MTIM, Fstflags::MTIM_NOW, modified)?,
        })
    }
}

impl From<Times> for Timestamps {
    fn from(times: Times) -> Timestamps {
        let special = |tv_nsec| Timespec { tv_sec: 0, tv_nsec };
        let time = |time| match time {
            Time::Keep => special(UTIME_OMIT),
            Time::Now => special(UTIME_NOW),
            Time::At(time) => timespec(time),
        };
        Timestamps {
            last_access: time(times.accessed),
            last_modification: time(times.modified),
        }
    }
}

impl From<Times> for (Option<SystemTimeSpec>, Option<SystemTimeSpec>) {
    fn from(times: Times) -> Self {
        let time = |time| match time {
            Time::Keep => None,
            Time::Now => Some(SystemTimeSpec::SymbolicNow),
            Time::At(time) => {
                let time = SystemTime::UNIX_EPOCH + Duration::from_nanos(time);
                Some(SystemTimeSpec::from(cap_std::time::SystemTime::from_std(time)))
            }
        };
        (time(times.accessed), time(times.modified))
    }
}
