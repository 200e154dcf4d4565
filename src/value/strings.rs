//! The builtins of `wasm:js-string`, as host functions. A string that WebAssembly works with stays
//! on this side: its code units are read once, and what is made of them becomes a JavaScript String
//! when JavaScript gets to see it.

use std::rc::{Rc, Weak};
use std::sync::Arc;

use wasmtime::{
    AnyRef, ArrayRef, ArrayType, Caller, Engine, ExternRef, ExternType, FieldType, Func, FuncType, Global, HeapType,
    Mutability, RefType, RootScope, Rooted, StorageType, Val, ValRaw, ValType,
};

use super::HostValue;
use crate::engine;
use crate::error::{Class, Error, code};
use crate::ffi::{Env, EnvAddress};
use crate::store::{Confined, Data, StoreCell};

/// The module that the builtins are imported from.
pub const MODULE: &str = "wasm:js-string";

type Builtin = fn(&mut Context<'_>, &mut [ValRaw]) -> wasmtime::Result<()>;

const BUILTINS: [(&str, Builtin); 13] = [
    ("cast", cast),
    ("test", test),
    ("fromCharCodeArray", from_char_code_array),
    ("intoCharCodeArray", into_char_code_array),
    ("fromCharCode", from_char_code),
    ("fromCodePoint", from_code_point),
    ("charCodeAt", char_code_at),
    ("codePointAt", code_point_at),
    ("length", length),
    ("concat", concat),
    ("substring", substring),
    ("equals", equals),
    ("compare", compare),
];

fn find(name: &str) -> Option<Builtin> {
    BUILTINS
        .iter()
        .find(|(other, _)| *other == name)
        .map(|(_, builtin)| *builtin)
}

pub fn is_builtin(module: &str, name: &str) -> bool {
    module == MODULE && find(name).is_some()
}

/// Whether the builtin of a name can stand for an import of a type.
pub fn has_type(name: &str, ty: &ExternType) -> Result<bool, Error> {
    Ok(match ty {
        // Equal, not alike: a type of a larger recursion group is another one.
        ExternType::Func(ty) => FuncType::eq(&builtin_type(engine::engine()?, name), ty),
        _ => false,
    })
}

fn builtin_type(engine: &Engine, name: &str) -> FuncType {
    let any = ValType::EXTERNREF;
    let string = ValType::Ref(RefType::new(false, HeapType::Extern));
    let array = || {
        let units = ArrayType::new(engine, FieldType::new(Mutability::Var, StorageType::I16));
        ValType::Ref(RefType::new(true, HeapType::ConcreteArray(units)))
    };
    let i32 = ValType::I32;
    let (params, result) = match name {
        "cast" => (vec![any], string),
        "fromCharCodeArray" => (vec![array(), i32.clone(), i32], string),
        "intoCharCodeArray" => (vec![any, array(), i32.clone()], i32),
        "fromCharCode" | "fromCodePoint" => (vec![i32], string),
        "charCodeAt" | "codePointAt" => (vec![any, i32.clone()], i32),
        "concat" => (vec![any.clone(), any], string),
        "substring" => (vec![any, i32.clone(), i32], string),
        "equals" | "compare" => (vec![any.clone(), any], i32),
        _ => (vec![any], i32),
    };
    FuncType::new(engine, params, [result])
}

/// The function of a builtin in a store.
pub fn function(cell: &Rc<StoreCell>, env: Env<'_>, name: &str) -> Result<Func, Error> {
    let builtin = find(name).ok_or_else(|| Error::internal("no such builtin"))?;
    let ty = builtin_type(&cell.engine()?, name);
    let room = ty.params().len().max(ty.results().len());
    let home: Confined<(Weak<StoreCell>, EnvAddress)> = Confined((Rc::downgrade(cell), env.address()));
    cell.with(|cx| {
        let call = move |caller: Caller<'_, Data>, raw: &mut [std::mem::MaybeUninit<ValRaw>]| {
            let Confined((cell, env)) = &home;
            let cell = cell.upgrade().ok_or_else(|| wasmtime::format_err!("a store is gone"))?;
            // SAFETY: WebAssembly runs below a call from JavaScript of this environment and thread.
            let env = unsafe { env.env() };
            // SAFETY: Wasmtime has written the parameters, and there is one for each slot up to `room`.
            let raw = unsafe { &mut *(&mut raw[..room] as *mut [std::mem::MaybeUninit<ValRaw>] as *mut [ValRaw]) };
            env.scoped(|env| {
                builtin(
                    &mut Context {
                        cell: &cell,
                        env,
                        caller,
                    },
                    raw,
                )
            })
        };
        // SAFETY: each builtin reads the parameters and writes the result that `builtin_type` says.
        unsafe { Func::new_unchecked(cx, ty, call) }
    })
}

