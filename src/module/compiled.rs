//! Compiled code, shared by all that load the same bytes.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, OnceLock, PoisonError, Weak};

use wasmparser::WasmFeatures;
use wasmport_init_section::{self as init, Interface};
use wasmtime::{Engine, ExternType, Module, ModuleExport};

use super::source::{self, Source};
use super::{Description, progress};
use crate::code_cache::{self, Key};
use crate::engine::{self, Profile};
use crate::error::{Class, Detail, Error, code};

/// The part of a module that depends on its bytes alone.
pub struct Code {
    pub description: Description,
    on_demand: Linkable,
    pooled: OnceLock<Option<Linkable>>,
}

/// A module of one engine, with what linking needs to know of it.
pub struct Linkable {
    pub module: Module,
    pub imports: Vec<Import>,
    /// In the module's order.
    pub exports: Vec<Export>,
    /// The same in the order of a module namespace object: by the UTF-16 code units of the names.
    pub sorted: Vec<usize>,
}

/// One import, in the module's order.
pub struct Import {
    pub module: String,
    pub name: String,
    pub ty: ExternType,
    /// Where its entry is, in bytes from the start of the binary.
    pub offset: usize,
}

impl Import {
    /// Whether it is the function by which a guest makes threads.
    pub fn is_thread_spawn(&self) -> bool {
        super::is_thread_spawn(&self.module, &self.name)
    }
}

/// One export.
pub struct Export {
    pub name: String,
    /// Where Wasmtime has it.
    pub index: ModuleExport,
    /// Its index in the module among the items of its kind.
    pub item: u32,
}

/// The code of every module that somebody in the process holds, and of those being compiled: the
/// lock of a slot is held meanwhile, so that two loads of one file compile it once.
static LIVE: LazyLock<Mutex<Live>> = LazyLock::new(Mutex::default);

type Live = HashMap<(Key, Profile), Arc<Slot>>;
type Slot = Mutex<Weak<Code>>;

impl Code {
    pub(super) fn get(source: &Source, file: &str, profile: Profile) -> Result<Arc<Code>, Error> {
        let key = source.hash()?;
        let slot = {
            let mut live = LIVE.lock().unwrap_or_else(PoisonError::into_inner);
            // Whoever else holds a slot is about to fill it.
            live.retain(|_, slot| {
                Arc::strong_count(slot) > 1 || slot.try_lock().is_ok_and(|code| code.strong_count() > 0)
            });
            live.entry((key, profile)).or_default().clone()
        };
        let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(code) = slot.upgrade() {
            return Ok(code);
        }
        let code = match Code::from_cache(&key, profile) {
            Some(code) => code,
            None => {
                let bytes = source.read()?;
                if blake3::hash(&bytes) != key {
                    // The file changed since it was hashed. These bytes will not.
                    drop(slot);
                    return Code::get(&Source::Bytes(bytes.into_owned()), file, profile);
                }
                Code::compile(&key, &bytes, file, profile)?
            }
        };
        let code = Arc::new(code);
        *slot = Arc::downgrade(&code);
        Ok(code)
    }

    fn from_cache(key: &Key, profile: Profile) -> Option<Code> {
        let entry = code_cache::load(profile.engine().ok()?, key)?;
        let interface = Interface::parse_outline(&entry.outline).ok()?;
        Some(Code::new(entry.module, Description::of(interface)))
    }

    fn compile(key: &Key, bytes: &[u8], file: &str, profile: Profile) -> Result<Code, Error> {
        let binary = source::binary(bytes, file)?;
        let description = super::describe(&binary, file)?;
        if description.interface.kind == init::Kind::Component {
            return Err(Error::new(
                Class::Error,
                code::UNSUPPORTED,
                format!("{file} is a component; this version loads core modules"),
            )
            .with_text("file", file));
        }
        let engine = profile.engine()?;
        let module = compile(engine, &binary, file)?;
        if let Ok(outline) = init::outline(&binary) {
            code_cache::store(engine, key, &module, &outline);
        }
        Ok(Code::new(module, description))
    }

    fn new(module: Module, description: Description) -> Code {
        Code {
            on_demand: Linkable::new(module, &description.interface),
            description,
            pooled: OnceLock::new(),
        }
    }

    /// The module for stores that allocate on demand.
    pub fn on_demand(&self) -> &Linkable {
        &self.on_demand
    }

    /// The module for new stores that allocate from the pool, if it is worth it and fits.
    pub fn pooled(&self) -> Option<&Linkable> {
        let image = self.on_demand.module.image_range();
        if image.end as usize - image.start as usize > WORTH_POOLING {
            return None;
        }
        engine::pool_with_room()?;
        self.fit_pool()
    }

    /// The module for a store of `engine`.
    pub fn on(&self, engine: &Engine) -> Option<&Linkable> {
        match Engine::same(engine, self.on_demand.module.engine()) {
            true => Some(&self.on_demand),
            false => self.fit_pool(),
        }
    }

    fn fit_pool(&self) -> Option<&Linkable> {
        let copy = || code_cache::copy(engine::pooled()?, &self.on_demand.module);
        self.pooled
            .get_or_init(|| copy().map(|module| Linkable::new(module, &self.description.interface)))
            .as_ref()
    }
}

impl Linkable {
    fn new(module: Module, interface: &Interface) -> Linkable {
        let imports = module
            .imports()
            .zip(&interface.imports)
            .map(|(import, parsed)| Import {
                module: import.module().into(),
                name: import.name().into(),
                ty: import.ty(),
                offset: parsed.offset,
            })
            .collect();
        let exports: Vec<_> = module
            .exports()
            .zip(&interface.exports)
            .filter_map(|(export, parsed)| {
                let index = module.get_export_index(export.name())?;
                Some(Export {
                    name: export.name().into(),
                    index,
                    item: parsed.index,
                })
            })
            .collect();
        let mut sorted: Vec<_> = (0..exports.len()).collect();
        sorted.sort_by(|a, b| exports[*a].name.encode_utf16().cmp(exports[*b].name.encode_utf16()));
        Linkable {
            module,
            imports,
            exports,
            sorted,
        }
    }
}

/// Code larger than this, in bytes, is not copied for the pool: what such a module does when it is
/// instantiated outweighs what the pool saves.
const WORTH_POOLING: usize = 4 << 20;

fn compile(engine: &Engine, bytes: &[u8], file: &str) -> Result<Module, Error> {
    let _progress = progress::show(file, bytes.len());
    Module::from_binary(engine, bytes).map_err(|error| {
        // Wasmtime says where in words only. The validator of its parser finds the same mistake.
        match wasmparser::Validator::new_with_features(WasmFeatures::all()).validate_all(bytes) {
            Err(invalid) => Error::new(Class::CompileError, code::COMPILE, format!("{file}: {invalid}"))
                .with("offset", Detail::Number(invalid.offset() as f64)),
            Ok(_) => Error::new(Class::CompileError, code::COMPILE, format!("{file}: {error:#}")),
        }
        .with_text("file", file)
    })
}
