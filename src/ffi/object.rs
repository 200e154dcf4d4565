//! Objects, functions and properties.

use std::ptr;

use napi_sys as sys;

use super::{Env, Reference, Thrown, Value};

/// A property to define: an enumerable one, never configurable.
pub enum Property<'s> {
    /// A read-only value.
    Value { name: Value<'s>, value: Value<'s> },
    /// A read-only value that enumeration does not show.
    Hidden { name: Value<'s>, value: Value<'s> },
}

impl<'s> Env<'s> {
    pub fn object(self) -> Result<Value<'s>, Thrown> {
        // SAFETY: writes one handle of the current scope, as do all the makers below.
        self.make(|raw| unsafe { sys::napi_create_object(self.raw, raw) })
    }

    /// An object without a prototype.
    pub fn bare_object(self) -> Result<Value<'s>, Thrown> {
        struct Create(Reference);
        let create = self.local(|env| {
            let object = env.get(env.global()?, "Object")?;
            Ok(Create(env.reference(env.get(object, "create")?)?))
        })?;
        self.call(self.deref(&create.0)?, &[self.null()?])
    }

    pub fn array(self, length: usize) -> Result<Value<'s>, Thrown> {
        // SAFETY: see `object`.
        self.make(|raw| unsafe { sys::napi_create_array_with_length(self.raw, length, raw) })
    }

    pub fn get(self, object: Value<'_>, name: &str) -> Result<Value<'s>, Thrown> {
        let key = self.string(name)?;
        self.get_property(object, key)
    }

    pub fn get_property(self, object: Value<'_>, key: Value<'_>) -> Result<Value<'s>, Thrown> {
        // SAFETY: both handles are live; a getter that throws leaves its exception pending.
        self.make(|raw| unsafe { sys::napi_get_property(self.raw, object.raw, key.raw, raw) })
    }

    pub fn set(self, object: Value<'_>, name: &str, value: Value<'_>) -> Result<(), Thrown> {
        let key = self.string(name)?;
        // SAFETY: the handles are live.
        self.check(unsafe { sys::napi_set_property(self.raw, object.raw, key.raw, value.raw) })
    }

    pub fn get_element(self, object: Value<'_>, index: u32) -> Result<Value<'s>, Thrown> {
        // SAFETY: the handle is live.
        self.make(|raw| unsafe { sys::napi_get_element(self.raw, object.raw, index, raw) })
    }

    pub fn set_element(self, object: Value<'_>, index: u32, value: Value<'_>) -> Result<(), Thrown> {
        // SAFETY: the handles are live.
        self.check(unsafe { sys::napi_set_element(self.raw, object.raw, index, value.raw) })
    }

    pub fn freeze(self, object: Value<'_>) -> Result<(), Thrown> {
        // SAFETY: the handle is live.
        self.check(unsafe { sys::napi_object_freeze(self.raw, object.raw) })
    }

    /// `===`.
    pub fn same(self, a: Value<'_>, b: Value<'_>) -> bool {
        let mut result = false;
        // SAFETY: the handles are live; on failure the result stays false.
        unsafe { sys::napi_strict_equals(self.raw, a.raw, b.raw, &mut result) };
        result
    }

    pub fn is_promise(self, value: Value<'_>) -> bool {
        let mut result = false;
        // SAFETY: the handle is live; on failure the result stays false.
        unsafe { sys::napi_is_promise(self.raw, value.raw, &mut result) };
        result
    }

    pub fn parse_json(self, text: &str) -> Result<Value<'s>, Thrown> {
        let json = self.get(self.global()?, "JSON")?;
        self.call_method(json, self.get(json, "parse")?, &[self.string(text)?])
    }

    /// The value of a script of ours.
    pub fn run_script(self, script: &str) -> Result<Value<'s>, Thrown> {
        let script = self.string(script)?;
        // SAFETY: the handle is live.
        self.make(|raw| unsafe { sys::napi_run_script(self.raw, script.raw, raw) })
    }

    /// The values that an iterable gives. It may call user code.
    pub fn iterate(self, iterable: Value<'_>) -> Result<Vec<Value<'s>>, Thrown> {
        struct Spread(Reference);
        let spread = self.local(|env| Ok(Spread(env.reference(env.run_script("(iterable) => [...iterable]")?)?)))?;
        let array = self.call(self.deref(&spread.0)?, &[iterable])?;
        let mut length = 0;
        // SAFETY: the handle is live and an array.
        self.check(unsafe { sys::napi_get_array_length(self.raw, array.raw, &mut length) })?;
        (0..length).map(|index| self.get_element(array, index)).collect()
    }

    /// Calls `function` with `this` undefined.
    #[inline]
    pub fn call(self, function: Value<'_>, args: &[Value<'_>]) -> Result<Value<'s>, Thrown> {
        let this = self.undefined()?;
        self.call_method(this, function, args)
    }

    #[inline]
    pub fn call_method(self, this: Value<'_>, function: Value<'_>, args: &[Value<'_>]) -> Result<Value<'s>, Thrown> {
        // SAFETY: `Value` is a handle and a zero-sized marker, so a slice of them is an array of
        // handles; all are live.
        self.make(|raw| unsafe {
            sys::napi_call_function(self.raw, this.raw, function.raw, args.len(), args.as_ptr().cast(), raw)
        })
    }

    pub fn construct(self, class: Value<'_>, args: &[Value<'_>]) -> Result<Value<'s>, Thrown> {
        // SAFETY: see `call_method`.
        self.make(|raw| unsafe { sys::napi_new_instance(self.raw, class.raw, args.len(), args.as_ptr().cast(), raw) })
    }

    /// Defines all of `properties` in one call.
    pub fn define(self, object: Value<'_>, properties: &[Property<'_>]) -> Result<(), Thrown> {
        let blank = sys::napi_property_descriptor {
            utf8name: ptr::null(),
            name: ptr::null_mut(),
            method: None,
            getter: None,
            setter: None,
            value: ptr::null_mut(),
            attributes: sys::PropertyAttributes::default,
            data: ptr::null_mut(),
        };
        let descriptors: Vec<_> = properties
            .iter()
            .map(|property| match property {
                Property::Value { name, value } => sys::napi_property_descriptor {
                    name: name.raw,
                    value: value.raw,
                    attributes: sys::PropertyAttributes::enumerable,
                    ..blank
                },
                Property::Hidden { name, value } => sys::napi_property_descriptor {
                    name: name.raw,
                    value: value.raw,
                    ..blank
                },
            })
            .collect();
        // SAFETY: every handle in the descriptors is live.
        self.check(unsafe {
            sys::napi_define_properties(self.raw, object.raw, descriptors.len(), descriptors.as_ptr())
        })
    }
}