/// A string constant as an immutable global.
pub fn constant(cell: &StoreCell, text: &str) -> Result<Global, Error> {
    let text: Vec<u16> = text.encode_utf16().collect();
    let made = cell.with(|cx| {
        let mut scope = RootScope::new(cx);
        let string = ExternRef::new(&mut scope, HostValue::from(text))?;
        let ty = RefType::new(false, HeapType::Extern);
        let ty = wasmtime::GlobalType::new(ValType::Ref(ty), Mutability::Const);
        Global::new(&mut scope, ty, Val::ExternRef(Some(string)))
    })?;
    made.map_err(Error::internal)
}

/// What a builtin works with.
struct Context<'a> {
    cell: &'a Rc<StoreCell>,
    env: Env<'a>,
    caller: Caller<'a, Data>,
}

impl Context<'_> {
    fn reference(&mut self, raw: &ValRaw) -> Option<Rooted<ExternRef>> {
        ExternRef::from_raw(&mut self.caller, raw.get_externref())
    }

    /// The code units of an `externref`; none if it is no string.
    fn text(&mut self, reference: Rooted<ExternRef>) -> wasmtime::Result<Option<Arc<[u16]>>> {
        let Some(value) = host_value(&self.caller, &reference)? else {
            return Ok(None);
        };
        if let Some(text) = value.text() {
            return Ok(Some(text.clone()));
        }
        let Some(slot) = value.slot() else { return Ok(None) };
        let text = self
            .cell
            .anchor()
            .get(self.env, slot)
            .ok()
            .and_then(|value| self.env.as_utf16(value));
        let text: Option<Arc<[u16]>> = text.map(Arc::from);
        if let Some(text) = &text {
            value.set_text(text);
        }
        Ok(text)
    }

    /// The same, where anything but a string is a trap.
    fn string(&mut self, raw: &ValRaw) -> wasmtime::Result<Arc<[u16]>> {
        let reference = self
            .reference(raw)
            .ok_or_else(|| trap("null where a string is needed"))?;
        self.text(reference)?
            .ok_or_else(|| trap("no string where a string is needed"))
    }

    /// A string or null.
    fn nullable(&mut self, raw: &ValRaw) -> wasmtime::Result<Option<Arc<[u16]>>> {
        match self.reference(raw) {
            None => Ok(None),
            Some(_) => self.string(raw).map(Some),
        }
    }

    fn array(&mut self, raw: &ValRaw) -> wasmtime::Result<Rooted<ArrayRef>> {
        let array = AnyRef::from_raw(&mut self.caller, raw.get_anyref()).ok_or_else(|| trap("null array"))?;
        array.unwrap_array(&self.caller)
    }

    fn write(&mut self, text: Vec<u16>, result: &mut ValRaw) -> wasmtime::Result<()> {
        let string = ExternRef::new(&mut self.caller, HostValue::from(text))?;
        *result = ValRaw::externref(string.to_raw(&mut self.caller)?);
        Ok(())
    }
}

fn host_value<'a>(
    caller: &'a Caller<'_, Data>,
    reference: &Rooted<ExternRef>,
) -> wasmtime::Result<Option<&'a HostValue>> {
    Ok(reference.data(caller)?.and_then(|data| data.downcast_ref()))
}

#[cold]
fn trap(what: &str) -> wasmtime::Error {
    Error::new(
        Class::RuntimeError,
        code::TRAP,
        format!("{what} in a builtin of {MODULE}"),
    )
    .into()
}

fn cast(cx: &mut Context<'_>, raw: &mut [ValRaw]) -> wasmtime::Result<()> {
    match is_string(cx, &raw[0])? {
        true => Ok(()),
        false => Err(trap("no string where a string is needed")),
    }
}

fn test(cx: &mut Context<'_>, raw: &mut [ValRaw]) -> wasmtime::Result<()> {
    raw[0] = ValRaw::i32(is_string(cx, &raw[0])?.into());
    Ok(())
}

fn is_string(cx: &mut Context<'_>, raw: &ValRaw) -> wasmtime::Result<bool> {
    Ok(string_length(cx, raw)?.is_some())
}

/// The length of a string, which is not read for it.
fn string_length(cx: &mut Context<'_>, raw: &ValRaw) -> wasmtime::Result<Option<usize>> {
    let Some(reference) = cx.reference(raw) else {
        return Ok(None);
    };
    let Some(value) = host_value(&cx.caller, &reference)? else {
        return Ok(None);
    };
    Ok(match (value.text(), value.slot()) {
        (Some(text), _) => Some(text.len()),
        (None, Some(slot)) => {
            let value = cx.cell.anchor().get(cx.env, slot).ok();
            value.and_then(|value| cx.env.string_length(value))
        }
        (None, None) => None,
    })
}

