//! Calls out: WebAssembly functions as JavaScript functions.

use std::mem::MaybeUninit;
use std::rc::{Rc, Weak};
use std::sync::Arc;

use smallvec::{SmallVec, smallvec};
use wasmtime::{Func, RootScope, ValRaw};

use super::exception::throw_trap;
use super::item::{FEW, Item, Items, opaque};
use super::{Kind, Signature, error_of, number};
use crate::error::Error;
use crate::ffi::{Callable, Env, Thrown, Value};
use crate::store::{ObjectKey, StoreCell};

/// Calls with up to this many raw values need no allocation.
const INLINE: usize = 16;

/// The record behind a function object.
pub struct ExportedFunction {
    cell: Weak<StoreCell>,
    func: Func,
    signature: Signature,
    /// The module it was taken from, for messages.
    file: Arc<str>,
}

/// The one function object for a WebAssembly function. `index` is its index in its module, if the
/// caller knows that: the name that it gets.
pub fn function_object<'s>(
    cell: &Rc<StoreCell>,
    env: Env<'s>,
    func: Func,
    index: Option<u32>,
    file: &Arc<str>,
) -> Result<Value<'s>, Error> {
    let key = cell.proceed(|cx| ObjectKey::function(cx, &func))?;
    if let Some(object) = cell.object(env, key)? {
        return Ok(object);
    }
    let record = ExportedFunction::new(cell, func, file)?;
    let index = match index {
        Some(index) => index,
        None => cell.function_index(&func)?.unwrap_or(0),
    };
    Ok(cell.batch(env, || cell.callable(env, Some(key), &index.to_string(), record))?)
}

/// Calls a function with arguments of JavaScript, as its function object would.
pub fn call_function<'s>(
    cell: &Rc<StoreCell>,
    env: Env<'s>,
    func: Func,
    args: &[Value<'s>],
    file: &Arc<str>,
) -> Result<Value<'s>, Error> {
    let record = ExportedFunction::new(cell, func, file)?;
    // A function object gets as many as it has parameters.
    let mut args = args.to_vec();
    args.resize(record.arity(), env.undefined()?);
    Ok(record.call(env, &args)?)
}

impl ExportedFunction {
    fn new(cell: &Rc<StoreCell>, func: Func, file: &Arc<str>) -> Result<ExportedFunction, Error> {
        let ty = cell.proceed(|cx| func.ty(&cx))?;
        Ok(ExportedFunction {
            cell: Rc::downgrade(cell),
            func,
            signature: Signature::new(ty),
            file: file.clone(),
        })
    }

    pub fn func(&self) -> Func {
        self.func
    }

    /// The module it was taken from.
    pub fn file(&self) -> &Arc<str> {
        &self.file
    }

    pub fn signature(&self) -> &Signature {
        &self.signature
    }

    /// # Safety
    /// `raw` must hold arguments of the function's type and have room for its results.
    #[inline]
    unsafe fn enter(&self, cell: &Rc<StoreCell>, env: Env<'_>, raw: &mut [ValRaw]) -> Result<(), Error> {
        // SAFETY: by this function's contract.
        let outcome = cell.enter(|cx| unsafe { self.func.call_unchecked(cx, raw) })?;
        cell.settle(env)?;
        outcome.map_err(|error| error_of(cell, env, error, &self.file))
    }

    #[inline]
    fn call_numeric<'s>(&self, cell: &Rc<StoreCell>, env: Env<'s>, args: &[Value<'s>]) -> Result<Value<'s>, Error> {
        let signature = &self.signature;
        let room = signature.room();
        let mut inline = [const { MaybeUninit::<ValRaw>::uninit() }; INLINE];
        let mut heap = Vec::new();
        let raw = if room <= INLINE {
            &mut inline[..room]
        } else {
            heap.resize_with(room, MaybeUninit::uninit);
            &mut heap[..]
        };
        for ((slot, arg), kind) in raw.iter_mut().zip(args).zip(&signature.params) {
            number::from_js(env, *arg, *kind, slot)?;
        }
        for slot in raw.iter_mut().skip(signature.params.len()) {
            slot.write(ValRaw::i32(0));
        }
        // SAFETY: every slot was written: the parameters above (there is one argument for each),
        // the rest just now.
        let raw = unsafe { &mut *(raw as *mut [MaybeUninit<ValRaw>] as *mut [ValRaw]) };
        // SAFETY: the parameters were written by the function's own signature.
        unsafe { self.enter(cell, env, raw)? };
        match &*signature.results {
            [] => Ok(env.undefined()?),
            [kind] => Ok(number::to_js(env, &raw[0], *kind)?),
            kinds => {
                let values = raw.iter().zip(kinds).map(|(raw, kind)| number::to_js(env, raw, *kind));
                list(env, kinds.len(), values.map(|value| Ok(value?)))
            }
        }
    }

    /// The same where references are among the values, which live in the store. Not inlined: its
    /// lists would take stack of every call, and calls nest.
    #[inline(never)]
    fn call_any<'s>(&self, cell: &Rc<StoreCell>, env: Env<'s>, args: &[Value<'s>]) -> Result<Value<'s>, Error> {
        let signature = &self.signature;
        if let Some(ty) = &signature.opaque {
            return Err(opaque(ty));
        }
        let items = args
            .iter()
            .zip(&signature.param_types)
            .map(|(arg, ty)| Item::from_js(cell, env, *arg, ty))
            .collect::<Result<Items, Error>>()?;
        let _results = cell.retain();
        let outcome = cell.enter(|cx| {
            let mut scope = RootScope::new(cx);
            let mut raw: SmallVec<[ValRaw; FEW]> = smallvec![ValRaw::i32(0); signature.room()];
            Item::write_all(items, &mut scope, |index, value| raw[index] = value)?;
            // SAFETY: the arguments were converted by the function's own signature, and nothing
            // ran since that could have moved a reference.
            unsafe { self.func.call_unchecked(&mut scope, &mut raw[..])? };
            let read = |(raw, kind): (&ValRaw, &Kind)| {
                // SAFETY: the call has just produced these results, of these types.
                unsafe { Item::from_raw(&mut scope, raw, *kind) }
            };
            raw.iter()
                .zip(&signature.results)
                .map(read)
                .collect::<wasmtime::Result<Items>>()
        })?;
        cell.settle(env)?;
        cell.collect_if_due()?;
        let results = outcome.map_err(|error| error_of(cell, env, error, &self.file))?;
        match &results[..] {
            [] => Ok(env.undefined()?),
            [result] => result.to_js(cell, env, &self.file),
            results => list(
                env,
                results.len(),
                results.iter().map(|result| result.to_js(cell, env, &self.file)),
            ),
        }
    }
}

/// Several results are an array.
fn list<'s>(
    env: Env<'s>,
    length: usize,
    values: impl Iterator<Item = Result<Value<'s>, Error>>,
) -> Result<Value<'s>, Error> {
    let array = env.array(length)?;
    for (index, value) in values.enumerate() {
        env.set_element(array, index as u32, value?)?;
    }
    Ok(array)
}

impl Callable for ExportedFunction {
    fn arity(&self) -> usize {
        self.signature.params.len()
    }

    #[inline]
    fn call<'s>(&self, env: Env<'s>, args: &[Value<'s>]) -> Result<Value<'s>, Thrown> {
        let Some(cell) = self.cell.upgrade() else {
            return Err(env.bug("a function outlived its store"));
        };
        let result = match self.signature.numeric {
            true => self.call_numeric(&cell, env, args),
            false => self.call_any(&cell, env, args),
        };
        result.map_err(|error| throw_trap(env, error))
    }
}
