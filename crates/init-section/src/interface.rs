//! What a binary says about itself: its imports, its exports, and a few custom sections.

use serde::Serialize;

use crate::{Error, ExternType, Kind};
use crate::{outline, parse, sections};

/// The outside of a binary.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Interface {
    /// A module or a component.
    pub kind: Kind,
    /// The imports, in file order.
    pub imports: Vec<Import>,
    /// The exports, in file order.
    pub exports: Vec<Export>,
    /// Whether it defines a shared memory, where most that have one import it.
    #[serde(skip)]
    pub defines_shared_memory: bool,
    /// The `init` section, undecoded.
    #[serde(skip)]
    pub init: Option<InitPayload>,
    /// The name that the `name` section gives the module.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What the `producers` section tells about languages and tools. A hint: it can be absent, or wrong.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub producers: Vec<Producer>,
}

/// One import.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Import {
    /// The module it is imported from. Empty for the imports of a component, which have one name.
    pub module: String,
    /// Its name in that module.
    pub name: String,
    /// What it has to be.
    #[serde(flatten)]
    pub ty: ExternType,
    /// Where its entry starts, in bytes from the start of the file.
    pub offset: usize,
}

/// One export.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Export {
    /// Its name.
    pub name: String,
    /// What it is.
    #[serde(flatten)]
    pub ty: ExternType,
    /// Its index among the items of its kind, so that two names of one item can be told from two items.
    #[serde(skip)]
    pub index: u32,
    /// Where its entry starts, in bytes from the start of the file.
    pub offset: usize,
}

/// The content of an `init` section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InitPayload {
    /// Where the content starts, in bytes from the start of the file.
    pub offset: usize,
    /// The content, without the name of the section.
    pub bytes: Vec<u8>,
}

/// One entry of the `producers` section.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Producer {
    /// `language`, `processed-by` or `sdk`.
    pub field: String,
    /// What it is called.
    pub name: String,
    /// Its version; can be empty.
    pub version: String,
}

impl Interface {
    /// Reads the interface of a module or component.
    ///
    /// Only what is needed is looked at; code, data and debug information are skipped by section size. So this is no
    /// validation: what it accepts can still be invalid. It never panics.
    ///
    /// # Errors
    ///
    /// A compile error where the binary is malformed, or has two `init` sections.
    pub fn parse(bytes: &[u8]) -> Result<Interface, Error> {
        let (kind, sections) = sections::open(bytes)?;
        parse::interface(kind, sections)
    }

    /// Reads the interface of a core module from its [`crate::outline`]. All offsets are those of the module's file.
    ///
    /// # Errors
    ///
    /// A compile error where the outline is malformed, or the module has two `init` sections.
    pub fn parse_outline(bytes: &[u8]) -> Result<Interface, Error> {
        let (kind, sections) = outline::open(bytes)?;
        parse::interface(kind, sections)
    }

    /// The export of this name.
    pub fn export(&self, name: &str) -> Option<&Export> {
        self.exports.iter().find(|export| export.name == name)
    }

    /// Whether anything is imported from this module.
    pub fn imports_from(&self, module: &str) -> bool {
        self.imports.iter().any(|import| import.module == module)
    }
}
