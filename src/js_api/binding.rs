//! The JavaScript API's functions for its other half.

use napi::ScopedTask;
use napi::bindgen_prelude::{AsyncTask, Uint8Array, Unknown};
use napi_derive::napi;

use super::{CompileOptions, ModuleObject, natives};
use crate::error::{self, Error};
use crate::ffi::{Env, Value, set_classes as set_classes_of};

/// Registers the function that finds the JavaScript half's classes.
#[napi]
pub fn set_classes<'s>(env: &'s napi::Env, find: Unknown<'s>) -> napi::Result<()> {
    error::run(env, |env| Ok(set_classes_of(env, Value::of(&find))?))
}

/// What the JavaScript half of the JavaScript API is over.
#[napi]
pub fn web_assembly<'s>(env: &'s napi::Env) -> napi::Result<Unknown<'s>> {
    error::run(env, |env| Ok(natives(env)?.into_unknown(env)))
}

/// Compiles a `WebAssembly.Module` on a thread of libuv's pool.
#[napi]
pub fn compile_module<'s>(
    env: &'s napi::Env,
    bytes: Uint8Array,
    builtins: Unknown<'s>,
    constants: Unknown<'s>,
) -> napi::Result<AsyncTask<CompileModule>> {
    error::run(env, |env| {
        Ok(AsyncTask::new(CompileModule {
            bytes: bytes.to_vec(),
            options: CompileOptions::read(env, Value::of(&builtins), Value::of(&constants))?,
        }))
    })
}

pub struct CompileModule {
    bytes: Vec<u8>,
    options: CompileOptions,
}

impl<'s> ScopedTask<'s> for CompileModule {
    type Output = Result<ModuleObject, Error>;
    type JsValue = Unknown<'s>;

    fn compute(&mut self) -> napi::Result<Self::Output> {
        let (bytes, options) = (std::mem::take(&mut self.bytes), std::mem::take(&mut self.options));
        Ok(error::catch(|| ModuleObject::compile(bytes, options)))
    }

    fn resolve(&mut self, env: &'s napi::Env, output: Self::Output) -> napi::Result<Unknown<'s>> {
        let scope = Env::of(env);
        match output.and_then(|module| Ok(scope.instance("Module", module)?)) {
            Ok(object) => Ok(object.into_unknown(scope)),
            Err(error) => Err(error.into_rejection(scope)),
        }
    }
}
