//! `WebAssembly.Global`, and the value of a global as a namespace shows it.

use std::rc::{Rc, Weak};
use std::sync::Arc;

use wasmtime::{Global, GlobalType, Mutability, RootScope, ValRaw, ValType};

use super::late::Late;
use super::{store_of, stores, types};
use crate::error::{Class, Error, code};
use crate::ffi::{Call, Callable, Env, Record, Thrown, Type, Value};
use crate::store::{ObjectKey, StoreCell};
use crate::value::{Item, Kind, number_from_js, number_to_js, opaque};

const NAME: &str = "Global";

/// A global that is in no store yet.
#[derive(Clone)]
pub struct Unbound {
    pub ty: GlobalType,
    value: Plain,
}

/// A value that no store is needed for.
#[derive(Clone, Copy)]
enum Plain {
    Number(ValRaw, Kind),
    Null(Kind),
    Undefined,
}

impl Plain {
    fn item(self, cell: &Rc<StoreCell>, env: Env<'_>, ty: &ValType) -> Result<Item, Error> {
        match self {
            Plain::Number(raw, kind) => Ok(Item::Number(raw, kind)),
            Plain::Null(kind) => Ok(Item::Null(kind)),
            Plain::Undefined => Item::from_js(cell, env, env.undefined()?, ty),
        }
    }

    fn to_js<'s>(self, env: Env<'s>) -> Result<Value<'s>, Error> {
        Ok(match self {
            Plain::Number(raw, kind) => number_to_js(env, &raw, kind)?,
            Plain::Null(_) => env.null()?,
            Plain::Undefined => env.undefined()?,
        })
    }

    /// The value that is given, if no store is needed for it. It may call user code.
    fn read(env: Env<'_>, value: Value<'_>, ty: &ValType) -> Result<Option<Plain>, Error> {
        let kind = Kind::of(ty);
        if kind.is_number() {
            return Ok(Some(Plain::Number(number_from_js(env, value, kind)?, kind)));
        }
        Ok(match env.type_of(value) {
            Type::Null => Some(Plain::Null(kind)),
            Type::Undefined if matches!(kind, Kind::Extern { .. }) => Some(Plain::Undefined),
            _ => None,
        })
    }
}

/// The record of a global object.
pub struct GlobalObject(pub Late<Unbound, Global>);

impl Record for GlobalObject {}

impl GlobalObject {
    /// Makes the global in a store. `object` becomes its object there.
    pub fn bind(
        &self,
        env: Env<'_>,
        object: Value<'_>,
        cell: &Rc<StoreCell>,
        unbound: Unbound,
    ) -> Result<Global, Error> {
        let item = unbound.value.item(cell, env, unbound.ty.content())?;
        self.make(env, object, cell, unbound.ty, item)
    }

    fn make(
        &self,
        env: Env<'_>,
        object: Value<'_>,
        cell: &Rc<StoreCell>,
        ty: GlobalType,
        item: Item,
    ) -> Result<Global, Error> {
        let global = new_global(cell, ty, item)?;
        cell.adopt(env, ObjectKey::global(&global), object)?;
        self.0.bind(cell, global);
        Ok(global)
    }

    pub fn ty(&self) -> Result<GlobalType, Error> {
        match self.0.get() {
            None => self
                .0
                .description()
                .map(|unbound| unbound.ty)
                .ok_or_else(|| Error::internal("a global without a type")),
            Some((cell, global)) => cell.with(|cx| global.ty(&cx)),
        }
    }

    /// The current value.
    pub fn value<'s>(&self, env: Env<'s>) -> Result<Value<'s>, Error> {
        match (self.0.get(), self.0.description()) {
            (Some((cell, global)), _) => global_value(&cell, env, global, &cell.file()),
            (None, Some(unbound)) => unbound.value.to_js(env),
            (None, None) => Err(Error::internal("a global in no store")),
        }
    }
}

/// Makes a global of a store.
pub fn new_global(cell: &Rc<StoreCell>, ty: GlobalType, item: Item) -> Result<Global, Error> {
    let made = cell.with(|cx| {
        let mut scope = RootScope::new(cx);
        let value = item.into_val(&mut scope)?;
        Global::new(&mut scope, ty, value)
    })?;
    made.map_err(Error::internal)
}

