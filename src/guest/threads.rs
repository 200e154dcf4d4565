//! The threads of a guest, as wasi-threads has them: each is a native thread with a store and an instance of its own,
//! which import the same memory.
//!
//! <https://github.com/WebAssembly/wasi-threads>

use std::sync::{Arc, PoisonError};
use std::thread;
use std::time::Duration;

use wasmtime::{AsContextMut, Caller, ExternType, Func, FuncType, Store, ValType, bail};
use wiggle::{GuestMemory, GuestPtr};

use super::start::fits;
use super::{Ended, Guest, State, link};
use crate::error::{self, Error, Interrupted};
use crate::js_api::wrong;
use crate::module::{Import, Module};
use crate::store::Data;

/// The stack of a thread, of which WebAssembly may use a part.
pub const THREAD_STACK: usize = 4 << 20;

/// Ids of threads are below this.
const MOST_IDS: u32 = 1 << 29;

/// WASI's number for EAGAIN: there are too many threads.
const AGAIN: i32 = 6;

/// The longest that a thread takes to leave that has told the guest that it is done, on a machine that is busy.
const LEAVING: Duration = Duration::from_millis(500);

/// The export that a thread begins in.
const ENTRY: &str = "wasi_thread_start";

/// The function `thread-spawn` for a store of the guest. It has two forms: one returns the id of the thread or a
/// negative errno, the other writes a struct of a flag for an error, and id or errno, and returns the flag.
pub fn thread_spawn(
    mut cx: impl AsContextMut<Data = Data>,
    guest: &Arc<Guest>,
    module: &Module,
    import: &Import,
) -> Result<Func, Error> {
    check(module, import)?;
    let guest = guest.clone();
    let params = match &import.ty {
        ExternType::Func(ty) => ty.params().len(),
        _ => 1,
    };
    let func = match params {
        2 => Func::wrap(
            cx.as_context_mut(),
            move |_: Caller<'_, Data>, argument: i32, result: i32| -> wasmtime::Result<i32> {
                let (is_error, value) = match guest.spawn(argument)? {
                    Ok(id) => (0, id),
                    Err(errno) => (1, errno),
                };
                let Some(memory) = guest.memory(0) else {
                    bail!("thread-spawn was called without a shared memory");
                };
                let mut memory = GuestMemory::Shared(memory.data());
                let result = result as u32;
                memory.write(GuestPtr::<u32>::new(result), is_error)?;
                memory.write(GuestPtr::<i32>::new(result.wrapping_add(4)), value)?;
                Ok(is_error as i32)
            },
        ),
        _ => Func::wrap(
            cx.as_context_mut(),
            move |_: Caller<'_, Data>, argument: i32| -> wasmtime::Result<i32> {
                Ok(guest.spawn(argument)?.unwrap_or_else(|errno| -errno))
            },
        ),
    };
    fits(&cx, module, import, func, "wasi-threads")
}

/// Checks that there is what threads begin in and what they share.
fn check(module: &Module, import: &Import) -> Result<(), Error> {
    let linkable = module.code.on_demand();
    let entry = linkable.module.get_export(ENTRY);
    let is_entry = |ty: &FuncType| {
        let is_i32 = |ty: ValType| matches!(ty, ValType::I32);
        ty.params().len() == 2 && ty.params().all(is_i32) && ty.results().len() == 0
    };
    if !matches!(&entry, Some(ExternType::Func(ty)) if is_entry(ty)) {
        return Err(wrong(
            module,
            import,
            &format!("a module that exports no function {ENTRY} (param i32 i32), which is what a thread begins in"),
        ));
    }
    let mut types = linkable.imports.iter().map(|import| &import.ty);
    if !types.any(|ty| matches!(ty, ExternType::Memory(ty) if ty.is_shared())) {
        return Err(wrong(
            module,
            import,
            "a module that imports no shared memory, which is what threads have in common",
        ));
    }
    Ok(())
}

impl Guest {
    /// How many more threads it may have.
    pub fn threads_left(&self) -> u32 {
        self.most_threads.saturating_sub(self.state().threads)
    }

    /// Starts a thread. Returns its id, or the errno if there can be no more.
    fn spawn(self: &Arc<Self>, argument: i32) -> wasmtime::Result<Result<i32, i32>> {
        let id = {
            // A thread that the guest has joined may be about to leave.
            let is_full =
                |state: &mut State| state.ended.is_none() && state.threads > 0 && state.threads >= self.most_threads;
            let (mut state, _) = self
                .changed
                .wait_timeout_while(self.state(), LEAVING, is_full)
                .unwrap_or_else(PoisonError::into_inner);
            if state.ended.is_some() {
                return Err(Interrupted.into());
            }
            if state.threads >= self.most_threads || state.last_thread + 1 >= MOST_IDS {
                return Ok(Err(AGAIN));
            }
            state.threads += 1;
            state.running += 1;
            state.last_thread += 1;
            state.last_thread as i32
        };
        let guest = self.clone();
        let spawned = thread::Builder::new()
            .name(format!("wasmport-thread-{id}"))
            .stack_size(THREAD_STACK)
            .spawn(move || {
                let ended = error::catch(|| Ok(guest.run_thread(id, argument)));
                guest.leave(ended.unwrap_or_else(|error| Some(Ended::Failed(error))));
            });
        if spawned.is_err() {
            self.leave(None);
            return Ok(Err(AGAIN));
        }
        Ok(Ok(id))
    }

    /// What a thread does. If it does not just return, that is how the guest ends.
    fn run_thread(self: &Arc<Self>, id: i32, argument: i32) -> Option<Ended> {
        let mut store = self.store();
        if self.has_ended() {
            return None;
        }
        let call = |store: &mut Store<Data>| -> wasmtime::Result<()> {
            let instance = link(store, self)?.instantiate(store)?;
            let entry = instance.get_typed_func::<(i32, i32), ()>(&mut *store, ENTRY)?;
            entry.call(store, (id, argument))
        };
        call(&mut store).err().map(|error| self.ended(error))
    }

    fn leave(self: &Arc<Self>, ended: Option<Ended>) {
        {
            let mut state = self.state();
            state.running -= 1;
            state.threads -= 1;
            self.changed.notify_all();
        }
        if let Some(ended) = ended {
            self.end(ended);
        }
    }
}
