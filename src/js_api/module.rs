//! `WebAssembly.Module`.

use std::sync::{Arc, LazyLock};

use wasmtime::{ExternType, HeapType, Mutability, ValType};

use super::{receiver, types};
use crate::error::{Class, Error, code};
use crate::ffi::{Call, Env, Record, Type, Value};
use crate::module::{Import, Module};
use crate::value::{Kind, strings};

const NAME: &str = "Module";

/// The record of a module object.
pub struct ModuleObject {
    pub module: Arc<Module>,
    options: CompileOptions,
    sections: Vec<(String, Vec<u8>)>,
}

impl Record for ModuleObject {}

/// `WebAssemblyCompileOptions`.
#[derive(Default)]
pub struct CompileOptions {
    pub builtins: Vec<String>,
    /// The module that string constants are imported from.
    pub constants: Option<String>,
}

/// Those of the ESM integration, with the module of string constants that Node's own loader has.
pub static ESM_OPTIONS: LazyLock<CompileOptions> = LazyLock::new(|| CompileOptions {
    builtins: vec!["js-string".into()],
    constants: Some("wasm:js/string-constants".into()),
});

/// Who provides an import.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Provider {
    Program,
    /// A function of `wasm:js-string`.
    Builtin,
    /// The name of the import is the value.
    Constant,
}

impl CompileOptions {
    pub fn read(env: Env<'_>, builtins: Value<'_>, constants: Value<'_>) -> Result<CompileOptions, Error> {
        let builtins = match env.type_of(builtins) {
            Type::Undefined => Vec::new(),
            _ => env.iterate(builtins)?,
        };
        Ok(CompileOptions {
            builtins: builtins.into_iter().filter_map(|name| env.as_string(name)).collect(),
            constants: env.as_string(constants),
        })
    }

    /// Who provides an import of a module compiled so.
    pub fn provider(&self, import: &Import) -> Provider {
        if self.constants.as_ref() == Some(&import.module) {
            return Provider::Constant;
        }
        let set = import.module.strip_prefix("wasm:");
        let enabled = set.is_some_and(|set| self.builtins.iter().any(|name| name == set));
        match enabled && strings::is_builtin(&import.module, &import.name) {
            true => Provider::Builtin,
            false => Provider::Program,
        }
    }

    /// Checks that what the engine provides has the types that the module wants.
    pub fn check(&self, module: &Module) -> Result<(), Error> {
        let invalid = |message: String| {
            let text = format!("{}: {message}", module.file);
            Err(Error::new(Class::CompileError, code::COMPILE, text).with_text("file", &*module.file))
        };
        let mut names = self.builtins.clone();
        names.sort_unstable();
        if let Some(twice) = names.windows(2).find(|pair| pair[0] == pair[1]) {
            return invalid(format!("the builtin set '{}' is given twice", twice[0]));
        }
        for import in &module.code.on_demand().imports {
            let provider = self.provider(import);
            let fits = match (provider, &import.ty) {
                (Provider::Program, _) => true,
                (Provider::Builtin, ty) => strings::has_type(&import.name, ty)?,
                (Provider::Constant, ExternType::Global(ty)) => {
                    let string = ValType::Ref(wasmtime::RefType::new(false, HeapType::Extern));
                    ty.mutability() == Mutability::Const && string.matches(ty.content())
                }
                (Provider::Constant, _) => false,
            };
            if !fits {
                return invalid(format!(
                    "import {}.{} has another type than the {} that it names",
                    import.module,
                    import.name,
                    match provider {
                        Provider::Constant => "string constant",
                        _ => "builtin",
                    }
                ));
            }
        }
        Ok(())
    }
}

impl ModuleObject {
    /// Compiles a module, to be made an object of.
    pub fn compile(bytes: Vec<u8>, options: CompileOptions) -> Result<ModuleObject, Error> {
        let sections = sections(&bytes);
        let module = Module::compile_plain(bytes)?;
        options.check(&module)?;
        Ok(ModuleObject {
            module: Arc::new(module),
            options,
            sections,
        })
    }

    /// Whether structs or arrays may pass between the module and JavaScript.
    pub fn shows_objects(&self) -> bool {
        let code = self.module.code.on_demand();
        let exports = code.module.exports().map(|export| export.ty());
        let mut types = code.imports.iter().map(|import| import.ty.clone()).chain(exports);
        let is_any = |ty: &ValType| matches!(Kind::of(ty), Kind::Any { .. });
        types.any(|ty| match ty {
            ExternType::Func(ty) => ty.params().chain(ty.results()).any(|ty| is_any(&ty)),
            ExternType::Table(ty) => is_any(&ValType::Ref(ty.element().clone())),
            ExternType::Global(ty) => is_any(ty.content()),
            ExternType::Tag(ty) => ty.ty().params().any(|ty| is_any(&ty)),
            ExternType::Memory(_) => false,
        })
    }

