//! A value on its way between the two worlds, tied to neither a store nor a handle scope.

use std::mem::MaybeUninit;
use std::rc::Rc;
use std::sync::Arc;

use smallvec::SmallVec;
use wasmtime::{
    AnyRef, AsContextMut, ExternRef, Func, HeapType, I31, OwnedRooted, Ref, RootScope, Rooted, StoreContextMut, Val,
    ValRaw, ValType,
};

use super::{ExportedFunction, GcObject, HostValue, Kind, bridge, function_object, gc_object, number, type_name};
use crate::error::{Class, Error, code};
use crate::ffi::{Env, Type, Value};
use crate::store::{Data, Slot, StoreCell};

/// Calls with up to this many values need no allocation for the list of them.
pub const FEW: usize = 6;

/// The arguments or results of a call.
pub type Items = SmallVec<[Item; FEW]>;

/// A value to pass on.
pub enum Item {
    Number(ValRaw, Kind),
    /// A null reference.
    Null(Kind),
    /// A value in the store's anchor, on its way in as an `externref` or an `anyref`.
    Put(Slot, Kind),
    /// A value in the store's anchor, on its way out.
    Take(u32),
    /// A string that a builtin made, on its way out.
    Text(Arc<[u16]>),
    I31(i32, Kind),
    /// A struct or an array.
    Object(OwnedRooted<AnyRef>, Kind),
    Func(Func),
    /// A value that JavaScript has none for, in the payload of an exception.
    Opaque,
}

impl Item {
    /// `ToWebAssemblyValue`. It may call user code, so nobody may hold the store.
    pub fn from_js(cell: &Rc<StoreCell>, env: Env<'_>, value: Value<'_>, ty: &ValType) -> Result<Item, Error> {
        let kind = Kind::of(ty);
        match kind {
            Kind::Opaque => Err(opaque(ty)),
            Kind::Extern { .. } | Kind::Any { .. } | Kind::Func { .. } => {
                let given = env.type_of(value);
                match (given, ty.as_ref().map(|ty| ty.heap_type())) {
                    (Type::Null, _) if kind.is_nullable() => Ok(Item::Null(kind)),
                    (Type::Null, _) | (_, None) => Err(wrong(env, value, ty)),
                    (Type::Function, Some(heap)) if matches!(kind, Kind::Func { .. }) => {
                        from_function(cell, env, value, heap)?.ok_or_else(|| wrong(env, value, ty))
                    }
                    (_, Some(heap)) => {
                        from_any(cell, env, value, given, heap, kind)?.ok_or_else(|| wrong(env, value, ty))
                    }
                }
            }
            _ => Ok(Item::Number(number_from_js(env, value, kind)?, kind)),
        }
    }

