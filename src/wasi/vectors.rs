//! The lists of buffers that reads and writes take.

use std::io::IoSlice;

use smallvec::SmallVec;
use wasmtime_wasi::p1::types::{CiovecArray, Errno, IovecArray, Size};
use wiggle::{GuestMemory, GuestPtr};

use super::errno::Result;

/// The most buffers that a call may have, as `IOV_MAX` is for POSIX.
const MAX_BUFFERS: u32 = 1024;

/// The most bytes that are copied at a time where the system cannot use the guest's memory itself.
/// A call that asks for more gets less, as any read or write may.
const MAX_COPY: usize = 1 << 20;

type Buffers = SmallVec<[GuestPtr<[u8]>; 8]>;

/// Calls `write` with the bytes of all buffers.
pub fn gather<R>(
    memory: &GuestMemory<'_>,
    vectors: CiovecArray,
    write: impl FnOnce(&mut [IoSlice<'_>]) -> Result<R>,
) -> Result<R> {
    let (buffers, _) = buffers(memory, vectors.cast())?;
    let mut slices = SmallVec::<[IoSlice<'_>; 8]>::new();
    for buffer in &buffers {
        match memory.as_slice(*buffer)? {
            Some(bytes) => slices.push(IoSlice::new(bytes)),
            // Other threads may write to the bytes meanwhile, which no slice may see.
            None => {
                let copy = copy(memory, &buffers)?;
                return write(&mut [IoSlice::new(&copy)]);
            }
        }
    }
    write(&mut slices)
}

fn copy(memory: &GuestMemory<'_>, buffers: &[GuestPtr<[u8]>]) -> Result<Vec<u8>> {
    let mut copy = Vec::new();
    for buffer in buffers {
        let length = u32::try_from(MAX_COPY - copy.len())?.min(buffer.len());
        copy.extend(memory.to_vec(buffer.as_ptr().as_array(length))?);
    }
    Ok(copy)
}

/// Calls `read` once, with room for all buffers, and spreads over them what it has read.
pub fn scatter(
    memory: &mut GuestMemory<'_>,
    vectors: IovecArray,
    read: impl FnOnce(&mut [u8]) -> Result<usize>,
) -> Result<Size> {
    let (buffers, total) = buffers(memory, vectors)?;
    let count = match (buffers.as_slice(), memory.is_shared_memory()) {
        ([], _) => read(&mut [])?,
        ([buffer], false) => match memory.as_slice_mut(*buffer)? {
            Some(bytes) => read(bytes)?,
            None => 0,
        },
        (buffers, _) => {
            let mut bytes = vec![0; MAX_COPY.min(total as usize)];
            let count = read(&mut bytes)?;
            let mut rest = &bytes[..count];
            for buffer in buffers {
                let (now, later) = rest.split_at(rest.len().min(buffer.len() as usize));
                memory.copy_from_slice(now, buffer.as_ptr().as_array(u32::try_from(now.len())?))?;
                rest = later;
            }
            count
        }
    };
    Ok(Size::try_from(count)?)
}

/// The buffers of a list that are not empty, and the sum of their lengths.
fn buffers(memory: &GuestMemory<'_>, vectors: IovecArray) -> Result<(Buffers, Size)> {
    if vectors.len() > MAX_BUFFERS {
        return Err(Errno::Inval.into());
    }
    let mut buffers = Buffers::new();
    let mut total: Size = 0;
    for vector in vectors.iter() {
        let vector = memory.read(vector?)?;
        total = total.checked_add(vector.buf_len).ok_or(Errno::Inval)?;
        if vector.buf_len > 0 {
            buffers.push(vector.buf.as_array(vector.buf_len));
        }
    }
    Ok((buffers, total))
}
