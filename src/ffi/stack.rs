//! How much of the thread's stack is left.

/// Where the current thread's stack ends.
#[derive(Debug, Clone, Copy)]
pub struct StackBounds {
    low: usize,
}

impl StackBounds {
    /// The bounds of the calling thread. Where the system does not tell them, all of the address
    /// space below counts as stack.
    pub fn current() -> StackBounds {
        thread_local! {
            /// Linux reads the main thread's bounds from a text file of the kernel, which takes 0.1 ms.
            static BOUNDS: StackBounds = StackBounds { low: lowest_address().unwrap_or(0) };
        }
        BOUNDS.with(|bounds| *bounds)
    }

    /// The bytes between here and the end of the stack.
    #[inline]
    pub fn left(self) -> usize {
        let here = 0u8;
        (&raw const here as usize).saturating_sub(self.low)
    }
}

#[cfg(target_os = "linux")]
fn lowest_address() -> Option<usize> {
    let mut low = std::ptr::null_mut();
    let mut size = 0;
    // SAFETY: the attributes are initialised by `pthread_getattr_np` before they are read and
    // destroyed once; the results are plain numbers.
    unsafe {
        let mut attributes = std::mem::MaybeUninit::uninit();
        if libc::pthread_getattr_np(libc::pthread_self(), attributes.as_mut_ptr()) != 0 {
            return None;
        }
        let mut attributes = attributes.assume_init();
        let status = libc::pthread_attr_getstack(&attributes, &mut low, &mut size);
        libc::pthread_attr_destroy(&mut attributes);
        (status == 0).then_some(low as usize)
    }
}

#[cfg(target_os = "macos")]
fn lowest_address() -> Option<usize> {
    // SAFETY: both functions only read facts of the calling thread.
    unsafe {
        let thread = libc::pthread_self();
        (libc::pthread_get_stackaddr_np(thread) as usize).checked_sub(libc::pthread_get_stacksize_np(thread))
    }
}

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
fn lowest_address() -> Option<usize> {
    None
}
