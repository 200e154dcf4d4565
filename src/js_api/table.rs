//! `WebAssembly.Table`.

use std::rc::Rc;

use wasmtime::{Ref, RefType, RootScope, StoreContextMut, Table, TableType, Val, ValType};

use super::address::{from_u64, to_u64};
use super::late::{Held, Late};
use super::{receiver, stores, types};
use crate::error::{Class, Error, code};
use crate::ffi::{Call, Env, Record, Type, Value};
use crate::store::{Data, ObjectKey, StoreCell};
use crate::value::{Item, Kind, canonical, opaque};

const NAME: &str = "Table";

/// The limit of the JavaScript API, in elements.
const MOST_ELEMENTS: u64 = 10_000_000;

/// The record of a table object. While it is in no store, the object itself holds its elements.
pub struct TableObject {
    pub late: Late<TableType, Table>,
    element: ValType,
    is_64: bool,
}

impl Record for TableObject {}

/// Under which key an object in no store holds what all elements are that it holds nothing else for.
const REST: f64 = -1.0;

/// How many elements of an object in no store may be set at once; more than that are set in a store.
const HELD_AT_ONCE: u64 = 1000;

impl TableObject {
    fn new(late: Late<TableType, Table>, ty: &TableType) -> TableObject {
        TableObject {
            late,
            element: ValType::Ref(ty.element().clone()),
            is_64: ty.is_64(),
        }
    }

    /// The element type, if JavaScript has values for it.
    fn crossable(&self) -> Result<&ValType, Error> {
        match Kind::of(&self.element) {
            Kind::Opaque => Err(opaque(&self.element)),
            _ => Ok(&self.element),
        }
    }

    fn size(&self) -> Result<u64, Error> {
        match self.late.get() {
            None => Ok(self.late.description().map_or(0, |ty| ty.minimum())),
            Some((cell, table)) => cell.with(|cx| table.size(&cx)),
        }
    }

    /// Makes the table in a store. `object` becomes its object there.
    pub fn bind(&self, env: Env<'_>, object: Value<'_>, cell: &Rc<StoreCell>, ty: TableType) -> Result<Table, Error> {
        let element = ValType::Ref(ty.element().clone());
        let held = Held::values(env)?.take(env, object)?;
        let rest = held.iter().find(|(key, _)| *key == REST);
        let rest = match rest {
            Some((_, value)) => *value,
            None => default(env, &element)?,
        };
        let item = Item::from_js(cell, env, rest, &element)?;
        let size = ty.minimum();
        let made = cell.with(|cx| {
            let mut scope = RootScope::new(cx);
            let element = reference(item, &mut scope)?;
            Table::new(&mut scope, ty, element)
        })?;
        let table = made.map_err(|error| range(format!("no table of {size} elements can be had: {error:#}")))?;
        for (key, value) in held.into_iter().filter(|(key, _)| *key != REST) {
            let index = key as u64;
            write(cell, env, value, &element, |scope, element| {
                table.set(scope, index, element).map_err(|_| out_of_bounds(index, size))
            })?;
        }
        cell.adopt(env, ObjectKey::table(&table), object)?;
        self.late.bind(cell, table);
        Ok(table)
    }

    /// The table, which is made in a store if it is in none yet.
    pub fn settle(&self, env: Env<'_>, object: Value<'_>) -> Result<(Rc<StoreCell>, Table), Error> {
        if let Some(ty) = self.late.description() {
            self.bind(env, object, &stores::unclaimed(env, 0)?, ty)?;
        }
        self.late.get().ok_or_else(|| Error::internal("a table is in no store"))
    }

    fn ty(&self) -> Result<(TableType, u64), Error> {
        match self.late.get() {
            None => self
                .late
                .description()
                .map(|ty| (ty.clone(), ty.minimum()))
                .ok_or_else(|| Error::internal("a table without a type")),
            Some((cell, table)) => cell.with(|cx| (table.ty(&cx), table.size(&cx))),
        }
    }
}

