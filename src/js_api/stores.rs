//! The stores of objects that no instance brought along. A store frees nothing while it lives, so
//! each is shared by a few and then replaced.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

use crate::engine;
use crate::error::Error;
use crate::ffi::{Env, Thrown};
use crate::store::StoreCell;

/// A store that some share, for as long as one of them lives.
#[derive(Default)]
struct Shared {
    cell: RefCell<Weak<StoreCell>>,
    users: Cell<u32>,
}

impl Shared {
    fn join(&self, env: Env<'_>, most: u32) -> Result<Rc<StoreCell>, Error> {
        let current = self.cell.borrow().upgrade();
        let users = self.users.get();
        if let Some(cell) = current.filter(|cell| users < most && cell.is_reachable(env)) {
            self.users.set(users + 1);
            return Ok(cell);
        }
        let cell = StoreCell::new(env, engine::engine()?)?;
        *self.cell.borrow_mut() = Rc::downgrade(&cell);
        self.users.set(1);
        Ok(cell)
    }
}

/// The store of objects that need one before any instance uses them: the memory whose buffer a
/// program looks at first, and what else it will pass to the same instance.
#[derive(Default)]
struct Unclaimed {
    shared: Shared,
    /// How many pages the memories among them have.
    pages: Cell<u64>,
}

/// How many objects wait for an instance together.
const WAITING: u32 = 64;

/// How many pages their memories may have together, unless it is one: none is given back before all are.
const WAITING_PAGES: u64 = 1024;

/// The store for an object that needs one and has none to join; a memory has `pages`.
pub fn unclaimed(env: Env<'_>, pages: u64) -> Result<Rc<StoreCell>, Error> {
    let unclaimed = local::<Unclaimed>(env)?;
    let (shared, taken) = (&unclaimed.shared, unclaimed.pages.get());
    if pages > 0 && taken > 0 && taken.saturating_add(pages) > WAITING_PAGES {
        *shared.cell.borrow_mut() = Weak::new();
    }
    let cell = shared.join(env, WAITING)?;
    let alone = shared.users.get() == 1;
    unclaimed
        .pages
        .set(if alone { pages } else { taken.saturating_add(pages) });
    Ok(cell)
}

/// An instance has joined a store. What is made from here on is not for it.
pub fn claim(env: Env<'_>, cell: &Rc<StoreCell>) -> Result<(), Error> {
    let unclaimed = local::<Unclaimed>(env)?;
    let mut waiting = unclaimed.shared.cell.borrow_mut();
    if waiting.as_ptr() == Rc::as_ptr(cell) {
        *waiting = Weak::new();
    }
    Ok(())
}

/// The store of modules that pass structs or arrays to JavaScript: those can be passed to any of them.
#[derive(Default)]
struct Objects(Shared);

/// How many instances share a store of objects.
const SHARING: u32 = 64;

/// The store for an instance of such a module.
pub fn objects(env: Env<'_>) -> Result<Rc<StoreCell>, Error> {
    local::<Objects>(env)?.0.join(env, SHARING)
}

fn local<T: Default + 'static>(env: Env<'_>) -> Result<Rc<T>, Thrown> {
    env.local(|_| Ok(T::default()))
}
