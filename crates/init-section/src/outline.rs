//! What is left of a module when its bulk is left out, to be kept beside compiled code.
//!
//! An outline is itself a binary: the sections that the interface is read from, unchanged. Where something was left
//! out, a custom section without a name says at which offset of the file the next section stands.

use wasmparser::{BinaryReader, Name, NameSectionReader};

use crate::encode::{frame, name, u32};
use crate::reader::Reader;
use crate::sections::{self, CUSTOM, RawSection, Sections};
use crate::{Error, Kind};

/// The core sections that hold the bulk of a module and say nothing of its interface.
const BULK: [u8; 3] = [9, 10, 11]; // element, code, data

/// What [`crate::Interface::parse`] reads of a core module. Kept beside compiled code, it spares reading the module
/// again to know its interface and plan: [`crate::Interface::parse_outline`] makes the same of it.
///
/// # Errors
///
/// A compile error where the binary is malformed.
pub fn outline(bytes: &[u8]) -> Result<Vec<u8>, Error> {
    let (_, sections) = sections::open(bytes)?;
    let mut out = bytes[..8].to_vec();
    let mut end = out.len();
    for section in sections {
        let section = section?;
        let after = section.offset + section.body.len();
        let kept = match section.id {
            CUSTOM => match section.custom()? {
                ("init" | "producers", ..) => true,
                ("name", content, _) => {
                    module_name(&mut out, content);
                    false
                }
                _ => false,
            },
            id => !BULK.contains(&id),
        };
        if kept {
            if end != section.start {
                gap(&mut out, section.start);
            }
            out.extend(&bytes[section.start..after]);
            end = after;
        }
    }
    Ok(out)
}

/// Of a name section, the name of the module alone: those of functions and locals are many.
fn module_name(out: &mut Vec<u8>, content: &[u8]) {
    if let Some(Ok(Name::Module { name: module, .. })) = NameSectionReader::new(BinaryReader::new(content, 0)).next() {
        frame(out, CUSTOM, |out| {
            name(out, "name");
            frame(out, 0, |out| name(out, module));
        });
    }
}

fn gap(out: &mut Vec<u8>, next: usize) {
    frame(out, CUSTOM, |out| {
        name(out, "");
        u32(out, next);
    });
}

/// The sections of an outline, with their offsets in the file it was made of.
pub(crate) fn open(bytes: &[u8]) -> Result<(Kind, Outline<'_>), Error> {
    let (kind, sections) = sections::open(bytes)?;
    Ok((kind, Outline(sections)))
}

pub(crate) struct Outline<'a>(Sections<'a>);

impl<'a> Iterator for Outline<'a> {
    type Item = Result<RawSection<'a>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let section = match self.0.next()? {
                Ok(section) if section.id == CUSTOM => section,
                other => return Some(other),
            };
            match section.custom() {
                Ok(("", content, offset)) => match Reader::new(content, offset, "outline").u32("the end of a gap") {
                    Ok(next) => self.0.resume_at(next as usize),
                    Err(error) => return Some(Err(error)),
                },
                _ => return Some(Ok(section)),
            }
        }
    }
}
