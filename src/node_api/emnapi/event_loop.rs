//! What the guest wants to have done by the event loop, and how long that is to run.

use std::cell::Cell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::super::addon::Addon;
use super::super::call::Call;
use super::super::function::{Function, functions};
use super::super::shared::{Anywhere, Shared};
use crate::ffi::Env;

pub const FUNCTIONS: &[Function] = functions! {
    plain _emnapi_set_immediate(u32, u32);
    plain _emnapi_next_tick(u32, u32);
    any_thread _emnapi_async_send_js(i32, u32, u32);
    plain _emnapi_ctx_increase_waiting_request_counter();
    plain _emnapi_ctx_decrease_waiting_request_counter();
    plain _emnapi_runtime_keepalive_push();
    plain _emnapi_runtime_keepalive_pop();
};

/// What is to be called, from whichever thread it came: the queue is ours, so that it can be emptied at the end of the
/// addon, when the event loop gets no turn.
#[derive(Default)]
pub struct Tasks(Mutex<VecDeque<Task>>);

#[derive(Clone, Copy)]
struct Task {
    callback: u32,
    data: u32,
    /// Whether the event loop is kept running for it.
    keeps: bool,
}

impl Tasks {
    fn queue(&self) -> MutexGuard<'_, VecDeque<Task>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn len(&self) -> usize {
        self.queue().len()
    }
}

fn send(shared: &Shared, task: Task) {
    shared.tasks.queue().push_back(task);
    shared.send(|env, addon| {
        run_next(addon, env);
    });
}

fn send_from_here(addon: &Addon, callback: u32, data: u32) {
    addon.shared.courier.keep(addon.ffi());
    let task = Task {
        callback,
        data,
        keeps: true,
    };
    send(&addon.shared, task);
}

/// Runs the task that has waited longest. There may be none, where they were run before their turn.
pub fn run_next(addon: &Rc<Addon>, env: Env<'_>) {
    let next = addon.shared.tasks.queue().pop_front();
    let Some(task) = next else { return };
    addon.run_task(env, || {
        addon.enter(|| addon.call_table::<_, ()>(task.callback, (task.data,)), Ok)
    });
    if task.keeps {
        addon.shared.courier.let_go(env);
    }
}

/// Calls `callback` with `data` in a turn of its own, for which the event loop runs on.
fn _emnapi_set_immediate(call: &Call<'_>, callback: u32, data: u32) -> wasmtime::Result<()> {
    send_from_here(call.addon, callback, data);
    Ok(())
}

/// emnapi means what comes first, which no guest relies on: what a thread sends has its turn later anyway.
fn _emnapi_next_tick(call: &Call<'_>, callback: u32, data: u32) -> wasmtime::Result<()> {
    send_from_here(call.addon, callback, data);
    Ok(())
}

/// Calls `callback` with `data` on the JavaScript thread: by this the C that emnapi took from libuv wakes its loop. The
/// first parameter says in which turn, where it is this thread that sends. Another one keeps no event loop running.
fn _emnapi_async_send_js(call: &mut Anywhere<'_, '_>, _: i32, callback: u32, data: u32) -> wasmtime::Result<()> {
    match call.addon {
        Some(addon) => send_from_here(addon, callback, data),
        None => {
            let task = Task {
                callback,
                data,
                keeps: false,
            };
            send(call.shared, task);
        }
    }
    Ok(())
}

/// How much the guest waits for. The event loop is kept running meanwhile.
#[derive(Default)]
pub struct Waiting(Cell<u32>);

fn _emnapi_ctx_increase_waiting_request_counter(call: &Call<'_>) -> wasmtime::Result<()> {
    let waiting = &call.addon.state.emnapi.waiting.0;
    waiting.set(waiting.get().saturating_add(1));
    if waiting.get() == 1 {
        call.addon.shared.courier.keep(call.ffi());
    }
    Ok(())
}

fn _emnapi_ctx_decrease_waiting_request_counter(call: &Call<'_>) -> wasmtime::Result<()> {
    call.addon.wait_for_less();
    Ok(())
}

impl Addon {
    /// The guest waits for one thing less.
    pub fn wait_for_less(&self) {
        let waiting = &self.state.emnapi.waiting.0;
        if waiting.get() == 1 {
            self.shared.courier.let_go(self.ffi());
        }
        waiting.set(waiting.get().saturating_sub(1));
    }

    /// The guest has ended: nothing that it waits for comes any more.
    pub fn abandon_tasks(&self, env: Env<'_>) {
        let courier = &self.shared.courier;
        let left = std::mem::take(&mut *self.shared.tasks.queue());
        left.iter().filter(|task| task.keeps).for_each(|_| courier.let_go(env));
        if self.state.emnapi.waiting.0.take() > 0 {
            courier.let_go(env);
        }
    }
}

/// These two are of Emscripten's, which ends a program that nothing keeps alive.
fn _emnapi_runtime_keepalive_push(_: &Call<'_>) -> wasmtime::Result<()> {
    Ok(())
}

fn _emnapi_runtime_keepalive_pop(_: &Call<'_>) -> wasmtime::Result<()> {
    Ok(())
}
