//! Types as JavaScript writes them: `ToValueType`, and the type reflection of the js-types proposal.

use wasmtime::{ExternType, FuncType, GlobalType, MemoryType, Mutability, RefType, TableType, ValType};

use crate::error::{Class, Error, code};
use crate::ffi::{Env, Thrown, Value};
use crate::value::type_name;

/// The type of a name.
pub fn value_type(name: &str) -> Option<ValType> {
    Some(match name {
        "i32" => ValType::I32,
        "i64" => ValType::I64,
        "f32" => ValType::F32,
        "f64" => ValType::F64,
        "v128" => ValType::V128,
        "externref" => ValType::EXTERNREF,
        "anyfunc" | "funcref" => ValType::FUNCREF,
        "anyref" => ValType::ANYREF,
        "eqref" => ValType::EQREF,
        "i31ref" => ValType::I31REF,
        "structref" => ValType::STRUCTREF,
        "arrayref" => ValType::ARRAYREF,
        "exnref" => ValType::EXNREF,
        _ => return None,
    })
}

/// A type from an argument.
pub fn read_type(env: Env<'_>, value: Value<'_>) -> Result<ValType, Error> {
    let name = env.as_string(value).unwrap_or_default();
    value_type(&name).ok_or_else(|| {
        Error::new(
            Class::TypeError,
            code::VALUE,
            format!("'{name}' is no value type: expected i32, i64, f32, f64, v128, externref or anyfunc"),
        )
    })
}

/// The same for an array of types.
pub fn read_types(env: Env<'_>, array: Value<'_>) -> Result<Vec<ValType>, Error> {
    let names = env.iterate(array)?;
    names.into_iter().map(|name| read_type(env, name)).collect()
}

/// The same for a reference type.
pub fn read_reference(env: Env<'_>, value: Value<'_>) -> Result<RefType, Error> {
    match read_type(env, value)? {
        ValType::Ref(ty) => Ok(ty),
        other => Err(Error::new(
            Class::TypeError,
            code::VALUE,
            format!("the elements of a table are references, not {other}: expected externref or anyfunc"),
        )),
    }
}

/// An array of type names.
pub fn write_types<'s>(env: Env<'s>, types: impl Iterator<Item = ValType>) -> Result<Value<'s>, Thrown> {
    let array = env.array(0)?;
    for (index, ty) in types.enumerate() {
        env.set_element(array, index as u32, env.string(&type_name(&ty))?)?;
    }
    Ok(array)
}

pub fn function<'s>(env: Env<'s>, ty: &FuncType) -> Result<Value<'s>, Thrown> {
    let object = env.object()?;
    env.set(object, "parameters", write_types(env, ty.params())?)?;
    env.set(object, "results", write_types(env, ty.results())?)?;
    Ok(object)
}

/// `size` is the current one, or the declared one of an import or export.
pub fn memory<'s>(env: Env<'s>, ty: &MemoryType, size: u64) -> Result<Value<'s>, Thrown> {
    let object = env.object()?;
    limits(env, object, size, ty.maximum(), ty.is_64())?;
    env.set(object, "shared", env.boolean(ty.is_shared())?)?;
    address(env, object, ty.is_64())?;
    Ok(object)
}

pub fn table<'s>(env: Env<'s>, ty: &TableType, size: u64) -> Result<Value<'s>, Thrown> {
    let object = env.object()?;
    let element = type_name(&ValType::Ref(ty.element().clone()));
    env.set(object, "element", env.string(&element)?)?;
    limits(env, object, size, ty.maximum(), ty.is_64())?;
    address(env, object, ty.is_64())?;
    Ok(object)
}

pub fn global<'s>(env: Env<'s>, ty: &GlobalType) -> Result<Value<'s>, Thrown> {
    let object = env.object()?;
    env.set(object, "mutable", env.boolean(ty.mutability() == Mutability::Var)?)?;
    env.set(object, "value", env.string(&type_name(ty.content()))?)?;
    Ok(object)
}

pub fn tag<'s>(env: Env<'s>, params: impl Iterator<Item = ValType>) -> Result<Value<'s>, Thrown> {
    let object = env.object()?;
    env.set(object, "parameters", write_types(env, params)?)?;
    Ok(object)
}

/// The `kind` of an import or export, and its type.
pub fn external<'s>(env: Env<'s>, ty: &ExternType) -> Result<(&'static str, Value<'s>), Thrown> {
    Ok(match ty {
        ExternType::Func(ty) => ("function", function(env, ty)?),
        ExternType::Table(ty) => ("table", table(env, ty, ty.minimum())?),
        ExternType::Memory(ty) => ("memory", memory(env, ty, ty.minimum())?),
        ExternType::Global(ty) => ("global", global(env, ty)?),
        ExternType::Tag(ty) => ("tag", tag(env, ty.ty().params())?),
    })
}

fn limits(env: Env<'_>, object: Value<'_>, size: u64, maximum: Option<u64>, is_64: bool) -> Result<(), Thrown> {
    env.set(object, "minimum", super::address::from_u64(env, size, is_64)?)?;
    match maximum {
        Some(maximum) => env.set(object, "maximum", super::address::from_u64(env, maximum, is_64)?),
        None => Ok(()),
    }
}

fn address(env: Env<'_>, object: Value<'_>, is_64: bool) -> Result<(), Thrown> {
    env.set(object, "address", env.string(if is_64 { "i64" } else { "i32" })?)
}
