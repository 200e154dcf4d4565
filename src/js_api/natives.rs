//! What the JavaScript half calls, by name.

use super::{function, global, instance, memory, module, table, tag};
use crate::ffi::{Call, Callback, Env, Thrown, Value};

/// Functions as callbacks that leave their error pending.
macro_rules! callbacks {
    ($($name:literal => $function:path),* $(,)?) => {
        [$(($name, {
            fn callback<'s>(call: &Call<'s>) -> Result<Value<'s>, Thrown> {
                $function(call).map_err(|error| error.throw(call.env))
            }
            callback as Callback
        })),*]
    };
}

/// The object of all native functions.
pub fn natives(env: Env<'_>) -> Result<Value<'_>, Thrown> {
    let natives = env.object()?;
    env.set(natives, "token", env.token()?)?;
    for (name, callback) in callbacks! {
        "memoryInit" => memory::init,
        "memoryBuffer" => memory::buffer,
        "memoryGrow" => memory::grow,
        "memorySize" => memory::size,
        "memoryRead" => memory::read,
        "memoryWrite" => memory::write,
        "memoryType" => memory::ty,
        "tableInit" => table::init,
        "tableLength" => table::length,
        "tableGet" => table::get,
        "tableSet" => table::set,
        "tableGrow" => table::grow,
        "tableType" => table::ty,
        "globalInit" => global::init,
        "globalGet" => global::get,
        "globalSet" => global::set,
        "globalType" => global::ty,
        "tagInit" => tag::init,
        "tagType" => tag::ty,
        "tagIsOpaque" => tag::is_opaque,
        "jsTag" => tag::js,
        "exceptionPayload" => tag::payload,
        "moduleInit" => module::init,
        "moduleValidate" => module::validate,
        "moduleExports" => module::exports,
        "moduleImports" => module::imports,
        "moduleNeeds" => module::needs,
        "moduleCustomSections" => module::custom_sections,
        "instanceInit" => instance::init,
        "functionNew" => function::new,
        "functionType" => function::ty,
    } {
        env.set(natives, name, env.function(name, callback)?)?;
    }
    Ok(natives)
}
