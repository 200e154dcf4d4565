//! Calls in: JavaScript functions as WebAssembly functions.

use std::mem::MaybeUninit;
use std::rc::{Rc, Weak};
use std::sync::Arc;

use smallvec::{SmallVec, smallvec};
use wasmtime::{AsContextMut, Caller, Func, FuncType, RootScope, ValRaw};

use super::exception::{error_of, throw_into};
use super::item::{FEW, Item, Items, opaque};
use super::signature::{foreign_type, function_on_engine};
use super::{ExportedFunction, Kind, Signature, number};
use crate::error::{Class, Error, code};
use crate::ffi::{Env, EnvAddress, Value, WeakReference};
use crate::store::{Confined, Data, JsException, ObjectKey, Slot, StoreCell};

/// Calls with up to this many arguments need no allocation.
const INLINE: usize = 8;

/// A JavaScript function that WebAssembly calls.
struct ImportedFunction {
    /// The store's cell, which outlives the store and so this function of it.
    cell: Weak<StoreCell>,
    env: EnvAddress,
    function: WeakReference,
    /// Keeps the function alive, together with the objects over the store.
    _kept: Slot,
    signature: Signature,
    /// Whether it is a function of another store.
    bridged: bool,
    /// Which import it is, for messages.
    module: String,
    name: String,
    file: Arc<str>,
}

/// Which import a function is, for messages and for its own name.
#[derive(Clone, Copy)]
pub struct ImportName<'a> {
    pub module: &'a str,
    pub name: &'a str,
    /// Which of the module's imported functions.
    pub index: u32,
}

/// Makes `function` an import of the store.
pub fn import_function(
    cell: &Rc<StoreCell>,
    env: Env<'_>,
    function: Value<'_>,
    ty: FuncType,
    import: ImportName<'_>,
    file: &Arc<str>,
) -> Result<Func, Error> {
    make(cell, env, function, ty, import, file, false)
}

fn make(
    cell: &Rc<StoreCell>,
    env: Env<'_>,
    function: Value<'_>,
    ty: FuncType,
    import: ImportName<'_>,
    file: &Arc<str>,
    bridged: bool,
) -> Result<Func, Error> {
    let imported = Confined(ImportedFunction {
        cell: Rc::downgrade(cell),
        env: env.address(),
        function: env.weak_reference(function)?,
        _kept: cell.anchor().put(env, function)?,
        signature: Signature::new(ty.clone()),
        bridged,
        module: import.module.to_owned(),
        name: import.name.to_owned(),
        file: file.clone(),
    });
    let (func, key) = cell.with(|mut cx| {
        let call = move |caller: Caller<'_, Data>, raw: &mut [MaybeUninit<ValRaw>]| {
            // Naming the whole wrapper makes the closure own it, not just its field.
            let Confined(imported) = &imported;
            imported.call(caller, raw)
        };
        // SAFETY: `call` reads the parameters and writes the results that `ty` says.
        let func = unsafe { Func::new_unchecked(&mut cx, ty, call) };
        (func, ObjectKey::function(&mut cx, &func))
    })?;
    cell.name_host_function(key, import.index);
    Ok(func)
}

/// Makes an exported function of another store callable from this one, through JavaScript. It stays
/// the same function object wherever it is seen.
pub fn bridge(
    cell: &Rc<StoreCell>,
    env: Env<'_>,
    value: Value<'_>,
    store: &Rc<StoreCell>,
    exported: &ExportedFunction,
) -> Result<Func, Error> {
    let func = exported.func();
    let foreign = (
        Rc::as_ptr(store) as usize,
        store.with(|cx| ObjectKey::function(cx, &func))?,
    );
    if let Some(bridged) = cell.bridged(&foreign) {
        return Ok(bridged);
    }
    let ty = function_on_engine(&exported.signature().ty, &store.engine()?, &cell.engine()?)
        .ok_or_else(|| foreign_type(Class::TypeError, "function"))?;
    let name = ImportName {
        module: "",
        name: "",
        index: 0,
    };
    let bridged = make(cell, env, value, ty, name, exported.file(), true)?;
    let key = cell.with(|cx| ObjectKey::function(cx, &bridged))?;
    cell.adopt_foreign(env, key, value)?;
    cell.add_bridged(foreign, bridged);
    Ok(bridged)
}

impl ImportedFunction {
    fn call(&self, mut caller: Caller<'_, Data>, raw: &mut [MaybeUninit<ValRaw>]) -> wasmtime::Result<()> {
        // A store without its cell is being dropped, and runs nothing.
        let Some(cell) = self.cell.upgrade() else {
            return Err(JsException.into());
        };
        // SAFETY: WebAssembly runs below a call from JavaScript of this environment and thread.
        let env = unsafe { self.env.env() };
        let outcome = match self.signature.numeric {
            true => cell.lend(caller.as_context_mut(), || {
                env.scoped(|env| self.call_numeric(&cell, env, raw))
            }),
            false => self.call_any(&cell, env, &mut caller, raw)?,
        };
        outcome.map_err(|error| self.throw(&cell, env, &mut caller, error))
    }

    #[cold]
    #[inline(never)]
    fn throw(
        &self,
        cell: &Rc<StoreCell>,
        env: Env<'_>,
        caller: &mut Caller<'_, Data>,
        error: Error,
    ) -> wasmtime::Error {
        if let Error::Report(_) = error {
            error.throw(env);
        }
        cell.lend(caller.as_context_mut(), || {
            env.scoped(|env| throw_into(cell, env, self.bridged))
        })
    }

