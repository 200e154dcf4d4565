//! Objects that a program makes before it is known which store they will be in. One that is
//! imported joins the store of the instance; until then it is a description.

use std::cell::RefCell;
use std::rc::Rc;

use crate::ffi::{Env, Reference, Thrown, Value};
use crate::store::StoreCell;

/// Something of a store, or the description `U` that it will be made by.
pub struct Late<U, T>(RefCell<State<U, T>>);

enum State<U, T> {
    Unbound(U),
    Bound(Rc<StoreCell>, T),
}

impl<U: Clone, T: Clone> Late<U, T> {
    pub fn unbound(description: U) -> Self {
        Late(RefCell::new(State::Unbound(description)))
    }

    pub fn bound(cell: Rc<StoreCell>, item: T) -> Self {
        Late(RefCell::new(State::Bound(cell, item)))
    }

    pub fn get(&self) -> Option<(Rc<StoreCell>, T)> {
        match &*self.0.borrow() {
            State::Unbound(_) => None,
            State::Bound(cell, item) => Some((cell.clone(), item.clone())),
        }
    }

    pub fn description(&self) -> Option<U> {
        match &*self.0.borrow() {
            State::Unbound(description) => Some(description.clone()),
            State::Bound(..) => None,
        }
    }

    /// Changes the description; says whether there still was one to change.
    pub fn describe(&self, description: U) -> bool {
        let mut state = self.0.borrow_mut();
        let unbound = matches!(*state, State::Unbound(_));
        if unbound {
            *state = State::Unbound(description);
        }
        unbound
    }

    pub fn bind(&self, cell: &Rc<StoreCell>, item: T) {
        *self.0.borrow_mut() = State::Bound(cell.clone(), item);
    }
}

/// JavaScript values that an object holds while it is in no store. Each object has a `Map` of them,
/// which it keeps alone: a value may well refer to the object.
pub struct Held {
    objects: Reference,
    get: Reference,
    set: Reference,
    entries: Reference,
}

const HELD: &str = "(() => {
  const objects = new WeakMap()
  return {
    get: (object, key) => objects.get(object)?.get(key),
    set: (object, key, value) => {
      if (!objects.has(object)) objects.set(object, new Map())
      objects.get(object).set(key, [value])
    },
    entries: (object) => {
      const entries = [...objects.get(object) ?? []].map(([key, [value]]) => [key, value]).flat()
      objects.delete(object)
      return entries
    },
  }
})()";

impl Held {
    pub fn values(env: Env<'_>) -> Result<Rc<Held>, Thrown> {
        env.local(|env| {
            let objects = env.run_script(HELD)?;
            Ok(Held {
                get: env.reference(env.get(objects, "get")?)?,
                set: env.reference(env.get(objects, "set")?)?,
                entries: env.reference(env.get(objects, "entries")?)?,
                objects: env.reference(objects)?,
            })
        })
    }

    /// The value that `object` holds under a key.
    pub fn get<'s>(&self, env: Env<'s>, object: Value<'_>, key: f64) -> Result<Option<Value<'s>>, Thrown> {
        let args = [object, env.number(key)?];
        let held = env.call_method(env.deref(&self.objects)?, env.deref(&self.get)?, &args)?;
        match env.type_of(held) {
            crate::ffi::Type::Undefined => Ok(None),
            _ => env.get_element(held, 0).map(Some),
        }
    }

    pub fn set(&self, env: Env<'_>, object: Value<'_>, key: f64, value: Value<'_>) -> Result<(), Thrown> {
        let args = [object, env.number(key)?, value];
        env.call_method(env.deref(&self.objects)?, env.deref(&self.set)?, &args)
            .map(drop)
    }

    /// All that `object` holds, in the order in which the keys were first used. It holds nothing from here on.
    pub fn take<'s>(&self, env: Env<'s>, object: Value<'_>) -> Result<Vec<(f64, Value<'s>)>, Thrown> {
        let entries = env.call_method(env.deref(&self.objects)?, env.deref(&self.entries)?, &[object])?;
        let flat = env.iterate(entries)?;
        Ok(flat
            .chunks_exact(2)
            .map(|pair| (env.as_number(pair[0]).unwrap_or(0.0), pair[1]))
            .collect())
    }
}
