//! `AddressValueToU64` and `U64ToAddressValue`: indices and sizes, which are Numbers for what is
//! addressed by `i32` and BigInts for what is addressed by `i64`.

use crate::error::{Class, Error, code};
use crate::ffi::{Env, Reference, Thrown, Value};

/// The number in an argument called `what`. It may call user code.
pub fn to_u64(env: Env<'_>, value: Value<'_>, is_64: bool, what: &str) -> Result<u64, Error> {
    let wrong = |range: &str| {
        Error::new(
            Class::TypeError,
            code::VALUE,
            format!("{what} must be {range}; got {}", env.describe(value)),
        )
    };
    if is_64 {
        return env
            .as_unsigned_bigint(to_bigint(env, value)?)
            .ok_or_else(|| wrong("a BigInt from 0n to 2n ** 64n - 1n"));
    }
    let number = match env.as_number(value) {
        Some(number) => number,
        None => env.as_number(env.to_number(value)?).unwrap_or(f64::NAN),
    }
    .trunc();
    match (0.0..=f64::from(u32::MAX)).contains(&number) {
        true => Ok(number as u64),
        false => Err(wrong("a number from 0 to 4294967295")),
    }
}

pub fn from_u64<'s>(env: Env<'s>, value: u64, is_64: bool) -> Result<Value<'s>, Thrown> {
    match is_64 {
        true => env.bigint_unsigned(value),
        false => env.number(value as f64),
    }
}

/// `ToBigInt`, which refuses Numbers where `BigInt()` takes them. `asIntN` does it, and changes
/// nothing at that many bits.
fn to_bigint<'s>(env: Env<'s>, value: Value<'_>) -> Result<Value<'s>, Thrown> {
    struct ToBigInt(Reference);
    let to_bigint = env.local(|env| {
        let script = "(value) => BigInt.asIntN(Number.MAX_SAFE_INTEGER, value)";
        Ok(ToBigInt(env.reference(env.run_script(script)?)?))
    })?;
    env.call(env.deref(&to_bigint.0)?, &[value])
}
