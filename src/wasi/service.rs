//! The WASI of one store, and the memory it works on.

use std::sync::Arc;

use wasmtime::{AsContextMut, Caller, Error, Extern, Memory, Result, SharedMemory, bail, format_err};
use wiggle::GuestMemory;

use super::process::Process;
use crate::store::{Data, ServiceId};

/// A process in a store, with the memory that is bound there. Kept in the store as a service.
pub struct Wasi {
    process: Arc<Process>,
    /// The export that the plan binds, for calls that come before [`bind`].
    export: Option<String>,
    memory: Option<Bound>,
}

#[derive(Clone)]
enum Bound {
    Memory(Memory),
    Shared(SharedMemory),
}

impl TryFrom<Extern> for Bound {
    type Error = Error;

    fn try_from(value: Extern) -> Result<Bound> {
        match value {
            Extern::Memory(memory) => Ok(Bound::Memory(memory)),
            Extern::SharedMemory(memory) => Ok(Bound::Shared(memory)),
            _ => bail!("WASI can be bound to a memory only"),
        }
    }
}

impl Wasi {
    /// `memory` is the name of the export that the plan binds, `None` if it binds an imported memory.
    pub fn new(process: Arc<Process>, memory: Option<String>) -> Wasi {
        Wasi {
            process,
            export: memory,
            memory: None,
        }
    }

    pub fn process(&self) -> &Arc<Process> {
        &self.process
    }
}

/// The bind step: from now on this WASI works on `memory`, a `Memory` or a `SharedMemory`.
/// An imported memory can be bound before the module is instantiated.
pub fn bind(mut cx: impl AsContextMut<Data = Data>, id: ServiceId, memory: Extern) -> Result<()> {
    let mut cx = cx.as_context_mut();
    let wasi: &mut Wasi = cx.data_mut().service(id);
    wasi.memory = Some(memory.try_into()?);
    Ok(())
}

/// Calls `call` with the guest's memory, for the function `name`.
#[inline]
pub(super) fn with_memory<R>(
    caller: &mut Caller<'_, Data>,
    id: ServiceId,
    name: &str,
    call: impl FnOnce(&mut GuestMemory<'_>) -> Result<R>,
) -> Result<R> {
    match memory(caller, id, name)? {
        Bound::Memory(memory) => call(&mut GuestMemory::Unshared(memory.data_mut(caller))),
        Bound::Shared(memory) => call(&mut GuestMemory::Shared(memory.data())),
    }
}

/// The bound memory. Before the bind step, which is while the core start function runs, the
/// exports exist already but only the calling instance shows them.
#[inline]
fn memory(caller: &mut Caller<'_, Data>, id: ServiceId, name: &str) -> Result<Bound> {
    let wasi: &mut Wasi = caller.data_mut().service(id);
    match &wasi.memory {
        Some(memory) => Ok(memory.clone()),
        None => unbound_memory(caller, id, name),
    }
}

#[cold]
fn unbound_memory(caller: &mut Caller<'_, Data>, id: ServiceId, name: &str) -> Result<Bound> {
    let wasi: &mut Wasi = caller.data_mut().service(id);
    let Some(export) = wasi.export.clone() else {
        bail!("`{name}` was called before WASI was bound to a memory");
    };
    let memory = caller.get_export(&export).ok_or_else(|| {
        format_err!(
            "`{name}` was called before WASI was bound to a memory, by a caller that does not \
             export the memory {export:?}"
        )
    })?;
    let memory = Bound::try_from(memory)?;
    let wasi: &mut Wasi = caller.data_mut().service(id);
    wasi.memory = Some(memory.clone());
    Ok(memory)
}
