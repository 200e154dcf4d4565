//! Runs a program: a command on a thread of its own, or on the caller's.

mod descriptor;
mod imports;
mod threads;

use std::cell::RefCell;
use std::sync::{Arc, Weak};
use std::time::Duration;

use napi::bindgen_prelude::{Buffer, Either, Function, FunctionCallContext, Null, Object, Unknown};
use napi_derive::napi;
use wasmport_init_section::Phase;
use wasmtime::{Engine, Store};

use crate::engine::{MAX_WASM_STACK, Profile};
use crate::error::{self, Class, Error, code};
use crate::ffi::{Env, StackBounds, Value};
use crate::guest::{self, Ended, Guest, JsImports};
use crate::loader::LoadedModule;
use crate::module::Module;
use crate::store::Data;
use crate::wasi::{Captures, Interrupt, WasiOptions};

/// How a run ended.
#[napi(object)]
pub struct Outcome {
    /// Null where it did not exit.
    pub exit_code: Either<i32, Null>,
    /// The name of the signal that ended it.
    pub signal: Either<String, Null>,
    /// What was written; null where it was not collected.
    pub stdout: Either<Buffer, Null>,
    pub stderr: Either<Buffer, Null>,
    /// Whether it was ended by `interrupt`.
    pub interrupted: bool,
    /// Whether a function of JavaScript that it imports threw.
    pub threw: bool,
}

/// What a run is given besides WASI.
#[napi(object, object_to_js = false)]
pub struct RunOptions<'s> {
    /// Calls a function of JavaScript that is imported: `(import, arguments, call)`.
    pub call: Option<Function<'s, imports::Arguments, ()>>,
    /// Which imports that function is for, by position.
    pub imports: Option<Vec<bool>>,
    /// After how many milliseconds it is ended.
    pub timeout: Option<f64>,
    /// The most bytes that are collected of each output.
    pub max_buffer: Option<f64>,
}

/// A program that runs.
#[napi(object, object_from_js = false)]
pub struct Running<'s> {
    pub promise: Object<'s>,
    /// Ends it soon, if its code was compiled so.
    pub interrupt: Function<'s, (), ()>,
}

/// The runs of an environment, which end with it.
#[derive(Default)]
struct Runs(RefCell<Vec<Weak<Guest>>>);

impl Runs {
    fn add(&self, guest: &Arc<Guest>) {
        let mut runs = self.0.borrow_mut();
        runs.retain(|run| run.strong_count() > 0);
        runs.push(Arc::downgrade(guest));
    }
}

impl Drop for Runs {
    fn drop(&mut self) {
        for guest in self.0.borrow().iter().filter_map(Weak::upgrade) {
            guest.end(Ended::Stopped);
        }
    }
}

/// Runs a program on a native thread.
#[napi]
pub fn run<'s>(
    env: &'s napi::Env,
    module: Unknown<'s>,
    wasi: WasiOptions,
    options: RunOptions<'s>,
) -> napi::Result<Running<'s>> {
    let scope = Env::of(env);
    let timeout = timeout(&options);
    let prepare = || -> Result<_, Error> {
        let module = LoadedModule::of(scope, Value::of(&module))?;
        let imports = imports::of(&options, module)?;
        imports::check(module, imports.as_ref())?;
        let prepared = prepare(module, wasi, &options, imports)?;
        scope.local(|_| Ok(Runs::default()))?.add(&prepared.0);
        Ok(prepared)
    };
    let (guest, captures) = error::catch(prepare).map_err(|error| error.into_napi(scope))?;
    let (deferred, promise) = env.create_deferred()?;
    let running = Arc::downgrade(&guest);
    guest.wait_turn({
        // It is kept by this until its turn comes, or never does.
        let guest = guest.clone();
        move |ended| {
            // The other ends of its pipes see the end before the program is told.
            drop(guest);
            deferred.resolve(move |env| match outcome(ended, &captures) {
                Ok(outcome) => Ok(outcome),
                Err(error) => Err(error.into_rejection(Env::of(&env))),
            });
        }
    });
    let turn = running.clone();
    let take_turn = move || {
        let Some(guest) = turn.upgrade() else { return };
        let Some(settle) = guest.take_turn() else { return };
        let ended = error::catch(|| Ok(execute(&guest))).unwrap_or_else(Ended::Failed);
        drop(guest);
        settle(ended);
    };
    let started = match timeout {
        Some(timeout) => guest.end_after(timeout),
        None => Ok(()),
    };
    if let Err(error) = started.and_then(|()| threads::spawn(take_turn)) {
        guest.end(Ended::Failed(Error::system(&error, "clone", "thread")));
    }
    // The function may wait long for the garbage collector; the descriptors of the guest do not.
    let interrupt = env.create_function_from_closure("interrupt", move |_: FunctionCallContext<'_>| {
        if let Some(guest) = running.upgrade() {
            guest.end(Ended::Stopped);
        }
        Ok(())
    })?;
    Ok(Running { promise, interrupt })
}

