//! Exceptions, as they pass from one world to the other.
//!
//! What JavaScript throws is an exception that WebAssembly can catch: one with `JSTag`, unless it is
//! a `WebAssembly.Exception`, which has a tag of its own. What WebAssembly throws and does not catch
//! is thrown in JavaScript: as the object that it was, or as a `WebAssembly.Exception`.

use std::rc::Rc;
use std::sync::Arc;

use wasmtime::{AsContextMut, ExnRef, ExnRefPre, ExnType, OwnedRooted, RootScope, ThrownException};

use super::{Item, Kind, TagObject, js_tag, tag_object};
use crate::error::{Error, code};
use crate::ffi::{Env, Reference, Thrown, Type, Value};
use crate::store::{JsException, Root, StoreCell};

/// The errors that traps ended with. No WebAssembly can catch a trap, so one that comes by way of a
/// function of another store must be known as such.
struct Traps {
    set: Reference,
    add: Reference,
    has: Reference,
}

impl Traps {
    fn get(env: Env<'_>) -> Result<Rc<Traps>, Thrown> {
        env.local(|env| {
            let set = env.construct(env.get(env.global()?, "WeakSet")?, &[])?;
            Ok(Traps {
                set: env.reference(set)?,
                add: env.reference(env.get(set, "add")?)?,
                has: env.reference(env.get(set, "has")?)?,
            })
        })
    }

    fn call<'s>(&self, env: Env<'s>, method: &Reference, error: Value<'_>) -> Result<Value<'s>, Thrown> {
        env.call_method(env.deref(&self.set)?, env.deref(method)?, &[error])
    }
}

/// Leaves what a call ended with pending, and a trap known as one.
#[cold]
#[inline(never)]
pub fn throw_trap(env: Env<'_>, error: Error) -> Thrown {
    let is_trap = matches!(&error, Error::Report(report) if report.code == code::TRAP || report.code == code::STACK);
    if !is_trap {
        return error.throw(env);
    }
    let throw = || {
        let value = error.into_value(env)?;
        let traps = Traps::get(env)?;
        traps.call(env, &traps.add, value)?;
        Ok(env.throw(value))
    };
    throw().unwrap_or_else(|thrown: Thrown| thrown)
}

fn is_trap(env: Env<'_>, error: Value<'_>) -> Result<bool, Thrown> {
    let traps = Traps::get(env)?;
    Ok(env.as_boolean(traps.call(env, &traps.has, error)?).unwrap_or(false))
}

/// Hands the pending JavaScript exception to WebAssembly. The result is what the host function
/// returns. Where there is no exception JavaScript is past running, and nothing may catch that.
/// `bridged` says that the function was one of another store.
#[cold]
#[inline(never)]
pub fn throw_into(cell: &Rc<StoreCell>, env: Env<'_>, bridged: bool) -> wasmtime::Error {
    let Some(exception) = env.take_exception() else {
        return JsException.into();
    };
    if bridged && is_trap(env, exception).unwrap_or(false) {
        env.throw(exception);
        return JsException.into();
    }
    let thrown = exception_for(cell, env, exception).and_then(|root| {
        cell.proceed(|cx| {
            let mut scope = RootScope::new(cx);
            let exception = root.to_rooted(&mut scope);
            scope.as_context_mut().throw::<()>(exception)
        })
    });
    match thrown {
        Ok(Err(error)) => error,
        // It cannot be carried, so it passes through uncaught.
        _ => {
            env.take_exception();
            env.throw(exception);
            JsException.into()
        }
    }
}

