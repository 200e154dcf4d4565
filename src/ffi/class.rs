//! The classes of the JavaScript API. They are written in JavaScript, where WebIDL's rules on
//! constructors and properties are the language's own; this is how native code makes instances.

use std::cell::RefCell;

use super::{Env, Record, Reference, Thrown, Value};
use rustc_hash::FxHashMap;

/// What the JavaScript half registered for an environment.
struct Classes {
    /// Finds a class or helper by name.
    find: Reference,
    found: RefCell<FxHashMap<&'static str, Reference>>,
}

/// What a constructor is called with to make a bare instance: nobody else has it.
struct Token(Reference);

/// Registers the function that finds the classes. It is called when the first object is made, so
/// that a program without any does not wait for them to be read.
pub fn set_classes(env: Env<'_>, find: Value<'_>) -> Result<(), Thrown> {
    env.local(|env| {
        Ok(Classes {
            find: env.reference(find)?,
            found: RefCell::default(),
        })
    })
    .map(drop)
}

impl<'s> Env<'s> {
    /// A class or helper of the JavaScript half.
    pub fn class(self, name: &'static str) -> Result<Value<'s>, Thrown> {
        let classes = self.local::<Classes>(|env| Err(env.bug("no classes were registered")))?;
        if let Some(found) = classes.found.borrow().get(name) {
            return self.deref(found);
        }
        let class = self.call(self.deref(&classes.find)?, &[self.string(name)?])?;
        classes.found.borrow_mut().insert(name, self.reference(class)?);
        Ok(class)
    }

    /// What makes a constructor return a bare instance.
    pub fn token(self) -> Result<Value<'s>, Thrown> {
        let token = self.local(|env| Ok(Token(env.reference(env.object()?)?)))?;
        self.deref(&token.0)
    }

    /// A new instance of a class that carries `record`.
    pub fn instance<T: Record>(self, class: &'static str, record: T) -> Result<Value<'s>, Thrown> {
        let object = self.construct(self.class(class)?, &[self.token()?])?;
        self.wrap(object, Box::new(record))?;
        Ok(object)
    }
}
