//! The environment, and making and reading primitive values.

use std::marker::PhantomData;
use std::ptr;

use napi_sys as sys;

/// A JavaScript exception is pending in the environment, or the environment is past running
/// JavaScript (a terminated worker). Either way nothing is left to do but to return to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Thrown;

/// A Node-API environment inside a handle scope that lives for `'s`.
#[derive(Clone, Copy)]
pub struct Env<'s> {
    pub(super) raw: sys::napi_env,
    scope: PhantomData<&'s ()>,
}

/// An environment outside of any handle scope.
#[derive(Clone, Copy)]
pub struct EnvAddress(sys::napi_env);

impl EnvAddress {
    /// # Safety
    /// JavaScript of this environment must have called the running code, with a handle scope that
    /// outlives `'s`.
    #[inline]
    pub unsafe fn env<'s>(self) -> Env<'s> {
        Env {
            raw: self.0,
            scope: PhantomData,
        }
    }
}

/// A JavaScript value, valid as long as its handle scope.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct Value<'s> {
    pub(super) raw: sys::napi_value,
    scope: PhantomData<&'s ()>,
}

/// What `typeof` says, with `null` told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    Undefined,
    Null,
    Boolean,
    Number,
    String,
    Symbol,
    Object,
    Function,
    External,
    BigInt,
}

impl<'s> Value<'s> {
    /// # Safety
    /// `raw` must be a live handle of a scope that outlives `'s`.
    #[inline]
    pub unsafe fn from_raw(raw: sys::napi_value) -> Self {
        Value {
            raw,
            scope: PhantomData,
        }
    }

    /// The handle, for a call of Node-API.
    #[inline]
    pub fn raw(self) -> sys::napi_value {
        self.raw
    }

    /// The value for napi-rs to return.
    pub fn into_unknown(self, env: Env<'s>) -> napi::Unknown<'s> {
        // SAFETY: the handle is live in this environment for `'s`.
        unsafe { napi::Unknown::from_raw_unchecked(env.raw, self.raw) }
    }

    /// A value that napi-rs received, for use during the same callback.
    pub fn of<V: napi::JsValue<'s>>(value: &V) -> Self {
        Value {
            raw: value.raw(),
            scope: PhantomData,
        }
    }
}

impl<'s> Env<'s> {
    /// # Safety
    /// `raw` must be the environment of the current thread, inside a handle scope that outlives `'s`.
    #[inline]
    pub unsafe fn from_raw(raw: sys::napi_env) -> Self {
        Env {
            raw,
            scope: PhantomData,
        }
    }

    /// The environment that napi-rs passed to the running callback.
    pub fn of(env: &'s napi::Env) -> Self {
        Env {
            raw: env.raw(),
            scope: PhantomData,
        }
    }

    /// The environment, for a call of Node-API.
    #[inline]
    pub fn raw(self) -> sys::napi_env {
        self.raw
    }

    /// The environment, to be used again in a later call from JavaScript.
    pub fn address(self) -> EnvAddress {
        EnvAddress(self.raw)
    }

    /// Turns a status into a result. A failure without a pending exception is a misuse of
    /// Node-API, so our bug: it is thrown as such.
    #[inline]
    pub(super) fn check(self, status: sys::napi_status) -> Result<(), Thrown> {
        if status == sys::Status::napi_ok {
            Ok(())
        } else {
            Err(self.fail(status))
        }
    }

    #[cold]
    fn fail(self, status: sys::napi_status) -> Thrown {
        // Where the environment is being terminated nothing is pending, and nothing may be thrown: an
        // exception would take the place of the termination.
        let stopping = [sys::Status::napi_pending_exception, sys::Status::napi_cannot_run_js].contains(&status);
        if stopping || self.is_exception_pending() {
            return Thrown;
        }
        self.bug(&format!("Node-API answered with status {status}"))
    }

