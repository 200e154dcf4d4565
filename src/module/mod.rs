//! From bytes to a compiled module with its description and plan.

mod progress;
mod source;

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError, Weak};

use wasmport_init_section::{self as init, ErrorKind, Interface, Plan};
use wasmtime::{Engine, ExternType, ModuleExport};

use crate::code_cache::{self, Key};
use crate::engine;
use crate::error::{Class, Detail, Error, code};

pub use source::Source;

/// A compiled module. It belongs to no thread and no store.
pub struct Module {
    /// What messages call it: a path, or what the bytes were loaded as.
    pub file: Arc<str>,
    pub code: Arc<Code>,
    pub interface: Interface,
    pub plan: Plan,
    /// Where each part of the plan came from.
    pub origin: init::Origin,
}

/// The part of a module that depends on its bytes alone, shared by all that load the same bytes.
pub struct Code {
    pub module: wasmtime::Module,
    pub imports: Vec<Import>,
    pub exports: Vec<Export>,
}

/// One import, in the module's order.
pub struct Import {
    pub module: String,
    pub name: String,
    pub ty: ExternType,
}

/// One export, in the order of a module namespace object: by the UTF-16 code units of the names.
pub struct Export {
    pub name: String,
    pub index: ModuleExport,
}

impl Module {
    /// Compiles a module, or takes its code from the process or the cache.
    pub fn compile(source: &Source, file: &str) -> Result<Module, Error> {
        let bytes = source.read()?;
        let bytes = source::binary(&bytes, file)?;
        let (interface, plan) = describe(&bytes, file)?;
        if interface.kind == init::Kind::Component {
            return Err(Error::new(
                Class::Error,
                code::UNSUPPORTED,
                format!("{file} is a component; this version loads core modules"),
            ));
        }
        let code = Code::get(&bytes, file)?;
        Ok(Module { file: file.into(), code, interface, plan: plan.plan, origin: plan.origin })
    }
}

/// What a module says of itself, without compiling it.
pub fn describe(bytes: &[u8], file: &str) -> Result<(Interface, init::Resolved), Error> {
    let interface = Interface::parse(bytes).map_err(|error| init_error(&error, file))?;
    let plan = init::resolve(&interface).map_err(|error| init_error(&error, file))?;
    Ok((interface, plan))
}

/// The same as JSON, for people and tools.
pub fn inspect(source: &Source, file: &str) -> Result<String, Error> {
    #[derive(serde::Serialize)]
    struct Inspection<'a> {
        #[serde(flatten)]
        interface: &'a Interface,
        #[serde(flatten)]
        resolved: &'a init::Resolved,
    }
    let bytes = source.read()?;
    let bytes = source::binary(&bytes, file)?;
    let (interface, resolved) = describe(&bytes, file)?;
    serde_json::to_string(&Inspection { interface: &interface, resolved: &resolved }).map_err(Error::internal)
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

/// The code of every module that somebody in the process holds, and of those being compiled: the
/// lock of a slot is held meanwhile, so that two loads of one file compile it once.
static LIVE: LazyLock<Mutex<HashMap<Key, Arc<Slot>>>> = LazyLock::new(Mutex::default);

type Slot = Mutex<Weak<Code>>;

impl Code {
    fn get(bytes: &[u8], file: &str) -> Result<Arc<Code>, Error> {
        let key = hash(bytes);
        let slot = {
            let mut live = LIVE.lock().unwrap_or_else(PoisonError::into_inner);
            // Whoever else holds a slot is about to fill it.
            live.retain(|_, slot| {
                Arc::strong_count(slot) > 1 || slot.try_lock().is_ok_and(|code| code.strong_count() > 0)
            });
            live.entry(key).or_default().clone()
        };
        let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(code) = slot.upgrade() {
            return Ok(code);
        }
        let engine = engine::engine()?;
        let module = match code_cache::load(engine, &key) {
            Some(module) => module,
            None => {
                let module = compile(engine, bytes, file)?;
                code_cache::store(engine, &key, &module);
                module
            }
        };
        let code = Arc::new(Code::new(module));
        *slot = Arc::downgrade(&code);
        Ok(code)
    }

    fn new(module: wasmtime::Module) -> Code {
        let imports = module
            .imports()
            .map(|import| Import { module: import.module().into(), name: import.name().into(), ty: import.ty() })
            .collect();
        let mut exports: Vec<_> = module
            .exports()
            .filter_map(|export| {
                let index = module.get_export_index(export.name())?;
                Some(Export { name: export.name().into(), index })
            })
            .collect();
        exports.sort_by(|a, b| a.name.encode_utf16().cmp(b.name.encode_utf16()));
        Code { module, imports, exports }
    }
}

/// Threads pay off for a hash only where there is much to hash.
const PARALLEL_HASH: usize = 1 << 20;

fn hash(bytes: &[u8]) -> Key {
    let mut hasher = blake3::Hasher::new();
    if bytes.len() < PARALLEL_HASH {
        hasher.update(bytes);
    } else {
        hasher.update_rayon(bytes);
    }
    hasher.finalize()
}

fn compile(engine: &Engine, bytes: &[u8], file: &str) -> Result<wasmtime::Module, Error> {
    let _progress = progress::show(file, bytes.len());
    wasmtime::Module::from_binary(engine, bytes).map_err(|error| {
        let offset = error.downcast_ref::<wasmparser::BinaryReaderError>().map(|error| error.offset());
        let report = Error::new(Class::CompileError, code::COMPILE, format!("{file}: {error:#}")).with_text("file", file);
        match offset {
            Some(offset) => report.with("offset", Detail::Number(offset as f64)),
            None => report,
        }
    })
}
