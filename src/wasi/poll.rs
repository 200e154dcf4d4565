//! Waiting for files and clocks at once.

use std::os::fd::AsFd;
use std::sync::Arc;

use rustix::event::{PollFd, PollFlags};
use rustix::time::Timespec;
use wasmtime_wasi::p1::types::{
    Clockid, Errno, Event, EventFdReadwrite, Eventrwflags, Eventtype, Fd, Filesize, Rights, Size, Subclockflags,
    Subscription, SubscriptionClock, SubscriptionU, Timestamp, Userdata,
};

use super::clock::timespec;
use super::descriptor::{Descriptor, Object};
use super::errno::{Fault, Result};
use super::file::PIPE_BUF;
use super::process::Process;

/// The most subscriptions of a call: enough for both directions of every descriptor and as many clocks.
pub const MAX_SUBSCRIPTIONS: Size = 4096;

/// One subscription, looked up.
enum Wait {
    /// There is something to report at once.
    Ready(Event),
    Clock {
        userdata: Userdata,
        id: Clockid,
        until: Timestamp,
    },
    File {
        userdata: Userdata,
        descriptor: Arc<Descriptor>,
        direction: Eventtype,
    },
}

/// Waits until there is at least one event, and returns all that there are.
pub fn poll(process: &Process, subscriptions: &[Subscription]) -> Result<Vec<Event>> {
    if subscriptions.is_empty() {
        // It would wait for ever.
        return Err(Errno::Inval.into());
    }
    let waits: Vec<Wait> = subscriptions
        .iter()
        .map(|sub| look_up(process, sub))
        .collect::<Result<_>>()?;
    let mut fds: Vec<PollFd<'_>> = waits.iter().filter_map(poll_fd).collect();
    let at_once = waits.iter().any(|wait| matches!(wait, Wait::Ready(_)));
    loop {
        let timeout = if at_once { Some(0) } else { next(process, &waits) };
        match timeout {
            Some(time) if process.clock.is_virtual() => {
                // Virtual time passes only if nothing else happens before.
                if !process.waiter().poll(&mut fds, Some(&Timespec::default()))? {
                    process.clock.skip(time);
                }
            }
            timeout => {
                process.waiter().poll(&mut fds, timeout.map(timespec).as_ref())?;
            }
        }
        let mut results = fds.iter().map(PollFd::revents);
        let events = waits.iter().filter_map(|wait| event(process, wait, &mut results));
        let events: Vec<Event> = events.collect();
        if !events.is_empty() {
            return Ok(events);
        }
    }
}

fn look_up(process: &Process, subscription: &Subscription) -> Result<Wait> {
    let userdata = subscription.userdata;
    let (direction, fd) = match &subscription.u {
        SubscriptionU::Clock(clock) => return Ok(look_up_clock(process, userdata, clock)),
        SubscriptionU::FdRead(read) => (Eventtype::FdRead, read.file_descriptor),
        SubscriptionU::FdWrite(write) => (Eventtype::FdWrite, write.file_descriptor),
    };
    match look_up_file(process, userdata, direction, fd) {
        Err(Fault::Errno(errno)) => Ok(Wait::Ready(new_event(userdata, direction, errno))),
        result => result,
    }
}

fn look_up_clock(process: &Process, userdata: Userdata, clock: &SubscriptionClock) -> Wait {
    match clock.id {
        Clockid::Realtime | Clockid::Monotonic => {
            let is_absolute = clock.flags.contains(Subclockflags::SUBSCRIPTION_CLOCK_ABSTIME);
            let from = if is_absolute { 0 } else { process.clock.now(clock.id) };
            Wait::Clock {
                userdata,
                id: clock.id,
                until: from.saturating_add(clock.timeout),
            }
        }
        // A guest that waits uses no time of these.
        Clockid::ProcessCputimeId | Clockid::ThreadCputimeId => {
            Wait::Ready(new_event(userdata, Eventtype::Clock, Errno::Notsup))
        }
    }
}

