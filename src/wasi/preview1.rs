//! The functions of `wasi_snapshot_preview1`, as host functions.

use std::pin::pin;

use wasmtime::{AsContextMut, Caller, Func, Result};
use wasmtime_wasi::p1::wasi_snapshot_preview1 as abi;
use wasmtime_wasi::runtime::{in_tokio, poll_noop};

use super::service::enter;
use crate::error::Exit;
use crate::store::{Data, ServiceId};

/// Runs a function that is asynchronous in `wasmtime-wasi`. As the thread may be blocked, nearly
/// all are done at the first poll; neither a runtime nor its threads are then needed.
fn finish<T>(future: impl Future<Output = Result<T>>) -> Result<T> {
    let mut future = pin!(future);
    match poll_noop(future.as_mut()) {
        Some(result) => result,
        None => in_tokio(future),
    }
}

/// Makes [`function`] from the signatures, in three groups by how a call is carried out.
macro_rules! preview1 {
    ($($group:ident { $($name:ident($($param:ident: $type:ty),*))* })*) => {
        /// The host function for an import of preview 1, or `None` if it has no such function.
        pub fn function(
            mut cx: impl AsContextMut<Data = Data>,
            id: ServiceId,
            name: &str,
        ) -> Option<Func> {
            let cx = cx.as_context_mut();
            Some(match name {
                $($(stringify!($name) => Func::wrap(
                    cx,
                    move |mut caller: Caller<'_, Data>, $($param: $type),*| -> Result<i32> {
                        enter(&mut caller, id, stringify!($name), |context, memory| {
                            let call = abi::$name(context, memory, $($param),*);
                            preview1!(@$group call)
                        })
                    },
                ),)*)*
                // Neither needs a memory nor returns.
                "proc_exit" => Func::wrap(cx, |code: i32| -> Result<()> { Err(Exit(code).into()) }),
                _ => return None,
            })
        }
    };
    (@at_once $call:ident) => { $call };
    (@mostly_at_once $call:ident) => { finish($call) };
    (@in_runtime $call:ident) => { in_tokio($call) };
}

preview1! {
    at_once {
        args_get(argv: i32, argv_buf: i32)
        args_sizes_get(argc: i32, argv_buf_size: i32)
        environ_get(environ: i32, environ_buf: i32)
        environ_sizes_get(count: i32, environ_buf_size: i32)
        clock_res_get(id: i32, resolution: i32)
        clock_time_get(id: i32, precision: i64, time: i32)
        fd_allocate(fd: i32, offset: i64, len: i64)
        fd_fdstat_set_rights(fd: i32, base: i64, inheriting: i64)
        fd_prestat_get(fd: i32, prestat: i32)
        fd_prestat_dir_name(fd: i32, path: i32, path_len: i32)
        fd_tell(fd: i32, offset: i32)
        fd_fdstat_set_flags(fd: i32, flags: i32)
        proc_raise(signal: i32)
        sched_yield()
        random_get(buf: i32, buf_len: i32)
        sock_accept(fd: i32, flags: i32, connection: i32)
        sock_recv(fd: i32, iovs: i32, iovs_len: i32, ri_flags: i32, size: i32, ro_flags: i32)
        sock_send(fd: i32, iovs: i32, iovs_len: i32, si_flags: i32, size: i32)
        sock_shutdown(fd: i32, how: i32)
    }
    mostly_at_once {
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
    }
    // Makes timers, which is possible in a runtime only.
    in_runtime {
        poll_oneoff(subscriptions: i32, events: i32, count: i32, size: i32)
    }
}