    /// `ToJSValue`. Nobody may hold the store.
    pub fn to_js<'s>(&self, cell: &Rc<StoreCell>, env: Env<'s>, file: &Arc<str>) -> Result<Value<'s>, Error> {
        Ok(match self {
            Item::Number(raw, kind) => number::to_js(env, raw, *kind)?,
            Item::Null(_) => env.null()?,
            Item::Put(slot, _) => cell.anchor().get(env, slot.index)?,
            Item::Take(slot) => cell.anchor().get(env, *slot)?,
            Item::Text(text) => env.string_utf16(text)?,
            Item::I31(number, _) => env.int32(*number)?,
            Item::Object(root, _) => gc_object(cell, env, root)?,
            Item::Func(func) => function_object(cell, env, *func, None, file)?,
            Item::Opaque => env.undefined()?,
        })
    }

    /// Reads a raw value.
    ///
    /// # Safety
    /// `raw` must be a value of `kind` that the store just produced.
    pub unsafe fn from_raw(mut cx: impl AsContextMut, raw: &ValRaw, kind: Kind) -> wasmtime::Result<Item> {
        match kind {
            Kind::Extern { .. } => match ExternRef::from_raw(&mut cx, raw.get_externref()) {
                None => Ok(Item::Null(kind)),
                Some(reference) => Item::from_extern(cx, reference),
            },
            Kind::Any { .. } => match AnyRef::from_raw(&mut cx, raw.get_anyref()) {
                None => Ok(Item::Null(kind)),
                Some(reference) => Item::from_any(cx, reference),
            },
            // SAFETY: by this function's contract the pointer is a funcref of this store.
            Kind::Func { .. } => match unsafe { Func::from_raw(&mut cx, raw.get_funcref()) } {
                None => Ok(Item::Null(kind)),
                Some(func) => Ok(Item::Func(func)),
            },
            _ => Ok(Item::Number(*raw, kind)),
        }
    }

    fn from_extern(mut cx: impl AsContextMut, reference: Rooted<ExternRef>) -> wasmtime::Result<Item> {
        match reference.data(&cx)? {
            Some(data) => Ok(data.downcast_ref::<HostValue>().map_or(Item::Opaque, HostValue::item)),
            // `extern.convert_any` made it: what is inside was WebAssembly's to begin with.
            None => {
                let reference = AnyRef::convert_extern(&mut cx, reference)?;
                Item::from_any(cx, reference)
            }
        }
    }

    fn from_any(mut cx: impl AsContextMut, reference: Rooted<AnyRef>) -> wasmtime::Result<Item> {
        let kind = Kind::Any { nullable: true };
        if let Some(number) = reference.as_i31(&cx)? {
            return Ok(Item::I31(number.get_i32(), kind));
        }
        if reference.is_struct(&cx)? || reference.is_array(&cx)? {
            return Ok(Item::Object(reference.to_owned_rooted(cx)?, kind));
        }
        // `any.convert_extern` made it, of a JavaScript value.
        let reference = ExternRef::convert_any(&mut cx, reference)?;
        Item::from_extern(cx, reference)
    }

    /// Reads a checked value, from a table, a global or an exception.
    pub fn from_val(cx: impl AsContextMut, val: Val) -> wasmtime::Result<Item> {
        Ok(match val {
            Val::I32(value) => Item::Number(ValRaw::i32(value), Kind::I32),
            Val::I64(value) => Item::Number(ValRaw::i64(value), Kind::I64),
            Val::F32(bits) => Item::Number(ValRaw::f32(bits), Kind::F32),
            Val::F64(bits) => Item::Number(ValRaw::f64(bits), Kind::F64),
            Val::ExternRef(None) => Item::Null(Kind::Extern { nullable: true }),
            Val::ExternRef(Some(reference)) => return Item::from_extern(cx, reference),
            Val::AnyRef(None) => Item::Null(Kind::Any { nullable: true }),
            Val::AnyRef(Some(reference)) => return Item::from_any(cx, reference),
            Val::FuncRef(None) => Item::Null(Kind::Func { nullable: true }),
            Val::FuncRef(Some(func)) => Item::Func(func),
            _ => Item::Opaque,
        })
    }

    /// The checked value, for a table, a global or an exception. The caller has a root scope open.
    pub fn into_val(self, mut cx: impl AsContextMut) -> wasmtime::Result<Val> {
        Ok(match self {
            Item::Number(raw, Kind::I32) => Val::I32(raw.get_i32()),
            Item::Number(raw, Kind::I64) => Val::I64(raw.get_i64()),
            Item::Number(raw, Kind::F32) => Val::F32(raw.get_f32()),
            Item::Number(raw, _) => Val::F64(raw.get_f64()),
            Item::Null(Kind::Func { .. }) => Val::FuncRef(None),
            Item::Null(Kind::Any { .. }) => Val::AnyRef(None),
            Item::Null(_) => Val::ExternRef(None),
            Item::Put(slot, kind) => {
                let reference = ExternRef::new(&mut cx, HostValue::from(slot))?;
                match kind {
                    Kind::Any { .. } => Val::AnyRef(Some(AnyRef::convert_extern(cx, reference)?)),
                    _ => Val::ExternRef(Some(reference)),
                }
            }
            Item::I31(number, kind) => {
                let reference = AnyRef::from_i31(&mut cx, I31::wrapping_i32(number));
                reference_of(cx, reference, kind)?
            }
            Item::Object(root, kind) => {
                let reference = root.to_rooted(&mut cx);
                reference_of(cx, reference, kind)?
            }
            Item::Func(func) => Val::FuncRef(Some(func)),
            Item::Take(_) | Item::Text(_) | Item::Opaque => wasmtime::bail!("a value on its way out cannot go in"),
        })
    }

    /// Writes raw values. All references are made before the first is written: making one may
    /// collect, which moves those that were made before.
    pub fn write_all(
        items: Items,
        cx: &mut RootScope<StoreContextMut<'_, Data>>,
        mut write: impl FnMut(usize, ValRaw),
    ) -> wasmtime::Result<()> {
        let vals = items
            .into_iter()
            .map(|item| item.into_val(&mut *cx))
            .collect::<wasmtime::Result<SmallVec<[_; FEW]>>>()?;
        for (index, val) in vals.into_iter().enumerate() {
            write(index, val.to_raw(&mut *cx)?);
        }
        Ok(())
    }
}

/// `ToWebAssemblyValue` for a numeric type.
pub fn number_from_js(env: Env<'_>, value: Value<'_>, kind: Kind) -> Result<ValRaw, Error> {
    let mut raw = MaybeUninit::new(ValRaw::i32(0));
    number::from_js(env, value, kind, &mut raw)?;
    // SAFETY: initialised above, whatever `from_js` wrote.
    Ok(unsafe { raw.assume_init() })
}

