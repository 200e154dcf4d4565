//! A bounds-checked cursor over bytes that knows where in the file it is.

use crate::Error;

/// Reads from one frame (a file, a section, a sub-section) and never past its end.
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
    position: usize,
    /// Where `bytes` starts in the file.
    base: usize,
    /// What is being read, to start every reason with.
    subject: &'static str,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8], base: usize, subject: &'static str) -> Self {
        Reader {
            bytes,
            position: 0,
            base,
            subject,
        }
    }

    /// The offset in the file of the byte that is read next.
    pub(crate) fn offset(&self) -> usize {
        self.base + self.position
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.position == self.bytes.len()
    }

    /// A compile error at an offset in the file.
    pub(crate) fn error(&self, offset: usize, reason: impl AsRef<str>) -> Error {
        Error::compile(offset, format!("{}: {}", self.subject, reason.as_ref()))
    }

    pub(crate) fn u8(&mut self, what: &str) -> Result<u8, Error> {
        match self.bytes.get(self.position) {
            Some(&byte) => {
                self.position += 1;
                Ok(byte)
            }
            None => Err(self.error(self.offset(), format!("it ends where {what} is expected"))),
        }
    }

    /// An unsigned LEB128 integer of at most 32 bits, as the core format has it.
    pub(crate) fn u32(&mut self, what: &str) -> Result<u32, Error> {
        let start = self.offset();
        let mut value = 0u32;
        for shift in [0, 7, 14, 21, 28] {
            let byte = self.u8(what)?;
            if shift == 28 && byte & 0xf0 != 0 {
                break;
            }
            value |= u32::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(self.error(start, format!("{what} is not a LEB128 integer of 32 bits")))
    }

    /// A frame of its own: a LEB128 size, then that many bytes.
    pub(crate) fn frame(&mut self, what: &str) -> Result<Reader<'a>, Error> {
        let start = self.offset();
        let size = self.u32(&format!("the size of {what}"))?;
        let left = self.bytes.len() - self.position;
        let Some(size) = usize::try_from(size).ok().filter(|size| *size <= left) else {
            return Err(self.error(start, format!("{what} has a size of {size}, but {left} bytes are left")));
        };
        let frame = Reader::new(
            &self.bytes[self.position..self.position + size],
            self.offset(),
            self.subject,
        );
        self.position += size;
        Ok(frame)
    }

    /// A name: a frame of UTF-8.
    pub(crate) fn name(&mut self, what: &str) -> Result<&'a str, Error> {
        let frame = self.frame(what)?;
        std::str::from_utf8(frame.bytes).map_err(|_| self.error(frame.base, format!("{what} is not UTF-8")))
    }

    /// Everything that has not been read.
    pub(crate) fn rest(&self) -> &'a [u8] {
        &self.bytes[self.position..]
    }

    /// Fails unless everything has been read.
    pub(crate) fn end(&self, what: &str) -> Result<(), Error> {
        match self.rest().len() {
            0 => Ok(()),
            n => Err(self.error(self.offset(), format!("{n} trailing bytes after {what}"))),
        }
    }
}
