//! `ArrayBuffer`s and `Buffer`s over bytes in the guest's memory: both sides see the same ones.
//!
//! The memory of a guest never moves, so such a buffer stays as it is when the memory grows; and it keeps the memory.
//! Where threads share the memory it is an `ArrayBuffer` too, as it is for a native addon with threads: what JavaScript
//! sees of writes by another thread is up to the guest to order.

use std::cell::Cell;
use std::rc::Rc;

use napi_sys as sys;

use super::addon::Addon;
use super::call::{Call, Ptr};
use super::failure::{Failure, Outcome};
use super::guest_data::GuestData;
use super::tag::Tag;
use crate::ffi::{BufferError, Env, Value, external_buffer, external_node_buffer};
use crate::store::Retained;

/// What shows the bytes.
#[derive(Clone, Copy)]
pub enum Shape {
    ArrayBuffer,
    NodeBuffer,
}

/// What is done with the bytes once JavaScript has let go of them.
#[derive(Clone, Copy)]
pub enum Release {
    /// The guest's `free` gets them: they are of its `malloc`.
    Free,
    /// A finalizer of the guest's is called.
    Finalize(GuestData),
}

/// What keeps the bytes for JavaScript.
struct Owner {
    _memory: Retained,
    release: Rc<Cell<Option<Due>>>,
}

/// What is to be done by which addon.
#[derive(Clone, Copy)]
enum Due {
    Free { addon: u32, address: u32 },
    Finalize(Tag),
}

impl Drop for Owner {
    fn drop(&mut self) {
        let Some(due) = self.release.take() else { return };
        let (Due::Free { addon, .. } | Due::Finalize(Tag { addon, .. })) = due;
        // One that was disposed of has run its finalizers, and has no memory to give back.
        let Some(addon) = Addon::find(addon) else { return };
        let env: Env<'_> = addon.ffi();
        match due {
            Due::Free { address, .. } => addon.run_task(env, || addon.free(address)),
            Due::Finalize(tag) => addon.finalize_carried(env, tag),
        }
    }
}

impl<'a> Call<'a> {
    /// A buffer over bytes of the guest's. None where the host forbids such buffers (Electron does); what was to be
    /// released is not then.
    pub fn show(&self, shape: Shape, address: Ptr, length: u32, release: Release) -> Outcome<Option<Value<'a>>> {
        let length = length as usize;
        let data = self.memory()?.at(address.0, length)?;
        let due = match release {
            Release::Free => Due::Free {
                addon: self.addon.id(),
                address: address.0,
            },
            Release::Finalize(data) => Due::Finalize(self.carry(data)?),
        };
        // It is not due before there is a buffer.
        let armed = Rc::new(Cell::new(None));
        let owner = Owner {
            _memory: self.addon.cell.retain(),
            release: armed.clone(),
        };
        let env = self.ffi();
        let made = match shape {
            // SAFETY: the bytes are inside the memory, which is never moved and which `owner` keeps.
            Shape::ArrayBuffer => unsafe { external_buffer(env, data, length, owner) },
            // SAFETY: as above.
            Shape::NodeBuffer => unsafe { external_node_buffer(env, data, length, owner) },
        };
        if let (Err(_), Due::Finalize(tag)) = (&made, due) {
            self.uncarry(tag.to_pointer())?;
        }
        match made {
            Ok(value) => {
                armed.set(Some(due));
                Ok(Some(value))
            }
            Err(BufferError::Forbidden) => Ok(None),
            Err(BufferError::Thrown(_)) => Err(Failure::PENDING_EXCEPTION),
        }
    }

    /// A buffer over bytes that the guest allocates for it, and their address. Where the host forbids that, it is one of
    /// JavaScript's own, and the guest's bytes a copy of it.
    pub fn allocate_shown(
        &self,
        shape: Shape,
        length: u32,
        fill: impl FnOnce(Ptr) -> Outcome,
    ) -> Outcome<(Value<'a>, u32)> {
        if length == 0 {
            return Ok((self.own_buffer(shape, 0)?, 0));
        }
        let address = self.addon.allocate(length)?;
        fill(Ptr(address))?;
        let shown = match self.show(shape, Ptr(address), length, Release::Free)? {
            Some(value) => value,
            None => {
                let value = self.own_buffer(shape, length)?;
                self.adopt_copy(value.raw(), address)?;
                value
            }
        };
        Ok((shown, address))
    }

    fn own_buffer(&self, shape: Shape, length: u32) -> Outcome<Value<'a>> {
        let (mut data, mut raw) = (std::ptr::null_mut(), std::ptr::null_mut());
        let length = length as usize;
        // SAFETY: writes a handle of the current scope, and where its bytes are.
        super::failure::check(unsafe {
            match shape {
                Shape::ArrayBuffer => sys::napi_create_arraybuffer(self.env, length, &mut data, &mut raw),
                Shape::NodeBuffer => sys::napi_create_buffer(self.env, length, &mut data, &mut raw),
            }
        })?;
        Ok(super::addon::value_of(raw))
    }
}