fn exception_for(cell: &Rc<StoreCell>, env: Env<'_>, exception: Value<'_>) -> Result<OwnedRooted<ExnRef>, Error> {
    let parts = env.call(env.class("exceptionParts")?, &[exception])?;
    if env.type_of(parts) == Type::Undefined {
        let (object, tag) = js_tag(env)?;
        let tag = tag.in_store(cell, env, object)?;
        let slot = cell.anchor().put(env, exception)?;
        return make(cell, tag, vec![Item::Put(slot, Kind::Extern { nullable: true })]);
    }
    let (object, payload) = (env.get_element(parts, 0)?, env.get_element(parts, 1)?);
    let Some(TagObject(tag)) = env.unwrap::<TagObject>(object) else {
        return Err(Error::internal("an exception without a tag"));
    };
    if tag.params.iter().any(|ty| Kind::of(ty) == Kind::Opaque) {
        // JavaScript has no values for all of the payload: only the exception itself will do.
        return match cell.references().root_of(env, exception) {
            Some(Root::Exception(root)) => Ok(root),
            _ => Err(Error::internal("the payload of an exception is in another store")),
        };
    }
    let mut items = Vec::with_capacity(tag.params.len());
    for (index, ty) in tag.params.iter().enumerate() {
        items.push(Item::from_js(cell, env, env.get_element(payload, index as u32)?, ty)?);
    }
    let root = make(cell, tag.in_store(cell, env, object)?, items)?;
    cell.note(env, exception, Root::Exception(root.clone()))?;
    Ok(root)
}

fn make(cell: &Rc<StoreCell>, tag: wasmtime::Tag, items: Vec<Item>) -> Result<OwnedRooted<ExnRef>, Error> {
    let made = cell.proceed(|cx| {
        let mut scope = RootScope::new(cx);
        let values = items
            .into_iter()
            .map(|item| item.into_val(&mut scope))
            .collect::<wasmtime::Result<Vec<_>>>()?;
        let ty = ExnType::from_tag_type(&tag.ty(&scope))?;
        let pre = ExnRefPre::new(&mut scope, ty);
        ExnRef::new(&mut scope, &pre, &tag, &values)?.to_owned_rooted(&mut scope)
    })?;
    made.map_err(Error::internal)
}

/// The error for what a call ended with: a trap, or whatever was thrown, which is then pending.
/// `file` is the module that was called.
#[cold]
#[inline(never)]
pub fn error_of(cell: &Rc<StoreCell>, env: Env<'_>, error: wasmtime::Error, file: &Arc<str>) -> Error {
    if !error.is::<ThrownException>() {
        return cell.trap(error, file);
    }
    match thrown(cell, env, file) {
        Ok(value) => env.throw(value).into(),
        Err(error) => error,
    }
}

fn thrown<'s>(cell: &Rc<StoreCell>, env: Env<'s>, file: &Arc<str>) -> Result<Value<'s>, Error> {
    let taken = cell.proceed(|cx| {
        let mut scope = RootScope::new(cx);
        let Some(exception) = scope.as_context_mut().take_pending_exception() else {
            wasmtime::bail!("nothing was thrown");
        };
        let root = Root::Exception(exception.to_owned_rooted(&mut scope)?);
        let known = cell.references().find(&mut scope, &root)?;
        let tag = exception.tag(&mut scope)?;
        let count = tag.ty(&scope).ty().params().len();
        let mut payload = Vec::with_capacity(count);
        for index in 0..count {
            let value = exception.field(&mut scope, index)?;
            payload.push(Item::from_val(&mut scope, value)?);
        }
        Ok((root, known, tag, payload))
    })?;
    let (root, known, tag, payload) = taken.map_err(Error::internal)?;
    if let Some(object) = known.and_then(|index| cell.references().object(env, index)) {
        return Ok(object);
    }
    let object = tag_object(cell, env, tag)?;
    let values = env.array(payload.len())?;
    for (index, item) in payload.iter().enumerate() {
        env.set_element(values, index as u32, item.to_js(cell, env, file)?)?;
    }
    if env.same(object, js_tag(env)?.0) {
        return Ok(env.get_element(values, 0)?);
    }
    let exception = env.call(env.class("exception")?, &[object, values])?;
    cell.note(env, exception, root)?;
    Ok(exception)
}
