//! Where JavaScript has the bytes of a buffer, and of the views of one.

use std::ptr;

use napi_sys as sys;

use super::call::Call;
use super::failure::{Failure, Outcome, check};

/// Bytes that JavaScript has, until it runs again.
#[derive(Clone, Copy)]
pub struct Span {
    /// What has them: an `ArrayBuffer`, or the view itself where that is of a `SharedArrayBuffer`, which Node-API does not
    /// look into.
    pub holder: sys::napi_value,
    /// The first byte of the holder. Null if it has none.
    pub base: *mut u8,
    /// How many bytes the holder has.
    pub whole: usize,
    /// Which of them these are.
    pub offset: usize,
    pub length: usize,
}

/// What Node-API tells of a typed array.
pub struct TypedArray {
    pub kind: sys::napi_typedarray_type,
    /// In elements.
    pub length: usize,
    pub buffer: sys::napi_value,
    pub byte_offset: usize,
    pub span: Span,
}

/// A kind that Node-API has no number for.
pub const UNKNOWN: sys::napi_typedarray_type = -1;

/// How many bytes an element of a typed array has.
fn element_size(kind: sys::napi_typedarray_type) -> usize {
    use sys::TypedarrayType as Kind;
    match kind {
        Kind::int8_array | Kind::uint8_array | Kind::uint8_clamped_array => 1,
        Kind::int32_array | Kind::uint32_array | Kind::float32_array => 4,
        Kind::float64_array | Kind::bigint64_array | Kind::biguint64_array => 8,
        // Those of 16 bits, of which the floats came after Node-API's list of kinds.
        _ => 2,
    }
}

impl Span {
    /// Where its own first byte is.
    pub fn start(&self) -> *mut u8 {
        match self.base.is_null() {
            true => ptr::null_mut(),
            false => self.base.wrapping_add(self.offset),
        }
    }
}

impl Call<'_> {
    pub fn array_buffer_span(&self, buffer: sys::napi_value) -> Outcome<Span> {
        array_buffer(self.env, buffer)
    }

    pub fn typed_array(&self, value: sys::napi_value) -> Outcome<TypedArray> {
        typed_array(self.env, value)
    }

    /// The bytes of a `DataView`, its buffer, and where it begins there.
    pub fn data_view(&self, value: sys::napi_value) -> Outcome<(Span, sys::napi_value, usize)> {
        data_view(self.env, value)
    }

    /// The bytes of an `ArrayBuffer` or of a view of any kind.
    pub fn span(&self, value: sys::napi_value) -> Outcome<Span> {
        span(self.env, value)
    }

    /// The bytes of what Node takes for a `Buffer`: a view of any kind.
    pub fn view_span(&self, value: sys::napi_value) -> Outcome<Span> {
        match self.typed_array(value) {
            Ok(array) => Ok(array.span),
            Err(_) => self.data_view(value).map(|(span, ..)| span),
        }
    }
}

pub fn span(env: sys::napi_env, value: sys::napi_value) -> Outcome<Span> {
    array_buffer(env, value)
        .or_else(|_| typed_array(env, value).map(|array| array.span))
        .or_else(|_| data_view(env, value).map(|(span, ..)| span))
}

fn array_buffer(env: sys::napi_env, buffer: sys::napi_value) -> Outcome<Span> {
    let (mut data, mut length) = (ptr::null_mut(), 0);
    // SAFETY: the handle is live; a value of another type is refused with a status.
    check(unsafe { sys::napi_get_arraybuffer_info(env, buffer, &mut data, &mut length) })?;
    Ok(Span {
        holder: buffer,
        base: data.cast(),
        whole: length,
        offset: 0,
        length,
    })
}

fn typed_array(env: sys::napi_env, value: sys::napi_value) -> Outcome<TypedArray> {
    let (mut kind, mut length, mut byte_offset) = (UNKNOWN, 0, 0);
    let (mut data, mut buffer) = (ptr::null_mut(), ptr::null_mut());
    // SAFETY: the handle is live; a value of another type is refused with a status.
    check(unsafe {
        sys::napi_get_typedarray_info(
            env,
            value,
            &mut kind,
            &mut length,
            &mut data,
            &mut buffer,
            &mut byte_offset,
        )
    })?;
    let bytes = length * element_size(kind);
    Ok(TypedArray {
        kind,
        length,
        buffer,
        byte_offset,
        span: view(env, value, buffer, data.cast(), byte_offset, bytes),
    })
}

fn data_view(env: sys::napi_env, value: sys::napi_value) -> Outcome<(Span, sys::napi_value, usize)> {
    let (mut length, mut byte_offset) = (0, 0);
    let (mut data, mut buffer) = (ptr::null_mut(), ptr::null_mut());
    // SAFETY: the handle is live; a value of another type is refused with a status.
    check(unsafe { sys::napi_get_dataview_info(env, value, &mut length, &mut data, &mut buffer, &mut byte_offset) })?;
    let span = view(env, value, buffer, data.cast(), byte_offset, length);
    Ok((span, buffer, byte_offset))
}

/// The bytes of a view: of its buffer, so that the views of one buffer find each other.
fn view(
    env: sys::napi_env,
    value: sys::napi_value,
    buffer: sys::napi_value,
    data: *mut u8,
    offset: usize,
    length: usize,
) -> Span {
    match array_buffer(env, buffer) {
        Ok(whole) if offset.checked_add(length).is_some_and(|end| end <= whole.whole) => Span {
            offset,
            length,
            ..whole
        },
        // Its buffer was detached.
        Ok(whole) => Span {
            base: ptr::null_mut(),
            whole: 0,
            length: 0,
            ..whole
        },
        Err(Failure::Status(_) | Failure::Trap(_)) => Span {
            holder: value,
            base: data,
            whole: length,
            offset: 0,
            length,
        },
    }
}
