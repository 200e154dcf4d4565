//! What can go wrong in a call, and the errno that says it to the guest.

use std::io::{self, ErrorKind};

use rustix::io::Errno as System;
use wasmtime_wasi::p1::types::{self, Errno};
use wiggle::GuestError;

/// Why a call did not succeed.
#[derive(Debug)]
pub enum Fault {
    /// The guest is told.
    Errno(Errno),
    /// The guest ends.
    Trap(wasmtime::Error),
}

/// What the functions behind the calls return.
pub type Result<T> = std::result::Result<T, Fault>;

impl Fault {
    /// Ends the guest with one of the crate's errors.
    pub fn end(error: impl std::error::Error + Send + Sync + 'static) -> Fault {
        Fault::Trap(error.into())
    }
}

impl From<Errno> for Fault {
    fn from(errno: Errno) -> Fault {
        Fault::Errno(errno)
    }
}

impl From<System> for Fault {
    fn from(error: System) -> Fault {
        Fault::Errno(of_system(error))
    }
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Fault {
        Fault::Errno(match (System::from_io_error(&error), error.kind()) {
            (Some(errno), _) => of_system(errno),
            // cap-std's own, for a path that leads out of the directory.
            (None, ErrorKind::PermissionDenied) => Errno::Perm,
            (None, ErrorKind::NotFound) => Errno::Noent,
            (None, ErrorKind::AlreadyExists) => Errno::Exist,
            (None, ErrorKind::InvalidInput) => Errno::Inval,
            (None, ErrorKind::OutOfMemory) => Errno::Nomem,
            (None, _) => Errno::Io,
        })
    }
}

impl From<GuestError> for Fault {
    fn from(error: GuestError) -> Fault {
        match error {
            // A flag or name that is too large to be one.
            GuestError::TryFromIntError(_) => Errno::Inval.into(),
            // Which of the others are the guest's to handle, and which end it, is the ABI's decision.
            error => types::Error::from(error).into(),
        }
    }
}

impl From<std::num::TryFromIntError> for Fault {
    fn from(_: std::num::TryFromIntError) -> Fault {
        Fault::Errno(Errno::Overflow)
    }
}

impl From<types::Error> for Fault {
    fn from(error: types::Error) -> Fault {
        match error.downcast() {
            Ok(errno) => Fault::Errno(errno),
            Err(trap) => Fault::Trap(trap),
        }
    }
}

impl From<Fault> for types::Error {
    fn from(fault: Fault) -> types::Error {
        match fault {
            Fault::Errno(errno) => errno.into(),
            Fault::Trap(trap) => types::Error::trap(trap),
        }
    }
}

/// The errno for one of the system's. Not a `match`: some systems have one number for two names.
fn of_system(error: System) -> Errno {
    const NAMES: &[(System, Errno)] = &[
        (System::NOENT, Errno::Noent),
        (System::AGAIN, Errno::Again),
        (System::BADF, Errno::Badf),
        (System::EXIST, Errno::Exist),
        (System::ISDIR, Errno::Isdir),
        (System::NOTDIR, Errno::Notdir),
        (System::NOTEMPTY, Errno::Notempty),
        (System::INVAL, Errno::Inval),
        (System::ACCESS, Errno::Acces),
        (System::PERM, Errno::Perm),
        (System::PIPE, Errno::Pipe),
        (System::SPIPE, Errno::Spipe),
        (System::LOOP, Errno::Loop),
        (System::NAMETOOLONG, Errno::Nametoolong),
        (System::XDEV, Errno::Xdev),
        (System::ROFS, Errno::Rofs),
        (System::NOSPC, Errno::Nospc),
        (System::DQUOT, Errno::Dquot),
        (System::FBIG, Errno::Fbig),
        (System::MFILE, Errno::Mfile),
        (System::NFILE, Errno::Nfile),
        (System::MLINK, Errno::Mlink),
        (System::NOMEM, Errno::Nomem),
        (System::BUSY, Errno::Busy),
        (System::INTR, Errno::Intr),
        (System::IO, Errno::Io),
        (System::NXIO, Errno::Nxio),
        (System::NODEV, Errno::Nodev),
        (System::NOTSUP, Errno::Notsup),
        (System::OPNOTSUPP, Errno::Notsup),
        (System::NOSYS, Errno::Nosys),
        (System::NOTTY, Errno::Notty),
        (System::OVERFLOW, Errno::Overflow),
        (System::ILSEQ, Errno::Ilseq),
        (System::RANGE, Errno::Range),
        (System::TXTBSY, Errno::Txtbsy),
        (System::STALE, Errno::Stale),
        (System::TIMEDOUT, Errno::Timedout),
        (System::DEADLK, Errno::Deadlk),
        (System::NOLCK, Errno::Nolck),
        (System::FAULT, Errno::Fault),
        (System::TOOBIG, Errno::TooBig),
        (System::NOTSOCK, Errno::Notsock),
        (System::NOTCONN, Errno::Notconn),
        (System::ISCONN, Errno::Isconn),
        (System::CONNRESET, Errno::Connreset),
        (System::CONNABORTED, Errno::Connaborted),
        (System::CONNREFUSED, Errno::Connrefused),
        (System::HOSTUNREACH, Errno::Hostunreach),
        (System::NETUNREACH, Errno::Netunreach),
        (System::NETDOWN, Errno::Netdown),
        (System::NETRESET, Errno::Netreset),
        (System::NOBUFS, Errno::Nobufs),
        (System::MSGSIZE, Errno::Msgsize),
        (System::PROTO, Errno::Proto),
        (System::PROTOTYPE, Errno::Prototype),
        (System::DESTADDRREQ, Errno::Destaddrreq),
        (System::INPROGRESS, Errno::Inprogress),
        (System::ALREADY, Errno::Already),
        (System::CANCELED, Errno::Canceled),
    ];
    let found = NAMES.iter().find(|(system, _)| *system == error);
    found.map_or(Errno::Io, |(_, errno)| *errno)
}
