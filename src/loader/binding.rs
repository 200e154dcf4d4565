//! The loader's functions for JavaScript.

use std::rc::Rc;
use std::sync::Arc;

use napi::ScopedTask;
use napi::bindgen_prelude::{AsyncTask, Either, Object, Uint8Array, Unknown};
use napi_derive::napi;
use wasmport_init_section::Phase;

use super::loaded::Loaded;
use super::{FreshCall, call_fresh as call_fresh_of, esm, instantiate as instantiate_module, namespace};
use crate::engine::Profile;
use crate::error::{self, Class, Error, code};
use crate::ffi::{Env, Record, Value};
use crate::guest;
use crate::js_api;
use crate::module::{self, Module, Source};
use crate::node_api;
use crate::store::StoreCell;
use crate::wasi::{self, WasiOptions};

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

    /// Compiles a module and checks that the engine provides what it imports from there.
    fn compile(source: &Source, name: &str, interruptible: Option<bool>) -> Result<Module, Error> {
        let profile = match interruptible {
            None => Profile::Plain,
            Some(false) => module::program_profile(source)?,
            Some(true) => Profile::Interruptible,
        };
        let module = Module::compile(source, name, profile)?;
        js_api::ESM_OPTIONS.check(&module)?;
        Ok(module)
    }

    /// The handle, which says what the JavaScript half has to do besides.
    fn make<'s>(env: Env<'s>, module: Module) -> Result<Value<'s>, Error> {
        let object = env.object()?;
        let has = |phase| guest::calls(&module, phase).next().is_some();
        for (name, is) in [
            ("isCommand", module.plan().is_command()),
            ("isProgram", module.plan().run.is_some()),
            ("hasTasks", has(Phase::Task)),
            ("hasDisposal", has(Phase::Dispose)),
        ] {
            env.set(object, name, env.boolean(is)?)?;
        }
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

/// Compiles a module on a thread of libuv's pool. `name` is what messages call it. `interruptible` is given for a program
/// that is to run: whether somebody may want to stop it, for which its code is another.
#[napi]
pub fn compile(bytes: Either<String, Uint8Array>, name: String, interruptible: Option<bool>) -> AsyncTask<Compile> {
    AsyncTask::new(Compile {
        source: source(bytes),
        name,
        interruptible,
    })
}

/// Compiles a module on this thread.
#[napi]
pub fn compile_sync<'s>(
    env: &'s napi::Env,
    bytes: Either<String, Uint8Array>,
    name: String,
    interruptible: Option<bool>,
) -> napi::Result<Unknown<'s>> {
    error::run(env, |env| {
        let module = LoadedModule::compile(&source(bytes), &name, interruptible)?;
        Ok(LoadedModule::make(env, module)?.into_unknown(env))
    })
}

pub struct Compile {
    source: Source,
    name: String,
    interruptible: Option<bool>,
}

impl<'s> ScopedTask<'s> for Compile {
    type Output = Result<Module, Error>;
    type JsValue = Unknown<'s>;

    fn compute(&mut self) -> napi::Result<Self::Output> {
        Ok(error::catch(|| {
            LoadedModule::compile(&self.source, &self.name, self.interruptible)
        }))
    }

    fn resolve(&mut self, env: &'s napi::Env, output: Self::Output) -> napi::Result<Unknown<'s>> {
        let scope = Env::of(env);
        match output.and_then(|module| LoadedModule::make(scope, module)) {
            Ok(object) => Ok(object.into_unknown(scope)),
            Err(error) => Err(error.into_rejection(scope)),
        }
    }
}

/// Links and starts a compiled module. `exports` shows what it exports, `namespace` is what a program gets.
/// `shared` joins the store of the ES module graph.
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
        let made = instantiate_module(env, module, Value::of(&imports), read(wasi)?, shared)?;
        let pair = env.object()?;
        env.set(pair, "exports", made.exports)?;
        env.set(pair, "namespace", made.shown)?;
        Ok(pair.into_unknown(env))
    })
}

/// Checks the imports of a module as far as that is possible without an instance.
#[napi]
pub fn check_imports<'s>(
    env: &'s napi::Env,
    module: Unknown<'s>,
    imports: Unknown<'s>,
    wasi: Option<WasiOptions>,
) -> napi::Result<()> {
    error::run(env, |env| {
        let module = LoadedModule::of(env, Value::of(&module))?;
        super::check(env, module, Value::of(&imports), read(wasi)?)
    })
}

fn read(options: Option<WasiOptions>) -> Result<wasi::Options, Error> {
    Ok(match options {
        Some(options) => options.read(None)?.0,
        None => Default::default(),
    })
}

/// The instance behind the exports of a loaded module.
fn loaded(env: Env<'_>, exports: Value<'_>) -> Result<(Rc<StoreCell>, Rc<Loaded>), Error> {
    StoreCell::record_of::<Loaded>(env, exports)?.ok_or_else(|| {
        let found = env.describe(exports);
        Error::new(
            Class::TypeError,
            code::VALUE,
            format!("expected the exports of a loaded module, got {found}"),
        )
    })
}

/// What a command shows: the name of each function that it exports, and how many parameters it has.
#[napi]
pub fn command_functions<'s>(env: &'s napi::Env, module: Unknown<'s>) -> napi::Result<Unknown<'s>> {
    error::run(env, |env| {
        let module = LoadedModule::of(env, Value::of(&module))?;
        let list = env.array(0)?;
        for (index, (name, arity)) in namespace::command_functions(module).enumerate() {
            let entry = env.object()?;
            env.set(entry, "name", env.string(name)?)?;
            env.set(entry, "arity", env.number(arity as f64)?)?;
            env.set_element(list, index as u32, entry)?;
        }
        Ok(list.into_unknown(env))
    })
}

