//! WASI preview 1 as a service.

use wasmtime::{Linker, Store};
use wasmtime_wasi::I32Exit;
use wasmtime_wasi::p1::{self, WasiP1Ctx};

use crate::{Bound, Failure, Service};

/// The import module `wasi_snapshot_preview1`. The field finds the WASI of a store in its data.
pub struct Wasi<T>(pub fn(&mut T) -> &mut WasiP1Ctx);

impl<T: Send + 'static> Service<T> for Wasi<T> {
    fn link(&self, linker: &mut Linker<T>) -> wasmtime::Result<()> {
        p1::add_to_linker_sync(linker, self.0)?;
        // The one of wasmtime-wasi asks for a memory and for a code below 126; a plan asks for neither.
        linker.allow_shadowing(true);
        linker.func_wrap(
            "wasi_snapshot_preview1",
            "proc_exit",
            |code: i32| -> wasmtime::Result<()> { Err(I32Exit(code).into()) },
        )?;
        linker.allow_shadowing(false);
        Ok(())
    }

    fn bind(&self, _: &mut Store<T>, bound: Bound<'_>) -> Result<(), Failure> {
        // wasmtime-wasi finds this export of its caller by itself, and no other.
        match bound.memory_name {
            Some("memory") => Ok(()),
            other => Err(Failure::Link(format!(
                "the WASI of this host works on the exported memory \"memory\", and the plan binds {}",
                other.map_or("an imported one".to_owned(), |name| format!("{name:?}")),
            ))),
        }
    }
}
