//! The loader's functions for JavaScript.

use std::sync::Arc;

use napi::ScopedTask;
use napi::bindgen_prelude::{AsyncTask, Either, Object, Uint8Array, Unknown};
use napi_derive::napi;

use super::instantiate as instantiate_module;
use crate::error::{self, Class, Error, code};
use crate::ffi::{Env, Record, Value, set_classes as set_classes_of};
use crate::js_api::{self, CompileOptions, ModuleObject};
use crate::module::{self, Module, Source};
use crate::wasi::WasiOptions;

/// A compiled module in JavaScript's hands.
pub struct LoadedModule(pub Arc<Module>);

impl Record for LoadedModule {}

impl LoadedModule {
    /// The module behind a handle.
    pub fn of<'s>(env: Env<'s>, value: Value<'s>) -> Result<&'s Arc<Module>, Error> {
        match env.unwrap::<LoadedModule>(value) {
            Some(object) => Ok(&object.0),
            None => Err(Error::new(
                Class::TypeError,
                code::VALUE,
                format!("expected a compiled module, got {}", env.describe(value)),
            )),
        }
    }

    fn make<'s>(env: Env<'s>, module: Module) -> Result<Value<'s>, Error> {
        let object = env.object()?;
        env.wrap(object, Box::new(LoadedModule(Arc::new(module))))?;
        Ok(object)
    }
}

fn source(source: Either<String, Uint8Array>) -> Source {
    match source {
        Either::A(path) => Source::File(path),
        // A copy: the caller may change or transfer its bytes while they are compiled.
        Either::B(bytes) => Source::Bytes(bytes.to_vec()),
    }
}

/// Compiles a module on a thread of libuv's pool. `name` is what messages call it.
#[napi]
pub fn compile(bytes: Either<String, Uint8Array>, name: String) -> AsyncTask<Compile> {
    AsyncTask::new(Compile {
        source: source(bytes),
        name,
    })
}

/// Compiles a module on this thread.
#[napi]
pub fn compile_sync<'s>(
    env: &'s napi::Env,
    bytes: Either<String, Uint8Array>,
    name: String,
) -> napi::Result<Unknown<'s>> {
    error::run(env, |env| {
        Ok(LoadedModule::make(env, Module::compile(&source(bytes), &name)?)?.into_unknown(env))
    })
}

pub struct Compile {
    source: Source,
    name: String,
}

impl<'s> ScopedTask<'s> for Compile {
    type Output = Result<Module, Error>;
    type JsValue = Unknown<'s>;

    fn compute(&mut self) -> napi::Result<Self::Output> {
        Ok(error::catch(|| Module::compile(&self.source, &self.name)))
    }

    fn resolve(&mut self, env: &'s napi::Env, output: Self::Output) -> napi::Result<Unknown<'s>> {
        let scope = Env::of(env);
        match output.and_then(|module| LoadedModule::make(scope, module)) {
            Ok(object) => Ok(object.into_unknown(scope)),
            Err(error) => Err(error.into_rejection(scope)),
        }
    }
}

/// Links and starts a compiled module and returns its namespace. `shared` joins the store of the ES module graph.
#[napi]
pub fn instantiate<'s>(
    env: &'s napi::Env,
    module: Unknown<'s>,
    imports: Unknown<'s>,
    wasi: Option<WasiOptions>,
    shared: bool,
) -> napi::Result<Unknown<'s>> {
    error::run(env, |env| {
        let module = LoadedModule::of(env, Value::of(&module))?;
        let wasi = match wasi {
            Some(options) => options.read()?.0,
            None => Default::default(),
        };
        Ok(instantiate_module(env, module, Value::of(&imports), wasi, shared)?.into_unknown(env))
    })
}

/// What a module says of itself and the plan that it will be started by, without compiling it.
#[napi]
pub fn describe<'s>(env: &'s napi::Env, bytes: Either<String, Uint8Array>, name: String) -> napi::Result<Unknown<'s>> {
    error::run(env, |env| {
        let json = module::inspect(&source(bytes), &name)?;
        Ok(env.parse_json(&json)?.into_unknown(env))
    })
}

/// Registers the function that finds the JavaScript half's classes.
#[napi]
pub fn set_classes<'s>(env: &'s napi::Env, find: Unknown<'s>) -> napi::Result<()> {
    error::run(env, |env| Ok(set_classes_of(env, Value::of(&find))?))
}

/// What the JavaScript half of the JavaScript API is over.
#[napi]
pub fn web_assembly<'s>(env: &'s napi::Env) -> napi::Result<Unknown<'s>> {
    error::run(env, |env| Ok(js_api::natives(env)?.into_unknown(env)))
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

/// What the addon is made of.
#[napi(object)]
pub struct Versions {
    pub wasmport: String,
    pub wasmtime: String,
}

/// Adds `versions` to the addon's exports.
pub fn add_versions(mut exports: Object) -> napi::Result<()> {
    let versions = Versions {
        wasmport: env!("CARGO_PKG_VERSION").into(),
        wasmtime: env!("WASMTIME_VERSION").into(),
    };
    exports.set("versions", versions)
}
