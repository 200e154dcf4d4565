//! `WebAssembly.Memory`.

use std::rc::Rc;

use wasmtime::{Memory, MemoryType, MemoryTypeBuilder};

use super::address::{from_u64, to_u64};
use super::late::Late;
use super::{own_store, types};
use crate::error::{Class, Error, code};
use crate::ffi::{Call, Env, Record, Type, Value};
use crate::memory::MemoryView;
use crate::store::{ObjectKey, StoreCell};

const NAME: &str = "Memory";

/// The record of a memory object.
pub struct MemoryObject(pub Late<MemoryType, Rc<MemoryView>>);

impl Record for MemoryObject {}

impl MemoryObject {
    /// Makes the memory in a store. `object` becomes its object there.
    pub fn bind(&self, env: Env<'_>, object: Value<'_>, cell: &Rc<StoreCell>, ty: MemoryType) -> Result<Memory, Error> {
        let pages = ty.minimum();
        let memory = cell
            .with(|cx| Memory::new(cx, ty))?
            .map_err(|error| out_of_memory(pages, &error))?;
        cell.adopt(env, ObjectKey::memory(&memory), object)?;
        self.0.bind(cell, MemoryView::new(cell.clone(), memory));
        Ok(memory)
    }

    /// Makes the memory in a store of its own if it is in none yet.
    pub fn settle(&self, env: Env<'_>, object: Value<'_>) -> Result<(), Error> {
        self.view(env, object).map(drop)
    }

    /// The memory, which is made in a store of its own if it is in none yet.
    fn view(&self, env: Env<'_>, object: Value<'_>) -> Result<Rc<MemoryView>, Error> {
        if let Some(ty) = self.0.description() {
            self.bind(env, object, &own_store(env)?, ty)?;
        }
        self.0
            .get()
            .map(|(_, view)| view)
            .ok_or_else(|| Error::internal("a memory is in no store"))
    }

    fn ty(&self) -> Result<(MemoryType, u64), Error> {
        match self.0.get() {
            None => self
                .0
                .description()
                .map(|ty| (ty.clone(), ty.minimum()))
                .ok_or_else(|| Error::internal("a memory without a type")),
            Some((cell, view)) => cell.with(|cx| (view.memory().ty(&cx), view.memory().size(&cx))),
        }
    }
}

/// The one object for a memory.
pub fn object<'s>(cell: &Rc<StoreCell>, env: Env<'s>, memory: Memory) -> Result<Value<'s>, Error> {
    let key = ObjectKey::memory(&memory);
    if let Some(object) = cell.object(env, key)? {
        return Ok(object);
    }
    let record = MemoryObject(Late::bound(cell.clone(), MemoryView::new(cell.clone(), memory)));
    let object = env.instance(NAME, record)?;
    cell.adopt(env, key, object)?;
    Ok(object)
}

/// `init(self, address, initial, maximum, shared)`
pub fn init<'s>(call: &Call<'s>) -> Result<Value<'s>, Error> {
    let env = call.env;
    let is_64 = env.as_string(call.arg(1)).as_deref() == Some("i64");
    let initial = to_u64(env, call.arg(2), is_64, "initial")?;
    let maximum = match env.type_of(call.arg(3)) {
        Type::Undefined => None,
        _ => Some(to_u64(env, call.arg(3), is_64, "maximum")?),
    };
    let shared = env.as_boolean(call.arg(4)).unwrap_or(false);
    if shared && maximum.is_none() {
        return Err(Error::new(
            Class::TypeError,
            code::VALUE,
            "a shared memory needs a maximum",
        ));
    }
    if initial.max(maximum.unwrap_or(0)) > most_pages(is_64) {
        return Err(range(format!(
            "a memory has at most {} pages; initial is {initial}{}",
            most_pages(is_64),
            maximum
                .map(|maximum| format!(", maximum {maximum}"))
                .unwrap_or_default()
        )));
    }
    let ty = MemoryTypeBuilder::new()
        .memory64(is_64)
        .shared(shared)
        .min(initial)
        .max(maximum)
        .build()
        .map_err(|_| range(format!("initial {initial} is above maximum {}", maximum.unwrap_or(0))))?;
    env.wrap(call.arg(0), Box::new(MemoryObject(Late::unbound(ty))))?;
    Ok(env.undefined()?)
}

/// The limit of the JavaScript API, in pages.
fn most_pages(is_64: bool) -> u64 {
    if is_64 { (1 << 37) - 1 } else { 1 << 16 }
}

pub fn buffer<'s>(call: &Call<'s>) -> Result<Value<'s>, Error> {
    let memory = call.record::<MemoryObject>(0, NAME)?;
    memory.view(call.env, call.arg(0))?.buffer(call.env)
}

pub fn grow<'s>(call: &Call<'s>) -> Result<Value<'s>, Error> {
    let memory = call.record::<MemoryObject>(0, NAME)?;
    let is_64 = memory.ty()?.0.is_64();
    let delta = to_u64(call.env, call.arg(1), is_64, "delta")?;
    match memory.view(call.env, call.arg(0))?.grow(call.env, delta)? {
        Some(before) => Ok(from_u64(call.env, before, is_64)?),
        None => Err(range(format!(
            "the memory cannot grow by {delta} pages: its maximum, or that of the machine, is reached"
        ))),
    }
}

pub fn ty<'s>(call: &Call<'s>) -> Result<Value<'s>, Error> {
    let (ty, size) = call.record::<MemoryObject>(0, NAME)?.ty()?;
    Ok(types::memory(call.env, &ty, size)?)
}

fn range(message: String) -> Error {
    Error::new(Class::RangeError, code::MEMORY, message)
}

fn out_of_memory(pages: u64, error: &wasmtime::Error) -> Error {
    range(format!("no memory of {pages} pages can be had: {error:#}"))
}
