//! `WebAssembly.Tag`, and what `WebAssembly.Exception` needs to know of one.

use super::{receiver, types};
use crate::error::{Class, Error, code};
use crate::ffi::{Call, Value};
use crate::value::{Kind, Tag, TagObject, canonical, js_tag, opaque};

const NAME: &str = "Tag";

/// `init(self, parameters)`
pub fn init<'s>(call: &Call<'s>) -> Result<Value<'s>, Error> {
    let params = types::read_types(call.env, call.arg(1))?;
    let record = TagObject(Tag::new(params, None));
    call.env.wrap(call.arg(0), Box::new(record))?;
    Ok(call.env.undefined()?)
}

pub fn ty<'s>(call: &Call<'s>) -> Result<Value<'s>, Error> {
    let TagObject(tag) = receiver::<TagObject>(call, 0, NAME)?;
    Ok(types::tag(call.env, tag.params.iter().cloned())?)
}

pub fn js<'s>(call: &Call<'s>) -> Result<Value<'s>, Error> {
    Ok(js_tag(call.env)?.0)
}

/// Whether JavaScript has no values for a parameter: `is_opaque(tag, index)`.
pub fn is_opaque<'s>(call: &Call<'s>) -> Result<Value<'s>, Error> {
    let TagObject(tag) = receiver::<TagObject>(call, 0, NAME)?;
    let index = call.env.as_number(call.arg(1)).unwrap_or(0.0) as usize;
    let is_opaque = tag.params.get(index).is_some_and(|ty| Kind::of(ty) == Kind::Opaque);
    Ok(call.env.boolean(is_opaque)?)
}

/// The payload of a new exception, each value as WebAssembly will have it: `payload(tag, values)`.
pub fn payload<'s>(call: &Call<'s>) -> Result<Value<'s>, Error> {
    let env = call.env;
    let TagObject(tag) = receiver::<TagObject>(call, 0, NAME)?;
    if env.same(call.arg(0), js_tag(env)?.0) {
        return Err(Error::new(
            Class::TypeError,
            code::VALUE,
            "an Exception cannot have the tag JSTag: throw the JavaScript value itself",
        ));
    }
    let values = env.iterate(call.arg(1))?;
    if values.len() != tag.params.len() {
        return Err(Error::new(
            Class::TypeError,
            code::VALUE,
            format!(
                "the tag has {} parameters, and {} values were given",
                tag.params.len(),
                values.len()
            ),
        ));
    }
    let payload = env.array(values.len())?;
    for (index, (value, ty)) in values.into_iter().zip(&tag.params).enumerate() {
        if Kind::of(ty) == Kind::Opaque {
            return Err(opaque(ty));
        }
        env.set_element(payload, index as u32, canonical(env, value, ty)?)?;
    }
    Ok(payload)
}
