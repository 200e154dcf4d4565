//! `WebAssembly.Memory`.

use std::cell::RefCell;
use std::rc::Rc;

use rustc_hash::FxHashMap;
use wasmtime::{Memory, MemoryType, MemoryTypeBuilder, SharedMemory};

use super::address::{from_u64, to_u64};
use super::late::Late;
use super::{receiver, stores, types};
use crate::engine;
use crate::error::{Class, Error, code};
use crate::ffi::{Call, Env, Record, Type, Value, WeakReference};
use crate::memory::{MemoryView, SharedView};
use crate::store::{ObjectKey, StoreCell};

const NAME: &str = "Memory";

/// The record of a memory object.
pub enum MemoryObject {
    /// A memory of a store, or one to be.
    Own(Late<MemoryType, Rc<MemoryView>>),
    /// A shared memory, which is of no store.
    Shared(Rc<SharedView>),
}

impl Record for MemoryObject {}

impl MemoryObject {
    /// Makes the memory in a store. `object` becomes its object there.
    pub fn bind(
        env: Env<'_>,
        late: &Late<MemoryType, Rc<MemoryView>>,
        object: Value<'_>,
        cell: &Rc<StoreCell>,
        ty: MemoryType,
    ) -> Result<Memory, Error> {
        let pages = ty.minimum();
        let memory = cell
            .with(|cx| Memory::new(cx, ty))?
            .map_err(|error| out_of_memory(pages, &error))?;
        cell.adopt(env, ObjectKey::memory(&memory), object)?;
        late.bind(cell, MemoryView::new(cell.clone(), memory));
        Ok(memory)
    }

    /// Makes the memory if it is in no store yet.
    pub fn settle(&self, env: Env<'_>, object: Value<'_>) -> Result<(), Error> {
        match self {
            MemoryObject::Own(late) => view(env, late, object).map(drop),
            MemoryObject::Shared(_) => Ok(()),
        }
    }

    fn ty(&self) -> Result<(MemoryType, u64), Error> {
        let late = match self {
            MemoryObject::Own(late) => late,
            MemoryObject::Shared(shared) => return Ok((shared.memory().ty(), shared.memory().size())),
        };
        match (late.get(), late.description()) {
            (Some((cell, view)), _) => cell.with(|cx| (view.memory().ty(&cx), view.memory().size(&cx))),
            (None, Some(ty)) => Ok((ty.clone(), ty.minimum())),
            (None, None) => Err(Error::internal("a memory without a type")),
        }
    }
}

/// The memory, which is made in a store if it is in none yet.
fn view(env: Env<'_>, late: &Late<MemoryType, Rc<MemoryView>>, object: Value<'_>) -> Result<Rc<MemoryView>, Error> {
    if let Some(ty) = late.description() {
        MemoryObject::bind(env, late, object, &stores::unclaimed(env, ty.minimum())?, ty)?;
    }
    late.get()
        .map(|(_, view)| view)
        .ok_or_else(|| Error::internal("a memory is in no store"))
}

/// The one object for a memory.
pub fn object<'s>(cell: &Rc<StoreCell>, env: Env<'s>, memory: Memory) -> Result<Value<'s>, Error> {
    let key = ObjectKey::memory(&memory);
    if let Some(object) = cell.object(env, key)? {
        return Ok(object);
    }
    let view = MemoryView::new(cell.clone(), memory);
    let object = env.instance(NAME, MemoryObject::Own(Late::bound(cell.clone(), view)))?;
    cell.adopt(env, key, object)?;
    Ok(object)
}

/// The one object for a shared memory.
pub fn shared_object<'s>(env: Env<'s>, memory: SharedMemory) -> Result<Value<'s>, Error> {
    let known = env.local(|_| Ok(SharedMemories::default()))?;
    let key = memory.data().as_ptr() as usize;
    if let Some(object) = known.0.borrow().get(&key).and_then(|known| env.upgrade(known)) {
        return Ok(object);
    }
    let object = env.instance(NAME, MemoryObject::Shared(SharedView::new(memory)))?;
    known.add(env, key, object)?;
    Ok(object)
}

/// Makes the object for a memory that nobody has written to and that threads will share. It lives as long as the store.
pub fn share(cell: &StoreCell, env: Env<'_>, memory: &SharedMemory) -> Result<(), Error> {
    let object = shared_object(env, memory.clone())?;
    if let Some(MemoryObject::Shared(view)) = env.unwrap(object) {
        view.prepare(true);
    }
    cell.anchor().put(env, object)?;
    Ok(())
}

