//! The `SharedArrayBuffer` over a shared memory.
//!
//! Node-API cannot make one over memory that is there already. So it is the other way round: V8
//! makes the buffer, and both its pages and those of the memory are replaced by one file in memory,
//! mapped twice. V8 aligns a buffer to pages only if it could grow, so it is one that could, by nothing.

use std::cell::{OnceCell, RefCell};
use std::rc::Rc;
use std::sync::atomic::{AtomicU8, Ordering};

use wasmtime::SharedMemory;

use crate::engine;
use crate::error::{Class, Error, code};
use crate::ffi::{Env, Reference, Value};

/// A shared memory and the buffer that shows it. Growth makes a new buffer; the old ones stay as
/// they are, over the same bytes.
pub struct SharedView {
    memory: SharedMemory,
    /// None where it could not be made, once threads have the memory: it cannot be moved any more.
    file: OnceCell<Option<pages::File>>,
    shown: RefCell<Option<(Reference, usize)>>,
}

const MAKE: &str = "(length) => {
  const bytes = new Uint8Array(new SharedArrayBuffer(length, length && { maxByteLength: length }))
  Object.freeze(bytes.buffer)
  return bytes
}";

struct Make(Reference);

impl SharedView {
    pub fn new(memory: SharedMemory) -> Rc<SharedView> {
        engine::leave_pool();
        Rc::new(SharedView {
            memory,
            file: OnceCell::new(),
            shown: RefCell::new(None),
        })
    }

    pub fn memory(&self) -> &SharedMemory {
        &self.memory
    }

    /// Moves the memory to where a buffer can show it, before threads have it. `fresh` is one that nobody has written to.
    /// Where that cannot be done there will be no buffer, which is told to who asks for one.
    pub fn prepare(&self, fresh: bool) {
        self.file.get_or_init(|| pages::File::under(&self.memory, fresh).ok());
    }

    /// Fills a `Uint8Array`, which nobody else uses, with the bytes at `address`.
    pub fn read(&self, env: Env<'_>, address: usize, into: Value<'_>) -> Result<(), Error> {
        let (data, length) = super::bytes_of(env, into, address, self.memory.data_size())?;
        for (n, byte) in self.bytes(address, length).enumerate() {
            // SAFETY: the array has `length` bytes.
            unsafe { data.add(n).write(byte.load(Ordering::Relaxed)) };
        }
        Ok(())
    }

    /// Copies the bytes of a `Uint8Array`, which nobody else uses, to `address`.
    pub fn write(&self, env: Env<'_>, address: usize, from: Value<'_>) -> Result<(), Error> {
        let (data, length) = super::bytes_of(env, from, address, self.memory.data_size())?;
        for (n, byte) in self.bytes(address, length).enumerate() {
            // SAFETY: the array has `length` bytes.
            byte.store(unsafe { data.add(n).read() }, Ordering::Relaxed);
        }
        Ok(())
    }

    /// The bytes from `address` on, each an atomic of its own, as other threads may be using them.
    fn bytes(&self, address: usize, length: usize) -> impl Iterator<Item = &AtomicU8> {
        let bytes = self.memory.data().iter().skip(address).take(length);
        // SAFETY: the byte lies in the memory, which `self` keeps, and no Rust uses it otherwise meanwhile.
        bytes.map(|byte| unsafe { AtomicU8::from_ptr(byte.get()) })
    }

    /// The current buffer.
    pub fn buffer<'s>(&self, env: Env<'s>) -> Result<Value<'s>, Error> {
        let length = self.memory.data_size();
        if let Some((buffer, shown)) = &*self.shown.borrow()
            && *shown == length
        {
            return Ok(env.deref(buffer)?);
        }
        let make = env.local(|env| Ok(Make(env.reference(env.run_script(MAKE)?)?)))?;
        let bytes = env.call(env.deref(&make.0)?, &[env.number(length as f64)?])?;
        if length > 0 {
            let (data, found) = env.bytes_at(bytes).unwrap_or((std::ptr::null_mut(), 0));
            let file = match self.file.get() {
                Some(file) => file,
                None => {
                    let file = pages::File::under(&self.memory, false).map_err(unsupported)?;
                    self.file.get_or_init(|| Some(file))
                }
            };
            let file = file.as_ref();
            let file =
                file.ok_or_else(|| unsupported(std::io::Error::other("no file could be made for it in time")))?;
            if found != length {
                return Err(Error::internal("a SharedArrayBuffer of another length"));
            }
            // SAFETY: the bytes are V8's, made just now and seen by nobody, and stay mapped until
            // V8 unmaps them together with whatever is mapped there.
            unsafe { file.map(data, length) }.map_err(unsupported)?;
        }
        let buffer = env.get(bytes, "buffer")?;
        *self.shown.borrow_mut() = Some((env.reference(buffer)?, length));
        Ok(buffer)
    }
}