    fn function<'s>(&self, env: Env<'s>) -> Result<Value<'s>, Error> {
        env.upgrade(&self.function)
            .ok_or_else(|| Error::internal("an imported function is gone"))
    }

    fn call_numeric(&self, cell: &StoreCell, env: Env<'_>, raw: &mut [MaybeUninit<ValRaw>]) -> Result<(), Error> {
        cell.settle(env)?;
        let kinds = &self.signature.params;
        let function = self.function(env)?;
        let mut inline = [function; INLINE];
        let mut heap = Vec::new();
        let args = if kinds.len() <= INLINE {
            &mut inline[..kinds.len()]
        } else {
            heap.resize(kinds.len(), function);
            &mut heap[..]
        };
        for ((arg, raw), kind) in args.iter_mut().zip(raw.iter()).zip(kinds) {
            // SAFETY: Wasmtime has written the parameters, of the types that the signature says.
            *arg = number::to_js(env, unsafe { raw.assume_init_ref() }, *kind)?;
        }
        let result = env.call(function, args)?;
        match &*self.signature.results {
            [] => {}
            [kind] => {
                self.number(env, result, *kind, &mut raw[0])?;
            }
            kinds => {
                for (index, (value, kind)) in self.list(env, result)?.into_iter().zip(kinds).enumerate() {
                    self.number(env, value, *kind, &mut raw[index])?;
                }
            }
        }
        Ok(())
    }

    /// Writes the number for a result. A Promise is never one: converting it would quietly make it 0.
    #[inline]
    fn number(&self, env: Env<'_>, value: Value<'_>, kind: Kind, slot: &mut MaybeUninit<ValRaw>) -> Result<(), Error> {
        if kind == Kind::I32
            && let Some(number) = env.as_int32(value)
        {
            slot.write(ValRaw::i32(number));
            return Ok(());
        }
        if env.is_promise(value) {
            return Err(self.promise());
        }
        Ok(number::from_js(env, value, kind, slot)?)
    }

    /// The parameters, taken out of the store before JavaScript runs.
    fn read(&self, caller: &mut Caller<'_, Data>, raw: &[MaybeUninit<ValRaw>]) -> wasmtime::Result<Items> {
        let read = |(raw, kind): (&MaybeUninit<ValRaw>, &Kind)| {
            // SAFETY: Wasmtime has written the parameters, of the types that the signature says.
            unsafe { Item::from_raw(&mut *caller, raw.assume_init_ref(), *kind) }
        };
        raw.iter().zip(&self.signature.params).map(read).collect()
    }

    /// The same where references are among the values. Not inlined: its lists would take stack of
    /// every call, and calls nest.
    #[inline(never)]
    fn call_any(
        &self,
        cell: &Rc<StoreCell>,
        env: Env<'_>,
        caller: &mut Caller<'_, Data>,
        raw: &mut [MaybeUninit<ValRaw>],
    ) -> wasmtime::Result<Result<(), Error>> {
        let items = self.read(caller, raw)?;
        Ok(cell.lend(caller.as_context_mut(), || {
            env.scoped(|env| self.pass(cell, env, items, raw))
        }))
    }

    /// Calls the function with parameters that were taken out of the store.
    fn pass(
        &self,
        cell: &Rc<StoreCell>,
        env: Env<'_>,
        params: Items,
        raw: &mut [MaybeUninit<ValRaw>],
    ) -> Result<(), Error> {
        if let Some(ty) = &self.signature.opaque {
            return Err(opaque(ty));
        }
        cell.settle(env)?;
        let function = self.function(env)?;
        let args = params
            .iter()
            .map(|param| param.to_js(cell, env, &self.file))
            .collect::<Result<SmallVec<[_; FEW]>, Error>>()?;
        let result = env.call(function, &args)?;
        let types = &self.signature.result_types;
        let values = match types.len() {
            0 => SmallVec::new(),
            1 => smallvec![result],
            _ => SmallVec::<[_; FEW]>::from_vec(self.list(env, result)?),
        };
        let items = values
            .iter()
            .zip(types)
            .map(|(value, ty)| {
                if Kind::of(ty).is_number() && env.is_promise(*value) {
                    return Err(self.promise());
                }
                Item::from_js(cell, env, *value, ty)
            })
            .collect::<Result<Items, Error>>()?;
        cell.proceed(|cx| {
            // The references must outlive this scope as raw values; Wasmtime opened one of its own
            // around the host call and exposes them to WebAssembly when it ends.
            let mut scope = RootScope::new(cx);
            Item::write_all(items, &mut scope, |index, value| {
                raw[index].write(value);
            })
        })?
        .map_err(|error| error_of(cell, env, error, &self.file))
    }

    /// Several results come as an iterable of exactly as many.
    fn list<'s>(&self, env: Env<'s>, iterable: Value<'s>) -> Result<Vec<Value<'s>>, Error> {
        if env.is_promise(iterable) {
            return Err(self.promise());
        }
        let expected = self.signature.results.len();
        let values = env.iterate(iterable)?;
        if values.len() == expected {
            return Ok(values);
        }
        Err(Error::new(
            Class::TypeError,
            code::VALUE,
            format!(
                "{}: import {}.{} returned {} values where its type has {expected} results",
                self.file,
                self.module,
                self.name,
                values.len()
            ),
        ))
    }

    #[cold]
    fn promise(&self) -> Error {
        let (module, name) = (&self.module, &self.name);
        Error::new(
            Class::TypeError,
            code::VALUE,
            format!(
                "{}: import {module}.{name} returned a Promise; WebAssembly called it synchronously and needs its result at once",
                self.file
            ),
        )
        .with_text("importModule", module.as_str())
        .with_text("importName", name.as_str())
    }
}
