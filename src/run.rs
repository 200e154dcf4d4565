//! Runs a program: a command on a thread of its own, or on the caller's.

use std::sync::Arc;
use std::thread;

use napi::bindgen_prelude::{Buffer, Either, Null, Unknown};
use napi_derive::napi;
use wasmport_init_section::Phase;
use wasmtime::{Extern, Instance, Store};

use crate::engine::{self, MAX_WASM_STACK};
use crate::error::{self, Class, Error, code};
use crate::ffi::{Env, StackBounds, Value};
use crate::js_api::wrong;
use crate::loader::{self, LoadedModule, wasi_service};
use crate::module::Module;
use crate::store::{Data, StoreModule, trap};
use crate::wasi::{self, Captures, WasiOptions};

/// The stack of a thread that runs a program. What WebAssembly may use of it is less; the rest is
/// for the host functions, some of which recurse into the file system.
const THREAD_STACK: usize = 4 << 20;

/// How a run ended.
#[napi(object)]
pub struct Outcome {
    pub exit_code: i32,
    /// What was written; null where it was not piped.
    pub stdout: Either<Buffer, Null>,
    pub stderr: Either<Buffer, Null>,
}

/// Runs a program on a native thread of its own.
#[napi(ts_return_type = "Promise<Outcome>")]
pub fn run<'s>(
    env: &'s napi::Env,
    module: Unknown<'s>,
    options: WasiOptions,
) -> napi::Result<napi::bindgen_prelude::Object<'s>> {
    let scope = Env::of(env);
    let prepared = LoadedModule::of(scope, Value::of(&module)).and_then(|module| Ok((module.clone(), options.read()?)));
    let (module, (options, captures)) = prepared.map_err(|error| error.into_napi(scope))?;
    let (deferred, promise) = env.create_deferred()?;
    let thread = thread::Builder::new()
        .name("wasmport-run".into())
        .stack_size(THREAD_STACK);
    let spawned = thread.spawn({
        let deferred = deferred.clone();
        move || {
            let result = error::catch(|| execute(&module, options));
            deferred.resolve(move |env| match result {
                Ok(exit_code) => Ok(outcome(exit_code, &captures)),
                Err(error) => Err(error.into_rejection(Env::of(&env))),
            });
        }
    });
    if let Err(error) = spawned {
        return Err(Error::system(&error, "clone", "thread").into_napi(scope));
    }
    Ok(promise)
}

/// Runs a program on this thread.
#[napi]
pub fn run_sync(env: &napi::Env, module: Unknown<'_>, options: WasiOptions) -> napi::Result<Outcome> {
    let scope = Env::of(env);
    let run = || {
        if StackBounds::current().left() < MAX_WASM_STACK * 2 {
            return Err(Error::new(
                Class::RangeError,
                code::STACK,
                "Maximum call stack size exceeded: too little is left to run a program",
            ));
        }
        let module = LoadedModule::of(scope, Value::of(&module))?;
        let (options, captures) = options.read()?;
        let exit_code = error::catch(|| execute(module, options))?;
        Ok(outcome(exit_code, &captures))
    };
    run().map_err(|error| error.into_napi(scope))
}

fn outcome(exit_code: i32, captures: &Captures) -> Outcome {
    let take = |capture: &Option<wasi::Capture>| match capture {
        Some(capture) => Either::A(capture.take().into()),
        None => Either::B(Null),
    };
    Outcome {
        exit_code,
        stdout: take(&captures.stdout),
        stderr: take(&captures.stderr),
    }
}

/// Runs the plan of a module in a store of its own and returns the exit code.
fn execute(module: &Arc<Module>, options: wasi::Options) -> Result<i32, Error> {
    if module.plan().run.is_none() {
        return Err(Error::new(
            Class::Error,
            code::NO_ENTRY,
            format!(
                "{} has no entry (such as an export '_start'): it is a library, to be used with load()",
                module.file
            ),
        )
        .with_text("file", &*module.file));
    }
    loader::check_plain(module)?;
    let mut store = Store::new(engine::engine()?, Data::default());
    let service = wasi_service(module, options, |wasi| Ok(store.data_mut().add_service(wasi)))?;
    let linkable = module.code.on_demand();
    let mut externs = Vec::with_capacity(linkable.imports.len());
    for import in &linkable.imports {
        let function = match &service {
            Some(service) if wasi::is_service(&import.module) => {
                loader::wasi_function(&mut store, module, import, service.id)?
            }
            _ => return Err(wrong(module, import, "nothing: a run has WASI preview 1 alone")),
        };
        externs.push(Extern::Func(function));
    }
    let modules = [StoreModule::new(&linkable.module, &module.file)];
    let mut call = || -> wasmtime::Result<i32> {
        let instance = Instance::new(&mut store, &linkable.module, &externs)?;
        if let Some(service) = &service {
            service.bind(&mut store, &instance)?;
        }
        let carry_out = |store: &mut Store<Data>, phase| {
            loader::calls(module, phase)
                .try_for_each(|(step, name)| loader::call_step(&mut *store, &instance, step, name))
        };
        carry_out(&mut store, Phase::Evaluate)?;
        if !module.plan().is_command() {
            carry_out(&mut store, Phase::Task)?;
        }
        let ended = loader::call_entry(&mut store, &instance, module);
        // They are owed however the program ended; what went wrong first is what is told.
        let disposed = carry_out(&mut store, Phase::Dispose);
        let exit_code = ended?;
        disposed?;
        Ok(exit_code)
    };
    match call() {
        Ok(exit_code) => Ok(exit_code),
        // A start function or a step may end the program as well as its entry.
        Err(error) => match error.downcast_ref::<error::Exit>() {
            Some(exit) => Ok(exit.0),
            None => Err(trap(error, &module.file, &modules)),
        },
    }
}
