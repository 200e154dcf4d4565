//! The outermost layer of a binary: its header, and its sections by size. Nothing inside a section is looked at, so
//! that walking a large module costs as much as walking a small one.

use serde::Serialize;
use wasmparser::{BinaryReader, FromReader, SectionLimited};

use crate::Error;
use crate::reader::Reader;

/// What a binary is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A core module.
    Module,
    /// A component.
    Component,
}

/// The id of a custom section, in modules and components alike.
pub(crate) const CUSTOM: u8 = 0;

/// One section, header and body.
pub(crate) struct RawSection<'a> {
    pub(crate) id: u8,
    /// Where the section starts, its id included.
    pub(crate) start: usize,
    /// Where its body starts.
    pub(crate) offset: usize,
    pub(crate) body: &'a [u8],
}

impl<'a> RawSection<'a> {
    /// The name and content of a custom section, and where the content starts.
    pub(crate) fn custom(&self) -> Result<(&'a str, &'a [u8], usize), Error> {
        let mut reader = Reader::new(self.body, self.offset, "custom section");
        let name = reader.name("the name")?;
        Ok((name, reader.rest(), reader.offset()))
    }

    /// The items of a section that is a vector of them.
    pub(crate) fn items<T: FromReader<'a>>(&self) -> Result<SectionLimited<'a, T>, Error> {
        let reader = BinaryReader::new(self.body, self.offset);
        Ok(SectionLimited::new(reader)?)
    }
}

/// Reads the header of a binary; what is left are its sections.
pub(crate) fn open(bytes: &[u8]) -> Result<(Kind, Sections<'_>), Error> {
    let kind = match bytes.get(..8) {
        Some(b"\0asm\x01\0\0\0") => Kind::Module,
        Some(b"\0asm\x0d\0\x01\0") => Kind::Component,
        _ if !bytes.starts_with(b"\0asm") => {
            return Err(Error::compile(
                0,
                "not a WebAssembly binary: it does not start with \\0asm",
            ));
        }
        Some(header) => {
            return Err(Error::compile(
                4,
                format!(
                    "unknown version {:#x} of the binary format",
                    u32::from_le_bytes([header[4], header[5], header[6], header[7]])
                ),
            ));
        }
        None => return Err(Error::compile(bytes.len(), "the file ends in its header")),
    };
    let reader = Reader::new(&bytes[8..], 8, "file");
    Ok((kind, Sections { reader }))
}

/// The sections of a binary, in file order.
pub(crate) struct Sections<'a> {
    reader: Reader<'a>,
}

impl<'a> Iterator for Sections<'a> {
    type Item = Result<RawSection<'a>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.reader.is_empty() {
            return None;
        }
        let section = self.read();
        if section.is_err() {
            // There is no way to find the next section after a bad size.
            self.reader = Reader::new(&[], 0, "file");
        }
        Some(section)
    }
}

impl<'a> Sections<'a> {
    /// From here on, offsets count as if the next section started at `offset`.
    pub(crate) fn resume_at(&mut self, offset: usize) {
        self.reader = Reader::new(self.reader.rest(), offset, "file");
    }

    fn read(&mut self) -> Result<RawSection<'a>, Error> {
        let start = self.reader.offset();
        let id = self.reader.u8("a section id")?;
        let frame = self.reader.frame(&format!("section {id}"))?;
        Ok(RawSection {
            id,
            start,
            offset: frame.offset(),
            body: frame.rest(),
        })
    }
}
