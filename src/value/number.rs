//! Numbers: `ToWebAssemblyValue` and `ToJSValue` of the JavaScript API for i32, i64, f32 and f64.

use std::mem::MaybeUninit;

use wasmtime::ValRaw;

use super::Kind;
use crate::ffi::{Env, Reference, Thrown, Value};

/// Writes the raw value for a numeric type. It may call user code (`valueOf`).
///
/// Inlined by force, and with the slot as an argument: returned as a `Result<ValRaw, _>`, the value
/// goes through memory in pieces of different sizes, on which the processor stalls.
#[inline(always)]
pub fn from_js(env: Env<'_>, value: Value<'_>, kind: Kind, slot: &mut MaybeUninit<ValRaw>) -> Result<(), Thrown> {
    match kind {
        Kind::I32 => slot.write(ValRaw::i32(match env.as_int32(value) {
            Some(number) => number,
            None => to_int32(env, value)?,
        })),
        Kind::I64 => slot.write(ValRaw::i64(match env.as_bigint(value) {
            Some(number) => number,
            None => to_bigint(env, value)?,
        })),
        Kind::F32 => slot.write(ValRaw::f32((double(env, value)? as f32).to_bits())),
        _ => slot.write(ValRaw::f64(double(env, value)?.to_bits())),
    };
    Ok(())
}

/// The JavaScript value of a raw number.
#[inline]
pub fn to_js<'s>(env: Env<'s>, raw: &ValRaw, kind: Kind) -> Result<Value<'s>, Thrown> {
    match kind {
        Kind::I32 => env.int32(raw.get_i32()),
        Kind::I64 => env.bigint(raw.get_i64()),
        Kind::F32 => env.number(f32::from_bits(raw.get_f32()).into()),
        _ => env.number(f64::from_bits(raw.get_f64())),
    }
}

#[cold]
fn to_int32(env: Env<'_>, value: Value<'_>) -> Result<i32, Thrown> {
    Ok(env.as_int32(env.to_number(value)?).unwrap_or(0))
}

#[inline]
fn double(env: Env<'_>, value: Value<'_>) -> Result<f64, Thrown> {
    match env.as_number(value) {
        Some(number) => Ok(number),
        None => Ok(env.as_number(env.to_number(value)?).unwrap_or(f64::NAN)),
    }
}

/// `ToBigInt64` of something that is not a BigInt. `BigInt.asIntN` does it to the letter, where
/// `BigInt()` would take a Number.
#[cold]
fn to_bigint(env: Env<'_>, value: Value<'_>) -> Result<i64, Thrown> {
    struct AsIntN(Reference);
    let as_int_n = env.local(|env| {
        let class = env.get(env.global()?, "BigInt")?;
        Ok(AsIntN(env.reference(env.get(class, "asIntN")?)?))
    })?;
    let function = env.deref(&as_int_n.0)?;
    let number = env.call(function, &[env.int32(64)?, value])?;
    Ok(env.as_bigint(number).unwrap_or(0))
}
