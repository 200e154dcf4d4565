//! Of the guest's threads, which are native ones here: no workers, and no main thread that must not wait.

use std::sync::LazyLock;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use super::super::call::{Call, Ptr};
use super::super::function::{Function, functions};
use super::super::shared::Anywhere;
use super::super::work_queue::threads;

pub const FUNCTIONS: &[Function] = functions! {
    any_thread _emnapi_is_main_browser_thread() -> i32;
    any_thread _emnapi_is_main_runtime_thread() -> i32;
    any_thread _emnapi_get_now() -> f64;
    plain _emnapi_unwind();
    plain _emnapi_worker_ref(u32);
    plain _emnapi_worker_unref(u32);
    plain _emnapi_async_work_pool_size() -> i32;
    plain _emnapi_tell_js_uvthreadpool(Ptr, u32);
    any_thread _emnapi_emit_async_thread_ready();
};

/// Whether this thread may not wait at an address, as those of browsers with a document.
fn _emnapi_is_main_browser_thread(_: &mut Anywhere<'_, '_>) -> wasmtime::Result<i32> {
    Ok(0)
}

fn _emnapi_is_main_runtime_thread(call: &mut Anywhere<'_, '_>) -> wasmtime::Result<i32> {
    Ok(i32::from(call.addon.is_some()))
}

/// Milliseconds since 1970, which never go back.
fn _emnapi_get_now(_: &mut Anywhere<'_, '_>) -> wasmtime::Result<f64> {
    static BEGIN: LazyLock<(f64, Instant)> = LazyLock::new(|| {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        (since.as_secs_f64() * 1e3, Instant::now())
    });
    let (origin, begin) = &*BEGIN;
    Ok(origin + begin.elapsed().as_secs_f64() * 1e3)
}

/// Takes the main thread out of a wait for a thread that has crashed.
fn _emnapi_unwind(_: &Call<'_>) -> wasmtime::Result<()> {
    wasmtime::bail!("a thread of the addon has crashed, which this one waits for")
}

/// Has the event loop run as long as a worker, whose crash emnapi wants to see reported. Ours reports itself.
fn _emnapi_worker_ref(_: &Call<'_>, _: u32) -> wasmtime::Result<()> {
    Ok(())
}

fn _emnapi_worker_unref(_: &Call<'_>, _: u32) -> wasmtime::Result<()> {
    Ok(())
}

/// How many threads the guest is to make for its asynchronous work: all at once, and it fails if it cannot make one.
fn _emnapi_async_work_pool_size(call: &Call<'_>) -> wasmtime::Result<i32> {
    let most = call.addon.shared.most_threads.get().copied().unwrap_or(0);
    // Without a size the guest has one of its own.
    Ok(threads().min(most).max(1) as i32)
}

/// Which threads these are: no thread keeps the event loop running, so there is nothing to be done about it.
fn _emnapi_tell_js_uvthreadpool(_: &Call<'_>, _: Ptr, _: u32) -> wasmtime::Result<()> {
    Ok(())
}

fn _emnapi_emit_async_thread_ready(_: &mut Anywhere<'_, '_>) -> wasmtime::Result<()> {
    Ok(())
}
