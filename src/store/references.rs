//! The JavaScript objects for what lives in the store's garbage-collected heap.
//!
//! A struct, an array or an exception must be the same JavaScript object whenever it is seen. It
//! has no lasting address: the collector moves it. So each object that JavaScript may still hold
//! has a root in the store, the roots are found by the address that they have now, and the
//! addresses are read again once the collector ran. That shows by a value of ours that nobody
//! roots, which every collection drops.

use std::cell::{Cell, RefCell};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustc_hash::FxHashMap;
use wasmtime::{AnyRef, ExnRef, ExternRef, OwnedRooted, RootScope, StoreContextMut};

use super::Data;
use crate::ffi::{Env, Thrown, Value, WeakReference};

/// A reference that is kept for a JavaScript object.
#[derive(Clone)]
pub enum Root {
    Any(OwnedRooted<AnyRef>),
    Exception(OwnedRooted<ExnRef>),
}

impl Root {
    /// Where the object is until the next collection.
    pub(super) fn address(&self, cx: &mut RootScope<StoreContextMut<'_, Data>>) -> wasmtime::Result<u32> {
        match self {
            Root::Any(root) => root.to_rooted(&mut *cx).to_raw(&mut *cx),
            Root::Exception(root) => root.to_rooted(&mut *cx).to_raw(&mut *cx),
        }
    }
}

struct Entry {
    object: WeakReference,
    root: Root,
}

/// Fewer entries than this are not worth a look for those whose object is gone.
const PATIENCE: usize = 256;

#[derive(Default)]
pub struct References {
    entries: RefCell<Vec<Entry>>,
    by_address: RefCell<FxHashMap<u32, usize>>,
    /// Whether the addresses hold: cleared by each collection.
    valid: Arc<AtomicBool>,
    /// How many entries there may be before the next look.
    patience: Cell<usize>,
}

/// Dropped by the first collection after it was made.
struct Canary(Arc<AtomicBool>);

impl Drop for Canary {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Relaxed);
    }
}

impl References {
    /// Whether there are none, so that no object needs to be looked up.
    pub fn is_empty(&self) -> bool {
        self.entries.borrow().is_empty()
    }

    /// Which entry `root` has, if any.
    pub fn find(&self, cx: &mut RootScope<StoreContextMut<'_, Data>>, root: &Root) -> wasmtime::Result<Option<usize>> {
        if self.is_empty() {
            return Ok(None);
        }
        if !self.valid.load(Ordering::Relaxed) {
            self.valid.store(true, Ordering::Relaxed);
            // It may run the collector itself, so it goes before the addresses are read.
            ExternRef::new(&mut *cx, Canary(self.valid.clone()))?;
            let mut by_address = self.by_address.borrow_mut();
            by_address.clear();
            for (index, entry) in self.entries.borrow().iter().enumerate() {
                by_address.insert(entry.root.address(cx)?, index);
            }
        }
        let address = root.address(cx)?;
        Ok(self.by_address.borrow().get(&address).copied())
    }

    /// The object of an entry, unless it was collected.
    pub fn object<'s>(&self, env: Env<'s>, index: usize) -> Option<Value<'s>> {
        env.upgrade(&self.entries.borrow().get(index)?.object)
    }

    /// The root that was kept for `object`.
    pub fn root_of(&self, env: Env<'_>, object: Value<'_>) -> Option<Root> {
        let entries = self.entries.borrow();
        let mut same = entries
            .iter()
            .filter(|entry| env.upgrade(&entry.object).is_some_and(|other| env.same(other, object)));
        same.next().map(|entry| entry.root.clone())
    }

    /// Notes the object for a reference. `address` is where that is now.
    pub(super) fn insert(
        &self,
        env: Env<'_>,
        object: Value<'_>,
        root: Root,
        address: Option<u32>,
    ) -> Result<(), Thrown> {
        let mut entries = self.entries.borrow_mut();
        if entries.len() >= self.patience.get() {
            entries.retain(|entry| env.upgrade(&entry.object).is_some());
            self.patience.set((entries.len() * 2).max(PATIENCE));
            self.valid.store(false, Ordering::Relaxed);
        }
        match address {
            Some(address) if self.valid.load(Ordering::Relaxed) => {
                self.by_address.borrow_mut().insert(address, entries.len());
            }
            _ => self.valid.store(false, Ordering::Relaxed),
        }
        entries.push(Entry {
            object: env.weak_reference(object)?,
            root,
        });
        Ok(())
    }
}