fn unsupported(error: std::io::Error) -> Error {
    Error::new(
        Class::Error,
        code::UNSUPPORTED,
        format!(
            "a SharedArrayBuffer over a shared memory cannot be had here ({error}); WebAssembly itself can use the memory, and readMemory() and writeMemory() of wasmport copy its bytes"
        ),
    )
}

#[cfg(target_os = "linux")]
mod pages {
    use std::io;
    use std::os::fd::OwnedFd;

    use rustix::fs::{MemfdFlags, ftruncate, memfd_create};
    use rustix::mm::{MapFlags, ProtFlags, mmap};
    use wasmtime::SharedMemory;

    /// A page of WebAssembly, in bytes.
    const PAGE: u64 = 1 << 16;
    /// What the engine reserves for a memory, in bytes: a larger one may lie elsewhere in part.
    const RESERVED: u64 = 1 << 32;

    /// The pages of a memory as a file.
    pub struct File(OwnedFd);

    impl File {
        /// Moves the content of a memory into a file and maps that where the memory is. A fresh one has none.
        pub fn under(memory: &SharedMemory, fresh: bool) -> io::Result<File> {
            let most = memory.ty().maximum().unwrap_or(0).saturating_mul(PAGE);
            if most > RESERVED {
                return Err(io::Error::other("it may grow beyond 4 GiB"));
            }
            let fd = memfd_create("wasmport-shared-memory", MemfdFlags::CLOEXEC)?;
            ftruncate(&fd, most)?;
            let (base, length) = (memory.data().as_ptr() as *mut u8, memory.data_size());
            let written = if fresh { 0 } else { length };
            for start in (0..written).step_by(PAGE as usize) {
                // SAFETY: the chunk lies within the memory, whose length is a multiple of it, and no
                // other thread has the memory before it is shown.
                let chunk = unsafe { std::slice::from_raw_parts(base.add(start), PAGE as usize) };
                // What is zero needs no page.
                if chunk.iter().any(|byte| *byte != 0) {
                    write(&fd, chunk, start as u64)?;
                }
            }
            let file = File(fd);
            let rest = most as usize - length;
            // SAFETY: all of `most` bytes are within the engine's reservation for this memory. The
            // bytes read the same before and after, and what is beyond the length stays out of reach
            // until the engine makes it accessible as the memory grows.
            unsafe {
                if rest > 0 {
                    let flags = MapFlags::SHARED | MapFlags::FIXED;
                    mmap(
                        base.add(length).cast(),
                        rest,
                        ProtFlags::empty(),
                        flags,
                        &file.0,
                        length as u64,
                    )?;
                }
                if length > 0 {
                    file.map(base, length)?;
                }
            }
            Ok(file)
        }

        /// Maps the first `length` bytes of the file at `data`.
        ///
        /// # Safety
        /// The bytes at `data` must be mapped, and whoever owns the mapping must not care by what.
        pub unsafe fn map(&self, data: *mut u8, length: usize) -> io::Result<()> {
            if data.is_null() || !(data as usize).is_multiple_of(rustix::param::page_size()) {
                return Err(io::Error::other("V8 did not align the buffer to a page"));
            }
            let (access, flags) = (ProtFlags::READ | ProtFlags::WRITE, MapFlags::SHARED | MapFlags::FIXED);
            // SAFETY: by this function's contract, at an address that is a page's.
            unsafe { mmap(data.cast(), length, access, flags, &self.0, 0) }?;
            Ok(())
        }
    }

    fn write(fd: &OwnedFd, mut bytes: &[u8], mut at: u64) -> io::Result<()> {
        while !bytes.is_empty() {
            let written = rustix::io::pwrite(fd, bytes, at)?;
            bytes = &bytes[written..];
            at += written as u64;
        }
        Ok(())
    }
}

#[cfg(not(target_os = "linux"))]
mod pages {
    use std::io;

    use wasmtime::SharedMemory;

    /// There is none on this system.
    pub enum File {}

    impl File {
        pub fn under(_: &SharedMemory, _: bool) -> io::Result<File> {
            Err(io::Error::other("it needs Linux"))
        }

        /// # Safety
        /// None is needed: it cannot be called.
        pub unsafe fn map(&self, _: *mut u8, _: usize) -> io::Result<()> {
            match *self {}
        }
    }
}
