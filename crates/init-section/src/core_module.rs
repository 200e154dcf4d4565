//! The imports and exports of a core module.

use std::sync::Arc;

use wasmparser::{CompositeInnerType, ExternalKind, TypeRef};

use crate::sections::RawSection;
use crate::{Error, Export, ExternType, Import, Interface, ValueType};

/// The ids of the sections that are read.
mod id {
    pub(super) const TYPE: u8 = 1;
    pub(super) const IMPORT: u8 = 2;
    pub(super) const FUNCTION: u8 = 3;
    pub(super) const TABLE: u8 = 4;
    pub(super) const MEMORY: u8 = 5;
    pub(super) const GLOBAL: u8 = 6;
    pub(super) const EXPORT: u8 = 7;
    pub(super) const TAG: u8 = 13;
}

/// The sections of a core module, each at most once.
#[derive(Default)]
pub(crate) struct CoreSections<'a>(Vec<RawSection<'a>>);

impl<'a> CoreSections<'a> {
    pub(crate) fn insert(&mut self, section: RawSection<'a>) -> Result<(), Error> {
        if self.get(section.id).is_some() {
            return Err(Error::compile(
                section.start,
                format!("a second section with the id {}", section.id),
            ));
        }
        self.0.push(section);
        Ok(())
    }

    /// Adds the imports and exports to an interface.
    pub(crate) fn read(&self, interface: &mut Interface) -> Result<(), Error> {
        Spaces::default().read(interface, self)
    }

    fn get(&self, id: u8) -> Option<&RawSection<'a>> {
        self.0.iter().find(|section| section.id == id)
    }
}

/// A function type. It is shared by all that have it, because a million functions can have one long type.
struct Signature {
    params: Arc<[ValueType]>,
    results: Arc<[ValueType]>,
}

/// The index spaces of a core module, as far as exports refer to them.
#[derive(Default)]
struct Spaces {
    /// `None` is a type that is no function type.
    types: Vec<Option<Signature>>,
    funcs: Vec<u32>,
    tables: Vec<wasmparser::TableType>,
    memories: Vec<wasmparser::MemoryType>,
    globals: Vec<wasmparser::GlobalType>,
    tags: Vec<u32>,
}

impl Spaces {
    fn read(&mut self, interface: &mut Interface, sections: &CoreSections<'_>) -> Result<(), Error> {
        if let Some(section) = sections.get(id::TYPE) {
            for group in section.items::<wasmparser::RecGroup>()? {
                for ty in group?.into_types() {
                    self.types.push(match ty.composite_type.inner {
                        CompositeInnerType::Func(ty) => Some(Signature {
                            params: values(ty.params()),
                            results: values(ty.results()),
                        }),
                        _ => None,
                    });
                }
            }
        }
        if let Some(section) = sections.get(id::IMPORT) {
            let imports = section.items::<wasmparser::Imports<'_>>()?;
            for import in imports.into_imports_with_offsets() {
                let (offset, import) = import?;
                interface.imports.push(Import {
                    module: import.module.to_owned(),
                    name: import.name.to_owned(),
                    ty: self.import(import.ty, offset)?,
                    offset,
                });
            }
        }
        if let Some(section) = sections.get(id::MEMORY) {
            for memory in section.items::<wasmparser::MemoryType>()? {
                let memory = memory?;
                interface.defines_shared_memory |= memory.shared;
                self.memories.push(memory);
            }
        }
        if let Some(section) = sections.get(id::EXPORT) {
            let exports = section.items::<wasmparser::Export<'_>>()?;
            let exports = exports.into_iter_with_offsets().collect::<Result<Vec<_>, _>>()?;
            let exported = |kind| exports.iter().any(|(_, export)| export.kind == kind);
            self.definitions(sections, exported)?;
            for (offset, export) in exports {
                interface.exports.push(Export {
                    name: export.name.to_owned(),
                    ty: self.export(&export, offset)?,
                    index: export.index,
                    offset,
                });
            }
        }
        Ok(())
    }

