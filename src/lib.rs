//! Wasmport, the Wasm loader for Node.js: the native addon.
//!
//! ARCHITECTURE, from the top: a room uses what stands below it.
//! `run` | `loader` | `guest` | `js_api`, `wasi`, `node_api` | `memory`, `value` | `store` | `module` | `code_cache` | `engine` | `error` | `ffi`.
#![deny(unsafe_code)]
#![warn(clippy::undocumented_unsafe_blocks)]

mod code_cache;
mod engine;
mod error;
mod ffi;
mod guest;
mod js_api;
mod loader;
mod memory;
mod module;
mod node_api;
mod run;
mod store;
mod value;
mod wasi;

/// Runs once for each environment that loads the addon.
#[napi_derive::napi(module_exports)]
pub fn register(exports: napi::bindgen_prelude::Object, env: napi::Env) -> napi::Result<()> {
    error::run(&env, |env| Ok(error::prepare(env)?))?;
    loader::add_versions(exports)
}
