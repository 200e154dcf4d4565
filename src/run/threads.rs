//! The threads that programs run on.

use std::io;
use std::sync::OnceLock;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};

use crate::guest::THREAD_STACK;

/// How many programs run at a time; others wait for their turn. More than a machine has cores, since programs wait for
/// their input and for each other.
const MOST: usize = 64;

/// How long a thread without work waits for some.
const IDLE: Duration = Duration::from_secs(2);

/// Runs `work` on a thread of the pool.
pub fn spawn(work: impl FnOnce() + Send + 'static) -> io::Result<()> {
    static POOL: OnceLock<io::Result<Runtime>> = OnceLock::new();
    let pool = POOL.get_or_init(|| {
        Builder::new_current_thread()
            .max_blocking_threads(MOST)
            .thread_keep_alive(IDLE)
            .thread_name("wasmport-run")
            .thread_stack_size(THREAD_STACK)
            .build()
    });
    match pool {
        Ok(pool) => {
            pool.spawn_blocking(work);
            Ok(())
        }
        Err(error) => Err(io::Error::new(error.kind(), error.to_string())),
    }
}
