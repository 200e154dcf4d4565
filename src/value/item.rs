//! A value on its way between the two worlds, tied to neither a store nor a handle scope.

use std::mem::MaybeUninit;
use std::rc::Rc;

use wasmtime::{AsContextMut, ExternRef, Func, Ref, RootScope, Rooted, StoreContextMut, Val, ValRaw, ValType};

use super::{ExportedFunction, Kind, function_object, number, type_name};
use crate::error::{Class, Error, code};
use crate::ffi::{Env, Type, Value};
use crate::store::{Data, Slot, StoreCell};

/// A value to pass on.
pub enum Item {
    Number(ValRaw, Kind),
    /// A null reference.
    Null(Kind),
    /// A value in the store's anchor, on its way in.
    Put(Slot),
    /// A value in the store's anchor, on its way out.
    Take(u32),
    Func(Func),
    /// An `externref` made inside WebAssembly (`extern.convert_any`), which no JavaScript value stands for.
    Foreign,
}

impl Item {
    /// `ToWebAssemblyValue`. It may call user code, so nobody may hold the store.
    pub fn from_js(cell: &Rc<StoreCell>, env: Env<'_>, value: Value<'_>, ty: &ValType) -> Result<Item, Error> {
        let kind = Kind::of(ty);
        match kind {
            Kind::Extern { nullable } => match env.type_of(value) {
                Type::Null if nullable => Ok(Item::Null(kind)),
                Type::Null => Err(wrong(env, value, ty)),
                _ => Ok(Item::Put(cell.anchor().put(env, value)?)),
            },
            Kind::Func { nullable } => {
                if nullable && env.type_of(value) == Type::Null {
                    return Ok(Item::Null(kind));
                }
                let exported = match env.type_of(value) {
                    Type::Function => StoreCell::record_of::<ExportedFunction>(env, value)?,
                    _ => None,
                };
                let Some((store, exported)) = exported else {
                    return Err(wrong(env, value, ty));
                };
                if !Rc::ptr_eq(&store, cell) {
                    return Err(Error::new(
                        Class::TypeError,
                        code::VALUE,
                        format!(
                            "{} expected: this function belongs to another store; pass it as an import instead, which bridges it",
                            type_name(ty)
                        ),
                    ));
                }
                let func = exported.func();
                let matches = ty.as_ref().is_some_and(|ty| {
                    cell.proceed(|cx| Ref::Func(Some(func)).matches_ty(&cx, ty).unwrap_or(false))
                        .unwrap_or(false)
                });
                if matches {
                    Ok(Item::Func(func))
                } else {
                    Err(wrong(env, value, ty))
                }
            }
            Kind::Opaque => Err(opaque(ty)),
            _ => {
                let mut raw = MaybeUninit::new(ValRaw::i32(0));
                number::from_js(env, value, kind, &mut raw)?;
                // SAFETY: initialised above, whatever `from_js` wrote.
                Ok(Item::Number(unsafe { raw.assume_init() }, kind))
            }
        }
    }

