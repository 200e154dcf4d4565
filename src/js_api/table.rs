//! `WebAssembly.Table`.

use std::rc::Rc;
use std::sync::Arc;

use wasmtime::{Ref, RootScope, Table, Val, ValType};

use crate::error::{Class, Error, code};
use crate::ffi::{Call, Class as JsClass, Env, Member, Record, Thrown, Value};
use crate::store::{ObjectKey, StoreCell};
use crate::value::{Item, Kind};

const NAME: &str = "Table";

pub struct TableObject {
    cell: Rc<StoreCell>,
    table: Table,
    element: ValType,
    file: Arc<str>,
}

impl Record for TableObject {}

impl TableObject {
    pub fn cell(&self) -> &Rc<StoreCell> {
        &self.cell
    }

    pub fn table(&self) -> Table {
        self.table
    }

    fn length(&self) -> Result<u64, Error> {
        self.cell.with(|cx| self.table.size(&cx))
    }

    fn get<'s>(&self, env: Env<'s>, index: u32) -> Result<Value<'s>, Error> {
        let item = self.cell.with(|cx| {
            let mut scope = RootScope::new(cx);
            let element = self.table.get(&mut scope, index.into())?;
            Some(Item::from_val(&scope, Val::from(element)))
        })?;
        item.ok_or_else(|| out_of_bounds(index))?
            .to_js(&self.cell, env, &self.file)
    }

    fn set(&self, env: Env<'_>, index: u32, value: Option<Value<'_>>) -> Result<(), Error> {
        self.write(env, value, |table, cx, element| {
            table.set(cx, index.into(), element).map_err(|_| out_of_bounds(index))
        })
    }

    fn grow(&self, env: Env<'_>, delta: u32, value: Option<Value<'_>>) -> Result<u64, Error> {
        self.write(env, value, |table, cx, element| {
            table.grow(cx, delta.into(), element).map_err(|_| {
                Error::new(
                    Class::RangeError,
                    code::VALUE,
                    format!("the table cannot grow by {delta} elements"),
                )
            })
        })
    }

    /// Converts an element, its type's default where none is given, and hands it on.
    fn write<R>(
        &self,
        env: Env<'_>,
        value: Option<Value<'_>>,
        f: impl FnOnce(&Table, &mut RootScope<wasmtime::StoreContextMut<'_, crate::store::Data>>, Ref) -> Result<R, Error>,
    ) -> Result<R, Error> {
        let value = match value {
            Some(value) => value,
            None if matches!(Kind::of(&self.element), Kind::Extern { .. }) => env.undefined()?,
            None => env.null()?,
        };
        let item = Item::from_js(&self.cell, env, value, &self.element)?;
        self.cell.with(|cx| {
            let mut scope = RootScope::new(cx);
            let element = item.into_val(&mut scope).ok().and_then(|val| val.ref_());
            f(
                &self.table,
                &mut scope,
                element.ok_or_else(|| Error::internal("a table element is no reference"))?,
            )
        })?
    }
}

struct TableClass(JsClass);

/// The one object for a table.
pub fn object<'s>(cell: &Rc<StoreCell>, env: Env<'s>, table: Table, file: &Arc<str>) -> Result<Value<'s>, Error> {
    let key = ObjectKey::table(&table);
    if let Some(object) = cell.object(env, key)? {
        return Ok(object);
    }
    let class = env.local(|env| {
        let members = [
            Member::Getter("length", length),
            Member::Method("get", get),
            Member::Method("set", set),
            Member::Method("grow", grow),
        ];
        Ok(TableClass(JsClass::define(env, NAME, &members)?))
    })?;
    let ty = cell.with(|cx| table.ty(&cx))?;
    let element = ValType::Ref(ty.element().clone());
    let record = TableObject {
        cell: cell.clone(),
        table,
        element,
        file: file.clone(),
    };
    let object = class.0.instance(env, Box::new(record))?;
    cell.adopt(env, key, object)?;
    Ok(object)
}

fn length<'s>(call: &Call<'s>) -> Result<Value<'s>, Thrown> {
    let table = call.receiver::<TableObject>(NAME)?;
    call.env
        .number(table.length().map_err(|error| error.throw(call.env))? as f64)
}

fn get<'s>(call: &Call<'s>) -> Result<Value<'s>, Thrown> {
    let table = call.receiver::<TableObject>(NAME)?;
    let index = index(call, 0)?;
    table.get(call.env, index).map_err(|error| error.throw(call.env))
}

fn set<'s>(call: &Call<'s>) -> Result<Value<'s>, Thrown> {
    let table = call.receiver::<TableObject>(NAME)?;
    let index = index(call, 0)?;
    table
        .set(call.env, index, given(call, 1))
        .map_err(|error| error.throw(call.env))?;
    call.env.undefined()
}

fn grow<'s>(call: &Call<'s>) -> Result<Value<'s>, Thrown> {
    let table = call.receiver::<TableObject>(NAME)?;
    let delta = index(call, 0)?;
    let before = table
        .grow(call.env, delta, given(call, 1))
        .map_err(|error| error.throw(call.env))?;
    call.env.number(before as f64)
}

fn given<'s>(call: &Call<'s>, index: usize) -> Option<Value<'s>> {
    (index < call.given()).then(|| call.arg(index))
}

/// An argument as WebIDL's `[EnforceRange] unsigned long`.
pub(super) fn index(call: &Call<'_>, at: usize) -> Result<u32, Thrown> {
    let number = call.env.to_number(call.arg(at))?;
    let number = call.env.as_number(number).unwrap_or(f64::NAN).trunc();
    if (0.0..=f64::from(u32::MAX)).contains(&number) {
        return Ok(number as u32);
    }
    let error = Error::new(
        Class::TypeError,
        code::VALUE,
        format!("argument {at} must be a number from 0 to {}", u32::MAX),
    );
    Err(error.throw(call.env))
}

fn out_of_bounds(index: u32) -> Error {
    Error::new(
        Class::RangeError,
        code::VALUE,
        format!("index {index} is outside of the table"),
    )
}
