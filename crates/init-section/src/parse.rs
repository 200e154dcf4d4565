//! From bytes to an [`Interface`].

use wasmparser::{BinaryReader, ComponentName, Name};

use crate::core_module::CoreSections;
use crate::sections::{CUSTOM, RawSection};
use crate::{Error, Export, Import, InitPayload, Interface, Kind, Producer};

/// The ids of the component sections that are read.
mod component {
    pub(super) const IMPORT: u8 = 10;
    pub(super) const EXPORT: u8 = 11;
}

/// Reads the interface from the sections, each with the offsets it has in the file.
pub(crate) fn interface<'a>(
    kind: Kind,
    sections: impl Iterator<Item = Result<RawSection<'a>, Error>>,
) -> Result<Interface, Error> {
    let mut interface = Interface {
        kind,
        imports: Vec::new(),
        exports: Vec::new(),
        defines_shared_memory: false,
        init: None,
        name: None,
        producers: Vec::new(),
    };
    let mut core = CoreSections::default();
    for section in sections {
        let section = section?;
        match (kind, section.id) {
            (_, CUSTOM) => custom(&mut interface, &section)?,
            (Kind::Module, _) => core.insert(section)?,
            (Kind::Component, component::IMPORT) => component_imports(&mut interface, &section)?,
            (Kind::Component, component::EXPORT) => component_exports(&mut interface, &section)?,
            (Kind::Component, _) => {}
        }
    }
    if kind == Kind::Module {
        core.read(&mut interface)?;
    }
    Ok(interface)
}

fn custom(interface: &mut Interface, section: &RawSection<'_>) -> Result<(), Error> {
    let (name, content, offset) = section.custom()?;
    match (name, interface.kind) {
        ("init", _) => {
            if interface.init.is_some() {
                return Err(Error::compile(section.start, "init section: there is a second one"));
            }
            interface.init = Some(InitPayload {
                offset,
                bytes: content.to_vec(),
            });
        }
        ("name", Kind::Module) => {
            let mut names = wasmparser::NameSectionReader::new(BinaryReader::new(content, offset));
            // The module's own name comes first or not at all, so nothing else has to be read.
            if let Some(Ok(Name::Module { name, .. })) = names.next() {
                interface.name = Some(name.to_owned());
            }
        }
        ("component-name", Kind::Component) => {
            let mut names = wasmparser::ComponentNameSectionReader::new(BinaryReader::new(content, offset));
            if let Some(Ok(ComponentName::Component { name, .. })) = names.next() {
                interface.name = Some(name.to_owned());
            }
        }
        // A damaged hint is no reason to refuse a binary.
        ("producers", _) => interface.producers = producers(content, offset).unwrap_or_default(),
        _ => {}
    }
    Ok(())
}

fn producers(content: &[u8], offset: usize) -> wasmparser::Result<Vec<Producer>> {
    let mut producers = Vec::new();
    for field in wasmparser::ProducersSectionReader::new(BinaryReader::new(content, offset))? {
        let field = field?;
        for value in field.values {
            let value = value?;
            producers.push(Producer {
                field: field.name.to_owned(),
                name: value.name.to_owned(),
                version: value.version.to_owned(),
            });
        }
    }
    Ok(producers)
}

fn component_imports(interface: &mut Interface, section: &RawSection<'_>) -> Result<(), Error> {
    let imports = section.items::<wasmparser::ComponentImport<'_>>()?;
    for import in imports.into_iter_with_offsets() {
        let (offset, import) = import?;
        interface.imports.push(Import {
            module: String::new(),
            name: import.name.name.to_owned(),
            ty: import.ty.kind().into(),
            offset,
        });
    }
    Ok(())
}

fn component_exports(interface: &mut Interface, section: &RawSection<'_>) -> Result<(), Error> {
    let exports = section.items::<wasmparser::ComponentExport<'_>>()?;
    for export in exports.into_iter_with_offsets() {
        let (offset, export) = export?;
        interface.exports.push(Export {
            name: export.name.name.to_owned(),
            ty: export.kind.into(),
            index: export.index,
            offset,
        });
    }
    Ok(())
}