    /// `ToJSValue`. Nobody may hold the store.
    pub fn to_js<'s>(
        &self,
        cell: &Rc<StoreCell>,
        env: Env<'s>,
        file: &std::sync::Arc<str>,
    ) -> Result<Value<'s>, Error> {
        Ok(match self {
            Item::Number(raw, kind) => number::to_js(env, raw, *kind)?,
            Item::Null(_) => env.null()?,
            Item::Put(slot) => cell.anchor().get(env, slot.index)?,
            Item::Take(slot) => cell.anchor().get(env, *slot)?,
            Item::Func(func) => function_object(cell, env, *func, "", file)?,
            Item::Foreign => {
                return Err(Error::new(
                    Class::TypeError,
                    code::VALUE,
                    "this externref holds a WebAssembly object, which this version cannot show to JavaScript",
                ));
            }
        })
    }

    /// Reads a raw value.
    ///
    /// # Safety
    /// `raw` must be a value of `kind` that the store just produced.
    pub unsafe fn from_raw(mut cx: impl AsContextMut, raw: &ValRaw, kind: Kind) -> Item {
        match kind {
            Kind::Extern { .. } => match ExternRef::from_raw(&mut cx, raw.get_externref()) {
                None => Item::Null(kind),
                Some(reference) => Item::from_extern(&cx, reference),
            },
            // SAFETY: by this function's contract the pointer is a funcref of this store.
            Kind::Func { .. } => match unsafe { Func::from_raw(&mut cx, raw.get_funcref()) } {
                None => Item::Null(kind),
                Some(func) => Item::Func(func),
            },
            _ => Item::Number(*raw, kind),
        }
    }

    fn from_extern(cx: impl wasmtime::AsContext, reference: Rooted<ExternRef>) -> Item {
        let slot = reference
            .data(&cx)
            .ok()
            .flatten()
            .and_then(|data| data.downcast_ref::<Slot>());
        slot.map_or(Item::Foreign, |slot| Item::Take(slot.index))
    }

    /// Reads a checked value, from a table or a global.
    pub fn from_val(cx: impl wasmtime::AsContext, val: Val) -> Item {
        match val {
            Val::I32(value) => Item::Number(ValRaw::i32(value), Kind::I32),
            Val::I64(value) => Item::Number(ValRaw::i64(value), Kind::I64),
            Val::F32(bits) => Item::Number(ValRaw::f32(bits), Kind::F32),
            Val::F64(bits) => Item::Number(ValRaw::f64(bits), Kind::F64),
            Val::ExternRef(None) => Item::Null(Kind::Extern { nullable: true }),
            Val::ExternRef(Some(reference)) => Item::from_extern(cx, reference),
            Val::FuncRef(None) => Item::Null(Kind::Func { nullable: true }),
            Val::FuncRef(Some(func)) => Item::Func(func),
            _ => Item::Foreign,
        }
    }

    /// The checked value, for a table or a global. The caller has a root scope open.
    pub fn into_val(self, cx: impl AsContextMut) -> wasmtime::Result<Val> {
        Ok(match self {
            Item::Number(raw, Kind::I32) => Val::I32(raw.get_i32()),
            Item::Number(raw, Kind::I64) => Val::I64(raw.get_i64()),
            Item::Number(raw, Kind::F32) => Val::F32(raw.get_f32()),
            Item::Number(raw, _) => Val::F64(raw.get_f64()),
            Item::Null(Kind::Func { .. }) => Val::FuncRef(None),
            Item::Null(_) => Val::ExternRef(None),
            Item::Put(slot) => Val::ExternRef(Some(ExternRef::new(cx, slot)?)),
            Item::Func(func) => Val::FuncRef(Some(func)),
            Item::Take(_) | Item::Foreign => wasmtime::bail!("a value on its way out cannot go in"),
        })
    }

    /// Writes raw values. All references are made before the first is written: making one may
    /// collect, which moves those that were made before.
    pub fn write_all(
        items: Vec<Item>,
        cx: &mut RootScope<StoreContextMut<'_, Data>>,
        mut write: impl FnMut(usize, ValRaw),
    ) -> wasmtime::Result<()> {
        let vals = items
            .into_iter()
            .map(|item| item.into_val(&mut *cx))
            .collect::<wasmtime::Result<Vec<_>>>()?;
        for (index, val) in vals.into_iter().enumerate() {
            write(index, val.to_raw(&mut *cx)?);
        }
        Ok(())
    }
}

#[cold]
fn wrong(env: Env<'_>, value: Value<'_>, ty: &ValType) -> Error {
    let right = match Kind::of(ty) {
        Kind::Func { .. } => "an exported WebAssembly function of that type",
        _ => "any value but null",
    };
    Error::new(
        Class::TypeError,
        code::VALUE,
        format!("{} expected: {right}; got {}", type_name(ty), env.describe(value)),
    )
}

/// The error for a value of a type that JavaScript has none for.
#[cold]
pub fn opaque(ty: &ValType) -> Error {
    Error::new(
        Class::TypeError,
        code::VALUE,
        format!("a value of type {ty} cannot cross between WebAssembly and JavaScript"),
    )
}
