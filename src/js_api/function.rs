//! `WebAssembly.Function`: a JavaScript function with a type of its own, and the type of any
//! exported function.

use wasmtime::FuncType;

use super::{stores, types};
use crate::error::{Class, Error, code};
use crate::ffi::{Call, Type, Value};
use crate::store::StoreCell;
use crate::value::{ExportedFunction, ImportName, function_object, import_function};

/// `new(parameters, results, callable)`. The function is in a store of its own, so other stores
/// call it as they call any function of another store.
pub fn new<'s>(call: &Call<'s>) -> Result<Value<'s>, Error> {
    let env = call.env;
    let params = types::read_types(env, call.arg(0))?;
    let results = types::read_types(env, call.arg(1))?;
    if env.type_of(call.arg(2)) != Type::Function {
        return Err(Error::new(
            Class::TypeError,
            code::VALUE,
            format!("expected a function, got {}", env.describe(call.arg(2))),
        ));
    }
    let cell = stores::unclaimed(env, 0)?;
    let file = cell.file();
    let ty = FuncType::new(&cell.engine()?, params, results);
    let name = ImportName {
        module: "WebAssembly",
        name: "Function",
        index: 0,
    };
    let func = import_function(&cell, env, call.arg(2), ty, name, &file)?;
    function_object(&cell, env, func, None, &file)
}

pub fn ty<'s>(call: &Call<'s>) -> Result<Value<'s>, Error> {
    let env = call.env;
    let record = match env.type_of(call.arg(0)) {
        Type::Function => StoreCell::record_of::<ExportedFunction>(env, call.arg(0))?,
        _ => None,
    };
    match record {
        Some((_, function)) => Ok(types::function(env, &function.signature().ty)?),
        None => Err(Error::new(
            Class::TypeError,
            code::VALUE,
            format!(
                "Receiver is not an exported WebAssembly function of wasmport, but {}",
                env.describe(call.arg(0))
            ),
        )),
    }
}