    /// Throws an error that says that wasmport, and not its user, made a mistake.
    #[cold]
    pub fn bug(self, what: &str) -> Thrown {
        let text = format!("{what}; this is a bug in wasmport, not in your code");
        let code = "ERR_WASMPORT_INTERNAL";
        let (mut message, mut name, mut error) = (ptr::null_mut(), ptr::null_mut(), ptr::null_mut());
        // SAFETY: the strings are passed with their length; each result is used only if the call
        // that makes it succeeded. Where the environment can no longer run JavaScript the calls
        // fail, which `Thrown` allows for.
        unsafe {
            let made = sys::napi_create_string_utf8(self.raw, text.as_ptr().cast(), text.len() as isize, &mut message)
                | sys::napi_create_string_utf8(self.raw, code.as_ptr().cast(), code.len() as isize, &mut name);
            if made == sys::Status::napi_ok
                && sys::napi_create_error(self.raw, name, message, &mut error) == sys::Status::napi_ok
            {
                sys::napi_throw(self.raw, error);
            }
        }
        Thrown
    }

    /// Whether an exception is pending, that is, will be thrown when the running callback returns.
    pub fn is_exception_pending(self) -> bool {
        let mut pending = false;
        // SAFETY: `raw` is a live environment; the result is a bool we own.
        unsafe { sys::napi_is_exception_pending(self.raw, &mut pending) };
        pending
    }

