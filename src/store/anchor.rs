//! Where a store keeps JavaScript values.
//!
//! An import is a JavaScript function that usually reaches the instance's own exports, and an
//! instance keeps its imports: a cycle through two heaps. Were the store to hold its functions and
//! `externref` values strongly, neither collector could ever free either side. So they live in a
//! JavaScript array, the anchor. The store refers to the anchor weakly, the anchor keeps the store,
//! and every JavaScript object over the store keeps the anchor, through a `WeakMap`. The cycle is
//! thus V8's alone, and V8 collects it: objects, anchor and store in one go.

use std::cell::{Cell, RefCell};
use std::sync::{Arc, Mutex, PoisonError};

use crate::ffi::{Env, Record, Reference, Thrown, Value, WeakReference};

/// How many values a store may be given before its collector is asked which it still needs.
/// Wasmtime alone would wait until its heap is full, and knows nothing of what they weigh in V8's.
const PATIENCE: u32 = 1024;

/// The JavaScript values of one store.
pub struct Anchor {
    values: WeakReference,
    /// Where the objects over the store are, and how many parameters those have that are functions.
    objects: RefCell<Vec<(u32, Option<usize>)>>,
    /// How many of them have their place noted.
    placed: Cell<usize>,
    batching: Cell<bool>,
    /// How many more values may be put before dropped ones are worth looking for.
    patience: Cell<u32>,
    length: Cell<u32>,
    /// Slots that hold nothing.
    free: RefCell<Vec<u32>>,
    /// Slots whose value is no longer wanted but still there.
    dropped: Dropped,
}

type Dropped = Arc<Mutex<Vec<u32>>>;

/// A value's place in the anchor, given up when dropped. Wasmtime's collector drops it, which may
/// not call JavaScript, so the value itself goes a little later.
#[derive(Debug)]
pub struct Slot {
    pub index: u32,
    dropped: Dropped,
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.dropped
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(self.index);
    }
}

impl Anchor {
    pub(super) fn new(env: Env<'_>) -> Result<Anchor, Thrown> {
        let values = env.array(0)?;
        Ok(Anchor {
            objects: RefCell::default(),
            placed: Cell::new(0),
            batching: Cell::new(false),
            patience: Cell::new(PATIENCE),
            values: env.weak_reference(values)?,
            length: Cell::new(0),
            free: RefCell::default(),
            dropped: Dropped::default(),
        })
    }