    /// Each import and who provides it.
    pub fn imports(&self) -> impl Iterator<Item = (&Import, Provider)> {
        let imports = self.module.code.on_demand().imports.iter();
        imports.map(|import| (import, self.options.provider(import)))
    }
}

/// The custom sections: names and contents. What is wrong with the bytes, the compiler says.
fn sections(bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
    wasmparser::Parser::new(0)
        .parse_all(bytes)
        .map_while(Result::ok)
        .filter_map(|payload| match payload {
            wasmparser::Payload::CustomSection(section) => Some((section.name().into(), section.data().to_vec())),
            _ => None,
        })
        .collect()
}

/// `init(self, bytes, builtins, constants)`
pub fn init<'s>(call: &Call<'s>) -> Result<Value<'s>, Error> {
    let env = call.env;
    let options = CompileOptions::read(env, call.arg(2), call.arg(3))?;
    let object = ModuleObject::compile(bytes(call)?, options)?;
    env.wrap(call.arg(0), Box::new(object))?;
    Ok(env.undefined()?)
}

fn bytes(call: &Call<'_>) -> Result<Vec<u8>, Error> {
    call.env
        .as_bytes(call.arg(1))
        .ok_or_else(|| Error::internal("the source of a module is no Uint8Array"))
}

/// `validate(bytes, builtins, constants)`
pub fn validate<'s>(call: &Call<'s>) -> Result<Value<'s>, Error> {
    let env = call.env;
    let options = CompileOptions::read(env, call.arg(1), call.arg(2))?;
    let bytes = env
        .as_bytes(call.arg(0))
        .ok_or_else(|| Error::internal("the source of a module is no Uint8Array"))?;
    let valid = Module::is_valid(&bytes)?
        // Only a compiled module has types to compare.
        && (options.builtins.is_empty() && options.constants.is_none() || ModuleObject::compile(bytes, options).is_ok());
    Ok(env.boolean(valid)?)
}

pub fn exports<'s>(call: &Call<'s>) -> Result<Value<'s>, Error> {
    let env = call.env;
    let object = receiver::<ModuleObject>(call, 0, NAME)?;
    let list = env.array(0)?;
    for (index, export) in object.module.code.on_demand().module.exports().enumerate() {
        let (kind, ty) = types::external(env, &export.ty())?;
        let entry = env.object()?;
        env.set(entry, "name", env.string(export.name())?)?;
        env.set(entry, "kind", env.string(kind)?)?;
        env.set(entry, "type", ty)?;
        env.set_element(list, index as u32, entry)?;
    }
    Ok(list)
}

pub fn imports<'s>(call: &Call<'s>) -> Result<Value<'s>, Error> {
    let env = call.env;
    let object = receiver::<ModuleObject>(call, 0, NAME)?;
    let list = env.array(0)?;
    let wanted = object.imports().filter(|(_, provider)| *provider == Provider::Program);
    for (index, (import, _)) in wanted.enumerate() {
        let (kind, ty) = types::external(env, &import.ty)?;
        let entry = env.object()?;
        env.set(entry, "module", env.string(&import.module)?)?;
        env.set(entry, "name", env.string(&import.name)?)?;
        env.set(entry, "kind", env.string(kind)?)?;
        env.set(entry, "type", ty)?;
        env.set_element(list, index as u32, entry)?;
    }
    Ok(list)
}

/// What the program must provide: for each import `[module, name]`, or null where the engine does.
pub fn needs<'s>(call: &Call<'s>) -> Result<Value<'s>, Error> {
    let env = call.env;
    let object = receiver::<ModuleObject>(call, 0, NAME)?;
    let list = env.array(0)?;
    for (index, (import, provider)) in object.imports().enumerate() {
        let entry = match provider {
            Provider::Program => {
                let pair = env.array(2)?;
                env.set_element(pair, 0, env.string(&import.module)?)?;
                env.set_element(pair, 1, env.string(&import.name)?)?;
                pair
            }
            _ => env.null()?,
        };
        env.set_element(list, index as u32, entry)?;
    }
    Ok(list)
}

/// `custom_sections(module, name)`
pub fn custom_sections<'s>(call: &Call<'s>) -> Result<Value<'s>, Error> {
    let env = call.env;
    let object = receiver::<ModuleObject>(call, 0, NAME)?;
    // By code units: a lone surrogate is in no section's name, and must not turn into U+FFFD.
    let name = env.as_utf16(call.arg(1)).unwrap_or_default();
    let list = env.array(0)?;
    let sections = object.sections.iter();
    let same = sections.filter(|(other, _)| other.encode_utf16().eq(name.iter().copied()));
    for (index, (_, data)) in same.enumerate() {
        env.set_element(list, index as u32, env.array_buffer(data)?)?;
    }
    Ok(list)
}
