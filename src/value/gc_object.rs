//! Structs and arrays: the JavaScript API's Exported GC Objects. JavaScript sees that they are
//! there and which is which, and nothing of what is inside.

use std::rc::Rc;

use wasmtime::{AnyRef, OwnedRooted, RootScope};

use crate::error::Error;
use crate::ffi::{Env, Record, Value};
use crate::store::{Root, StoreCell};

/// The record of such an object.
pub struct GcObject {
    cell: Rc<StoreCell>,
    root: OwnedRooted<AnyRef>,
}

impl Record for GcObject {}

impl GcObject {
    pub fn cell(&self) -> &Rc<StoreCell> {
        &self.cell
    }

    /// The struct or array, if it is one of this store.
    pub fn root_in(&self, cell: &Rc<StoreCell>) -> Option<&OwnedRooted<AnyRef>> {
        Rc::ptr_eq(&self.cell, cell).then_some(&self.root)
    }
}

/// The one object for a struct or an array.
pub fn gc_object<'s>(cell: &Rc<StoreCell>, env: Env<'s>, root: &OwnedRooted<AnyRef>) -> Result<Value<'s>, Error> {
    let kept = Root::Any(root.clone());
    let known = cell.proceed(|cx| cell.references().find(&mut RootScope::new(cx), &kept))?;
    let known = known.map_err(Error::internal)?;
    if let Some(object) = known.and_then(|index| cell.references().object(env, index)) {
        return Ok(object);
    }
    let object = env.call(env.class("gcObject")?, &[])?;
    let record = GcObject {
        cell: cell.clone(),
        root: root.clone(),
    };
    env.wrap(object, Box::new(record))?;
    cell.tie(env, object)?;
    cell.note(env, object, kept)?;
    Ok(object)
}
