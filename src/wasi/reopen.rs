//! Open files of our own for streams that others have open too.

use std::os::fd::{AsFd, OwnedFd};

/// Opens the pipe or terminal behind a descriptor once more, in a way that never blocks. To set that
/// for the given descriptor would set it for all who have the same open file. `None` if the system
/// does not let us, as with a pipe that another user made.
#[cfg(target_os = "linux")]
pub fn non_blocking(stream: impl AsFd) -> Option<OwnedFd> {
    use std::os::fd::AsRawFd as _;

    use rustix::fs::{Mode, OFlags, fcntl_getfl, fstat, makedev, open};

    let stream = stream.as_fd();
    // By this name one gets a terminal that is new.
    const PTMX: (u32, u32) = (5, 2);
    if fstat(stream).ok()?.st_rdev == makedev(PTMX.0, PTMX.1) {
        return None;
    }
    let access = fcntl_getfl(stream).ok()? & OFlags::RWMODE;
    let flags = access | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    open(format!("/proc/self/fd/{}", stream.as_raw_fd()), flags, Mode::empty()).ok()
}

/// This system has no way to do it.
#[cfg(not(target_os = "linux"))]
pub fn non_blocking(_: impl AsFd) -> Option<OwnedFd> {
    None
}
