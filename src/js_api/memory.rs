//! `WebAssembly.Memory`.

use std::rc::Rc;

use wasmtime::Memory;

use crate::error::{Class, Error, code};
use crate::ffi::{Call, Class as JsClass, Env, Member, Record, Thrown, Value};
use crate::memory::MemoryView;
use crate::store::{ObjectKey, StoreCell};

const NAME: &str = "Memory";

pub struct MemoryObject(Rc<MemoryView>);

impl Record for MemoryObject {}

impl MemoryObject {
    pub fn cell(&self) -> &Rc<StoreCell> {
        self.0.cell()
    }

    pub fn memory(&self) -> Memory {
        self.0.memory()
    }
}

struct MemoryClass(JsClass);

/// The one object for a memory.
pub fn object<'s>(cell: &Rc<StoreCell>, env: Env<'s>, memory: Memory) -> Result<Value<'s>, Error> {
    let key = ObjectKey::memory(&memory);
    if let Some(object) = cell.object(env, key)? {
        return Ok(object);
    }
    let class = env.local(|env| {
        let members = [Member::Getter("buffer", buffer), Member::Method("grow", grow)];
        Ok(MemoryClass(JsClass::define(env, NAME, &members)?))
    })?;
    let object = class
        .0
        .instance(env, Box::new(MemoryObject(MemoryView::new(cell.clone(), memory))))?;
    cell.adopt(env, key, object)?;
    Ok(object)
}

fn buffer<'s>(call: &Call<'s>) -> Result<Value<'s>, Thrown> {
    let memory = call.receiver::<MemoryObject>(NAME)?;
    memory.0.buffer(call.env).map_err(|error| error.throw(call.env))
}

fn grow<'s>(call: &Call<'s>) -> Result<Value<'s>, Thrown> {
    let memory = call.receiver::<MemoryObject>(NAME)?;
    let delta = super::table::index(call, 0)?;
    match memory
        .0
        .grow(call.env, delta.into())
        .map_err(|error| error.throw(call.env))?
    {
        Some(before) => call.env.number(before as f64),
        None => Err(Error::new(
            Class::RangeError,
            code::MEMORY,
            format!("the memory cannot grow by {delta} pages: its maximum, or that of the machine, is reached"),
        )
        .throw(call.env)),
    }
}
