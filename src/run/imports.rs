//! The functions of JavaScript that a program imports. It runs on another thread, which waits while one of them is
//! called on this one.

use std::sync::mpsc::{self, Sender};

use napi::Status;
use napi::bindgen_prelude::{Buffer, JsValue, JsValuesTupleIntoVec, Uint8Array, Unknown};
use napi::threadsafe_function::{ThreadsafeCallContext, ThreadsafeFunctionCallMode};
use napi_derive::napi;
use wasmtime::{ExternType, FuncType, ValType};

use super::{RunOptions, threads};
use crate::error::{self, Class, Error, code};
use crate::ffi::{Env, Record, Type, Value};
use crate::guest::{Argument, JsImports, Message, Request};
use crate::js_api::wrong;
use crate::loader::LoadedModule;
use crate::module::{Import, Module};
use crate::value::type_name;
use crate::wasi;

/// What JavaScript is called with: which import, its arguments, and the call to answer. They are handles of the scope
/// that the call is made in, which napi-rs has no lifetime for.
pub struct Arguments([napi::sys::napi_value; 3]);

impl JsValuesTupleIntoVec for Arguments {
    fn into_vec(self, _: napi::sys::napi_env) -> napi::Result<Vec<napi::sys::napi_value>> {
        Ok(self.0.to_vec())
    }
}

/// A call that waits for its answer, in JavaScript's hands.
struct PendingCall {
    answer: Sender<Message>,
    results: Vec<ValType>,
}

impl PendingCall {
    fn of<'s>(env: Env<'s>, call: &Unknown<'s>) -> Result<&'s PendingCall, Error> {
        env.unwrap(Value::of(call))
            .ok_or_else(|| Error::internal("a call that is none"))
    }

    /// Has the guest's thread do something while it waits, and waits for that.
    fn ask<R>(&self, message: impl FnOnce(Sender<Option<R>>) -> Message) -> Result<R, Error> {
        let (reply, replies) = mpsc::channel();
        let asked = self.answer.send(message(reply)).is_ok();
        match asked.then(|| replies.recv().ok()).flatten() {
            Some(Some(result)) => Ok(result),
            Some(None) => Err(Error::new(
                Class::RangeError,
                code::VALUE,
                "the memory of the guest ends before these bytes, or it has none",
            )),
            None => Err(Error::new(
                Class::Error,
                code::DISPOSED,
                "the memory of the guest can be used until the import has returned: the call is over",
            )),
        }
    }
}

impl Record for PendingCall {}

/// For each import of a module: the function among `imports` that it is and the types of its results, or nothing where
/// there is none. Throws if what is given cannot be called.
#[napi]
pub fn import_functions<'s>(
    env: &'s napi::Env,
    module: Unknown<'s>,
    imports: Unknown<'s>,
) -> napi::Result<Unknown<'s>> {
    error::run(env, |env| {
        let module = LoadedModule::of(env, Value::of(&module))?;
        let list = env.array(0)?;
        for (index, import) in module.code.on_demand().imports.iter().enumerate() {
            if let Some((function, ty)) = function(env, module, import, Value::of(&imports))? {
                let results = env.array(0)?;
                for (index, ty) in ty.results().enumerate() {
                    env.set_element(results, index as u32, env.string(&type_name(&ty))?)?;
                }
                let entry = env.object()?;
                env.set(entry, "function", function)?;
                env.set(entry, "results", results)?;
                env.set_element(list, index as u32, entry)?;
            }
        }
        Ok(list.into_unknown(env))
    })
}

/// What there is for another import than a function.
const FUNCTIONS_ONLY: &str = "nothing: a run has functions, which are called on the JavaScript thread, and no memories, \
                              tables or globals of it";

/// Throws if nobody provides an import.
pub fn check(module: &Module, given: Option<&JsImports>) -> Result<(), Error> {
    for (index, import) in module.code.on_demand().imports.iter().enumerate() {
        if !is_provided(module, import) && !given.is_some_and(|given| given.given[index]) {
            let found = match import.ty {
                ExternType::Func(_) => "nothing: no such import object was given to the run",
                _ => FUNCTIONS_ONLY,
            };
            return Err(wrong(module, import, found));
        }
    }
    Ok(())
}

/// Whether an import is one that the host provides.
fn is_provided(module: &Module, import: &Import) -> bool {
    match &import.ty {
        ExternType::Func(_) => import.is_thread_spawn() || wasi::is_service(&import.module),
        _ => module.own_memory(import).is_some(),
    }
}

