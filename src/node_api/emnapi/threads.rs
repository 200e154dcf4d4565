//! Of the guest's threads, which are native ones here: no workers, and no main thread that must not wait.

use std::sync::LazyLock;
use std::sync::atomic::Ordering;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use super::super::addon::Addon;
use super::super::call::{Call, Ptr};
use super::super::function::{Function, functions};
use super::super::shared::Anywhere;
use super::super::work_queue::threads;

pub const FUNCTIONS: &[Function] = functions! {
    plain _emnapi_async_work_pool_size() -> i32;
    plain _emnapi_tell_js_uvthreadpool(Ptr, u32);
    any_thread _emnapi_emit_async_thread_ready();
    plain _emnapi_worker_unref(u32);
    // From 1.5 on.
    any_thread _emnapi_is_main_browser_thread() -> i32;
    any_thread _emnapi_is_main_runtime_thread() -> i32;
    any_thread _emnapi_get_now() -> f64;
    plain _emnapi_unwind();
    // From 1.9 on.
    plain _emnapi_worker_ref(u32);
};

/// Whether this thread may not wait at an address, as those of browsers with a document.
fn _emnapi_is_main_browser_thread(_: &mut Anywhere<'_, '_>) -> wasmtime::Result<i32> {
    Ok(0)
}

fn _emnapi_is_main_runtime_thread(call: &mut Anywhere<'_, '_>) -> wasmtime::Result<i32> {
    Ok(i32::from(call.addon.is_some()))
}

/// Milliseconds since 1970, which never go back. The guest asks for them while it waits for another thread: on the
/// JavaScript thread, once a millisecond, it must not go on with that if no other thread is there any more.
fn _emnapi_get_now(call: &mut Anywhere<'_, '_>) -> wasmtime::Result<f64> {
    if let Some(addon) = call.addon {
        if addon.state.emnapi.has_no_threads.get() {
            return Err(refuse(addon));
        }
        if call.shared.has_ended.load(Ordering::Relaxed) {
            return Err(crashed());
        }
    }
    static BEGIN: LazyLock<(f64, Instant)> = LazyLock::new(|| {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        (since.as_secs_f64() * 1e3, Instant::now())
    });
    let (origin, begin) = &*BEGIN;
    Ok(origin + begin.elapsed().as_secs_f64() * 1e3)
}

fn crashed() -> wasmtime::Error {
    wasmtime::format_err!("a thread of the addon has crashed, which this one waits for")
}

/// Takes the main thread out of a wait for a thread that has crashed.
fn _emnapi_unwind(_: &Call<'_>) -> wasmtime::Result<()> {
    Err(crashed())
}

/// Has the event loop run as long as a worker, whose crash emnapi wants to see reported. Ours reports itself.
fn _emnapi_worker_ref(_: &Call<'_>, _: u32) -> wasmtime::Result<()> {
    Ok(())
}

fn _emnapi_worker_unref(_: &Call<'_>, _: u32) -> wasmtime::Result<()> {
    Ok(())
}

/// How many threads the guest is to make for its asynchronous work: all at once. Where it cannot make one it leaves what
/// it has begun locked, so that it must not begin without any.
fn _emnapi_async_work_pool_size(call: &Call<'_>) -> wasmtime::Result<i32> {
    let left = call.addon.shared.threads_left.get().map_or(0, |left| left());
    match threads().min(left) {
        0 => {
            call.addon.state.emnapi.has_no_threads.set(true);
            Err(refuse(call.addon))
        }
        size => Ok(size as i32),
    }
}

/// The end of a call that has begun to queue a work.
fn refuse(addon: &Addon) -> wasmtime::Error {
    addon.wait_for_less();
    wasmtime::format_err!(
        "the addon has asynchronous work, for which it may make no thread: its option wasi.maxThreads says how many it may \
         make"
    )
}

/// Which threads these are: no thread keeps the event loop running, so there is nothing to be done about it.
fn _emnapi_tell_js_uvthreadpool(_: &Call<'_>, _: Ptr, _: u32) -> wasmtime::Result<()> {
    Ok(())
}

fn _emnapi_emit_async_thread_ready(_: &mut Anywhere<'_, '_>) -> wasmtime::Result<()> {
    Ok(())
}
