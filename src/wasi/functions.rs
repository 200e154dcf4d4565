//! The functions of both previews, by name: for Wasmtime, and for a memory that is not Wasmtime's.

use std::pin::pin;
use std::sync::Arc;

use wasmtime::{AsContextMut, Caller, Error, Func, Result};
use wasmtime_wasi::p1::types::Errno;
use wasmtime_wasi::runtime::poll_noop;
use wiggle::{GuestError, GuestMemory};

use super::errno::Fault;
use super::host::Host;
use super::preview0;
use super::preview1;
use super::process::Process;
use super::service::{Wasi, with_memory};
use crate::error::Exit;
use crate::store::{Data, ServiceId};

const PREVIEW_0: &str = "wasi_unstable";
const PREVIEW_1: &str = "wasi_snapshot_preview1";

/// Whether an import module is WASI.
pub fn is_service(module: &str) -> bool {
    module == PREVIEW_0 || module == PREVIEW_1
}

/// The type of a parameter. All functions return an `i32`, but for `proc_exit`, which returns nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Param {
    I32,
    I64,
}

/// A function of WASI for whoever has a process and a memory.
pub struct Function {
    pub name: &'static str,
    pub params: &'static [Param],
    call: Call,
}

type Call = fn(&Process, &mut GuestMemory<'_>, &mut dyn Iterator<Item = u64>) -> Result<i32>;

impl Function {
    /// Calls it with the bits of its arguments and returns the errno. The guest ends by an error:
    /// one of [`crate::error`] if it meant to, or was made to.
    pub fn call(&self, process: &Process, memory: &mut GuestMemory<'_>, args: &[u64]) -> Result<i32> {
        (self.call)(process, memory, &mut args.iter().copied())
    }
}

/// The functions of an import module that is WASI; none for any other.
pub fn functions(module: &str) -> &'static [Function] {
    match module {
        PREVIEW_0 => table0::FUNCTIONS,
        PREVIEW_1 => table1::FUNCTIONS,
        _ => &[],
    }
}

/// The host function for an import, or `None` if WASI has no such function.
pub fn function(mut cx: impl AsContextMut<Data = Data>, id: ServiceId, module: &str, name: &str) -> Option<Func> {
    let process = cx.as_context_mut().data_mut().service::<Wasi>(id).process().clone();
    match (module, name) {
        // It neither needs a memory nor returns.
        (PREVIEW_0 | PREVIEW_1, "proc_exit") => {
            Some(Func::wrap(cx, |code: i32| -> Result<()> { Err(Exit(code).into()) }))
        }
        (PREVIEW_0, name) => table0::function(cx, id, process, name),
        (PREVIEW_1, name) => table1::function(cx, id, process, name),
        _ => None,
    }
}

/// Carries out a call, unless the guest is to end.
#[inline]
fn carry_out(process: &Process, name: &str, call: impl FnOnce(&mut Host<'_>) -> Result<i32>) -> Result<i32> {
    match process.waiter().check() {
        Err(Fault::Trap(end)) => Err(end),
        // There is no errno for it.
        Ok(()) | Err(Fault::Errno(_)) => call(&mut Host(process)).or_else(|error| refuse(error, name)),
    }
}

/// A mistake of the guest's: a value that no flag or name has, or that is too large to be one, is
/// answered; a pointer to nowhere ends it.
#[cold]
fn refuse(error: Error, name: &str) -> Result<i32> {
    let mut mistake = error.downcast_ref::<GuestError>();
    while let Some(GuestError::InFunc { err, .. }) = mistake {
        mistake = Some(err);
    }
    match mistake {
        Some(GuestError::InvalidFlagValue(_) | GuestError::InvalidEnumValue(_) | GuestError::TryFromIntError(_)) => {
            Ok(Errno::Inval as i32)
        }
        // It does not say which function it was.
        Some(_) => Err(error.context(format!("the WASI function `{name}` failed"))),
        None => Err(error),
    }
}

/// The result of a function that is asynchronous for others: here all is done when it is first asked.
#[inline]
fn finish(future: impl Future<Output = Result<i32>>) -> Result<i32> {
    poll_noop(pin!(future)).unwrap_or_else(|| Err(Error::msg("a WASI function has not finished")))
}

macro_rules! param {
    (i32) => {
        Param::I32
    };
    (i64) => {
        Param::I64
    };
}

/// Makes the table of one preview from its signatures, in two groups by what the interface makes of them.
macro_rules! table {
    ($table:ident $abi:ident $($group:ident { $($name:ident($($param:ident: $type:ident),*))* })*) => {
        mod $table {
            use super::*;

            pub static FUNCTIONS: &[Function] = &[
                $($(Function {
                    name: stringify!($name),
                    params: &[$(param!($type)),*],
                    call: |process, memory, args| {
                        $(let $param = args.next().unwrap_or_default() as $type;)*
                        let _ = args;
                        carry_out(process, stringify!($name), |host| {
                            table!(@$group $abi::$name(host, memory, $($param),*))
                        })
                    },
                },)*)*
                Function {
                    name: "proc_exit",
                    params: &[Param::I32],
                    call: |_, _, args| Err(Exit(args.next().unwrap_or_default() as i32).into()),
                },
            ];

            pub fn function(
                mut cx: impl AsContextMut<Data = Data>,
                id: ServiceId,
                process: Arc<Process>,
                name: &str,
            ) -> Option<Func> {
                let cx = cx.as_context_mut();
                Some(match name {
                    $($(stringify!($name) => Func::wrap(
                        cx,
                        move |mut caller: Caller<'_, Data>, $($param: $type),*| -> Result<i32> {
                            with_memory(&mut caller, id, stringify!($name), |memory| {
                                carry_out(&process, stringify!($name), |host| {
                                    table!(@$group $abi::$name(host, memory, $($param),*))
                                })
                            })
                        },
                    ),)*)*
                    _ => return None,
                })
            }
        }
    };
    (@at_once $call:expr) => { $call };
    (@future $call:expr) => { finish($call) };
}