fn look_up_file(process: &Process, userdata: Userdata, direction: Eventtype, fd: Fd) -> Result<Wait> {
    let descriptor = process.table.get(fd)?;
    descriptor.check(Rights::POLL_FD_READWRITE)?;
    let mut event = new_event(userdata, direction, Errno::Success);
    match &descriptor.object {
        Object::Dir(_) => return Err(Errno::Badf.into()),
        Object::File(file) if !file.is_regular() => {}
        Object::Listener(_) => {}
        Object::File(file) => {
            let readable = (direction == Eventtype::FdRead).then(|| file.available());
            event.fd_readwrite = always_ready(readable);
            return Ok(Wait::Ready(event));
        }
        Object::Stream(stream) => {
            let readable = (direction == Eventtype::FdRead).then(|| stream.available());
            event.fd_readwrite = always_ready(readable);
            return Ok(Wait::Ready(event));
        }
    }
    Ok(Wait::File {
        userdata,
        descriptor,
        direction,
    })
}

/// What there is of a content that is complete: its end is known, and room is always there.
fn always_ready(readable: Option<Filesize>) -> EventFdReadwrite {
    EventFdReadwrite {
        nbytes: readable.unwrap_or(PIPE_BUF as Filesize),
        flags: match readable {
            Some(0) => Eventrwflags::FD_READWRITE_HANGUP,
            _ => Eventrwflags::empty(),
        },
    }
}

fn poll_fd(wait: &Wait) -> Option<PollFd<'_>> {
    let Wait::File {
        descriptor, direction, ..
    } = wait
    else {
        return None;
    };
    let fd = match &descriptor.object {
        Object::File(file) => file.as_fd(),
        Object::Listener(listener) => listener.as_fd(),
        Object::Dir(_) | Object::Stream(_) => return None,
    };
    let events = match direction {
        Eventtype::FdWrite => PollFlags::OUT,
        Eventtype::FdRead | Eventtype::Clock => PollFlags::IN,
    };
    Some(PollFd::from_borrowed_fd(fd, events))
}

/// The time until the first clock is due; none if there is none.
fn next(process: &Process, waits: &[Wait]) -> Option<Timestamp> {
    let left = waits.iter().filter_map(|wait| match wait {
        Wait::Clock { id, until, .. } => Some(until.saturating_sub(process.clock.now(*id))),
        Wait::Ready(_) | Wait::File { .. } => None,
    });
    left.min()
}

/// The event of a subscription, if there is one. `results` has those of the files, in order.
fn event(process: &Process, wait: &Wait, results: &mut impl Iterator<Item = PollFlags>) -> Option<Event> {
    match wait {
        Wait::Ready(event) => Some(event.clone()),
        Wait::Clock { userdata, id, until } => {
            (process.clock.now(*id) >= *until).then(|| new_event(*userdata, Eventtype::Clock, Errno::Success))
        }
        Wait::File {
            userdata,
            descriptor,
            direction,
        } => {
            let result = results.next().filter(|result| !result.is_empty())?;
            let errno = match result.contains(PollFlags::NVAL) {
                true => Errno::Badf,
                false => Errno::Success,
            };
            let mut event = new_event(*userdata, *direction, errno);
            event.fd_readwrite.nbytes = match (direction, &descriptor.object) {
                (Eventtype::FdRead, Object::File(file)) => file.available(),
                (Eventtype::FdWrite, _) => PIPE_BUF as Filesize,
                _ => 0,
            };
            if result.contains(PollFlags::HUP) {
                event.fd_readwrite.flags = Eventrwflags::FD_READWRITE_HANGUP;
            }
            Some(event)
        }
    }
}

fn new_event(userdata: Userdata, type_: Eventtype, error: Errno) -> Event {
    Event {
        userdata,
        error,
        type_,
        fd_readwrite: EventFdReadwrite {
            nbytes: 0,
            flags: Eventrwflags::empty(),
        },
    }
}