/// Throws if a module needs Node-API of the host, for who does not give it that.
#[napi]
pub fn refuse_node_api<'s>(env: &'s napi::Env, module: Unknown<'s>, imports: Unknown<'s>) -> napi::Result<()> {
    error::run(env, |env| {
        let module = LoadedModule::of(env, Value::of(&module))?;
        super::link::refuse_node_api(env, module, Value::of(&imports))
    })
}

/// The functions of Node-API that addons may import, without the private ones of emnapi.
#[napi]
pub fn node_api_functions() -> Vec<&'static str> {
    node_api::api().map(|function| function.name).collect()
}

/// Carries out the task steps, unless the instance was disposed of.
#[napi]
pub fn carry_out_tasks<'s>(env: &'s napi::Env, exports: Unknown<'s>) -> napi::Result<()> {
    error::run(env, |env| {
        let (cell, loaded) = loaded(env, Value::of(&exports))?;
        match cell.is_disposed() {
            true => Ok(()),
            false => loaded.carry_out(env, &cell, Phase::Task).map(drop),
        }
    })
}

/// Carries out the dispose steps, unless that was done before. The instance stays.
#[napi]
pub fn carry_out_disposal<'s>(env: &'s napi::Env, exports: Unknown<'s>) -> napi::Result<()> {
    error::run(env, |env| {
        let (cell, loaded) = loaded(env, Value::of(&exports))?;
        match cell.is_disposed() {
            true => Ok(()),
            false => loaded.dispose(env, &cell),
        }
    })
}

/// Calls the entry of a program on an instance of it and returns the exit code.
#[napi]
pub fn call_entry<'s>(env: &'s napi::Env, exports: Unknown<'s>) -> napi::Result<i32> {
    error::run(env, |env| {
        let (cell, loaded) = loaded(env, Value::of(&exports))?;
        loaded.call_entry(env, &cell)
    })
}

/// Makes a call of a command in an instance of its own: of the export `name` with an array of arguments, or of the
/// entry, whose exit code is returned.
#[napi]
pub fn call_fresh<'s>(
    env: &'s napi::Env,
    module: Unknown<'s>,
    imports: Unknown<'s>,
    wasi: Option<WasiOptions>,
    name: Option<String>,
    args: Option<Unknown<'s>>,
) -> napi::Result<Unknown<'s>> {
    error::run(env, |env| {
        let module = LoadedModule::of(env, Value::of(&module))?;
        let args = match &args {
            Some(args) => env.iterate(Value::of(args))?,
            None => Vec::new(),
        };
        let call = match &name {
            Some(name) => FreshCall::Export(name, &args),
            None => FreshCall::Entry,
        };
        Ok(call_fresh_of(env, module, Value::of(&imports), read(wasi)?, call)?.into_unknown(env))
    })
}

/// Calls `setter` with the value of an exported global now and whenever it may have changed.
#[napi]
pub fn watch<'s>(env: &'s napi::Env, exports: Unknown<'s>, name: String, setter: Unknown<'s>) -> napi::Result<()> {
    error::run(env, |env| {
        let (cell, loaded) = loaded(env, Value::of(&exports))?;
        match cell.with(|cx| loaded.global(cx, &name))? {
            Some(global) => js_api::watch_global(&cell, env, global, Value::of(&setter), &loaded.module.file),
            None => Err(Error::internal(format_args!("'{name}' is no global"))),
        }
    })
}

/// Makes `object`, a `WebAssembly.Instance` without an instance, the one of a loaded module, and returns its exports object.
#[napi]
pub fn adopt_instance<'s>(env: &'s napi::Env, object: Unknown<'s>, exports: Unknown<'s>) -> napi::Result<Unknown<'s>> {
    error::run(env, |env| {
        let (cell, loaded) = loaded(env, Value::of(&exports))?;
        let exports = loaded.exports(env, &cell)?;
        cell.attach(env, Value::of(&object), Rc::new(()))?;
        Ok(exports.into_unknown(env))
    })
}

/// Throws if a module cannot be part of an ES module graph.
#[napi]
pub fn check_facade<'s>(env: &'s napi::Env, module: Unknown<'s>) -> napi::Result<()> {
    error::run(env, |env| esm::check(LoadedModule::of(env, Value::of(&module))?))
}

/// What an ES module in the place of a module imports and exports.
#[napi]
pub fn facade<'s>(env: &'s napi::Env, module: Unknown<'s>) -> napi::Result<Unknown<'s>> {
    error::run(env, |env| {
        let facade = esm::facade(LoadedModule::of(env, Value::of(&module))?);
        let json = serde_json::to_string(&facade).map_err(Error::internal)?;
        Ok(env.parse_json(&json)?.into_unknown(env))
    })
}

/// What a module says of itself and the plan that it will be started by, without compiling it.
#[napi]
pub fn describe<'s>(env: &'s napi::Env, bytes: Either<String, Uint8Array>, name: String) -> napi::Result<Unknown<'s>> {
    error::run(env, |env| {
        let json = module::inspect(&source(bytes), &name, true)?;
        Ok(env.parse_json(&json)?.into_unknown(env))
    })
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