    /// Takes the pending exception, if there is one.
    pub fn take_exception(self) -> Option<Value<'s>> {
        if !self.is_exception_pending() {
            return None;
        }
        // SAFETY: the function writes a handle of the current scope.
        self.make(|raw| unsafe { sys::napi_get_and_clear_last_exception(self.raw, raw) })
            .ok()
    }

    /// Runs a Node-API function that makes one value in the current scope.
    #[inline]
    pub(super) fn make(self, f: impl FnOnce(*mut sys::napi_value) -> sys::napi_status) -> Result<Value<'s>, Thrown> {
        let mut raw = ptr::null_mut();
        self.check(f(&mut raw))?;
        Ok(Value {
            raw,
            scope: PhantomData,
        })
    }

    pub fn undefined(self) -> Result<Value<'s>, Thrown> {
        // SAFETY: writes one handle of the current scope, as do all the makers below.
        self.make(|raw| unsafe { sys::napi_get_undefined(self.raw, raw) })
    }

    pub fn null(self) -> Result<Value<'s>, Thrown> {
        // SAFETY: see `undefined`.
        self.make(|raw| unsafe { sys::napi_get_null(self.raw, raw) })
    }

    pub fn global(self) -> Result<Value<'s>, Thrown> {
        // SAFETY: see `undefined`.
        self.make(|raw| unsafe { sys::napi_get_global(self.raw, raw) })
    }

    pub fn boolean(self, value: bool) -> Result<Value<'s>, Thrown> {
        // SAFETY: see `undefined`.
        self.make(|raw| unsafe { sys::napi_get_boolean(self.raw, value, raw) })
    }

    #[inline]
    pub fn int32(self, value: i32) -> Result<Value<'s>, Thrown> {
        // SAFETY: see `undefined`.
        self.make(|raw| unsafe { sys::napi_create_int32(self.raw, value, raw) })
    }

    #[inline]
    pub fn number(self, value: f64) -> Result<Value<'s>, Thrown> {
        // SAFETY: see `undefined`.
        self.make(|raw| unsafe { sys::napi_create_double(self.raw, value, raw) })
    }

    #[inline]
    pub fn bigint(self, value: i64) -> Result<Value<'s>, Thrown> {
        // SAFETY: see `undefined`.
        self.make(|raw| unsafe { sys::napi_create_bigint_int64(self.raw, value, raw) })
    }

    pub fn bigint_unsigned(self, value: u64) -> Result<Value<'s>, Thrown> {
        // SAFETY: see `undefined`.
        self.make(|raw| unsafe { sys::napi_create_bigint_uint64(self.raw, value, raw) })
    }

    /// A BigInt as an unsigned number; `None` where the value is none, negative or too large.
    pub fn as_unsigned_bigint(self, value: Value<'_>) -> Option<u64> {
        let (mut result, mut lossless) = (0, false);
        // SAFETY: see `as_int32`.
        let status = unsafe { sys::napi_get_value_bigint_uint64(self.raw, value.raw, &mut result, &mut lossless) };
        (status == sys::Status::napi_ok && lossless).then_some(result)
    }

    pub fn as_boolean(self, value: Value<'_>) -> Option<bool> {
        let mut result = false;
        // SAFETY: see `as_int32`.
        let status = unsafe { sys::napi_get_value_bool(self.raw, value.raw, &mut result) };
        (status == sys::Status::napi_ok).then_some(result)
    }

    pub fn string(self, text: &str) -> Result<Value<'s>, Thrown> {
        // SAFETY: the string is passed with its length and copied by the call.
        self.make(|raw| unsafe {
            sys::napi_create_string_utf8(self.raw, text.as_ptr().cast(), text.len() as isize, raw)
        })
    }

    pub fn string_utf16(self, text: &[u16]) -> Result<Value<'s>, Thrown> {
        // SAFETY: the string is passed with its length and copied by the call.
        self.make(|raw| unsafe { sys::napi_create_string_utf16(self.raw, text.as_ptr(), text.len() as isize, raw) })
    }

    /// An `Error`, `TypeError` or `RangeError` is made by `error`; any other class by `construct`.
    pub fn error(self, kind: ErrorKind, message: &str) -> Result<Value<'s>, Thrown> {
        let message = self.string(message)?;
        let create = match kind {
            ErrorKind::Error => sys::napi_create_error,
            ErrorKind::TypeError => sys::napi_create_type_error,
            ErrorKind::RangeError => sys::napi_create_range_error,
        };
        // SAFETY: a null code means none; the message is a live string handle.
        self.make(|raw| unsafe { create(self.raw, ptr::null_mut(), message.raw, raw) })
    }

    /// Makes `value` the pending exception.
    pub fn throw(self, value: Value<'_>) -> Thrown {
        // SAFETY: both are live. If it fails, an exception is pending already or JavaScript
        // cannot run: both are what `Thrown` says.
        unsafe { sys::napi_throw(self.raw, value.raw) };
        Thrown
    }

    pub fn type_of(self, value: Value<'_>) -> Type {
        let mut kind = 0;
        // SAFETY: `value` is a live handle; the result is an integer we own.
        unsafe { sys::napi_typeof(self.raw, value.raw, &mut kind) };
        match kind {
            sys::ValueType::napi_null => Type::Null,
            sys::ValueType::napi_boolean => Type::Boolean,
            sys::ValueType::napi_number => Type::Number,
            sys::ValueType::napi_string => Type::String,
            sys::ValueType::napi_symbol => Type::Symbol,
            sys::ValueType::napi_object => Type::Object,
            sys::ValueType::napi_function => Type::Function,
            sys::ValueType::napi_external => Type::External,
            sys::ValueType::napi_bigint => Type::BigInt,
            _ => Type::Undefined,
        }
    }

    /// `ToInt32` of a Number; `None` where the value is not a Number.
    #[inline]
    pub fn as_int32(self, value: Value<'_>) -> Option<i32> {
        let mut result = 0;
        // SAFETY: `value` is a live handle; a value of another type is refused with a status.
        let status = unsafe { sys::napi_get_value_int32(self.raw, value.raw, &mut result) };
        (status == sys::Status::napi_ok).then_some(result)
    }

    /// The value of a Number; `None` where the value is not a Number.
    #[inline]
    pub fn as_number(self, value: Value<'_>) -> Option<f64> {
        let mut result = 0.0;
        // SAFETY: see `as_int32`.
        let status = unsafe { sys::napi_get_value_double(self.raw, value.raw, &mut result) };
        (status == sys::Status::napi_ok).then_some(result)
    }

    /// The low 64 bits of a BigInt; `None` where the value is not a BigInt.
    #[inline]
    pub fn as_bigint(self, value: Value<'_>) -> Option<i64> {
        let (mut result, mut lossless) = (0, false);
        // SAFETY: see `as_int32`.
        let status = unsafe { sys::napi_get_value_bigint_int64(self.raw, value.raw, &mut result, &mut lossless) };
        (status == sys::Status::napi_ok).then_some(result)
    }

    /// `ToNumber`, which may call user code.
    pub fn to_number(self, value: Value<'_>) -> Result<Value<'s>, Thrown> {
        // SAFETY: `value` is a live handle.
        self.make(|raw| unsafe { sys::napi_coerce_to_number(self.raw, value.raw, raw) })
    }

    /// The text of a String; lone surrogates become U+FFFD. `None` where the value is not a String.
    pub fn as_string(self, value: Value<'_>) -> Option<String> {
        let mut length = 0;
        // SAFETY: a null buffer asks for the length alone.
        let status = unsafe { sys::napi_get_value_string_utf8(self.raw, value.raw, ptr::null_mut(), 0, &mut length) };
        if status != sys::Status::napi_ok {
            return None;
        }
        let mut bytes = vec![0u8; length + 1];
        // SAFETY: the buffer has room for the text and the NUL that Node-API appends.
        let status = unsafe {
            sys::napi_get_value_string_utf8(self.raw, value.raw, bytes.as_mut_ptr().cast(), bytes.len(), &mut length)
        };
        if status != sys::Status::napi_ok {
            return None;
        }
        bytes.truncate(length);
        Some(match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
        })
    }

    /// The length of a String in UTF-16 code units; `None` where the value is not a String.
    pub fn string_length(self, value: Value<'_>) -> Option<usize> {
        let mut length = 0;
        // SAFETY: a null buffer asks for the length alone.
        let status = unsafe { sys::napi_get_value_string_utf16(self.raw, value.raw, ptr::null_mut(), 0, &mut length) };
        (status == sys::Status::napi_ok).then_some(length)
    }

    /// The code units of a String; `None` where the value is not a String.
    pub fn as_utf16(self, value: Value<'_>) -> Option<Vec<u16>> {
        let mut length = self.string_length(value)?;
        let mut units = vec![0u16; length + 1];
        // SAFETY: the buffer has room for the text and the NUL that Node-API appends.
        let status = unsafe {
            sys::napi_get_value_string_utf16(self.raw, value.raw, units.as_mut_ptr(), units.len(), &mut length)
        };
        units.truncate(length);
        (status == sys::Status::napi_ok).then_some(units)
    }

    /// A short description of a value for messages: its type, or the class of an object.
    pub fn describe(self, value: Value<'_>) -> String {
        match self.type_of(value) {
            Type::Undefined => "undefined".into(),
            Type::Null => "null".into(),
            Type::Object if self.is_promise(value) => "a Promise".into(),
            Type::Object => "an object".into(),
            Type::Function => "a function".into(),
            Type::External => "an external".into(),
            Type::Boolean => "a boolean".into(),
            Type::Number => "a number".into(),
            Type::String => "a string".into(),
            Type::Symbol => "a symbol".into(),
            Type::BigInt => "a BigInt".into(),
        }
    }

    /// Runs `f` in a handle scope of its own, for work that is repeated without returning to
    /// JavaScript. No handle can leave it.
    #[inline]
    pub fn scoped<R>(self, f: impl for<'inner> FnOnce(Env<'inner>) -> R) -> R {
        let mut scope = ptr::null_mut();
        // SAFETY: scopes are opened and closed in LIFO order by this function alone; the lifetime
        // in `f` keeps every handle made inside from being used after the close.
        unsafe { sys::napi_open_handle_scope(self.raw, &mut scope) };
        let _close = CloseScope(self.raw, scope);
        f(Env {
            raw: self.raw,
            scope: PhantomData,
        })
    }
}

/// Closes a handle scope, after a panic too: Node ends the process if a callback leaves one open.
struct CloseScope(sys::napi_env, sys::napi_handle_scope);

impl Drop for CloseScope {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: `scoped` opened the scope, and whatever it opened inside is closed by now.
        // Node-API allows closing a scope while an exception is pending.
        unsafe { sys::napi_close_handle_scope(self.0, self.1) };
    }
}

/// The error classes that Node-API makes by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    Error,
    TypeError,
    RangeError,
}