    /// Reads the definitions of the kinds that are exported, memories aside. The others can be long: a garbage-collected language
    /// can have tens of thousands of globals, each with an expression.
    fn definitions(
        &mut self,
        sections: &CoreSections<'_>,
        exported: impl Fn(ExternalKind) -> bool,
    ) -> Result<(), Error> {
        let section = |kind, id| sections.get(id).filter(|_| exported(kind));
        if let Some(section) = section(ExternalKind::Func, id::FUNCTION) {
            for ty in section.items::<u32>()? {
                self.funcs.push(ty?);
            }
        }
        if let Some(section) = section(ExternalKind::Table, id::TABLE) {
            for table in section.items::<wasmparser::Table<'_>>()? {
                self.tables.push(table?.ty);
            }
        }
        if let Some(section) = section(ExternalKind::Global, id::GLOBAL) {
            for global in section.items::<wasmparser::Global<'_>>()? {
                self.globals.push(global?.ty);
            }
        }
        if let Some(section) = section(ExternalKind::Tag, id::TAG) {
            for tag in section.items::<wasmparser::TagType>()? {
                self.tags.push(tag?.func_type_idx);
            }
        }
        Ok(())
    }

    fn import(&mut self, ty: TypeRef, offset: usize) -> Result<ExternType, Error> {
        Ok(match ty {
            TypeRef::Func(index) | TypeRef::FuncExact(index) => {
                self.funcs.push(index);
                self.func(index, offset)?
            }
            TypeRef::Table(ty) => {
                self.tables.push(ty);
                ty.into()
            }
            TypeRef::Memory(ty) => {
                self.memories.push(ty);
                ty.into()
            }
            TypeRef::Global(ty) => {
                self.globals.push(ty);
                ty.into()
            }
            TypeRef::Tag(ty) => {
                self.tags.push(ty.func_type_idx);
                self.tag(ty.func_type_idx, offset)?
            }
        })
    }

    fn export(&self, export: &wasmparser::Export<'_>, offset: usize) -> Result<ExternType, Error> {
        let index = export.index as usize;
        let ty = match export.kind {
            ExternalKind::Func | ExternalKind::FuncExact => {
                self.funcs.get(index).map(|ty| self.func(*ty, offset)).transpose()?
            }
            ExternalKind::Table => self.tables.get(index).map(|ty| (*ty).into()),
            ExternalKind::Memory => self.memories.get(index).map(|ty| (*ty).into()),
            ExternalKind::Global => self.globals.get(index).map(|ty| (*ty).into()),
            ExternalKind::Tag => self.tags.get(index).map(|ty| self.tag(*ty, offset)).transpose()?,
        };
        ty.ok_or_else(|| {
            let name = export.name;
            Error::compile(
                offset,
                format!("the export {name:?} has the index {index}, which is not defined"),
            )
        })
    }

    fn signature(&self, index: u32, offset: usize) -> Result<&Signature, Error> {
        match self.types.get(index as usize) {
            Some(Some(ty)) => Ok(ty),
            Some(None) => Err(Error::compile(offset, format!("type {index} is not a function type"))),
            None => Err(Error::compile(offset, format!("type {index} is not defined"))),
        }
    }

    fn func(&self, index: u32, offset: usize) -> Result<ExternType, Error> {
        let ty = self.signature(index, offset)?;
        Ok(ExternType::Func {
            params: ty.params.clone(),
            results: ty.results.clone(),
        })
    }

    fn tag(&self, index: u32, offset: usize) -> Result<ExternType, Error> {
        let ty = self.signature(index, offset)?;
        Ok(ExternType::Tag {
            params: ty.params.clone(),
        })
    }
}

fn values(types: &[wasmparser::ValType]) -> Arc<[ValueType]> {
    types.iter().map(|ty| (*ty).into()).collect()
}
