//! Thin safe wrappers over `napi-sys`, for the paths where every nanosecond counts.
//!
//! Node-API's rules, and how the types carry them:
//! * a `napi_value` lives as long as its handle scope: [`Env`] and [`Value`] carry that scope's lifetime;
//! * an environment belongs to one thread: none of these types is `Send`;
//! * a call fails by leaving an exception pending: every such failure is a [`Thrown`], and
//!   [`Thrown`] is only ever made where an exception is pending or JavaScript can no longer run.
#![allow(unsafe_code)]

mod buffer;
mod callback;
mod class;
mod courier;
mod env;
mod function;
mod local;
mod object;
mod pipe;
mod reference;
mod stack;
mod wrap;

pub use buffer::{Buffer, BufferError, external_buffer, external_node_buffer};
pub use callback::{Call, Callback, guard};
pub use class::set_classes;
pub use courier::Courier;
pub use env::{Env, EnvAddress, ErrorKind, Thrown, Type, Value};
pub use function::Callable;
pub use object::Property;
pub use pipe::{close, duplicate, into_raw, pipe};
pub use reference::{Reference, WeakReference};
pub use stack::StackBounds;
pub use wrap::Record;