    /// The array itself. It is there whenever an object over the store is, so during every call.
    fn values<'s>(&self, env: Env<'s>) -> Result<Value<'s>, Thrown> {
        env.upgrade(&self.values)
            .ok_or_else(|| env.bug("the values of a store are gone"))
    }

    pub(super) fn is_there(&self, env: Env<'_>) -> bool {
        env.upgrade(&self.values).is_some()
    }

    /// Keeps the anchor alive for as long as the result lives.
    pub fn hold(&self, env: Env<'_>) -> Result<Reference, Thrown> {
        env.reference(self.values(env)?)
    }

    /// Makes the anchor keep the store.
    pub(super) fn keep<T: Record>(&self, env: Env<'_>, store: Box<T>) -> Result<(), Thrown> {
        env.wrap(self.values(env)?, store)?;
        Ok(())
    }

    /// What the anchor of an object over some store keeps; none for any other object.
    pub(super) fn kept_by<'s, T: Record>(env: Env<'s>, object: Value<'s>) -> Result<Option<&'s T>, Thrown> {
        let ties = env.local(Ties::new)?;
        Ok(env.unwrap::<T>(ties.get(env, &ties.anchors, object)?))
    }

    /// Ties an object over the store to the anchor, and the anchor to it. One that is a function of
    /// `arity` parameters becomes an Exported Function. Says where it is.
    pub(super) fn add_object(&self, env: Env<'_>, object: Value<'_>, arity: Option<usize>) -> Result<u32, Thrown> {
        let index = self.add(env, self.values(env)?, object)?;
        let last = self.objects.borrow().len();
        self.objects.borrow_mut().push((index, arity));
        if !self.batching.get() {
            self.tie(env, last)?;
        }
        Ok(index)
    }

    /// Makes an object keep the anchor, which does not keep it.
    pub(super) fn tie_loosely(&self, env: Env<'_>, object: Value<'_>) -> Result<(), Thrown> {
        let ties = env.local(Ties::new)?;
        ties.set(env, &ties.anchors, object, self.values(env)?)
    }

    /// Keeps a value for as long as the store lives. Says where it is.
    pub(super) fn add_value(&self, env: Env<'_>, value: Value<'_>) -> Result<u32, Thrown> {
        self.add(env, self.values(env)?, value)
    }

    /// Adds all the objects that `f` adds in one go: calling into JavaScript costs more than what is done there.
    pub(super) fn batch<R, E: From<Thrown>>(&self, env: Env<'_>, f: impl FnOnce() -> Result<R, E>) -> Result<R, E> {
        let first = self.objects.borrow().len();
        let nested = self.batching.replace(true);
        let result = f();
        self.batching.set(nested);
        if !nested {
            // What was added before a failure can be found again too, and must keep the anchor.
            self.tie(env, first)?;
        }
        result
    }

    /// Ties the objects from the `first` on.
    fn tie(&self, env: Env<'_>, first: usize) -> Result<(), Thrown> {
        let objects = self.objects.borrow();
        let objects = &objects[first..];
        if objects.is_empty() {
            return Ok(());
        }
        let ties = env.local(Ties::new)?;
        let list = env.array(objects.len() * 2)?;
        for (at, (place, arity)) in (0..).step_by(2).zip(objects) {
            env.set_element(list, at, env.number((*place).into())?)?;
            let arity = arity.map_or(-1.0, |arity| arity as f64);
            env.set_element(list, at + 1, env.number(arity)?)?;
        }
        let functions = objects.iter().any(|(_, arity)| arity.is_some());
        let prototype = match functions {
            true => env.class("functionPrototype")?,
            false => env.undefined()?,
        };
        let args = [env.deref(&ties.anchors)?, self.values(env)?, list, prototype];
        env.call(env.deref(&ties.tie)?, &args).map(drop)
    }

    /// Where an object that `add_object` put is.
    pub(super) fn find(&self, env: Env<'_>, object: Value<'_>) -> Result<Option<u32>, Thrown> {
        let ties = env.local(Ties::new)?;
        let values = self.values(env)?;
        let objects = self.objects.borrow();
        for (index, _) in &objects[self.placed.replace(objects.len())..] {
            ties.set(
                env,
                &ties.places,
                env.get_element(values, *index)?,
                env.number((*index).into())?,
            )?;
        }
        Ok(env
            .as_number(ties.get(env, &ties.places, object)?)
            .map(|index| index as u32))
    }

    /// Stores a value until the slot is dropped.
    pub fn put(&self, env: Env<'_>, value: Value<'_>) -> Result<Slot, Thrown> {
        self.sweep(env)?;
        self.patience.set(self.patience.get().saturating_sub(1));
        let free = self.free.borrow_mut().pop();
        let values = self.values(env)?;
        let index = match free {
            Some(index) => {
                env.set_element(values, index, value)?;
                index
            }
            None => self.add(env, values, value)?,
        };
        Ok(Slot {
            index,
            dropped: self.dropped.clone(),
        })
    }

    fn add(&self, env: Env<'_>, values: Value<'_>, value: Value<'_>) -> Result<u32, Thrown> {
        let index = self.length.get();
        env.set_element(values, index, value)?;
        self.length.set(index + 1);
        Ok(index)
    }

    /// The value in a slot.
    pub fn get<'s>(&self, env: Env<'s>, index: u32) -> Result<Value<'s>, Thrown> {
        env.get_element(self.values(env)?, index)
    }

    /// Whether the store should collect now; asked once for each time it says so.
    pub(super) fn wants_collection(&self) -> bool {
        let wants = self.patience.get() == 0;
        if wants {
            // Twice what is kept, so that the work stays in proportion to the values put.
            let kept = self.length.get() - self.free.borrow().len() as u32;
            self.patience.set(kept.max(PATIENCE));
        }
        wants
    }

    /// Lets go of the values whose slots were dropped.
    fn sweep(&self, env: Env<'_>) -> Result<(), Thrown> {
        let dropped = std::mem::take(&mut *self.dropped.lock().unwrap_or_else(PoisonError::into_inner));
        if dropped.is_empty() {
            return Ok(());
        }
        let (values, undefined) = (self.values(env)?, env.undefined()?);
        for index in &dropped {
            env.set_element(values, *index, undefined)?;
        }
        self.free.borrow_mut().extend(dropped);
        Ok(())
    }
}

/// What is known of the objects over all stores of an environment. The maps do not keep their keys.
struct Ties {
    /// Which object keeps which anchor.
    anchors: Reference,
    /// Where in its anchor an object is, for those that somebody looked up.
    places: Reference,
    get: Reference,
    set: Reference,
    /// Makes objects of an anchor keep it, and gives the functions among them what Node-API does not:
    /// how many parameters they have, and their prototype.
    tie: Reference,
}

/// A program may replace what it finds in these classes later.
const TIE: &str = "(() => {
  const { setPrototypeOf, defineProperty } = Object
  const { apply } = Reflect
  const { set } = WeakMap.prototype
  return (anchors, anchor, list, prototype) => {
    for (let i = 0; i < list.length; i += 2) {
      const object = anchor[list[i]], arity = list[i + 1]
      apply(set, anchors, [object, anchor])
      if (arity >= 0) setPrototypeOf(object, prototype)
      if (arity > 0) defineProperty(object, 'length', { value: arity, configurable: true })
    }
  }
})()";

impl Ties {
    fn new(env: Env<'_>) -> Result<Ties, Thrown> {
        let class = env.get(env.global()?, "WeakMap")?;
        let (anchors, places) = (env.construct(class, &[])?, env.construct(class, &[])?);
        Ok(Ties {
            anchors: env.reference(anchors)?,
            places: env.reference(places)?,
            get: env.reference(env.get(anchors, "get")?)?,
            set: env.reference(env.get(anchors, "set")?)?,
            tie: env.reference(env.run_script(TIE)?)?,
        })
    }

    fn get<'s>(&self, env: Env<'s>, map: &Reference, key: Value<'_>) -> Result<Value<'s>, Thrown> {
        env.call_method(env.deref(map)?, env.deref(&self.get)?, &[key])
    }

    fn set(&self, env: Env<'_>, map: &Reference, key: Value<'_>, value: Value<'_>) -> Result<(), Thrown> {
        env.call_method(env.deref(map)?, env.deref(&self.set)?, &[key, value])
            .map(drop)
    }
}
