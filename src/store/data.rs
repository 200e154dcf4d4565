//! What a store carries for its host functions.

use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use wasmtime::ResourceLimiter;

/// The host's side of a store.
#[derive(Default)]
pub struct Data {
    services: Vec<Box<dyn Any>>,
    limiter: Limiter,
}

/// Notes that a memory grows. Wasmtime tells nobody when it has grown, but asks here before.
#[derive(Default)]
struct Limiter {
    grown: Arc<AtomicBool>,
}

impl ResourceLimiter for Limiter {
    fn memory_growing(&mut self, _: usize, _: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        self.grown.store(true, Ordering::Relaxed);
        Ok(true)
    }

    fn table_growing(&mut self, _: usize, _: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        Ok(true)
    }

    // All modules of a module graph share a store: as many as a program imports.
    fn instances(&self) -> usize {
        usize::MAX
    }

    fn tables(&self) -> usize {
        usize::MAX
    }

    fn memories(&self) -> usize {
        usize::MAX
    }
}

/// A service of a store: the state behind the host functions of one import module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServiceId(u32);

impl Data {
    pub fn add_service<S: Any>(&mut self, service: S) -> ServiceId {
        let id = ServiceId(self.services.len() as u32);
        self.services.push(Box::new(service));
        id
    }

    /// The service behind an id of this store.
    ///
    /// # Panics
    /// If the id is of another store or type: ids never leave the closures made for them.
    #[inline]
    pub fn service<S: Any>(&mut self, id: ServiceId) -> &mut S {
        self.services[id.0 as usize]
            .downcast_mut()
            .expect("a service id names its own service")
    }

    pub(super) fn grown(&self) -> Arc<AtomicBool> {
        self.limiter.grown.clone()
    }

    pub(super) fn limiter(&mut self) -> &mut dyn ResourceLimiter {
        &mut self.limiter
    }
}
