//! Which memory a bind means.

use std::collections::HashSet;

use crate::{Error, Export, ExternType, Import, Interface};

/// A memory that a host can get at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemorySource<'a> {
    /// An exported one.
    Export(&'a Export),
    /// An imported one, which the host has because it supplied it.
    Import(&'a Import),
}

impl Interface {
    /// The memory that a plan means by a name: the exported memory of this name, or for `""` the only memory
    /// exported, else the imported one.
    ///
    /// # Errors
    ///
    /// A link error where there is none, where it is not a memory, or where `""` could mean several.
    pub fn memory(&self, name: &str) -> Result<MemorySource<'_>, Error> {
        if !name.is_empty() {
            return match self.export(name) {
                Some(export) if is_memory(&export.ty) => Ok(MemorySource::Export(export)),
                Some(export) => Err(Error::link(format!(
                    "the memory {name:?} is exported as a {}",
                    export.ty.kind()
                ))),
                None => Err(Error::link(format!("there is no exported memory {name:?}"))),
            };
        }
        self.only_memory()?
            .ok_or_else(|| Error::link("there is no exported and no imported memory"))
    }

    /// The only memory exported, else the imported one.
    pub(crate) fn only_memory(&self) -> Result<Option<MemorySource<'_>>, Error> {
        // One memory under two names is one candidate.
        let mut seen = HashSet::new();
        let exports: Vec<&Export> = self
            .exports
            .iter()
            .filter(|export| is_memory(&export.ty) && seen.insert(export.index))
            .collect();
        let imports: Vec<&Import> = self.imports.iter().filter(|import| is_memory(&import.ty)).collect();
        match (&*exports, &*imports) {
            ([export], _) => Ok(Some(MemorySource::Export(export))),
            ([], [import]) => Ok(Some(MemorySource::Import(import))),
            ([], []) => Ok(None),
            ([], imports) => Err(several(
                "imports",
                imports
                    .iter()
                    .map(|import| format!("{:?} {:?}", import.module, import.name)),
            )),
            (exports, _) => Err(several(
                "exports",
                exports.iter().map(|export| format!("{:?}", export.name)),
            )),
        }
    }
}

fn is_memory(ty: &ExternType) -> bool {
    matches!(ty, ExternType::Memory { .. })
}

fn several(verb: &str, names: impl Iterator<Item = String>) -> Error {
    let names = names.collect::<Vec<_>>().join(", ");
    Error::link(format!(
        "the module {verb} several memories ({names}) and none is exported as \"memory\"; \
         a bind sub-section of an init section can name the one to use"
    ))
}
