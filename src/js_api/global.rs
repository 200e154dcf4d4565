//! The value of a global, as a namespace shows it.

use std::rc::{Rc, Weak};
use std::sync::Arc;

use wasmtime::{Global, RootScope};

use crate::error::Error;
use crate::ffi::{Callable, Env, Thrown, Value};
use crate::store::StoreCell;
use crate::value::{Item, Kind, opaque};

/// The current value of a global.
pub fn global_value<'s>(
    cell: &Rc<StoreCell>,
    env: Env<'s>,
    global: Global,
    file: &Arc<str>,
) -> Result<Value<'s>, Error> {
    let item = cell.with(|cx| {
        let mut scope = RootScope::new(cx);
        let ty = global.ty(&scope);
        if Kind::of(ty.content()) == Kind::Opaque {
            return Err(opaque(ty.content()));
        }
        let value = global.get(&mut scope);
        Ok(Item::from_val(&scope, value))
    })??;
    item.to_js(cell, env, file)
}

/// A function that returns the current value of a global, for a live property.
pub fn global_getter<'s>(
    cell: &Rc<StoreCell>,
    env: Env<'s>,
    global: Global,
    file: &Arc<str>,
) -> Result<Value<'s>, Error> {
    let record = GlobalGetter {
        cell: Rc::downgrade(cell),
        global,
        file: file.clone(),
    };
    Ok(cell.callable(env, None, "get", record)?)
}

struct GlobalGetter {
    cell: Weak<StoreCell>,
    global: Global,
    file: Arc<str>,
}

impl Callable for GlobalGetter {
    fn arity(&self) -> usize {
        0
    }

    fn call<'s>(&self, env: Env<'s>, _: &[Value<'s>]) -> Result<Value<'s>, Thrown> {
        let Some(cell) = self.cell.upgrade() else {
            return Err(env.bug("a global outlived its store"));
        };
        global_value(&cell, env, self.global, &self.file).map_err(|error| error.throw(env))
    }
}
