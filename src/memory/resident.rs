//! Which pages of a memory have been touched.

use std::io;

use wasmtime::SharedMemory;

/// Whether each page of the system in a memory is in use, from its start on. A page that was swapped out is not; one that
/// nobody has touched never is.
#[cfg(target_os = "linux")]
pub fn resident_pages(memory: &SharedMemory) -> io::Result<Vec<bool>> {
    let (data, length) = (memory.data().as_ptr() as *mut libc::c_void, memory.data_size());
    let mut pages = vec![0u8; length.div_ceil(rustix::param::page_size())];
    // SAFETY: the pages of the memory are mapped as long as there is a `SharedMemory`, and `pages` has a byte for each.
    if unsafe { libc::mincore(data, length, pages.as_mut_ptr()) } != 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(pages.into_iter().map(|page| page & 1 == 1).collect())
}

#[cfg(not(target_os = "linux"))]
pub fn resident_pages(_: &SharedMemory) -> io::Result<Vec<bool>> {
    Err(io::ErrorKind::Unsupported.into())
}
