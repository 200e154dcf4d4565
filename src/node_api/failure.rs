//! Why a function of Node-API did not do what it was called for.

use napi_sys as sys;

/// The guest is told by a status, or ended.
#[derive(Debug)]
pub enum Failure {
    Status(sys::napi_status),
    Trap(wasmtime::Error),
}

/// The result of a function of Node-API.
pub type Outcome<T = ()> = Result<T, Failure>;

impl Failure {
    pub const INVALID_ARG: Failure = Failure::Status(sys::Status::napi_invalid_arg);
    pub const GENERIC: Failure = Failure::Status(sys::Status::napi_generic_failure);
    pub const PENDING_EXCEPTION: Failure = Failure::Status(sys::Status::napi_pending_exception);
}

impl From<wasmtime::Error> for Failure {
    fn from(error: wasmtime::Error) -> Failure {
        Failure::Trap(error)
    }
}

/// The outcome of a call of Node's Node-API.
#[inline]
pub fn check(status: sys::napi_status) -> Outcome {
    match status {
        sys::Status::napi_ok => Ok(()),
        status => Err(Failure::Status(status)),
    }
}
