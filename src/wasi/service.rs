//! The state of one guest's WASI, and the memory it works on.

use wasmtime::{AsContextMut, Caller, Error, Extern, Memory, Result, SharedMemory, bail, format_err};
use wasmtime_wasi::p1::WasiP1Ctx;
use wasmtime_wasi::p1::wasi_snapshot_preview1::WasiSnapshotPreview1;
use wiggle::GuestMemory;

use super::options::{self, Options};
use crate::store::{Data, ServiceId};

/// Whether an import module is WASI.
pub fn is_service(module: &str) -> bool {
    module == "wasi_snapshot_preview1"
}

/// One guest's WASI: open files, arguments, environment, and the memory that is bound.
/// Kept in the store as a service.
pub struct Wasi {
    context: WasiP1Ctx,
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
    /// Checks the options and opens the preopened directories. `memory` is the name of the export
    /// that the plan binds, `None` if it binds an imported memory.
    pub fn new(options: Options, memory: Option<String>) -> Result<Wasi, options::Error> {
        Ok(Wasi {
            context: options::context(options)?,
            export: memory,
            memory: None,
        })
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

/// Runs one WASI function: `call` gets the context and the guest's memory.
pub(super) fn enter<R>(
    caller: &mut Caller<'_, Data>,
    id: ServiceId,
    name: &str,
    call: impl FnOnce(&mut WasiP1Ctx, &mut GuestMemory<'_>) -> Result<R>,
) -> Result<R> {
    let fuel = caller.as_context_mut().hostcall_fuel();
    let result = match memory(caller, id, name)? {
        Bound::Memory(memory) => {
            let (bytes, data) = memory.data_and_store_mut(caller);
            let wasi: &mut Wasi = data.service(id);
            wasi.context.set_hostcall_fuel(fuel);
            call(&mut wasi.context, &mut GuestMemory::Unshared(bytes))
        }
        Bound::Shared(memory) => {
            let wasi: &mut Wasi = caller.data_mut().service(id);
            wasi.context.set_hostcall_fuel(fuel);
            call(&mut wasi.context, &mut GuestMemory::Shared(memory.data()))
        }
    };
    // An error here is a trap, such as for a pointer out of bounds, and does not name its function.
    result.map_err(|error| error.context(format!("the WASI function `{name}` failed")))
}

/// The bound memory. Before the bind step, which is while the core start function runs, the
/// exports exist already but only the calling instance shows them.
fn memory(caller: &mut Caller<'_, Data>, id: ServiceId, name: &str) -> Result<Bound> {
    let wasi: &mut Wasi = caller.data_mut().service(id);
    if let Some(memory) = &wasi.memory {
        return Ok(memory.clone());
    }
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