/// The one object for a table.
pub fn object<'s>(cell: &Rc<StoreCell>, env: Env<'s>, table: Table) -> Result<Value<'s>, Error> {
    let key = ObjectKey::table(&table);
    if let Some(object) = cell.object(env, key)? {
        return Ok(object);
    }
    let ty = cell.with(|cx| table.ty(&cx))?;
    let object = env.instance(NAME, TableObject::new(Late::bound(cell.clone(), table), &ty))?;
    cell.adopt(env, key, object)?;
    Ok(object)
}

/// `init(self, element, address, initial, maximum[, value])`
pub fn init<'s>(call: &Call<'s>) -> Result<Value<'s>, Error> {
    let env = call.env;
    let element = types::read_reference(env, call.arg(1))?;
    let is_64 = env.as_string(call.arg(2)).as_deref() == Some("i64");
    let initial = to_u64(env, call.arg(3), is_64, "initial")?;
    let maximum = match env.type_of(call.arg(4)) {
        Type::Undefined => None,
        _ => Some(to_u64(env, call.arg(4), is_64, "maximum")?),
    };
    if maximum.is_some_and(|maximum| initial > maximum) {
        return Err(range(format!(
            "initial {initial} is above maximum {}",
            maximum.unwrap_or(0)
        )));
    }
    if initial > MOST_ELEMENTS {
        return Err(range(format!(
            "a table has at most {MOST_ELEMENTS} elements; initial is {initial}"
        )));
    }
    let ty = table_type(element.clone(), is_64, initial, maximum)?;
    let object = call.arg(0);
    if call.given() > 5 {
        let value = canonical(env, call.arg(5), &ValType::Ref(element))?;
        Held::values(env)?.set(env, object, REST, value)?;
    }
    let record = TableObject::new(Late::unbound(ty.clone()), &ty);
    env.wrap(object, Box::new(record))?;
    Ok(env.undefined()?)
}

fn table_type(element: RefType, is_64: bool, initial: u64, maximum: Option<u64>) -> Result<TableType, Error> {
    if is_64 {
        return Ok(TableType::new64(element, initial, maximum));
    }
    let narrow = |size: u64| u32::try_from(size).map_err(Error::internal);
    Ok(TableType::new(
        element,
        narrow(initial)?,
        maximum.map(narrow).transpose()?,
    ))
}

/// `DefaultValue`.
fn default<'s>(env: Env<'s>, element: &ValType) -> Result<Value<'s>, Error> {
    Ok(match Kind::of(element) {
        Kind::Extern { .. } => env.undefined()?,
        _ => env.null()?,
    })
}

pub fn length<'s>(call: &Call<'s>) -> Result<Value<'s>, Error> {
    let table = receiver::<TableObject>(call, 0, NAME)?;
    Ok(from_u64(call.env, table.size()?, table.is_64)?)
}

pub fn ty<'s>(call: &Call<'s>) -> Result<Value<'s>, Error> {
    let (ty, size) = receiver::<TableObject>(call, 0, NAME)?.ty()?;
    Ok(types::table(call.env, &ty, size)?)
}

pub fn get<'s>(call: &Call<'s>) -> Result<Value<'s>, Error> {
    let env = call.env;
    let object = receiver::<TableObject>(call, 0, NAME)?;
    let element = object.crossable()?;
    let index = to_u64(env, call.arg(1), object.is_64, "index")?;
    let Some((cell, table)) = object.late.get() else {
        let size = object.size()?;
        if index >= size {
            return Err(out_of_bounds(index, size));
        }
        let held = Held::values(env)?;
        let held = match held.get(env, call.arg(0), index as f64)? {
            Some(value) => Some(value),
            None => held.get(env, call.arg(0), REST)?,
        };
        return held.map_or_else(|| default(env, element), Ok);
    };
    let item = cell.with(|cx| {
        let mut scope = RootScope::new(cx);
        let size = table.size(&scope);
        let element = table.get(&mut scope, index).ok_or_else(|| out_of_bounds(index, size))?;
        Item::from_val(&mut scope, Val::from(element)).map_err(Error::internal)
    })??;
    item.to_js(&cell, env, &cell.file())
}