fn length(cx: &mut Context<'_>, raw: &mut [ValRaw]) -> wasmtime::Result<()> {
    let length = string_length(cx, &raw[0])?.ok_or_else(|| trap("no string where a string is needed"))?;
    raw[0] = ValRaw::i32(length as i32);
    Ok(())
}

fn from_char_code_array(cx: &mut Context<'_>, raw: &mut [ValRaw]) -> wasmtime::Result<()> {
    let (start, end) = (raw[1].get_u32(), raw[2].get_u32());
    let array = cx.array(&raw[0])?;
    if start > end || end > array.len(&cx.caller)? {
        return Err(trap("a range outside of the array"));
    }
    let mut text = Vec::with_capacity((end - start) as usize);
    for index in start..end {
        let unit = array.get(&mut cx.caller, index)?;
        text.push(unit.i32().unwrap_or(0) as u16);
    }
    cx.write(text, &mut raw[0])
}

fn into_char_code_array(cx: &mut Context<'_>, raw: &mut [ValRaw]) -> wasmtime::Result<()> {
    let array = cx.array(&raw[1])?;
    let text = cx.string(&raw[0])?;
    let start = raw[2].get_u32();
    if u64::from(start) + text.len() as u64 > u64::from(array.len(&cx.caller)?) {
        return Err(trap("a range outside of the array"));
    }
    for (index, unit) in (start..).zip(text.iter()) {
        array.set(&mut cx.caller, index, Val::I32((*unit).into()))?;
    }
    raw[0] = ValRaw::i32(text.len() as i32);
    Ok(())
}

fn from_char_code(cx: &mut Context<'_>, raw: &mut [ValRaw]) -> wasmtime::Result<()> {
    let unit = raw[0].get_u32() as u16;
    cx.write(vec![unit], &mut raw[0])
}

fn from_code_point(cx: &mut Context<'_>, raw: &mut [ValRaw]) -> wasmtime::Result<()> {
    let point = raw[0].get_u32();
    let text = match (u16::try_from(point), char::from_u32(point)) {
        // A lone surrogate is no char, but JavaScript has strings of one.
        (Ok(unit), _) => vec![unit],
        (Err(_), Some(letter)) => letter.encode_utf16(&mut [0; 2]).to_vec(),
        (Err(_), None) => return Err(trap("no code point")),
    };
    cx.write(text, &mut raw[0])
}

fn char_code_at(cx: &mut Context<'_>, raw: &mut [ValRaw]) -> wasmtime::Result<()> {
    let text = cx.string(&raw[0])?;
    let unit = text
        .get(raw[1].get_u32() as usize)
        .ok_or_else(|| trap("an index outside of the string"))?;
    raw[0] = ValRaw::i32((*unit).into());
    Ok(())
}

fn code_point_at(cx: &mut Context<'_>, raw: &mut [ValRaw]) -> wasmtime::Result<()> {
    let text = cx.string(&raw[0])?;
    let rest = text.get(raw[1].get_u32() as usize..).unwrap_or_default();
    let point = match char::decode_utf16(rest.iter().copied()).next() {
        None => return Err(trap("an index outside of the string")),
        Some(Ok(letter)) => letter.into(),
        Some(Err(lone)) => u32::from(lone.unpaired_surrogate()),
    };
    raw[0] = ValRaw::u32(point);
    Ok(())
}

fn concat(cx: &mut Context<'_>, raw: &mut [ValRaw]) -> wasmtime::Result<()> {
    let (first, second) = (cx.string(&raw[0])?, cx.string(&raw[1])?);
    cx.write([&*first, &*second].concat(), &mut raw[0])
}

fn substring(cx: &mut Context<'_>, raw: &mut [ValRaw]) -> wasmtime::Result<()> {
    let text = cx.string(&raw[0])?;
    let (start, end) = (raw[1].get_u32() as usize, raw[2].get_u32() as usize);
    let part = text.get(start..end.min(text.len())).unwrap_or_default();
    cx.write(part.to_vec(), &mut raw[0])
}

fn equals(cx: &mut Context<'_>, raw: &mut [ValRaw]) -> wasmtime::Result<()> {
    let equal = cx.nullable(&raw[0])? == cx.nullable(&raw[1])?;
    raw[0] = ValRaw::i32(equal.into());
    Ok(())
}

fn compare(cx: &mut Context<'_>, raw: &mut [ValRaw]) -> wasmtime::Result<()> {
    let (first, second) = (cx.string(&raw[0])?, cx.string(&raw[1])?);
    raw[0] = ValRaw::i32(first.cmp(&second) as i32);
    Ok(())
}