fn function<'s, 'm>(
    env: Env<'s>,
    module: &Module,
    import: &'m Import,
    imports: Value<'s>,
) -> Result<Option<(Value<'s>, &'m FuncType)>, Error> {
    let host = match env.type_of(imports) {
        Type::Undefined => imports,
        _ => env.get(imports, &import.module)?,
    };
    if !matches!(env.type_of(host), Type::Object | Type::Function) {
        return Ok(None);
    }
    let function = env.get(host, &import.name)?;
    let ty = match &import.ty {
        ExternType::Func(ty) => ty,
        _ if env.type_of(function) == Type::Undefined => return Ok(None),
        _ => return Err(wrong(module, import, FUNCTIONS_ONLY)),
    };
    if env.type_of(function) != Type::Function {
        return Err(wrong(module, import, &env.describe(function)));
    }
    if !ty.params().chain(ty.results()).all(|ty| is_number(&ty)) {
        return Err(wrong(
            module,
            import,
            "a function on another thread, to and from which only i32, i64, f32 and f64 can be passed",
        ));
    }
    Ok(Some((function, ty)))
}

fn is_number(ty: &ValType) -> bool {
    matches!(ty, ValType::I32 | ValType::I64 | ValType::F32 | ValType::F64)
}

/// The way to the JavaScript thread.
pub fn of(options: &RunOptions<'_>, module: &Module) -> Result<Option<JsImports>, Error> {
    let (Some(call), Some(given)) = (&options.call, &options.imports) else {
        return Ok(None);
    };
    let types: Vec<_> = module
        .code
        .on_demand()
        .imports
        .iter()
        .map(|import| import.ty.clone())
        .collect();
    let imports = types.len();
    let call = call
        .build_threadsafe_function::<Request>()
        // The promise of the run keeps the process alive.
        .weak::<true>()
        .build_callback(move |context: ThreadsafeCallContext<Request>| {
            let Request {
                import,
                arguments,
                answer,
            } = context.value;
            let env = Env::of(&context.env);
            let results = match types.get(import as usize) {
                Some(ExternType::Func(ty)) => ty.results().collect(),
                _ => Vec::new(),
            };
            let make = || -> Result<_, Error> {
                let list = env.array(arguments.len())?;
                for (index, argument) in arguments.iter().enumerate() {
                    env.set_element(list, index as u32, value(env, *argument)?)?;
                }
                let call = env.object()?;
                env.wrap(call, Box::new(PendingCall { answer, results }))?;
                Ok([env.number(import.into())?, list, call])
            };
            let arguments = make().map_err(|error| error.into_napi(env))?;
            Ok(Arguments(arguments.map(|value| value.into_unknown(env).raw())))
        });
    let call = call.map_err(Error::internal)?;
    let mut given = given.clone();
    given.resize(imports, false);
    Ok(Some(JsImports {
        given,
        wait: threads::wait,
        ask: Box::new(move |request| call.call(request, ThreadsafeFunctionCallMode::NonBlocking) == Status::Ok),
    }))
}

fn value<'s>(env: Env<'s>, argument: Argument) -> Result<Value<'s>, Error> {
    Ok(match argument {
        Argument::I32(value) => env.int32(value)?,
        Argument::I64(value) => env.bigint(value)?,
        Argument::F32(value) => env.number(value.into())?,
        Argument::F64(value) => env.number(value)?,
    })
}

/// Gives a call its results, which are already of their types.
#[napi]
pub fn answer_import<'s>(env: &'s napi::Env, call: Unknown<'s>, results: Unknown<'s>) -> napi::Result<()> {
    error::run(env, |env| {
        let call = PendingCall::of(env, &call)?;
        let mut values = Vec::with_capacity(call.results.len());
        for (value, ty) in env.iterate(Value::of(&results))?.into_iter().zip(&call.results) {
            let argument = match ty {
                ValType::I32 => env.as_int32(value).map(Argument::I32),
                ValType::I64 => env.as_bigint(value).map(Argument::I64),
                ValType::F32 => env.as_number(value).map(|number| Argument::F32(number as f32)),
                _ => env.as_number(value).map(Argument::F64),
            };
            values.push(argument.ok_or_else(|| Error::internal("a result of another type"))?);
        }
        // A guest that was stopped meanwhile does not wait for it.
        let _ = call.answer.send(Message::Returned(values));
        Ok(())
    })
}

/// Ends the guest in place of an answer.
#[napi]
pub fn fail_import<'s>(env: &'s napi::Env, call: Unknown<'s>) -> napi::Result<()> {
    error::run(env, |env| {
        let _ = PendingCall::of(env, &call)?.answer.send(Message::Threw);
        Ok(())
    })
}

/// Bytes of the memory of a guest that waits for an answer.
#[napi]
pub fn read_guest<'s>(env: &'s napi::Env, call: Unknown<'s>, address: f64, length: u32) -> napi::Result<Buffer> {
    error::run(env, |env| {
        let call = PendingCall::of(env, &call)?;
        Ok(call
            .ask(|reply| Message::Read(address as u64, length as usize, reply))?
            .into())
    })
}

/// Writes bytes to the memory of a guest that waits for an answer.
#[napi]
pub fn write_guest<'s>(env: &'s napi::Env, call: Unknown<'s>, address: f64, bytes: Uint8Array) -> napi::Result<()> {
    error::run(env, |env| {
        let call = PendingCall::of(env, &call)?;
        call.ask(|reply| Message::Write(address as u64, bytes.to_vec(), reply))
    })
}
