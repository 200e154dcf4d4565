//! Links the module of a guest in a store without JavaScript.

use std::sync::Arc;

use wasmtime::{AsContextMut, Extern, ExternType, Instance, MemoryType, SharedMemory, Store};

use super::start::Service;
use super::{Guest, imports, thread_spawn, wasi_function, wasi_service};
use crate::error::{Class, Error, code};
use crate::js_api::wrong;
use crate::module::{Import, Module};
use crate::node_api;
use crate::store::Data;
use crate::wasi;

/// All that an instance in a store needs.
pub struct Linked<'a> {
    guest: &'a Guest,
    externs: Vec<Extern>,
    service: Option<Service>,
}

/// Makes an extern of the store for each import of the guest's module.
pub fn link<'a>(store: &mut Store<Data>, guest: &'a Arc<Guest>) -> Result<Linked<'a>, Error> {
    let module = &*guest.module;
    let service = match &guest.process() {
        Some(process) => wasi_service(module, process, |wasi| Ok(store.data_mut().add_service(wasi)))?,
        None => None,
    };
    let mut externs = Vec::new();
    let mut memories = 0;
    for (index, import) in module.code.on_demand().imports.iter().enumerate() {
        let from_js = guest.imports.as_ref().is_some_and(|imports| imports.given[index]);
        externs.push(match (&import.ty, &service) {
            (ExternType::Func(_), Some(service)) if !from_js && wasi::is_service(&import.module) => {
                wasi_function(&mut *store, module, import, service.id)?.into()
            }
            (ExternType::Func(_), _) if !from_js && import.is_thread_spawn() => {
                thread_spawn(&mut *store, guest, module, import)?.into()
            }
            (ExternType::Func(ty), _) => match (node_api::function(&import.module, &import.name), &guest.node_api) {
                (Some(function), Some(shared)) if !from_js && function.fits(ty) => {
                    function.link_on_thread(&mut *store, shared, ty.clone()).into()
                }
                // In a thread of a module that was loaded only a call of it fails.
                _ => imports::function(&mut *store, guest, index as u32, &import.name, ty.clone()).into(),
            },
            (ExternType::Memory(_), _) => {
                memories += 1;
                shared_memory(guest, module, import, memories - 1)?.into()
            }
            _ => return Err(wrong(module, import, "nothing: a run has WASI and functions")),
        });
    }
    Ok(Linked {
        guest,
        externs,
        service,
    })
}

/// The memory that a guest with threads imports, which nobody else has.
fn shared_memory(guest: &Guest, module: &Module, import: &Import, index: usize) -> Result<SharedMemory, Error> {
    let Some(ty) = module.own_memory(import) else {
        return Err(wrong(
            module,
            import,
            "nothing: a run makes a memory only where it is shared and the module makes threads",
        ));
    };
    if let Some(memory) = guest.memory(index) {
        return Ok(memory);
    }
    let memory = new_memory(module, ty)?;
    guest.add_memory(&memory);
    Ok(memory)
}

/// A shared memory for a module that imports one.
pub fn new_memory(module: &Module, ty: &MemoryType) -> Result<SharedMemory, Error> {
    let engine = module.code.on_demand().module.engine();
    SharedMemory::new(engine, ty.clone()).map_err(|error| no_memory(module, ty, &error))
}

/// The error for a memory that there is no room for.
pub fn no_memory(module: &Module, ty: &MemoryType, error: &wasmtime::Error) -> Error {
    Error::new(
        Class::RangeError,
        code::MEMORY,
        format!(
            "{}: no memory of {} pages can be had: {error:#}",
            module.file,
            ty.minimum()
        ),
    )
    .with_text("file", &*module.file)
}

impl Linked<'_> {
    /// Makes an instance, with WASI bound to its memory.
    pub fn instantiate(&self, store: &mut Store<Data>) -> wasmtime::Result<Instance> {
        if let (Some(service), Some(memory)) = (&self.service, self.guest.memory(0)) {
            wasi::bind(&mut *store, service.id, memory.into())?;
        }
        let module = &self.guest.module.code.on_demand().module;
        let instance = Instance::new(&mut *store, module, &self.externs)?;
        if let Some(service) = &self.service {
            service.bind(store.as_context_mut(), &instance)?;
        }
        Ok(instance)
    }
}
