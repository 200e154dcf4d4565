//! What a function takes and returns, as far as conversion needs to know.

use wasmtime::{Engine, FuncType, HeapType, ValType};

use crate::error::{Class, Error, code};

/// How a value of a type is converted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    I32,
    I64,
    F32,
    F64,
    Extern {
        nullable: bool,
    },
    Func {
        nullable: bool,
    },
    /// A reference into the garbage-collected heap, or an `i31`.
    Any {
        nullable: bool,
    },
    /// No JavaScript value stands for it: `v128`, `exnref` and continuations.
    Opaque,
}

impl Kind {
    pub fn of(ty: &ValType) -> Kind {
        match ty {
            ValType::I32 => Kind::I32,
            ValType::I64 => Kind::I64,
            ValType::F32 => Kind::F32,
            ValType::F64 => Kind::F64,
            ValType::V128 => Kind::Opaque,
            ValType::Ref(ty) => {
                let nullable = ty.is_nullable();
                match ty.heap_type().top() {
                    HeapType::Extern => Kind::Extern { nullable },
                    HeapType::Func => Kind::Func { nullable },
                    HeapType::Any => Kind::Any { nullable },
                    _ => Kind::Opaque,
                }
            }
        }
    }

    pub fn is_number(self) -> bool {
        matches!(self, Kind::I32 | Kind::I64 | Kind::F32 | Kind::F64)
    }

    /// Whether `null` is a value of the type.
    pub fn is_nullable(self) -> bool {
        match self {
            Kind::Extern { nullable } | Kind::Func { nullable } | Kind::Any { nullable } => nullable,
            _ => false,
        }
    }
}

/// The name of a type, in the short form of the text format where there is one. A type of a module
/// is shown by what it is.
pub fn type_name(ty: &ValType) -> String {
    if let ValType::Ref(reference) = ty
        && let HeapType::ConcreteFunc(ty) = reference.heap_type()
    {
        // Only one level: a type may refer to itself.
        let list =
            |types: &mut dyn Iterator<Item = ValType>| types.map(|ty| format!(" {}", outline(&ty))).collect::<String>();
        let null = if reference.is_nullable() { "null " } else { "" };
        let (params, results) = (list(&mut ty.params()), list(&mut ty.results()));
        return format!("(ref {null}(func (param{params}) (result{results})))");
    }
    outline(ty)
}

fn outline(ty: &ValType) -> String {
    if let ValType::Ref(reference) = ty
        && reference.heap_type().is_concrete()
    {
        let null = if reference.is_nullable() { "null " } else { "" };
        let kind = match reference.heap_type() {
            HeapType::ConcreteFunc(_) => "func",
            HeapType::ConcreteArray(_) => "array",
            HeapType::ConcreteStruct(_) => "struct",
            _ => "cont",
        };
        return format!("(ref {null}({kind} ...))");
    }
    let text = ty.to_string();
    match text.strip_prefix("(ref null ").and_then(|rest| rest.strip_suffix(')')) {
        Some("none") => "nullref".into(),
        Some("noextern") => "nullexternref".into(),
        Some("nofunc") => "nullfuncref".into(),
        Some("noexn") => "nullexnref".into(),
        Some(heap) if heap.chars().all(|letter| letter.is_ascii_alphanumeric()) => format!("{heap}ref"),
        _ => text,
    }
}

/// The type that means the same on another engine; none where it refers to types of its own engine.
pub fn on_engine(ty: &ValType) -> Option<ValType> {
    match ty {
        ValType::Ref(ty) if ty.heap_type().is_concrete() => None,
        _ => Some(ty.clone()),
    }
}

/// The same for a function type of one engine, for a store of `engine`.
pub fn function_on_engine(ty: &FuncType, from: &Engine, engine: &Engine) -> Option<FuncType> {
    if Engine::same(from, engine) {
        return Some(ty.clone());
    }
    let params = ty.params().map(|ty| on_engine(&ty)).collect::<Option<Vec<_>>>()?;
    let results = ty.results().map(|ty| on_engine(&ty)).collect::<Option<Vec<_>>>()?;
    Some(FuncType::new(engine, params, results))
}

/// The error for a type that means nothing to the store that something is passed to.
#[cold]
pub fn foreign_type(class: Class, what: &str) -> Error {
    Error::new(
        class,
        code::LINK,
        format!(
            "the type of this {what} refers to types of its own store, which is of another kind than this one; \
             make both instances share a store"
        ),
    )
}

/// The signature of a function, prepared for calls.
pub struct Signature {
    pub ty: FuncType,
    pub params: Box<[Kind]>,
    pub results: Box<[Kind]>,
    /// The same as types, which only references need: asking `ty` for them each time is slow.
    pub param_types: Box<[ValType]>,
    pub result_types: Box<[ValType]>,
    /// Whether every parameter and result is a number, so that no call needs the store.
    pub numeric: bool,
    /// A type among them that JavaScript has no value for, so that it cannot take part in a call.
    pub opaque: Option<ValType>,
}

impl Signature {
    pub fn new(ty: FuncType) -> Signature {
        let params: Box<[_]> = ty.params().map(|ty| Kind::of(&ty)).collect();
        let results: Box<[_]> = ty.results().map(|ty| Kind::of(&ty)).collect();
        let all = || params.iter().chain(&results);
        let numeric = all().all(|kind| kind.is_number());
        let opaque = all().any(|kind| *kind == Kind::Opaque).then(|| {
            let mut types = ty.params().chain(ty.results());
            types.find(|ty| Kind::of(ty) == Kind::Opaque)
        });
        Signature {
            param_types: ty.params().collect(),
            result_types: ty.results().collect(),
            ty,
            params,
            results,
            numeric,
            opaque: opaque.flatten(),
        }
    }

    /// How many raw values a call needs room for: results come back in place of parameters.
    pub fn room(&self) -> usize {
        self.params.len().max(self.results.len())
    }
}
