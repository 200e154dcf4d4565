//! An import that is not what the module needs, in words.

use wasmtime::{AsContext, Extern, ExternType, FuncType, Mutability, RefType, TableType, ValType};

use crate::error::{self, Class, Detail, Error};
use crate::module::{Import, Module};
use crate::value::{Kind, type_name};

/// Whether an object of the store can stand for an import (the specification's matching of external types).
pub fn fits(cx: impl AsContext, item: &Extern, expected: &ExternType) -> bool {
    let limits = |size: u64, maximum: Option<u64>, least: u64, most: Option<u64>| {
        size >= least && most.is_none_or(|most| maximum.is_some_and(|maximum| maximum <= most))
    };
    match (item, expected) {
        (Extern::Func(func), ExternType::Func(expected)) => func.ty(&cx).matches(expected),
        (Extern::Memory(memory), ExternType::Memory(expected)) => {
            let found = memory.ty(&cx);
            found.is_64() == expected.is_64()
                && found.is_shared() == expected.is_shared()
                && found.page_size() == expected.page_size()
                && limits(
                    memory.size(&cx),
                    found.maximum(),
                    expected.minimum(),
                    expected.maximum(),
                )
        }
        (Extern::Table(table), ExternType::Table(expected)) => {
            let found = table.ty(&cx);
            RefType::eq(found.element(), expected.element())
                && found.is_64() == expected.is_64()
                && limits(table.size(&cx), found.maximum(), expected.minimum(), expected.maximum())
        }
        (Extern::SharedMemory(memory), ExternType::Memory(expected)) => {
            let found = memory.ty();
            found.is_64() == expected.is_64()
                && expected.is_shared()
                && limits(memory.size(), found.maximum(), expected.minimum(), expected.maximum())
        }
        (Extern::Tag(tag), ExternType::Tag(expected)) => FuncType::eq(tag.ty(&cx).ty(), expected.ty()),
        (Extern::Global(global), ExternType::Global(expected)) => {
            let found = global.ty(&cx);
            found.mutability() == expected.mutability()
                && match expected.mutability() {
                    Mutability::Var => ValType::eq(found.content(), expected.content()),
                    Mutability::Const => found.content().matches(expected.content()),
                }
        }
        _ => false,
    }
}

/// An object of the store in words.
pub fn found(cx: impl AsContext, item: &Extern) -> String {
    let range = |size: u64, maximum: Option<u64>, unit: &str| match maximum {
        Some(maximum) => format!("{size} {unit}, at most {maximum}"),
        None => format!("{size} {unit}"),
    };
    match item {
        Extern::Func(func) => function(&func.ty(&cx)),
        Extern::Memory(memory) => format!(
            "a memory of {}",
            range(memory.size(&cx), memory.ty(&cx).maximum(), "pages")
        ),
        Extern::Table(table) => {
            let ty = table.ty(&cx);
            format!(
                "a table of {}: {}",
                element_name(&ty),
                range(table.size(&cx), ty.maximum(), "elements")
            )
        }
        Extern::Global(global) => {
            let ty = global.ty(&cx);
            let mutable = if ty.mutability() == Mutability::Var {
                "a mutable"
            } else {
                "an immutable"
            };
            format!("{mutable} global of type {}", type_name(ty.content()))
        }
        Extern::SharedMemory(memory) => {
            format!(
                "a shared memory of {}",
                range(memory.size(), memory.ty().maximum(), "pages")
            )
        }
        Extern::Tag(tag) => tag_name(tag.ty(&cx).ty()),
    }
}

fn tag_name(ty: &FuncType) -> String {
    let params: Vec<_> = ty.params().map(|ty| type_name(&ty)).collect();
    format!("a tag ({})", params.join(", "))
}

fn element_name(ty: &TableType) -> String {
    type_name(&ValType::Ref(ty.element().clone()))
}

/// A function type in words.
pub fn function(ty: &FuncType) -> String {
    let list = |types: &mut dyn Iterator<Item = ValType>| types.map(|ty| type_name(&ty)).collect::<Vec<_>>().join(", ");
    format!(
        "a function ({}) -> ({})",
        list(&mut ty.params()),
        list(&mut ty.results())
    )
}

fn range(minimum: u64, maximum: Option<u64>, unit: &str) -> String {
    match maximum {
        Some(maximum) => format!("at least {minimum} {unit} and declared to have at most {maximum}"),
        None => format!("at least {minimum} {unit}"),
    }
}

/// What an import needs, in words.
fn expected(ty: &ExternType) -> String {
    match ty {
        ExternType::Func(ty) => function(ty),
        ExternType::Global(ty) if ty.mutability() == Mutability::Var => {
            format!(
                "a mutable global of type {} (a WebAssembly.Global of wasmport)",
                type_name(ty.content())
            )
        }
        ExternType::Global(ty) => match Kind::of(ty.content()) {
            Kind::I64 => "a global of type i64: a BigInt".into(),
            Kind::I32 | Kind::F32 | Kind::F64 => format!("a global of type {}: a number", ty.content()),
            _ => format!("a global of type {}", type_name(ty.content())),
        },
        ExternType::Memory(ty) => {
            format!(
                "a {}memory (a WebAssembly.Memory of wasmport) of {}",
                if ty.is_shared() { "shared " } else { "" },
                range(ty.minimum(), ty.maximum(), "pages")
            )
        }
        ExternType::Table(ty) => format!(
            "a table of {} (a WebAssembly.Table of wasmport) with {}",
            element_name(ty),
            range(ty.minimum(), ty.maximum(), "elements")
        ),
        ExternType::Tag(ty) => tag_name(ty.ty()),
    }
}

/// The error for an import that got nothing, or something else than it needs.
pub fn wrong(module: &Module, import: &Import, found: &str) -> Error {
    let expected = expected(&import.ty);
    Error::new(
        Class::LinkError,
        error::code::LINK,
        format!(
            "{}: import {}.{} (at offset {:#x}): expected {expected}; found {found}",
            module.file, import.module, import.name, import.offset
        ),
    )
    .with_text("file", &*module.file)
    .with("offset", Detail::Number(import.offset as f64))
    .with_text("importModule", import.module.as_str())
    .with_text("importName", import.name.as_str())
    .with_text("expected", expected)
    .with_text("found", found)
}
