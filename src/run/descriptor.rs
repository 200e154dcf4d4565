//! File descriptors of JavaScript. `node:fs` knows only those that it opened, and warns of others.

use napi_derive::napi;

use crate::error::{self, Error};
use crate::ffi::{self, into_raw};

/// A pipe, both ends of which belong to the caller.
#[napi(object)]
pub struct Pipe {
    pub read: i32,
    pub write: i32,
}

#[napi]
pub fn create_pipe(env: &napi::Env) -> napi::Result<Pipe> {
    error::run(env, |_| match ffi::pipe() {
        Ok((read, write)) => Ok(Pipe {
            read: into_raw(read),
            write: into_raw(write),
        }),
        Err(error) => Err(Error::system(&error, "pipe", "")),
    })
}

/// Another descriptor for the file of one, which belongs to the caller.
#[napi]
pub fn duplicate_fd(env: &napi::Env, fd: i32) -> napi::Result<i32> {
    error::run(env, |_| match ffi::duplicate(fd) {
        Ok(duplicate) => Ok(into_raw(duplicate)),
        Err(error) => Err(Error::system(&error, "dup", &fd.to_string())),
    })
}

/// Closes what one of the functions above made.
#[napi]
pub fn close_fd(fd: i32) {
    ffi::close(fd);
}