/// The signatures that both previews have.
macro_rules! common {
    ($table:ident $abi:ident $($more:tt)*) => {
        table! {
            $table $abi
            at_once {
                args_get(argv: i32, argv_buf: i32)
                args_sizes_get(argc: i32, argv_buf_size: i32)
                environ_get(environ: i32, environ_buf: i32)
                environ_sizes_get(count: i32, environ_buf_size: i32)
                clock_res_get(id: i32, resolution: i32)
                clock_time_get(id: i32, precision: i64, time: i32)
                fd_allocate(fd: i32, offset: i64, len: i64)
                fd_fdstat_set_flags(fd: i32, flags: i32)
                fd_fdstat_set_rights(fd: i32, base: i64, inheriting: i64)
                fd_prestat_dir_name(fd: i32, path: i32, path_len: i32)
                fd_prestat_get(fd: i32, prestat: i32)
                fd_tell(fd: i32, offset: i32)
                proc_raise(signal: i32)
                random_get(buf: i32, buf_len: i32)
                sched_yield()
                sock_recv(fd: i32, iovs: i32, iovs_len: i32, ri_flags: i32, size: i32, ro_flags: i32)
                sock_send(fd: i32, iovs: i32, iovs_len: i32, si_flags: i32, size: i32)
                sock_shutdown(fd: i32, how: i32)
                $($more)*
            }
            future {
                fd_advise(fd: i32, offset: i64, len: i64, advice: i32)
                fd_close(fd: i32)
                fd_datasync(fd: i32)
                fd_fdstat_get(fd: i32, fdstat: i32)
                fd_filestat_get(fd: i32, filestat: i32)
                fd_filestat_set_size(fd: i32, size: i64)
                fd_filestat_set_times(fd: i32, atim: i64, mtim: i64, flags: i32)
                fd_pread(fd: i32, iovs: i32, iovs_len: i32, offset: i64, size: i32)
                fd_pwrite(fd: i32, iovs: i32, iovs_len: i32, offset: i64, size: i32)
                fd_read(fd: i32, iovs: i32, iovs_len: i32, size: i32)
                fd_readdir(fd: i32, buf: i32, buf_len: i32, cookie: i64, size: i32)
                fd_renumber(fd: i32, to: i32)
                fd_seek(fd: i32, offset: i64, whence: i32, position: i32)
                fd_sync(fd: i32)
                fd_write(fd: i32, iovs: i32, iovs_len: i32, size: i32)
                path_create_directory(fd: i32, path: i32, path_len: i32)
                path_filestat_get(fd: i32, flags: i32, path: i32, path_len: i32, filestat: i32)
                path_filestat_set_times(
                    fd: i32, flags: i32, path: i32, path_len: i32, atim: i64, mtim: i64, fst_flags: i32
                )
                path_link(
                    old_fd: i32, old_flags: i32, old_path: i32, old_path_len: i32,
                    new_fd: i32, new_path: i32, new_path_len: i32
                )
                path_open(
                    fd: i32, dir_flags: i32, path: i32, path_len: i32, oflags: i32,
                    rights: i64, rights_inheriting: i64, fd_flags: i32, opened: i32
                )
                path_readlink(fd: i32, path: i32, path_len: i32, buf: i32, buf_len: i32, size: i32)
                path_remove_directory(fd: i32, path: i32, path_len: i32)
                path_rename(
                    fd: i32, old_path: i32, old_path_len: i32, new_fd: i32, new_path: i32, new_path_len: i32
                )
                path_symlink(old_path: i32, old_path_len: i32, fd: i32, new_path: i32, new_path_len: i32)
                path_unlink_file(fd: i32, path: i32, path_len: i32)
                poll_oneoff(subscriptions: i32, events: i32, count: i32, size: i32)
            }
        }
    };
}

common!(table0 preview0);
common!(table1 preview1 sock_accept(fd: i32, flags: i32, connection: i32));
