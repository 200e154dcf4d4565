//! How a function of Node-API is imported: its entry in the table of its chapter, and the host function made of it.

use std::mem::MaybeUninit;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use napi_sys as sys;
use wasmtime::{AsContextMut, Caller, Func, FuncType, ValRaw, ValType, bail};

use super::addon::Addon;
use super::call::{Call, Handle, Ptr};
use super::failure::{Failure, Outcome};
use super::shared::{Anywhere, Shared};
use crate::error::{Error, Interrupted};
use crate::store::{Confined, Data, StoreCell};

/// A function that guests import.
pub struct Function {
    pub name: &'static str,
    pub params: &'static [Kind],
    pub result: Option<Kind>,
    pub body: Body,
}

/// The type of a parameter or result, as a guest of 32 bits has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    I32,
    I64,
    F64,
}

/// What carries a function out, with the arguments it is called with.
#[derive(Clone, Copy)]
pub enum Body {
    /// A function of the API: its first argument is the environment, its result a status, which is the last error too.
    Api(fn(&Call<'_>, &[ValRaw]) -> Outcome),
    /// One of these that may run JavaScript, which it does not while an exception is pending.
    Script(fn(&Call<'_>, &[ValRaw]) -> Outcome),
    /// Any other that only the JavaScript thread may call. It returns the bits of its result.
    Plain(fn(&Call<'_>, &[ValRaw]) -> wasmtime::Result<u64>),
    /// One that every thread of the guest may call.
    AnyThread(fn(&mut Anywhere<'_, '_>, &[ValRaw]) -> wasmtime::Result<u64>),
}

/// A type that parameters are read as.
pub trait Param {
    const KIND: Kind;

    fn of(raw: &ValRaw) -> Self;
}

macro_rules! params {
    ($($ty:ty: $kind:ident $raw:ident => $value:expr;)*) => {
        $(impl Param for $ty {
            const KIND: Kind = Kind::$kind;

            #[inline]
            fn of($raw: &ValRaw) -> Self {
                $value
            }
        })*
    };
}

params! {
    i32: I32 raw => raw.get_i32();
    u32: I32 raw => raw.get_u32();
    bool: I32 raw => raw.get_i32() != 0;
    Ptr: I32 raw => Ptr(raw.get_u32());
    Handle: I32 raw => Handle(raw.get_u32());
    i64: I64 raw => raw.get_i64();
    u64: I64 raw => raw.get_u64();
    f64: F64 raw => f64::from_bits(raw.get_f64());
}

/// The table of a chapter. Each entry names a function of the same file and the types of its parameters:
///
/// * `api name(types);`: the environment comes before them, and the result is a status;
/// * `script name(types);`: the same where it may run JavaScript (`NAPI_PREAMBLE` in Node's sources);
/// * `plain name(types) -> type;`: of the JavaScript thread, with no environment of its own;
/// * `any_thread name(types) -> type;`: of any thread.
macro_rules! functions {
    ($($body:ident $name:ident($($param:ty),* $(,)?) $(-> $result:ty)?;)*) => {
        &[$($crate::node_api::function::functions!(@$body $name($($param),*) $($result)?)),*]
    };
    (@api $name:ident($($param:ty),*)) => {
        $crate::node_api::function::functions!(@status Api $name($($param),*))
    };
    (@script $name:ident($($param:ty),*)) => {
        $crate::node_api::function::functions!(@status Script $name($($param),*))
    };
    (@status $body:ident $name:ident($($param:ty),*)) => {
        $crate::node_api::function::Function {
            name: stringify!($name),
            params: &[
                $crate::node_api::function::Kind::I32,
                $(<$param as $crate::node_api::function::Param>::KIND),*
            ],
            result: Some($crate::node_api::function::Kind::I32),
            body: $crate::node_api::function::Body::$body(|call, args| {
                #[allow(unused_mut, unused_variables)]
                let mut args = args[1..].iter();
                $name(call, $($crate::node_api::function::next::<$param>(&mut args)),*)
            }),
        }
    };
    (@plain $name:ident($($param:ty),*) $($result:ty)?) => {
        $crate::node_api::function::functions!(@other Plain $name($($param),*) $($result)?)
    };
    (@any_thread $name:ident($($param:ty),*) $($result:ty)?) => {
        $crate::node_api::function::functions!(@other AnyThread $name($($param),*) $($result)?)
    };
    (@other $body:ident $name:ident($($param:ty),*) $($result:ty)?) => {
        $crate::node_api::function::Function {
            name: stringify!($name),
            params: &[$(<$param as $crate::node_api::function::Param>::KIND),*],
            result: $crate::node_api::function::functions!(@result $($result)?),
            body: $crate::node_api::function::Body::$body(|call, args| {
                #[allow(unused_mut, unused_variables)]
                let mut args = args.iter();
                let result = $name(call, $($crate::node_api::function::next::<$param>(&mut args)),*)?;
                Ok($crate::node_api::function::Bits::bits(result))
            }),
        }
    };
    (@result) => { None };
    (@result $result:ty) => { Some(<$result as $crate::node_api::function::Param>::KIND) };
}
pub(super) use functions;

/// The next argument. There is one for each parameter.
#[inline]
pub fn next<P: Param>(args: &mut std::slice::Iter<'_, ValRaw>) -> P {
    P::of(args.next().unwrap_or(&ValRaw::u64(0)))
}

/// A result as the bits of a raw value.
pub trait Bits {
    fn bits(self) -> u64;
}

impl Bits for () {
    fn bits(self) -> u64 {
        0
    }
}

impl Bits for i32 {
    fn bits(self) -> u64 {
        u64::from(self as u32)
    }
}

impl Bits for u32 {
    fn bits(self) -> u64 {
        u64::from(self)
    }
}

impl Bits for f64 {
    fn bits(self) -> u64 {
        self.to_bits()
    }
}

impl Function {
    /// Whether an import of a type can be this. A declaration in C may have a result too few or too many, which V8 lets
    /// pass: what is not returned is 0.
    pub fn fits(&self, ty: &FuncType) -> bool {
        let is = |ty: &ValType, kind: &Kind| {
            matches!(
                (ty, kind),
                (ValType::I32, Kind::I32) | (ValType::I64, Kind::I64) | (ValType::F64, Kind::F64)
            )
        };
        let params =
            ty.params().len() == self.params.len() && ty.params().zip(self.params).all(|(ty, kind)| is(&ty, kind));
        let mut results = ty.results();
        params
            && match (results.len(), self.result) {
                (0, _) => true,
                (1, Some(kind)) => results.next().is_some_and(|ty| is(&ty, &kind)),
                // Of other types 0 need not be a value.
                (1, None) => results.next().is_some_and(|ty| is(&ty, &Kind::I32)),
                _ => false,
            }
    }

    /// The function of this name that an import of a type can be: one of emnapi's is another in each of its versions.
    pub fn of_type(&'static self, ty: &FuncType) -> Option<&'static Function> {
        match self.fits(ty) {
            true => Some(self),
            false => super::all().find(|function| function.name == self.name && function.fits(ty)),
        }
    }

    /// Its type in words, for messages.
    pub fn signature(&self) -> String {
        let words = |kinds: &[Kind]| {
            let words: Vec<_> = kinds.iter().map(|kind| format!("{kind:?}").to_lowercase()).collect();
            words.join(", ")
        };
        let result: Vec<_> = self.result.into_iter().collect();
        format!("({}) -> ({})", words(self.params), words(&result))
    }

    /// The host function of an addon's own instance, of a type that fits.
    pub fn link(&'static self, cell: &Rc<StoreCell>, addon: &Rc<Addon>, ty: FuncType) -> Result<Func, Error> {
        let addon = Confined(Rc::downgrade(addon));
        let returns = ty.results().len() == 1;
        let arity = self.params.len();
        let call = move |mut caller: Caller<'_, Data>, raw: &mut [MaybeUninit<ValRaw>]| {
            // Naming the whole wrapper makes the closure own it, not just its field.
            let Confined(addon) = &addon;
            let Some(addon) = addon.upgrade() else {
                bail!("`{}` was called after the addon was disposed of", self.name);
            };
            // SAFETY: Wasmtime has written the parameters, of which there are as many as `fits` has checked.
            let args = unsafe { &*(&raw[..arity] as *const [MaybeUninit<ValRaw>] as *const [ValRaw]) };
            if !addon.is_entered() && !matches!(self.body, Body::AnyThread(_)) {
                bail!(
                    "`{}` was called in a function of the addon that Node-API has not called: it is there when the addon \
                     registers, and in its callbacks",
                    self.name
                );
            }
            let bits = match self.body {
                Body::Api(body) => addon.lend(&mut caller, || addon.answer(false, body, args))?,
                Body::Script(body) => addon.lend(&mut caller, || addon.answer(true, body, args))?,
                Body::Plain(body) => addon.lend(&mut caller, || body(&addon.call(), args))?,
                Body::AnyThread(body) => {
                    let mut call = Anywhere {
                        shared: &addon.shared,
                        addon: Some(&addon),
                        caller: &mut caller,
                    };
                    body(&mut call, args)?
                }
            };
            if returns {
                raw[0].write(ValRaw::u64(bits));
            }
            Ok(())
        };
        addon_func(cell, ty, call)
    }

    /// The host function for an instance of another thread.
    pub fn link_on_thread(
        &'static self,
        mut cx: impl AsContextMut<Data = Data>,
        shared: &Arc<Shared>,
        ty: FuncType,
    ) -> Func {
        let shared = shared.clone();
        let returns = ty.results().len() == 1;
        let arity = self.params.len();
        let call = move |mut caller: Caller<'_, Data>, raw: &mut [MaybeUninit<ValRaw>]| {
            let Body::AnyThread(body) = self.body else {
                bail!("`{}` was called on a thread other than that of JavaScript", self.name);
            };
            // A thread that computes is not stopped otherwise.
            if shared.has_ended.load(Ordering::Relaxed) {
                return Err(Interrupted.into());
            }
            // SAFETY: as in `link`.
            let args = unsafe { &*(&raw[..arity] as *const [MaybeUninit<ValRaw>] as *const [ValRaw]) };
            let mut call = Anywhere {
                shared: &shared,
                addon: None,
                caller: &mut caller,
            };
            let bits = body(&mut call, args)?;
            if returns {
                raw[0].write(ValRaw::u64(bits));
            }
            Ok(())
        };
        // SAFETY: `call` reads the parameters and writes the result that `ty`, which fits, says.
        unsafe { Func::new_unchecked(cx.as_context_mut(), ty, call) }
    }
}

fn addon_func(
    cell: &Rc<StoreCell>,
    ty: FuncType,
    call: impl Fn(Caller<'_, Data>, &mut [MaybeUninit<ValRaw>]) -> wasmtime::Result<()> + Send + Sync + 'static,
) -> Result<Func, Error> {
    // SAFETY: `call` reads the parameters and writes the result that `ty`, which fits, says.
    cell.with(|mut cx| unsafe { Func::new_unchecked(&mut cx, ty, call) })
}

impl Addon {
    fn lend<R>(&self, caller: &mut Caller<'_, Data>, f: impl FnOnce() -> R) -> R {
        self.cell.lend(caller.as_context_mut(), f)
    }

    /// Carries out a function of the API: what all of them have in common.
    fn answer(
        self: &Rc<Self>,
        script: bool,
        body: fn(&Call<'_>, &[ValRaw]) -> Outcome,
        args: &[ValRaw],
    ) -> wasmtime::Result<u64> {
        if !self.is_environment(args[0].get_u32()) {
            // Without an environment there is nobody to keep the error for.
            return Ok(u64::from(sys::Status::napi_invalid_arg as u32));
        }
        let call = self.call();
        let outcome = match script {
            true => call.prepare_script().and_then(|()| body(&call, args)),
            false => body(&call, args),
        };
        let status = match outcome {
            Ok(()) => sys::Status::napi_ok,
            Err(Failure::Status(status)) => status,
            Err(Failure::Trap(error)) => return Err(error),
        };
        self.set_last_error(status);
        Ok(u64::from(status as u32))
    }
}