/// A value as WebAssembly will have it (`ToWebAssemblyValue` and `ToJSValue`), where no store is
/// known yet.
pub fn canonical<'s>(env: Env<'s>, value: Value<'s>, ty: &ValType) -> Result<Value<'s>, Error> {
    let kind = Kind::of(ty);
    if kind.is_number() {
        return Ok(number::to_js(env, &number_from_js(env, value, kind)?, kind)?);
    }
    let home = match env.type_of(value) {
        Type::Null if kind.is_nullable() => return Ok(value),
        Type::Function => StoreCell::record_of::<ExportedFunction>(env, value)?.map(|(cell, _)| cell),
        Type::Object => env.unwrap::<GcObject>(value).map(|object| object.cell().clone()),
        _ => None,
    };
    match (home, ty.as_ref().map(|ty| ty.heap_type())) {
        (_, Some(HeapType::Extern)) if env.type_of(value) != Type::Null => {}
        (Some(home), Some(_)) => {
            Item::from_js(&home, env, value, ty)?;
        }
        (None, Some(heap)) => {
            let number = small_integer(env, value).is_some();
            let fits = env.type_of(value) != Type::Null
                && match heap {
                    HeapType::Any => true,
                    HeapType::Eq | HeapType::I31 => number,
                    _ => false,
                };
            if !fits {
                return Err(wrong(env, value, ty));
            }
        }
        (_, None) => return Err(opaque(ty)),
    }
    Ok(value)
}

/// A reference of the internal hierarchy, in the hierarchy that is asked for.
fn reference_of(cx: impl AsContextMut, reference: Rooted<AnyRef>, kind: Kind) -> wasmtime::Result<Val> {
    Ok(match kind {
        Kind::Extern { .. } => Val::ExternRef(Some(ExternRef::convert_any(cx, reference)?)),
        _ => Val::AnyRef(Some(reference)),
    })
}

fn from_function(cell: &Rc<StoreCell>, env: Env<'_>, value: Value<'_>, heap: &HeapType) -> Result<Option<Item>, Error> {
    let Some((store, exported)) = StoreCell::record_of::<ExportedFunction>(env, value)? else {
        return Ok(None);
    };
    let func = match Rc::ptr_eq(&store, cell) {
        true => exported.func(),
        false => bridge(cell, env, value, &store, &exported)?,
    };
    let ty = wasmtime::RefType::new(false, heap.clone());
    let matches = cell.proceed(|cx| Ref::Func(Some(func)).matches_ty(&cx, &ty))?;
    Ok(matches.unwrap_or(false).then_some(Item::Func(func)))
}

/// Anything but null as a reference of the internal or the external hierarchy.
fn from_any(
    cell: &Rc<StoreCell>,
    env: Env<'_>,
    value: Value<'_>,
    given: Type,
    heap: &HeapType,
    kind: Kind,
) -> Result<Option<Item>, Error> {
    if given == Type::Number
        && let Some(number) = small_integer(env, value)
    {
        let fits = matches!(heap, HeapType::Extern | HeapType::Any | HeapType::Eq | HeapType::I31);
        return Ok(fits.then_some(Item::I31(number, kind)));
    }
    if given == Type::Object
        && !cell.references().is_empty()
        && let Some(object) = env.unwrap::<GcObject>(value)
        && let Some(root) = object.root_in(cell)
    {
        let matches = match heap {
            HeapType::Extern => true,
            _ => cell.proceed(|cx| {
                let mut scope = RootScope::new(cx);
                root.to_rooted(&mut scope).matches_ty(&scope, heap).unwrap_or(false)
            })?,
        };
        return Ok(matches.then(|| Item::Object(root.clone(), kind)));
    }
    match heap {
        HeapType::Extern | HeapType::Any => Ok(Some(Item::Put(cell.anchor().put(env, value)?, kind))),
        _ => Ok(None),
    }
}

/// A Number that an `i31` can be. Not -0, which would come back as 0.
fn small_integer(env: Env<'_>, value: Value<'_>) -> Option<i32> {
    let number = env.as_number(value)?;
    let integer = number as i32;
    let same = f64::from(integer).to_bits() == number.to_bits();
    (same && (-(1 << 30)..1 << 30).contains(&integer)).then_some(integer)
}

#[cold]
fn wrong(env: Env<'_>, value: Value<'_>, ty: &ValType) -> Error {
    let right = match Kind::of(ty) {
        Kind::Func { nullable: true } => "null or an exported WebAssembly function of that type",
        Kind::Func { .. } => "an exported WebAssembly function of that type",
        Kind::Any { .. } => "an integer below 2^30, or an object of this instance's store, of that type",
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
        format!(
            "a value of type {} cannot cross between WebAssembly and JavaScript",
            type_name(ty)
        ),
    )
}
