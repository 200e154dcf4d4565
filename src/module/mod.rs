//! From bytes to a compiled module with its description and plan.

mod compiled;
mod program;
mod progress;
mod section;
mod source;
mod toolchain;

use std::sync::{Arc, LazyLock};

use wasmport_init_section::{self as init, ErrorKind, Interface, Origin, Plan, Resolved};
use wasmtime::{ExternType, MemoryType};

use crate::engine::{self, Profile};
use crate::error::{Class, Detail, Error, code};

pub use compiled::{Code, Import, Linkable};
pub use program::profile as program_profile;
pub use section::{section, set_section, strip_section};
pub use source::Source;
pub use toolchain::{Toolchain, toolchain};

/// The limit of the JavaScript API.
const MOST_BYTES: usize = 1 << 30;

/// What messages call a module that has no name yet.
const PLAIN: &str = "WebAssembly.Module()";

/// Whether an import is the function by which a guest makes threads (wasi-threads).
fn is_thread_spawn(module: &str, name: &str) -> bool {
    module == "wasi" && name == "thread-spawn"
}

/// A compiled module. It belongs to no thread and no store.
pub struct Module {
    /// What messages call it: a path, or what the bytes were loaded as.
    pub file: Arc<str>,
    pub code: Arc<Code>,
}

impl Module {
    /// Compiles a module, or takes its code from the process or the cache, to be started by its plan.
    pub fn compile(source: &Source, file: &str, profile: Profile) -> Result<Module, Error> {
        let module = Module {
            file: file.into(),
            code: Code::get(source, file, profile)?,
        };
        match &module.code.description.plan {
            Err(error) => Err(init_error(error, file)),
            Ok(_) => Ok(module),
        }
    }

    /// The same for a program that starts the module itself: a binary, whatever it says of its start.
    pub fn compile_plain(bytes: Vec<u8>) -> Result<Module, Error> {
        if bytes.len() > MOST_BYTES {
            return Err(Error::new(
                Class::CompileError,
                code::COMPILE,
                format!(
                    "{PLAIN}: a module has at most {MOST_BYTES} bytes; this one has {}",
                    bytes.len()
                ),
            ));
        }
        source::check_module(&bytes, PLAIN)?;
        let source = &Source::Bytes(bytes);
        let code = Code::get(source, PLAIN, Profile::Plain)?;
        let name = code.description.interface.name.as_deref().unwrap_or_default();
        let hash = source.hash()?.to_hex();
        let separator = if name.is_empty() { "" } else { "-" };
        Ok(Module {
            // As V8 names a module without a URL.
            file: format!("wasm://wasm/{name}{separator}{}", &hash[..8]).into(),
            code,
        })
    }

    /// Whether bytes are a valid module, without compiling them.
    pub fn is_valid(bytes: &[u8]) -> Result<bool, Error> {
        Ok(source::is_binary(bytes)
            && bytes.len() <= MOST_BYTES
            && wasmtime::Module::validate(engine::engine()?, bytes).is_ok())
    }

    /// The plan by which it is started.
    pub fn plan(&self) -> &Plan {
        static NONE: LazyLock<Plan> = LazyLock::new(Plan::default);
        self.code.description.plan.as_ref().map_or(&NONE, |plan| &plan.plan)
    }

    /// Whether the plan hides an export from the namespace.
    pub fn hides(&self, name: &str) -> bool {
        self.plan().hide.iter().any(|select| select.selects(name))
    }

    /// Where each part of the plan came from.
    pub fn origin(&self) -> Option<&Origin> {
        self.code.description.plan.as_ref().ok().map(|plan| &plan.origin)
    }

    /// Whether nothing that it imports belongs to a store.
    pub fn imports_functions_only(&self) -> bool {
        let mut imports = self.code.on_demand().imports.iter();
        imports.all(|import| matches!(import.ty, ExternType::Func(_)))
    }

    /// Whether it makes threads.
    pub fn imports_thread_spawn(&self) -> bool {
        self.code.on_demand().imports.iter().any(Import::is_thread_spawn)
    }

    /// The type of an imported memory that it shares with its own threads only, if nobody gives it one.
    pub fn own_memory<'m>(&self, import: &'m Import) -> Option<&'m MemoryType> {
        match &import.ty {
            ExternType::Memory(ty) if ty.is_shared() && self.imports_thread_spawn() => Some(ty),
            _ => None,
        }
    }

    /// The name of the exported memory that its imports are meant to use: the one that its plan binds, the one named
    /// `memory`, or the only one there is.
    pub fn main_memory(&self) -> Option<&str> {
        let memories = || {
            let exports = self.interface().exports.iter();
            exports.filter(|export| matches!(export.ty, init::ExternType::Memory { .. }))
        };
        let bound = self.plan().bind.iter().map(|bind| bind.memory.as_str());
        let named = bound.chain(["memory"]);
        let mut found = named.filter_map(|name| memories().find(|export| export.name == name));
        found
            .next()
            .or_else(|| memories().next())
            .map(|export| export.name.as_str())
    }

    pub fn interface(&self) -> &Interface {
        &self.code.description.interface
    }
}

/// What a module says of itself.
pub struct Description {
    pub interface: Interface,
    /// A section that makes no sense is no concern of a program that starts the module itself.
    pub plan: Result<Resolved, init::Error>,
}

impl Description {
    fn of(interface: Interface) -> Description {
        let plan = init::resolve(&interface);
        Description { interface, plan }
    }
}

fn describe(bytes: &[u8], file: &str) -> Result<Description, Error> {
    let interface = Interface::parse(bytes).map_err(|error| init_error(&error, file))?;
    Ok(Description::of(interface))
}

/// What a module says of itself as JSON, without compiling it. `planned` is with the plan that it is started by, which
/// a module has not if its `init` section makes no sense.
pub fn inspect(source: &Source, file: &str, planned: bool) -> Result<String, Error> {
    #[derive(serde::Serialize)]
    struct Inspection {
        #[serde(flatten)]
        interface: Interface,
        /// In bytes, of the binary form.
        size: usize,
        toolchain: Option<Toolchain>,
        #[serde(flatten)]
        resolved: Option<Resolved>,
    }
    let bytes = source.read()?;
    let bytes = source::binary(&bytes, file)?;
    let Description { interface, plan } = describe(&bytes, file)?;
    let resolved = match planned {
        true => Some(plan.map_err(|error| init_error(&error, file))?),
        false => None,
    };
    serde_json::to_string(&Inspection {
        size: bytes.len(),
        toolchain: toolchain(&interface),
        interface,
        resolved,
    })
    .map_err(Error::internal)
}

fn init_error(error: &init::Error, file: &str) -> Error {
    let (class, code) = match error.kind() {
        ErrorKind::Compile => (Class::CompileError, code::COMPILE),
        ErrorKind::Link => (Class::LinkError, code::LINK),
    };
    let report = Error::new(class, code, format!("{file}: {error}")).with_text("file", file);
    match error.offset() {
        Some(offset) => report.with("offset", Detail::Number(offset as f64)),
        None => report,
    }
}
