//! The numbers that Node-API keeps for an addon where a native one has pointers to data of its own.

use std::ffi::c_void;

/// No address of a process has this bit, so that no pointer of another addon is taken for one of ours.
const OURS: u64 = 1 << 63;

/// What JavaScript keeps of a thing of an addon's: which addon, and the number of the thing there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tag {
    pub addon: u32,
    pub number: u32,
}

impl Tag {
    pub fn new(addon: u32, number: u32) -> Tag {
        Tag { addon, number }
    }

    pub fn to_pointer(self) -> *mut c_void {
        (OURS | u64::from(self.addon) << 32 | u64::from(self.number)) as usize as *mut c_void
    }

    /// The tag that a pointer is; none if it is somebody else's.
    pub fn from_pointer(pointer: *mut c_void) -> Option<Tag> {
        let bits = pointer as usize as u64;
        (bits & OURS != 0).then_some(Tag {
            addon: (bits & !OURS).wrapping_shr(32) as u32,
            number: bits as u32,
        })
    }
}
