//! `WebAssembly.Global`.

use std::rc::{Rc, Weak};
use std::sync::Arc;

use wasmtime::{Global, Mutability, RootScope};

use crate::error::{Class, Error, code};
use crate::ffi::{Call, Callable, Class as JsClass, Env, Member, Record, Thrown, Value};
use crate::store::{ObjectKey, StoreCell};
use crate::value::Item;

const NAME: &str = "Global";

pub struct GlobalObject {
    cell: Rc<StoreCell>,
    global: Global,
    file: Arc<str>,
}

impl Record for GlobalObject {}

impl GlobalObject {
    pub fn cell(&self) -> &Rc<StoreCell> {
        &self.cell
    }

    pub fn global(&self) -> Global {
        self.global
    }

    fn set(&self, env: Env<'_>, value: Value<'_>) -> Result<(), Error> {
        let ty = self.cell.with(|cx| self.global.ty(&cx))?;
        if ty.mutability() == Mutability::Const {
            return Err(Error::new(
                Class::TypeError,
                code::VALUE,
                "the global is immutable: its value cannot be set",
            ));
        }
        let item = Item::from_js(&self.cell, env, value, ty.content())?;
        self.cell
            .with(|cx| {
                let mut scope = RootScope::new(cx);
                let value = item.into_val(&mut scope)?;
                self.global.set(&mut scope, value)
            })?
            .map_err(|error| self.cell.error_of(error, &self.file))
    }
}

struct GlobalClass(JsClass);

/// The one object for a global.
pub fn object<'s>(cell: &Rc<StoreCell>, env: Env<'s>, global: Global, file: &Arc<str>) -> Result<Value<'s>, Error> {
    let key = ObjectKey::global(&global);
    if let Some(object) = cell.object(env, key)? {
        return Ok(object);
    }
    let class = env.local(|env| {
        let members = [Member::Accessor("value", value), Member::Method("valueOf", value_of)];
        Ok(GlobalClass(JsClass::define(env, NAME, &members)?))
    })?;
    let record = GlobalObject {
        cell: cell.clone(),
        global,
        file: file.clone(),
    };
    let object = class.0.instance(env, Box::new(record))?;
    cell.adopt(env, key, object)?;
    Ok(object)
}

/// The current value of a global.
pub fn global_value<'s>(
    cell: &Rc<StoreCell>,
    env: Env<'s>,
    global: Global,
    file: &Arc<str>,
) -> Result<Value<'s>, Error> {
    let item = cell.with(|cx| {
        let mut scope = RootScope::new(cx);
        let value = global.get(&mut scope);
        Item::from_val(&scope, value)
    })?;
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

fn value<'s>(call: &Call<'s>) -> Result<Value<'s>, Thrown> {
    if call.given() == 0 {
        return value_of(call);
    }
    let global = call.receiver::<GlobalObject>(NAME)?;
    global
        .set(call.env, call.arg(0))
        .map_err(|error| error.throw(call.env))?;
    call.env.undefined()
}

fn value_of<'s>(call: &Call<'s>) -> Result<Value<'s>, Thrown> {
    let global = call.receiver::<GlobalObject>(NAME)?;
    global_value(&global.cell, call.env, global.global, &global.file).map_err(|error| error.throw(call.env))
}
