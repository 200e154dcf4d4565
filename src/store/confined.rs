//! What host functions own that belongs to one thread.

/// Wasmtime asks host functions to be `Send` and `Sync`, since stores usually are.
pub struct Confined<T>(pub T);

// SAFETY: the function is reachable only through its store, and the store only through its
// `StoreCell`, which is neither `Send` nor `Sync`: everything here stays on one thread.
unsafe impl<T> Send for Confined<T> {}
// SAFETY: as above.
unsafe impl<T> Sync for Confined<T> {}
