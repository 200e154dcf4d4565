//! The Wasmtime engine: one per process, shared by every worker.

use std::sync::OnceLock;

use wasmtime::{Collector, Config, Engine};

use crate::error::Error;

/// How much stack one entry into WebAssembly may use, in bytes: Wasmtime's default, which leaves
/// V8's own limit on the main thread within reach.
pub const MAX_WASM_STACK: usize = 512 * 1024;

/// How many frames a trap reports.
const MAX_FRAMES: usize = 30;

/// The process's engine.
pub fn engine() -> Result<&'static Engine, Error> {
    static ENGINE: OnceLock<Result<Engine, String>> = OnceLock::new();
    ENGINE
        .get_or_init(|| Engine::new(&config()).map_err(|error| format!("{error:#}")))
        .as_ref()
        .map_err(|error| Error::internal(format_args!("the engine cannot be made on this machine: {error}")))
}

fn config() -> Config {
    let mut config = Config::new();
    config
        .max_wasm_stack(MAX_WASM_STACK)
        // A buffer over a memory that moved would point at unmapped pages while native code of
        // Node may still be writing through it. A 32-bit memory never needs to move; a 64-bit one
        // fails to grow beyond its reservation instead.
        .memory_may_move(false)
        // The default heap for references reserves 4 GiB of addresses for each store that uses an externref.
        .gc_heap_reservation(64 << 20)
        .gc_heap_may_move(true)
        .collector(Collector::Copying)
        .wasm_backtrace_max_frames(std::num::NonZeroUsize::new(MAX_FRAMES))
        // Unwind tables serve native debuggers and profilers; Wasmtime itself walks frame pointers.
        .native_unwind_info(false);
    config
}