/// The one object for a global.
pub fn object<'s>(cell: &Rc<StoreCell>, env: Env<'s>, global: Global) -> Result<Value<'s>, Error> {
    let key = ObjectKey::global(&global);
    if let Some(object) = cell.object(env, key)? {
        return Ok(object);
    }
    let object = env.instance(NAME, GlobalObject(Late::bound(cell.clone(), global)))?;
    cell.adopt(env, key, object)?;
    Ok(object)
}

/// `init(self, type, mutable[, value])`
pub fn init<'s>(call: &Call<'s>) -> Result<Value<'s>, Error> {
    let env = call.env;
    let content = types::read_type(env, call.arg(1))?;
    if Kind::of(&content) == Kind::Opaque {
        return Err(opaque(&content));
    }
    let mutability = match env.as_boolean(call.arg(2)) {
        Some(true) => Mutability::Var,
        _ => Mutability::Const,
    };
    let ty = GlobalType::new(content.clone(), mutability);
    let kind = Kind::of(&content);
    let plain = match call.given() > 3 {
        true => Plain::read(env, call.arg(3), &content)?,
        false => Some(match kind {
            Kind::I32 => Plain::Number(ValRaw::i32(0), kind),
            Kind::I64 => Plain::Number(ValRaw::i64(0), kind),
            Kind::F32 => Plain::Number(ValRaw::f32(0), kind),
            Kind::F64 => Plain::Number(ValRaw::f64(0), kind),
            Kind::Extern { .. } => Plain::Undefined,
            _ => Plain::Null(kind),
        }),
    };
    let object = call.arg(0);
    let value = plain.unwrap_or(Plain::Undefined);
    let record = GlobalObject(Late::unbound(Unbound { ty: ty.clone(), value }));
    if plain.is_none() {
        let cell = store_for(env, call.arg(3))?;
        let item = Item::from_js(&cell, env, call.arg(3), &content)?;
        record.make(env, object, &cell, ty, item)?;
    }
    env.wrap(object, Box::new(record))?;
    Ok(env.undefined()?)
}

/// The store for a global whose first value needs one.
fn store_for(env: Env<'_>, value: Value<'_>) -> Result<Rc<StoreCell>, Error> {
    match store_of(env, value)? {
        Some(cell) => Ok(cell),
        None => stores::unclaimed(env),
    }
}

pub fn get<'s>(call: &Call<'s>) -> Result<Value<'s>, Error> {
    call.record::<GlobalObject>(0, NAME)?.value(call.env)
}

pub fn set<'s>(call: &Call<'s>) -> Result<Value<'s>, Error> {
    let env = call.env;
    let object = call.record::<GlobalObject>(0, NAME)?;
    let ty = object.ty()?;
    if Kind::of(ty.content()) == Kind::Opaque {
        return Err(opaque(ty.content()));
    }
    if ty.mutability() == Mutability::Const {
        return Err(Error::new(
            Class::TypeError,
            code::VALUE,
            "the value of an immutable global cannot be set; make it with { mutable: true }",
        ));
    }
    if let Some(unbound) = object.0.description() {
        match Plain::read(env, call.arg(1), ty.content())? {
            Some(value) => {
                object.0.describe(Unbound { ty, value });
                return Ok(env.undefined()?);
            }
            None => {
                let cell = store_for(env, call.arg(1))?;
                object.bind(env, call.arg(0), &cell, unbound)?;
            }
        }
    }
    let (cell, global) = object.0.get().ok_or_else(|| Error::internal("a global in no store"))?;
    let item = Item::from_js(&cell, env, call.arg(1), ty.content())?;
    let set = cell.with(|cx| {
        let mut scope = RootScope::new(cx);
        let value = item.into_val(&mut scope)?;
        global.set(&mut scope, value)
    })?;
    cell.collect_if_due()?;
    set.map_err(Error::internal)?;
    Ok(env.undefined()?)
}

pub fn ty<'s>(call: &Call<'s>) -> Result<Value<'s>, Error> {
    let ty = call.record::<GlobalObject>(0, NAME)?.ty()?;
    Ok(types::global(call.env, &ty)?)
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
        let ty = global.ty(&scope);
        if Kind::of(ty.content()) == Kind::Opaque {
            return Err(opaque(ty.content()));
        }
        let value = global.get(&mut scope);
        Item::from_val(&mut scope, value).map_err(Error::internal)
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
