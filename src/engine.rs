//! The Wasmtime engines: three per process at most, shared by every worker.

use std::num::NonZeroUsize;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use wasmtime::{Collector, Config, Engine, InstanceAllocationStrategy, PoolingAllocationConfig};

use crate::error::Error;

/// How much stack one entry into WebAssembly may use, in bytes, with whatever it calls and is called
/// back by: calls that nest through JavaScript take some 3 KiB a level. V8 allows itself 984 KiB on the
/// main thread, so that JavaScript which WebAssembly calls last still has some.
pub const MAX_WASM_STACK: usize = 768 * 1024;

/// How many frames a trap reports.
const MAX_FRAMES: usize = 30;

/// How many instances the pool holds. Each has 4 GiB of addresses, none of them backed by memory
/// until it is used.
const POOL: u32 = 128;

/// Stores of the pool that are not alone any more need places too, so a new store goes there only
/// while fewer memories than this are taken.
const CROWDED: usize = POOL as usize * 3 / 4;

/// What the pool takes of a module is bounded by these, which real modules stay below. One that
/// does not is allocated on demand.
const POOLED_MEMORIES: u32 = 16;
const POOLED_TABLES: u32 = 64;
const POOLED_TABLE_ELEMENTS: usize = 1 << 20;
const POOLED_INSTANCE_SIZE: usize = 16 << 20;

/// What code is compiled for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Profile {
    /// Code that runs until it ends.
    Plain,
    /// Code that asks at each function and loop whether to go on, and is slower for it. Only who may want to stop it
    /// pays for that.
    Interruptible,
}

impl Profile {
    /// The engine of this profile. Its stores allocate on demand, as much as the machine has.
    pub fn engine(self) -> Result<&'static Engine, Error> {
        static PLAIN: OnceLock<Result<Engine, String>> = OnceLock::new();
        static INTERRUPTIBLE: OnceLock<Result<Engine, String>> = OnceLock::new();
        let (engine, interruptible) = match self {
            Profile::Plain => (&PLAIN, false),
            Profile::Interruptible => (&INTERRUPTIBLE, true),
        };
        engine
            .get_or_init(|| {
                Engine::new(config().epoch_interruption(interruptible)).map_err(|error| format!("{error:#}"))
            })
            .as_ref()
            .map_err(|error| Error::internal(format_args!("the engine cannot be made on this machine: {error}")))
    }
}

/// The engine of plain code, which is all code but that of some runs.
pub fn engine() -> Result<&'static Engine, Error> {
    Profile::Plain.engine()
}

/// The engine whose stores take their memories from a pool: an instance costs a few system calls
/// less. It runs the code that was compiled for [`engine`]. There is none where the machine does
/// not have the addresses, under `ulimit -v` for instance.
pub fn pooled() -> Option<&'static Engine> {
    static POOLED: OnceLock<Option<Engine>> = OnceLock::new();
    POOLED
        .get_or_init(|| {
            let mut pool = PoolingAllocationConfig::default();
            // Only memories cost addresses worth counting.
            pool.total_core_instances(POOL * 64)
                .total_memories(POOL)
                .total_tables(POOL * 8)
                .total_gc_heaps(POOL)
                .max_memories_per_module(POOLED_MEMORIES)
                .max_tables_per_module(POOLED_TABLES)
                .table_elements(POOLED_TABLE_ELEMENTS)
                .max_core_instance_size(POOLED_INSTANCE_SIZE);
            let mut config = config();
            config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
            Engine::new(&config).ok()
        })
        .as_ref()
}

/// Set once somebody has a shared memory.
static UNPOOLED: AtomicBool = AtomicBool::new(false);

/// Keeps new stores from the pool: no pool holds a shared memory, and what is to be imported together
/// with one must not be in a store of the pool.
pub fn leave_pool() {
    UNPOOLED.store(true, Ordering::Relaxed);
}

/// The same while there is room for new stores.
pub fn pool_with_room() -> Option<&'static Engine> {
    if UNPOOLED.load(Ordering::Relaxed) {
        return None;
    }
    let metrics = |engine: &&Engine| engine.pooling_allocator_metrics();
    pooled().filter(|engine| metrics(engine).is_some_and(|metrics| metrics.memories() < CROWDED))
}

fn config() -> Config {
    let mut config = Config::new();
    config
        .max_wasm_stack(MAX_WASM_STACK)
        // A buffer over a memory that moved would point at unmapped pages while native code of
        // Node may still be writing through it. A 32-bit memory never needs to move; a 64-bit one
        // fails to grow beyond its reservation instead.
        .memory_may_move(false)
        .collector(Collector::Copying)
        .shared_memory(true)
        .wasm_backtrace_max_frames(NonZeroUsize::new(MAX_FRAMES))
        // Unwind tables serve native debuggers and profilers; Wasmtime itself walks frame pointers.
        .native_unwind_info(false);
    config
}
