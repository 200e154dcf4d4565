//! What a host provides.

use std::collections::BTreeMap;

use wasmtime::{Engine, Extern, Instance, Linker, Store, Table, Val};

use crate::Failure;

/// An import module that the host provides. `T` is the data of a store.
pub trait Service<T: 'static> {
    /// Defines the functions that modules import from it.
    fn link(&self, linker: &mut Linker<T>) -> wasmtime::Result<()>;

    /// Takes the memory of an instance, before anything of the plan is called.
    fn bind(&self, store: &mut Store<T>, bound: Bound<'_>) -> Result<(), Failure>;

    /// What a step with `args` from this service calls `export` with.
    fn args(&self, export: &str) -> Result<Vec<Val>, Failure> {
        Err(Failure::Link(format!(
            "{export:?} is called with what a service supplies, and this one supplies nothing"
        )))
    }

    /// The namespace that it makes of the result of a step.
    fn namespace(&self, result: Val) -> Result<Vec<(String, Val)>, Failure> {
        Err(Failure::Link(format!(
            "{result:?} is to become a namespace, and this service makes none"
        )))
    }
}

/// What a service is bound to.
pub struct Bound<'a> {
    /// The instance.
    pub instance: Instance,
    /// The name that its memory is exported by; none where it is imported.
    pub memory_name: Option<&'a str>,
    /// Its memory.
    pub memory: Extern,
    /// Its table, if the plan gives one.
    pub table: Option<Table>,
}

/// All that a host provides.
pub struct Host<T: 'static> {
    pub(crate) linker: Linker<T>,
    pub(crate) services: BTreeMap<String, Box<dyn Service<T>>>,
    pub(crate) data: Box<dyn Fn() -> wasmtime::Result<T>>,
}

impl<T: 'static> Host<T> {
    /// A host without services. Each store gets what `data` makes.
    pub fn new(data: impl Fn() -> wasmtime::Result<T> + 'static) -> Host<T> {
        Host {
            linker: Linker::new(&Engine::default()),
            services: BTreeMap::new(),
            data: Box::new(data),
        }
    }

    /// Provides `service` as the import module `name`.
    pub fn provide(mut self, name: &str, service: impl Service<T> + 'static) -> wasmtime::Result<Host<T>> {
        service.link(&mut self.linker)?;
        self.services.insert(name.to_owned(), Box::new(service));
        Ok(self)
    }
}