/// Runs a program on this thread.
#[napi]
pub fn run_sync<'s>(
    env: &'s napi::Env,
    module: Unknown<'s>,
    wasi: WasiOptions,
    options: RunOptions<'s>,
) -> napi::Result<Outcome> {
    error::run(env, |env| {
        if StackBounds::current().left() < MAX_WASM_STACK * 2 {
            return Err(Error::new(
                Class::RangeError,
                code::STACK,
                "Maximum call stack size exceeded: too little is left to run a program",
            ));
        }
        let module = LoadedModule::of(env, Value::of(&module))?;
        imports::check(module, None)?;
        let (guest, captures) = prepare(module, wasi, &options, None)?;
        if let Some(timeout) = timeout(&options) {
            guest
                .end_after(timeout)
                .map_err(|error| Error::system(&error, "clone", "thread"))?;
        }
        outcome(execute(&guest), &captures)
    })
}

fn timeout(options: &RunOptions<'_>) -> Option<Duration> {
    options
        .timeout
        .map(|milliseconds| Duration::from_secs_f64(milliseconds / 1000.0))
}

/// Opens what the program is given. Nothing of it runs yet.
fn prepare(
    module: &Arc<Module>,
    wasi: WasiOptions,
    options: &RunOptions<'_>,
    imports: Option<JsImports>,
) -> Result<(Arc<Guest>, Captures), Error> {
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
    guest::check_plain(module)?;
    let can_be_stopped = can_be_stopped(module);
    if can_be_stopped && module.interface().defines_shared_memory {
        return Err(Error::new(
            Class::Error,
            code::UNSUPPORTED,
            format!(
                "{} defines a shared memory. A thread that waits at an address of that cannot be stopped, so that it can be \
                 run without threads, timeout and signal only; one that it imports is made for it",
                module.file
            ),
        )
        .with_text("file", &*module.file));
    }
    let interrupt = match can_be_stopped {
        true => Some(Interrupt::new().map_err(|error| Error::system(&error, "pipe", ""))?),
        false => None,
    };
    let (wasi, captures) = wasi.read(options.max_buffer.map(|most| most as usize))?;
    let most_threads = wasi.max_threads;
    let process = guest::wasi_process(module, wasi, interrupt.clone())?;
    Ok((
        Guest::new(module, process, imports, None, interrupt, most_threads),
        captures,
    ))
}

/// Whether a program has threads to stop, or a caller who may want to stop it.
fn can_be_stopped(module: &Module) -> bool {
    let engine = module.code.on_demand().module.engine();
    let interruptible = Profile::Interruptible.engine();
    module.imports_thread_spawn() || interruptible.is_ok_and(|other| Engine::same(engine, other))
}

/// Carries out the plan of the module in a store of its own.
fn execute(guest: &Arc<Guest>) -> Ended {
    guest.run(|store| {
        let module = &guest.module;
        let instance = guest::link(store, guest)?.instantiate(store)?;
        let carry_out = |store: &mut Store<Data>, phase| {
            guest::calls(module, phase)
                .try_for_each(|(step, name)| guest::call_step(&mut *store, &instance, step, name))
        };
        carry_out(store, Phase::Evaluate)?;
        if !module.plan().is_command() {
            carry_out(store, Phase::Task)?;
        }
        let ended = guest::call_entry(&mut *store, &instance, module);
        // They are owed however the program ended; what went wrong first is what is told.
        let disposed = carry_out(store, Phase::Dispose);
        let exit_code = ended?;
        disposed?;
        Ok(exit_code)
    })
}

fn outcome(ended: Ended, captures: &Captures) -> Result<Outcome, Error> {
    let (stdout, stderr) = captures.take();
    let bytes = |bytes: Option<Vec<u8>>| bytes.map_or(Either::B(Null), |bytes| Either::A(bytes.into()));
    let mut outcome = Outcome {
        exit_code: Either::B(Null),
        signal: Either::B(Null),
        stdout: bytes(stdout),
        stderr: bytes(stderr),
        interrupted: false,
        threw: false,
    };
    match ended {
        Ended::Exit(exit_code) => outcome.exit_code = Either::A(exit_code),
        Ended::Signal(signal) => outcome.signal = Either::A(signal.to_owned()),
        Ended::Stopped => outcome.interrupted = true,
        Ended::Threw => outcome.threw = true,
        Ended::Failed(error) => return Err(error),
    }
    Ok(outcome)
}
