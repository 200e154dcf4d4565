//! What comes before the end of an addon with emnapi, or with napi-rs, which has exports of its own for that.

use std::cell::Cell;
use std::rc::Rc;

use wasmtime::WasmResults;

use super::super::addon::Addon;
use super::event_loop::run_next;
use crate::error::Error;

/// How many rounds of tasks are run for a guest that makes new ones in each.
const MOST_ROUNDS: usize = 128;

/// How far an addon is in this.
#[derive(Default)]
pub struct Preparation(Cell<Stage>);

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Stage {
    #[default]
    Ahead,
    Running,
    Done,
}

/// Whether the running call is one below [`prepare_cleanup`].
pub fn is_preparing(addon: &Addon) -> bool {
    addon.state.emnapi.preparation.0.get() == Stage::Running
}

/// Before anything ends, while JavaScript can still call the guest: napi-rs stops its asynchronous runtime, and settles
/// the promises that it owes. What is running already cannot be waited for here, as it may need turns of the event loop:
/// it ends with its thread.
pub fn prepare_cleanup(addon: &Rc<Addon>) -> Result<(), Error> {
    let stage = &addon.state.emnapi.preparation.0;
    if stage.get() != Stage::Ahead {
        return Ok(());
    }
    stage.set(Stage::Running);
    let prepared = prepare(addon);
    stage.set(Stage::Done);
    // There is nobody that it could be thrown to.
    addon.report_uncaught(addon.ffi());
    prepared
}

fn prepare(addon: &Rc<Addon>) -> Result<(), Error> {
    if call::<u32>(addon, "napi_wasm_async_work_pending")?.is_some_and(|pending| pending > 0) {
        call::<u32>(addon, "napi_wasm_cancel_pending_async_work")?;
        run_tasks(addon);
    }
    call::<()>(addon, "napi_prepare_wasm_env_cleanup")?;
    run_tasks(addon);
    Ok(())
}

/// Runs the tasks that wait for the event loop, and those that they make.
pub fn run_tasks(addon: &Rc<Addon>) {
    for _ in 0..MOST_ROUNDS {
        match addon.shared.tasks.len() {
            0 => return,
            waiting => (0..waiting).for_each(|_| run_next(addon, addon.ffi())),
        }
    }
}

fn call<R: WasmResults>(addon: &Rc<Addon>, name: &str) -> Result<Option<R>, Error> {
    addon.enter(|| addon.call_export::<(), R>(name, ()), Ok)
}
