//! Tags: what tells one kind of exception from another. A tag is nothing but an identity, so the
//! same one can be in any number of stores: it is made in each when it is first needed there.

use std::cell::RefCell;
use std::rc::{Rc, Weak};

use wasmtime::{Engine, FuncType, TagType, ValType};

use super::signature::{foreign_type, on_engine};
use crate::error::{Class, Error};
use crate::ffi::{Env, Record, Reference, Thrown, Value};
use crate::store::{ObjectKey, StoreCell};

/// A tag, of no store or of several.
pub struct Tag {
    pub params: Box<[ValType]>,
    /// Its type, and the engine that this means something to, if a module declared it.
    declared: Option<(FuncType, Engine)>,
    stores: RefCell<Vec<(Weak<StoreCell>, wasmtime::Tag)>>,
}

/// The record of a `WebAssembly.Tag`.
pub struct TagObject(pub Rc<Tag>);

impl Record for TagObject {}

impl Tag {
    pub fn new(params: Vec<ValType>, declared: Option<(FuncType, Engine)>) -> Rc<Tag> {
        Rc::new(Tag {
            params: params.into(),
            declared,
            stores: RefCell::default(),
        })
    }

    /// The tag in a store. `object` is its JavaScript object.
    pub fn in_store(&self, cell: &Rc<StoreCell>, env: Env<'_>, object: Value<'_>) -> Result<wasmtime::Tag, Error> {
        if let Some(tag) = self.find(cell) {
            return Ok(tag);
        }
        let engine = cell.engine()?;
        let ty = match &self.declared {
            Some((ty, home)) if Engine::same(home, &engine) => Some(ty.clone()),
            _ => {
                let params: Option<Vec<_>> = self.params.iter().map(on_engine).collect();
                params.map(|params| FuncType::new(&engine, params, []))
            }
        };
        let ty = ty.ok_or_else(|| foreign_type(Class::LinkError, "tag"))?;
        let tag = cell.with(|mut cx| wasmtime::Tag::new(&mut cx, &TagType::new(ty)))?;
        let tag = tag.map_err(|error| cell.trap(error, "a tag"))?;
        self.stores.borrow_mut().push((Rc::downgrade(cell), tag));
        cell.adopt_foreign(env, ObjectKey::tag(&tag), object)?;
        Ok(tag)
    }

    fn find(&self, cell: &Rc<StoreCell>) -> Option<wasmtime::Tag> {
        let mut stores = self.stores.borrow_mut();
        stores.retain(|(store, _)| store.strong_count() > 0);
        let found = stores.iter().find(|(store, _)| store.as_ptr() == Rc::as_ptr(cell));
        found.map(|(_, tag)| *tag)
    }
}

/// The one object for a tag of a store.
pub fn tag_object<'s>(cell: &Rc<StoreCell>, env: Env<'s>, tag: wasmtime::Tag) -> Result<Value<'s>, Error> {
    let key = ObjectKey::tag(&tag);
    if let Some(object) = cell.object(env, key)? {
        return Ok(object);
    }
    let ty = cell.proceed(|cx| tag.ty(&cx))?;
    let declared = (ty.ty().clone(), cell.engine()?);
    let record = Tag::new(ty.ty().params().collect(), Some(declared));
    record.stores.borrow_mut().push((Rc::downgrade(cell), tag));
    let object = env.instance("Tag", TagObject(record))?;
    cell.adopt_foreign(env, key, object)?;
    Ok(object)
}

/// `WebAssembly.JSTag`: the tag by which WebAssembly catches what JavaScript throws.
pub fn js_tag<'s>(env: Env<'s>) -> Result<(Value<'s>, Rc<Tag>), Thrown> {
    struct JsTag(Reference, Rc<Tag>);
    let tag = env.local(|env| {
        let tag = Tag::new(vec![ValType::EXTERNREF], None);
        let object = env.instance("Tag", TagObject(tag.clone()))?;
        Ok(JsTag(env.reference(object)?, tag))
    })?;
    Ok((env.deref(&tag.0)?, tag.1.clone()))
}
