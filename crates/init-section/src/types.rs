//! What can be imported and exported, in the words of the JS API's type reflection.

use std::fmt;
use std::sync::Arc;

use serde::{Serialize, Serializer};

/// The type of an import or export.
///
/// As JSON: a `kind`, and for core items a `type` object with the field names of the js-types proposal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", content = "type", rename_all = "lowercase")]
pub enum ExternType {
    /// A core function.
    #[serde(rename = "function")]
    Func {
        /// Types of the parameters.
        #[serde(rename = "parameters")]
        params: Arc<[ValueType]>,
        /// Types of the results.
        results: Arc<[ValueType]>,
    },
    /// A linear memory.
    Memory {
        /// Initial size, in pages.
        minimum: u64,
        /// Largest size, in pages.
        #[serde(skip_serializing_if = "Option::is_none")]
        maximum: Option<u64>,
        /// Whether several threads can use it.
        shared: bool,
        /// Whether it is indexed by `i64`; in JSON, an `address` of `"i32"` or `"i64"`.
        #[serde(rename = "address", serialize_with = "address")]
        memory64: bool,
        /// Size of a page in bytes, unless it is the usual 64 KiB.
        #[serde(rename = "pageSize", skip_serializing_if = "Option::is_none")]
        page_size: Option<u64>,
    },
    /// A table.
    Table {
        /// Type of the elements.
        element: ValueType,
        /// Initial size, in elements.
        minimum: u64,
        /// Largest size, in elements.
        #[serde(skip_serializing_if = "Option::is_none")]
        maximum: Option<u64>,
        /// Whether it is indexed by `i64`; in JSON, an `address` of `"i32"` or `"i64"`.
        #[serde(rename = "address", serialize_with = "address")]
        table64: bool,
    },
    /// A global.
    Global {
        /// Type of the value.
        #[serde(rename = "value")]
        content: ValueType,
        /// Whether it can be set.
        mutable: bool,
    },
    /// An exception tag.
    Tag {
        /// Types of what is thrown.
        #[serde(rename = "parameters")]
        params: Arc<[ValueType]>,
    },
    /// A function of a component. The types of components are not described further.
    #[serde(rename = "function")]
    ComponentFunc,
    /// An instance: a named set of component items, such as `wasi:cli/run`.
    Instance,
    /// A component in a component.
    Component,
    /// A core module in a component.
    Module,
    /// A type of a component.
    Type,
    /// A value of a component.
    Value,
}

impl ExternType {
    /// The kind, in the words of the JS API.
    pub fn kind(&self) -> &'static str {
        match self {
            ExternType::Func { .. } | ExternType::ComponentFunc => "function",
            ExternType::Memory { .. } => "memory",
            ExternType::Table { .. } => "table",
            ExternType::Global { .. } => "global",
            ExternType::Tag { .. } => "tag",
            ExternType::Instance => "instance",
            ExternType::Component => "component",
            ExternType::Module => "module",
            ExternType::Type => "type",
            ExternType::Value => "value",
        }
    }

    /// Whether this is a core function of exactly this signature.
    pub(crate) fn is_func(&self, expected: (&[ValueType], &[ValueType])) -> bool {
        matches!(self, ExternType::Func { params, results } if (&**params, &**results) == expected)
    }
}

/// The type of a core value. As text, and in JSON, it is what the text format has: `i32`, `externref`, `(ref null 3)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ValueType {
    /// `i32`
    I32,
    /// `i64`
    I64,
    /// `f32`
    F32,
    /// `f64`
    F64,
    /// `v128`
    V128,
    /// A reference, as text.
    Ref(String),
}

impl fmt::Display for ValueType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ValueType::I32 => "i32",
            ValueType::I64 => "i64",
            ValueType::F32 => "f32",
            ValueType::F64 => "f64",
            ValueType::V128 => "v128",
            ValueType::Ref(text) => text,
        })
    }
}

impl Serialize for ValueType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

fn address<S: Serializer>(is_64: &bool, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(if *is_64 { "i64" } else { "i32" })
}

impl From<wasmparser::ValType> for ValueType {
    fn from(ty: wasmparser::ValType) -> Self {
        match ty {
            wasmparser::ValType::I32 => ValueType::I32,
            wasmparser::ValType::I64 => ValueType::I64,
            wasmparser::ValType::F32 => ValueType::F32,
            wasmparser::ValType::F64 => ValueType::F64,
            wasmparser::ValType::V128 => ValueType::V128,
            wasmparser::ValType::Ref(ty) => ty.into(),
        }
    }
}

impl From<wasmparser::RefType> for ValueType {
    fn from(ty: wasmparser::RefType) -> Self {
        use wasmparser::HeapType;
        let null = if ty.is_nullable() { "null " } else { "" };
        ValueType::Ref(match (ty.heap_type(), ty.type_index().map(|i| i.unpack())) {
            (HeapType::Exact(_), Some(wasmparser::UnpackedIndex::Module(index))) => {
                format!("(ref {null}(exact {index}))")
            }
            (_, Some(wasmparser::UnpackedIndex::Module(index))) => {
                format!("(ref {null}{index})")
            }
            _ => ty.to_string(),
        })
    }
}

impl From<wasmparser::MemoryType> for ExternType {
    fn from(ty: wasmparser::MemoryType) -> Self {
        ExternType::Memory {
            minimum: ty.initial,
            maximum: ty.maximum,
            shared: ty.shared,
            memory64: ty.memory64,
            page_size: ty.page_size_log2.and_then(|log2| 1u64.checked_shl(log2)),
        }
    }
}

impl From<wasmparser::TableType> for ExternType {
    fn from(ty: wasmparser::TableType) -> Self {
        ExternType::Table {
            element: ty.element_type.into(),
            minimum: ty.initial,
            maximum: ty.maximum,
            table64: ty.table64,
        }
    }
}

impl From<wasmparser::GlobalType> for ExternType {
    fn from(ty: wasmparser::GlobalType) -> Self {
        ExternType::Global {
            content: ty.content_type.into(),
            mutable: ty.mutable,
        }
    }
}

impl From<wasmparser::ComponentExternalKind> for ExternType {
    fn from(kind: wasmparser::ComponentExternalKind) -> Self {
        use wasmparser::ComponentExternalKind as Kind;
        match kind {
            Kind::Module => ExternType::Module,
            Kind::Func => ExternType::ComponentFunc,
            Kind::Value => ExternType::Value,
            Kind::Type => ExternType::Type,
            Kind::Instance => ExternType::Instance,
            Kind::Component => ExternType::Component,
        }
    }
}
