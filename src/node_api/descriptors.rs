//! Property descriptors, as a guest has them in its memory.

use std::cell::RefCell;
use std::ffi::CString;
use std::ptr;

use napi_sys as sys;
use rustc_hash::FxHashMap;

use super::addon::Addon;
use super::call::{Call, Handle, Ptr};
use super::callbacks::{Callback, answer, invoke};
use super::failure::{Failure, Outcome};
use super::key::Keyed;
use super::tag::Tag;

/// A `napi_property_descriptor`: `utf8name`, `name`, `method`, `getter`, `setter`, `value`, `attributes` and `data`.
type Descriptor = [u32; 8];

/// Descriptors for Node-API, and the names that they point to.
pub struct Descriptors {
    pub list: Vec<sys::napi_property_descriptor>,
    /// Which of them are methods, of which Node-API is given the functions as values.
    pub methods: Vec<bool>,
    _names: Vec<CString>,
}

/// What properties are defined of.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Of {
    Object,
    Class,
}

/// A property that has both a getter and a setter: Node-API has one pointer for both to tell them by.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Accessor {
    getter: u32,
    setter: u32,
    data: u32,
}

/// The accessors of an addon. There is one for each, for as long as the addon.
#[derive(Default)]
pub struct Accessors(RefCell<Known>);

#[derive(Default)]
struct Known {
    accessors: Keyed<Accessor>,
    numbers: FxHashMap<Accessor, u32>,
}

impl Accessors {
    fn keep(&self, accessor: Accessor) -> Outcome<u32> {
        let mut known = self.0.borrow_mut();
        if let Some(number) = known.numbers.get(&accessor) {
            return Ok(*number);
        }
        let number = known.accessors.add(accessor).map_err(|_| Failure::GENERIC)?;
        known.numbers.insert(accessor, number);
        Ok(number)
    }

    fn get(&self, number: u32) -> Option<Accessor> {
        self.0.borrow().accessors.get(number).copied()
    }
}

/// Reads descriptors. Each handle in them is looked up, and each function becomes one that calls the guest.
pub fn read(call: &Call<'_>, list: Ptr, count: u32, of: Of) -> Outcome<Descriptors> {
    let mut read = Descriptors {
        list: Vec::new(),
        methods: Vec::new(),
        _names: Vec::new(),
    };
    if count == 0 {
        return Ok(read);
    }
    if list.is_null() {
        return Err(Failure::INVALID_ARG);
    }
    let memory = call.memory()?;
    // All of it is there, or nothing is read: a count that is made up reserves nothing.
    memory.at(list.0, count as usize * size_of::<Descriptor>())?;
    for index in 0..count {
        let descriptor = call.read(list.add(index * size_of::<Descriptor>() as u32))?;
        one(call, descriptor, of, &mut read)?;
    }
    Ok(read)
}

fn one(call: &Call<'_>, descriptor: Descriptor, of: Of, read: &mut Descriptors) -> Outcome {
    let [utf8name, name, method, getter, setter, value, attributes, data] = descriptor;
    let mut property = sys::napi_property_descriptor {
        utf8name: ptr::null(),
        name: ptr::null_mut(),
        method: None,
        getter: None,
        setter: None,
        value: ptr::null_mut(),
        attributes: attributes as sys::napi_property_attributes,
        data: ptr::null_mut(),
    };
    match utf8name {
        0 => property.name = call.value(Handle(name))?,
        utf8name => {
            let name = call.name(Ptr(utf8name))?;
            property.utf8name = name.as_ptr();
            // Where a string has its text stays when the string moves.
            read._names.push(name);
        }
    }
    let is_static = property.attributes & sys::PropertyAttributes::static_ != 0;
    match (getter, setter, method) {
        (0, 0, 0) => {
            property.value = call.value(Handle(value))?;
            if of == Of::Class && !is_static && is_object(call, property.value)? {
                // V8 ends the process on it: each object of the class would have the same one.
                return Err(Failure::INVALID_ARG);
            }
        }
        // A function of its own, which takes the callback along when it goes.
        (0, 0, method) if of == Of::Object => {
            property.value = call.function(b"", Callback { function: method, data })?;
        }
        (0, 0, method) => {
            property.method = Some(invoke);
            property.data = call.kept(Callback { function: method, data })?;
        }
        (getter, 0, _) => {
            property.getter = Some(invoke);
            property.data = call.kept(Callback { function: getter, data })?;
        }
        (0, setter, _) => {
            property.setter = Some(invoke);
            property.data = call.kept(Callback { function: setter, data })?;
        }
        (getter, setter, _) => {
            property.getter = Some(get);
            property.setter = Some(set);
            let number = call.addon.state.accessors.keep(Accessor { getter, setter, data })?;
            property.data = Tag::new(call.addon.id(), number).to_pointer();
        }
    }
    read.list.push(property);
    read.methods.push(method != 0);
    Ok(())
}

fn is_object(call: &Call<'_>, value: sys::napi_value) -> Outcome<bool> {
    use sys::ValueType as Type;
    let kind = call.type_of(value)?;
    Ok(matches!(
        kind,
        Type::napi_object | Type::napi_function | Type::napi_external
    ))
}

fn accessor(addon: &Addon, number: u32) -> Option<Accessor> {
    addon.state.accessors.get(number)
}

unsafe extern "C" fn get(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    // SAFETY: Node-API passes the environment and the running call.
    unsafe {
        answer(env, info, |addon, number| {
            accessor(addon, number).map(|Accessor { getter, data, .. }| Callback { function: getter, data })
        })
    }
}

unsafe extern "C" fn set(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    // SAFETY: as above.
    unsafe {
        answer(env, info, |addon, number| {
            accessor(addon, number).map(|Accessor { setter, data, .. }| Callback { function: setter, data })
        })
    }
}
