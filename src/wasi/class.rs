//! The class `WASI`: functions of JavaScript over a memory of whatever engine.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use napi::bindgen_prelude::Unknown;
use napi_derive::napi;

use super::{Function, Param, Process, WasiOptions, functions};
use crate::error::{self, Class, Error, code};
use crate::ffi::{Callable, Env, Record, Thrown, Value};
use crate::memory::ForeignMemory;
use crate::store::trap;

/// The WASI of an object of the class, and the memory that it is bound to.
struct Bound {
    process: Arc<Process>,
    memory: RefCell<Option<ForeignMemory>>,
}

struct Handle(Rc<Bound>);

impl Record for Handle {}

impl Handle {
    fn of<'s>(env: Env<'s>, handle: &Unknown<'s>) -> Result<&'s Rc<Bound>, Error> {
        match env.unwrap::<Handle>(Value::of(handle)) {
            Some(handle) => Ok(&handle.0),
            None => Err(Error::internal("a handle that is none")),
        }
    }
}

/// Opens what a guest is given.
#[napi]
pub fn wasi_new<'s>(env: &'s napi::Env, options: WasiOptions) -> napi::Result<Unknown<'s>> {
    error::run(env, |env| {
        let process = Process::new(options.read(None)?.0, None)?;
        let handle = env.object()?;
        let bound = Bound {
            process: Arc::new(process),
            memory: RefCell::new(None),
        };
        env.wrap(handle, Box::new(Handle(Rc::new(bound))))?;
        Ok(handle.into_unknown(env))
    })
}

/// The functions of a version of WASI.
#[napi]
pub fn wasi_imports<'s>(env: &'s napi::Env, handle: Unknown<'s>, module: String) -> napi::Result<Unknown<'s>> {
    error::run(env, |env| {
        let bound = Handle::of(env, &handle)?;
        let imports = env.object()?;
        for function in functions(&module) {
            let record = WasiFunction {
                bound: bound.clone(),
                function,
            };
            env.set(imports, function.name, env.function_of(function.name, record)?)?;
        }
        Ok(imports.into_unknown(env))
    })
}

/// Binds the functions to a memory.
#[napi]
pub fn wasi_bind<'s>(env: &'s napi::Env, handle: Unknown<'s>, memory: Unknown<'s>) -> napi::Result<()> {
    error::run(env, |env| {
        let memory = ForeignMemory::new(env, Value::of(&memory))?;
        *Handle::of(env, &handle)?.memory.borrow_mut() = Some(memory);
        Ok(())
    })
}

struct WasiFunction {
    bound: Rc<Bound>,
    function: &'static Function,
}

impl Record for WasiFunction {}

impl Callable for WasiFunction {
    fn arity(&self) -> usize {
        self.function.params.len()
    }

    fn call<'s>(&self, env: Env<'s>, args: &[Value<'s>]) -> Result<Value<'s>, Thrown> {
        match self.carry_out(env, args) {
            Ok(errno) => env.int32(errno),
            Err(error) => Err(error.throw(env)),
        }
    }
}

impl WasiFunction {
    fn carry_out<'s>(&self, env: Env<'s>, args: &[Value<'s>]) -> Result<i32, Error> {
        let mut raw = [0; MOST_PARAMS];
        for ((raw, arg), param) in raw.iter_mut().zip(args).zip(self.function.params) {
            *raw = match param {
                Param::I32 => match env.as_int32(*arg) {
                    Some(number) => number as u32 as u64,
                    None => env.as_int32(env.to_number(*arg)?).unwrap_or(0) as u32 as u64,
                },
                Param::I64 => match env.as_bigint(*arg) {
                    Some(number) => number as u64,
                    None => return Err(self.not_a_bigint(env, *arg)),
                },
            };
        }
        let raw = &raw[..args.len()];
        // Nobody else has it but a getter `buffer` that calls WASI.
        let Ok(mut memory) = self.bound.memory.try_borrow_mut() else {
            return Err(unbound());
        };
        let Some(memory) = &mut *memory else {
            return Err(unbound());
        };
        let process = &self.bound.process;
        let called = memory.with(env, |memory| self.function.call(process, memory, raw))?;
        called.map_err(|error| trap(error, "WASI", &[]))
    }

    #[cold]
    fn not_a_bigint(&self, env: Env<'_>, value: Value<'_>) -> Error {
        Error::new(
            Class::TypeError,
            code::VALUE,
            format!(
                "WASI: {} takes a BigInt for an i64, got {}",
                self.function.name,
                env.describe(value)
            ),
        )
    }
}

/// What `node:wasi` throws.
#[cold]
fn unbound() -> Error {
    Error::new(Class::Error, "ERR_WASI_NOT_STARTED", "wasi.start() has not been called")
}

/// `path_open` has the most.
const MOST_PARAMS: usize = 9;