/// The objects for shared memories, by where the memories are.
#[derive(Default)]
struct SharedMemories(RefCell<FxHashMap<usize, WeakReference>>);

impl SharedMemories {
    fn add(&self, env: Env<'_>, key: usize, object: Value<'_>) -> Result<(), Error> {
        let mut known = self.0.borrow_mut();
        known.retain(|_, object| env.upgrade(object).is_some());
        known.insert(key, env.weak_reference(object)?);
        Ok(())
    }
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
    let record = match shared {
        false => MemoryObject::Own(Late::unbound(ty)),
        true => {
            let memory = SharedMemory::new(engine::engine()?, ty).map_err(|error| out_of_memory(initial, &error))?;
            let known = env.local(|_| Ok(SharedMemories::default()))?;
            known.add(env, memory.data().as_ptr() as usize, call.arg(0))?;
            MemoryObject::Shared(SharedView::new(memory))
        }
    };
    env.wrap(call.arg(0), Box::new(record))?;
    Ok(env.undefined()?)
}

/// The limit of the JavaScript API, in pages.
fn most_pages(is_64: bool) -> u64 {
    if is_64 { (1 << 37) - 1 } else { 1 << 16 }
}

pub fn buffer<'s>(call: &Call<'s>) -> Result<Value<'s>, Error> {
    match receiver::<MemoryObject>(call, 0, NAME)? {
        MemoryObject::Own(late) => view(call.env, late, call.arg(0))?.buffer(call.env),
        MemoryObject::Shared(shared) => shared.buffer(call.env),
    }
}

pub fn grow<'s>(call: &Call<'s>) -> Result<Value<'s>, Error> {
    let memory = receiver::<MemoryObject>(call, 0, NAME)?;
    let is_64 = memory.ty()?.0.is_64();
    let delta = to_u64(call.env, call.arg(1), is_64, "delta")?;
    let before = match memory {
        MemoryObject::Own(late) => view(call.env, late, call.arg(0))?.grow(call.env, delta)?,
        MemoryObject::Shared(shared) => shared.memory().grow(delta).ok(),
    };
    match before {
        Some(before) => Ok(from_u64(call.env, before, is_64)?),
        None => Err(range(format!(
            "the memory cannot grow by {delta} pages: its maximum, or that of the machine, is reached"
        ))),
    }
}

/// The size in bytes.
pub fn size<'s>(call: &Call<'s>) -> Result<Value<'s>, Error> {
    let size = match receiver::<MemoryObject>(call, 0, NAME)? {
        MemoryObject::Own(late) => view(call.env, late, call.arg(0))?.size()?,
        MemoryObject::Shared(shared) => shared.memory().data_size(),
    };
    Ok(call.env.number(size as f64)?)
}

/// `read(self, address, into)`: fills a `Uint8Array`, which must fit.
pub fn read<'s>(call: &Call<'s>) -> Result<Value<'s>, Error> {
    let (env, address, into) = (call.env, byte_address(call)?, call.arg(2));
    match receiver::<MemoryObject>(call, 0, NAME)? {
        MemoryObject::Own(late) => view(env, late, call.arg(0))?.read(env, address, into)?,
        MemoryObject::Shared(shared) => shared.read(env, address, into)?,
    }
    Ok(env.undefined()?)
}

/// `write(self, address, from)`: copies a `Uint8Array`, which must fit.
pub fn write<'s>(call: &Call<'s>) -> Result<Value<'s>, Error> {
    let (env, address, from) = (call.env, byte_address(call)?, call.arg(2));
    match receiver::<MemoryObject>(call, 0, NAME)? {
        MemoryObject::Own(late) => view(env, late, call.arg(0))?.write(env, address, from)?,
        MemoryObject::Shared(shared) => shared.write(env, address, from)?,
    }
    Ok(env.undefined()?)
}

/// The address in the second argument, which the JavaScript half has made a Number.
fn byte_address(call: &Call<'_>) -> Result<usize, Error> {
    match call.env.as_number(call.arg(1)) {
        Some(address) => Ok(address as usize),
        None => Err(Error::internal("an address that is no number")),
    }
}

pub fn ty<'s>(call: &Call<'s>) -> Result<Value<'s>, Error> {
    let (ty, size) = receiver::<MemoryObject>(call, 0, NAME)?.ty()?;
    Ok(types::memory(call.env, &ty, size)?)
}

fn range(message: String) -> Error {
    Error::new(Class::RangeError, code::MEMORY, message)
}

fn out_of_memory(pages: u64, error: &wasmtime::Error) -> Error {
    range(format!("no memory of {pages} pages can be had: {error:#}"))
}
