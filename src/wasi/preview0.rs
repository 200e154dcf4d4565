//! The functions of preview 0, `wasi_unstable`.
//!
//! They are those of preview 1, which it was frozen from, but for the four whose binary interface
//! was changed then. `sock_accept` came later.

use wasmtime_wasi::p0::types as p0;
use wasmtime_wasi::p1::types::{Errno, Fd, Lookupflags, Size, Subscription, SubscriptionU, Whence};
use wiggle::error::Result;
use wiggle::{GuestMemory, GuestPtr};

use super::errno::Fault;
use super::host::Host;
use super::poll::MAX_SUBSCRIPTIONS;
pub use super::preview1::*;

pub async fn fd_seek(
    host: &mut Host<'_>,
    memory: &mut GuestMemory<'_>,
    fd: i32,
    offset: i64,
    whence: i32,
    position: i32,
) -> Result<i32> {
    let mut seek = || {
        let whence = Whence::from(p0::Whence::try_from(whence)?);
        let reached = host.seek(handle(fd), offset, whence)?;
        Ok(memory.write(pointer(position), reached)?)
    };
    errno(seek())
}

pub async fn fd_filestat_get(host: &mut Host<'_>, memory: &mut GuestMemory<'_>, fd: i32, filestat: i32) -> Result<i32> {
    let mut get = || {
        let stat = host.stat(handle(fd))?;
        Ok(memory.write(pointer(filestat), p0::Filestat::from(stat))?)
    };
    errno(get())
}

pub async fn path_filestat_get(
    host: &mut Host<'_>,
    memory: &mut GuestMemory<'_>,
    fd: i32,
    flags: i32,
    path: i32,
    path_len: i32,
    filestat: i32,
) -> Result<i32> {
    let mut get = || {
        let flags = Lookupflags::from(p0::Lookupflags::try_from(flags)?);
        let path = GuestPtr::new((path.cast_unsigned(), path_len.cast_unsigned()));
        let stat = host.stat_at(memory, handle(fd), flags, path)?;
        Ok(memory.write(pointer(filestat), p0::Filestat::from(stat))?)
    };
    errno(get())
}

pub async fn poll_oneoff(
    host: &mut Host<'_>,
    memory: &mut GuestMemory<'_>,
    subscriptions: i32,
    events: i32,
    count: i32,
    size: i32,
) -> Result<i32> {
    let mut poll = || {
        let count = count.cast_unsigned();
        if count > MAX_SUBSCRIPTIONS {
            return Err(Errno::Inval.into());
        }
        let given = pointer::<p0::Subscription>(subscriptions).as_array(count);
        let subscriptions = given.iter().map(|subscription| {
            let p0::Subscription { userdata, u } = memory.read(subscription?)?;
            let u = match u {
                p0::SubscriptionU::Clock(clock) => SubscriptionU::Clock(clock.into()),
                p0::SubscriptionU::FdRead(read) => SubscriptionU::FdRead(read.into()),
                p0::SubscriptionU::FdWrite(write) => SubscriptionU::FdWrite(write.into()),
            };
            Ok(Subscription { userdata, u })
        });
        let subscriptions: Vec<Subscription> = subscriptions.collect::<std::result::Result<_, Fault>>()?;
        // An event is the same in both previews.
        let written: Size = host.poll(memory, &subscriptions, pointer(events))?;
        Ok(memory.write(pointer(size), written)?)
    };
    errno(poll())
}

fn errno(result: std::result::Result<(), Fault>) -> Result<i32> {
    match result {
        Ok(()) => Ok(Errno::Success as i32),
        Err(Fault::Errno(errno)) => Ok(errno as i32),
        Err(Fault::Trap(trap)) => Err(trap),
    }
}

fn handle(fd: i32) -> Fd {
    Fd::from(fd.cast_unsigned())
}

fn pointer<T>(address: i32) -> GuestPtr<T> {
    GuestPtr::new(address.cast_unsigned())
}
