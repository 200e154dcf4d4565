//! `WebAssembly.Global`, and the value of a global as a namespace shows it.

use std::cell::Cell;
use std::rc::{Rc, Weak};
use std::sync::Arc;

use wasmtime::{Global, GlobalType, Mutability, RootScope, Val, ValRaw, ValType};

use super::late::{Held, Late};
use super::{receiver, stores, types};
use crate::error::{Class, Error, code};
use crate::ffi::{Call, Callable, Env, Record, Reference, Thrown, Value};
use crate::store::{ObjectKey, StoreCell, View};
use crate::value::{Item, Kind, canonical, number_from_js, number_to_js, opaque};

const NAME: &str = "Global";

/// A global that is in no store yet.
#[derive(Clone)]
pub struct Unbound {
    pub ty: GlobalType,
    value: Plain,
}

/// The value of a global in no store.
#[derive(Clone, Copy)]
enum Plain {
    Number(ValRaw, Kind),
    /// A JavaScript value that the object holds.
    Held,
}

/// Under which key it does.
const VALUE: f64 = 0.0;

impl Plain {
    /// Takes a value for `object`. It may call user code.
    fn read(env: Env<'_>, object: Value<'_>, value: Value<'_>, ty: &ValType) -> Result<Plain, Error> {
        let kind = Kind::of(ty);
        if kind.is_number() {
            return Ok(Plain::Number(number_from_js(env, value, kind)?, kind));
        }
        let value = canonical(env, value, ty)?;
        Held::values(env)?.set(env, object, VALUE, value)?;
        Ok(Plain::Held)
    }

    fn to_js<'s>(self, env: Env<'s>, object: Value<'_>) -> Result<Value<'s>, Error> {
        Ok(match self {
            Plain::Number(raw, kind) => number_to_js(env, &raw, kind)?,
            Plain::Held => Held::values(env)?
                .get(env, object, VALUE)?
                .ok_or_else(|| Error::internal("the value of a global is gone"))?,
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
        let item = match unbound.value {
            Plain::Number(raw, kind) => Item::Number(raw, kind),
            Plain::Held => Item::from_js(cell, env, unbound.value.to_js(env, object)?, unbound.ty.content())?,
        };
        let global = new_global(cell, unbound.ty, item)?;
        cell.adopt(env, ObjectKey::global(&global), object)?;
        self.0.bind(cell, global);
        Held::values(env)?.take(env, object)?;
        Ok(global)
    }

    /// Makes the global if it is in no store yet.
    pub fn settle(&self, env: Env<'_>, object: Value<'_>) -> Result<(), Error> {
        match self.0.description() {
            Some(unbound) => self.bind(env, object, &stores::unclaimed(env, 0)?, unbound).map(drop),
            None => Ok(()),
        }
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
    pub fn value<'s>(&self, env: Env<'s>, object: Value<'_>) -> Result<Value<'s>, Error> {
        match (self.0.get(), self.0.description()) {
            (Some((cell, global)), _) => global_value(&cell, env, global, &cell.file()),
            (None, Some(unbound)) => unbound.value.to_js(env, object),
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
    let object = call.arg(0);
    let value = match (call.given() > 3, Kind::of(&content)) {
        (true, _) => Plain::read(env, object, call.arg(3), &content)?,
        (false, Kind::I64) => Plain::Number(ValRaw::i64(0), Kind::I64),
        (false, kind) if kind.is_number() => Plain::read(env, object, env.int32(0)?, &content)?,
        (false, Kind::Extern { .. }) => Plain::read(env, object, env.undefined()?, &content)?,
        (false, _) => Plain::read(env, object, env.null()?, &content)?,
    };
    env.wrap(object, Box::new(GlobalObject(Late::unbound(Unbound { ty, value }))))?;
    Ok(env.undefined()?)
}

pub fn get<'s>(call: &Call<'s>) -> Result<Value<'s>, Error> {
    receiver::<GlobalObject>(call, 0, NAME)?.value(call.env, call.arg(0))
}

pub fn set<'s>(call: &Call<'s>) -> Result<Value<'s>, Error> {
    let env = call.env;
    let object = receiver::<GlobalObject>(call, 0, NAME)?;
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
    let mut given = call.arg(1);
    if object.0.get().is_none() {
        let value = Plain::read(env, call.arg(0), given, ty.content())?;
        if object.0.describe(Unbound { ty: ty.clone(), value }) {
            return Ok(env.undefined()?);
        }
        // The conversion ran code of the program, which has passed the global to an instance.
        given = value.to_js(env, call.arg(0))?;
    }
    let (cell, global) = object.0.get().ok_or_else(|| Error::internal("a global in no store"))?;
    let item = Item::from_js(&cell, env, given, ty.content())?;
    let set = cell.with(|cx| {
        let mut scope = RootScope::new(cx);
        let value = item.into_val(&mut scope)?;
        global.set(&mut scope, value)
    })?;
    cell.collect_if_due()?;
    set.map_err(Error::internal)?;
    cell.settle(env)?;
    Ok(env.undefined()?)
}

pub fn ty<'s>(call: &Call<'s>) -> Result<Value<'s>, Error> {
    let ty = receiver::<GlobalObject>(call, 0, NAME)?.ty()?;
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

/// Calls `setter` with the value of a global now and whenever it may have changed, for a live binding.
pub fn watch_global(
    cell: &Rc<StoreCell>,
    env: Env<'_>,
    global: Global,
    setter: Value<'_>,
    file: &Arc<str>,
) -> Result<(), Error> {
    let binding = LiveBinding {
        cell: Rc::downgrade(cell),
        global,
        setter: env.reference(setter)?,
        shown: Cell::new(None),
        file: file.clone(),
    };
    binding.refresh(env)?;
    cell.add_live(Rc::new(binding));
    Ok(())
}

/// A variable of JavaScript that shows a mutable global.
struct LiveBinding {
    cell: Weak<StoreCell>,
    global: Global,
    setter: Reference,
    /// The bits that it shows; none of a reference, whose bits the collector may change.
    shown: Cell<Option<u64>>,
    file: Arc<str>,
}

impl View for LiveBinding {
    fn refresh(&self, env: Env<'_>) -> Result<(), Error> {
        // Of a store that was disposed of while it was running, the last value stays.
        let Some(cell) = self.cell.upgrade().filter(|cell| !cell.is_disposed()) else {
            return Ok(());
        };
        let bits = cell.proceed(|cx| match self.global.get(&mut RootScope::new(cx)) {
            Val::I32(value) => Some(u64::from(value as u32)),
            Val::I64(value) => Some(value as u64),
            Val::F32(bits) => Some(bits.into()),
            Val::F64(bits) => Some(bits),
            _ => None,
        })?;
        if bits.is_some() && bits == self.shown.get() {
            return Ok(());
        }
        self.shown.set(bits);
        env.scoped(|env| {
            let value = global_value(&cell, env, self.global, &self.file)?;
            env.call(env.deref(&self.setter)?, &[value])?;
            Ok(())
        })
    }
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
