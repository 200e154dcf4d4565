//! Everything of a guest's WASI that its threads share.

use std::io;
use std::os::fd::BorrowedFd;
use std::sync::Arc;

use cap_std::ambient_authority;
use cap_std::fs::Dir as Root;
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::stdio;
use wasmtime_wasi::p1::types::{Fdflags, Rights};

use super::clock::Clock;
use super::cwd;
use super::descriptor::{Descriptor, Object, Table, dir_rights, file_rights, listener_rights, stream_rights};
use super::dir::Dir;
use super::file::{File, Handle};
use super::interrupt::{Interrupt, Waiter};
use super::options::{self, Input, Options, Output, Preopen};
use super::random::Source;
use super::socket::{Listener, Peers};
use super::stream::Stream;

pub struct Process {
    pub(super) args: Vec<String>,
    /// Each as `name=value`.
    pub(super) env: Vec<String>,
    pub(super) table: Table,
    pub(super) clock: Clock,
    pub(super) random: Source,
    interrupt: Option<Interrupt>,
}

impl Process {
    /// Checks the options, opens the directories and begins to listen. If `interrupt` is set, at
    /// any time, the guest's calls fail with [`Interrupted`](crate::error::Interrupted).
    pub fn new(mut options: Options, interrupt: Option<Interrupt>) -> std::result::Result<Process, options::Error> {
        options.check()?;
        let table = Table::default();
        let add = |descriptor| {
            table.add(descriptor).map(drop).map_err(|_| options::Error::Option {
                option: "preopens and network.listen".into(),
                reason: "are more than a guest may have descriptors",
            })
        };
        let waiter = Waiter(interrupt.as_ref());
        add(input(options.stdin, waiter))?;
        add(output(options.stdout, "stdout", stdio::stdout(), waiter))?;
        add(output(options.stderr, "stderr", stdio::stderr(), waiter))?;
        let mut dirs = Vec::new();
        for Preopen { guest, host, readonly } in options.preopens {
            match open_dir(&host) {
                Ok(root) => dirs.push(Dir::new(root, !readonly, Some(guest))),
                Err(error) => return Err(options::Error::Preopen { guest, host, error }),
            }
        }
        if let Some(path) = options.cwd {
            dirs.push(cwd::open(&path, &dirs)?);
            if !options.env.iter().any(|(name, _)| name == "PWD") {
                options.env.push(("PWD".into(), path));
            }
        }
        for dir in dirs {
            add(Descriptor::new(
                Object::Dir(dir),
                dir_rights(),
                dir_rights() | file_rights(),
                Fdflags::empty(),
            ))?;
        }
        let peers = Arc::new(Peers(options.network.accept));
        for address in options.network.listen {
            let listener =
                Listener::bind(address, peers.clone()).map_err(|error| options::Error::Listen { address, error })?;
            add(Descriptor::new(
                Object::Listener(listener),
                listener_rights(),
                stream_rights(),
                Fdflags::empty(),
            ))?;
        }
        Ok(Process {
            args: options.args,
            env: options
                .env
                .into_iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect(),
            table,
            clock: Clock::new(&options.clocks),
            random: Source::new(&options.random),
            interrupt,
        })
    }

    #[inline]
    pub(super) fn waiter(&self) -> Waiter<'_> {
        Waiter(self.interrupt.as_ref())
    }
}

/// Opens a directory of the host so that it can be listed; as one that cannot be, if that is so.
fn open_dir(host: &str) -> io::Result<Root> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    match rustix::fs::open(host, flags, Mode::empty()) {
        Ok(fd) => Ok(Root::from(fd)),
        Err(Errno::ACCESS) => Root::open_ambient_dir(host, ambient_authority()),
        Err(error) => Err(error.into()),
    }
}

fn input(input: Input, waiter: Waiter<'_>) -> Descriptor {
    let handle = match input {
        Input::Ignore => return memory(Stream::input(Vec::new()), Rights::FD_WRITE),
        Input::Bytes(bytes) => return memory(Stream::input(bytes), Rights::FD_WRITE),
        Input::Inherit => Handle::Inherited(stdio::stdin()),
        Input::Fd(fd) => Handle::Owned(fd),
    };
    standard(handle, Rights::FD_WRITE, waiter)
}

fn output(output: Output, name: &'static str, inherited: BorrowedFd<'static>, waiter: Waiter<'_>) -> Descriptor {
    let handle = match output {
        Output::Ignore => return memory(Stream::Discard, Rights::FD_READ),
        Output::Pipe(capture) => return memory(Stream::Capture { capture, name }, Rights::FD_READ),
        Output::Inherit => Handle::Inherited(inherited),
        Output::Fd(fd) => Handle::Owned(fd),
    };
    standard(handle, Rights::FD_READ, waiter)
}

fn memory(stream: Stream, denied: Rights) -> Descriptor {
    let rights = stream_rights() & !denied;
    Descriptor::new(Object::Stream(stream), rights, rights, Fdflags::empty())
}

/// A standard stream that is a file of the system: the content is granted, the file itself is not.
fn standard(handle: Handle, denied: Rights, waiter: Waiter<'_>) -> Descriptor {
    let file = File::given(handle, waiter);
    let changes = Rights::FD_FILESTAT_SET_TIMES | Rights::FD_FILESTAT_SET_SIZE | Rights::FD_ALLOCATE;
    let rights = match file.is_stream() {
        true => stream_rights(),
        false => file_rights() & !changes,
    };
    let rights = rights & !denied;
    let flags = file.initial_flags();
    Descriptor::new(Object::File(file), rights, rights, flags)
}