pub fn set<'s>(call: &Call<'s>) -> Result<Value<'s>, Error> {
    let env = call.env;
    let object = receiver::<TableObject>(call, 0, NAME)?;
    let element = object.crossable()?;
    let index = to_u64(env, call.arg(1), object.is_64, "index")?;
    let value = given(call, 2, element)?;
    let Some((cell, table)) = object.late.get() else {
        let value = canonical(env, value, element)?;
        let size = object.size()?;
        if index >= size {
            return Err(out_of_bounds(index, size));
        }
        Held::values(env)?.set(env, call.arg(0), index as f64, value)?;
        return Ok(env.undefined()?);
    };
    write(&cell, env, value, element, |scope, element| {
        let size = table.size(&*scope);
        table.set(scope, index, element).map_err(|_| out_of_bounds(index, size))
    })?;
    Ok(env.undefined()?)
}

pub fn grow<'s>(call: &Call<'s>) -> Result<Value<'s>, Error> {
    let env = call.env;
    let object = receiver::<TableObject>(call, 0, NAME)?;
    let delta = to_u64(env, call.arg(1), object.is_64, "delta")?;
    let (ty, size) = object.ty()?;
    let element = ValType::Ref(ty.element().clone());
    let value = given(call, 2, &element)?;
    let refused = || {
        range(format!(
            "the table cannot grow by {delta} elements: it has {size}, and its maximum is {}",
            ty.maximum().unwrap_or(MOST_ELEMENTS).min(MOST_ELEMENTS)
        ))
    };
    let grown = size
        .checked_add(delta)
        .filter(|grown| *grown <= MOST_ELEMENTS)
        .ok_or_else(refused)?;
    if object.late.description().is_some() && delta <= HELD_AT_ONCE {
        let value = canonical(env, value, &element)?;
        if ty.maximum().is_some_and(|maximum| grown > maximum) {
            return Err(refused());
        }
        let held = Held::values(env)?;
        for index in size..grown {
            held.set(env, call.arg(0), index as f64, value)?;
        }
        let description = table_type(ty.element().clone(), ty.is_64(), grown, ty.maximum())?;
        object.late.describe(description);
        return Ok(from_u64(env, size, ty.is_64())?);
    }
    let (cell, table) = object.settle(env, call.arg(0))?;
    let before = write(&cell, env, value, &element, |scope, element| {
        table.grow(scope, delta, element).map_err(|_| refused())
    })?;
    Ok(from_u64(env, before, ty.is_64())?)
}

/// The value at `index`, or the default of the element type where none is given.
fn given<'s>(call: &Call<'s>, index: usize, element: &ValType) -> Result<Value<'s>, Error> {
    if call.given() > index {
        return Ok(call.arg(index));
    }
    if !Kind::of(element).is_nullable() {
        return Err(Error::new(
            Class::TypeError,
            code::VALUE,
            format!("a value must be given: elements of type {element} have no default"),
        ));
    }
    default(call.env, element)
}

/// Converts an element and hands it on.
fn write<R>(
    cell: &Rc<StoreCell>,
    env: Env<'_>,
    value: Value<'_>,
    element: &ValType,
    f: impl FnOnce(&mut RootScope<StoreContextMut<'_, Data>>, Ref) -> Result<R, Error>,
) -> Result<R, Error> {
    let item = Item::from_js(cell, env, value, element)?;
    let result = cell.with(|cx| {
        let mut scope = RootScope::new(cx);
        let element = reference(item, &mut scope).map_err(Error::internal)?;
        f(&mut scope, element)
    })?;
    cell.collect_if_due()?;
    result
}

fn reference(item: Item, scope: &mut RootScope<StoreContextMut<'_, Data>>) -> wasmtime::Result<Ref> {
    let value = item.into_val(scope)?;
    value
        .ref_()
        .ok_or_else(|| wasmtime::format_err!("a table element is no reference"))
}

fn range(message: String) -> Error {
    Error::new(Class::RangeError, code::VALUE, message)
}

fn out_of_bounds(index: u64, size: u64) -> Error {
    range(format!(
        "index {index} is outside of the table, which has {size} elements"
    ))
}
