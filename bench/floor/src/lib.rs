//! The floor under Wasmport's calls: what Node-API alone costs for the same values, with nothing of ours around it.
//! `identity`, `add`, `sumOfEight`, `addBigInts` and `swap` are the least that exported functions of their types can
//! be; `callLoop` and `passLoop` are the least a host can do to call an import. `wasiCalls` makes calls to the system.

mod calls;

use napi_sys::{
    Status, napi_call_function, napi_callback, napi_callback_info, napi_close_handle_scope,
    napi_create_array_with_length, napi_create_bigint_int64, napi_create_function, napi_create_int32, napi_env,
    napi_get_cb_info, napi_get_undefined, napi_get_value_bigint_int64, napi_get_value_int32,
    napi_get_value_string_utf8, napi_open_handle_scope, napi_set_element, napi_set_named_property, napi_status,
    napi_value,
};
use std::ffi::CStr;
use std::ptr::null_mut;

/// Stops the benchmark: a failed call would make every figure after it meaningless.
fn ok(status: napi_status) {
    assert_eq!(status, Status::napi_ok, "a Node-API call of the floor failed");
}

/// The first `N` arguments of the current callback.
///
/// # Safety
/// `env` and `info` must be those of the running callback.
unsafe fn arguments<const N: usize>(env: napi_env, info: napi_callback_info) -> [napi_value; N] {
    let mut argc = N;
    let mut argv = [null_mut(); N];
    // SAFETY: the caller vouches for `env` and `info`; `argv` has room for `argc` values.
    ok(unsafe { napi_get_cb_info(env, info, &mut argc, argv.as_mut_ptr(), null_mut(), null_mut()) });
    argv
}

/// # Safety
/// `env` must be the environment of the running callback and `value` one of its live values.
unsafe fn int(env: napi_env, value: napi_value) -> i32 {
    let mut result = 0;
    // SAFETY: the caller vouches for both handles.
    ok(unsafe { napi_get_value_int32(env, value, &mut result) });
    result
}

/// # Safety
/// `env` must be the environment of the running callback.
unsafe fn number(env: napi_env, value: i32) -> napi_value {
    let mut result = null_mut();
    // SAFETY: the caller vouches for `env`.
    ok(unsafe { napi_create_int32(env, value, &mut result) });
    result
}

/// # Safety
/// `env` must be the environment of the running callback and `value` one of its live values.
unsafe fn int64(env: napi_env, value: napi_value) -> i64 {
    let (mut result, mut lossless) = (0, false);
    // SAFETY: the caller vouches for both handles.
    ok(unsafe { napi_get_value_bigint_int64(env, value, &mut result, &mut lossless) });
    result
}

/// `identity(value)`: `(externref) -> externref`.
extern "C" fn identity(env: napi_env, info: napi_callback_info) -> napi_value {
    // SAFETY: Node-API called this with the environment and the info of this very call.
    let [value] = unsafe { arguments(env, info) };
    value
}

/// `add(a, b)`: `(i32, i32) -> i32`.
extern "C" fn add(env: napi_env, info: napi_callback_info) -> napi_value {
    // SAFETY: Node-API called this with the environment and the info of this very call.
    unsafe {
        let [a, b] = arguments(env, info);
        number(env, int(env, a).wrapping_add(int(env, b)))
    }
}

/// `sumOfEight(a, ..., h)`: eight `i32 -> i32`.
extern "C" fn sum_of_eight(env: napi_env, info: napi_callback_info) -> napi_value {
    // SAFETY: Node-API called this with the environment and the info of this very call.
    unsafe {
        let mut sum = 0i32;
        for value in arguments::<8>(env, info) {
            sum = sum.wrapping_add(int(env, value));
        }
        number(env, sum)
    }
}

/// `addBigInts(a, b)`: `(i64, i64) -> i64`.
extern "C" fn add_big_ints(env: napi_env, info: napi_callback_info) -> napi_value {
    // SAFETY: Node-API called this with the environment and the info of this very call.
    unsafe {
        let [a, b] = arguments(env, info);
        let mut result = null_mut();
        let sum = int64(env, a).wrapping_add(int64(env, b));
        ok(napi_create_bigint_int64(env, sum, &mut result));
        result
    }
}

/// `swap(a, b)`: `(i32, i32) -> (i32, i32)`.
extern "C" fn swap(env: napi_env, info: napi_callback_info) -> napi_value {
    // SAFETY: Node-API called this with the environment and the info of this very call.
    unsafe {
        let [a, b] = arguments(env, info);
        let (a, b) = (int(env, a), int(env, b));
        let mut result = null_mut();
        ok(napi_create_array_with_length(env, 2, &mut result));
        ok(napi_set_element(env, result, 0, number(env, b)));
        ok(napi_set_element(env, result, 1, number(env, a)));
        result
    }
}

/// `callLoop(fn, n)`: calls `fn(i)` n times and returns the sum of what it returned.
extern "C" fn call_loop(env: napi_env, info: napi_callback_info) -> napi_value {
    // SAFETY: Node-API called this with the environment and the info of this very call; every handle is used inside
    // the scope that made it.
    unsafe {
        let [function, count] = arguments(env, info);
        let mut receiver = null_mut();
        ok(napi_get_undefined(env, &mut receiver));
        let mut sum = 0i32;
        for i in 0..int(env, count) {
            let mut scope = null_mut();
            ok(napi_open_handle_scope(env, &mut scope));
            let argument = number(env, i);
            let mut result = null_mut();
            ok(napi_call_function(env, receiver, function, 1, &argument, &mut result));
            sum = sum.wrapping_add(int(env, result));
            ok(napi_close_handle_scope(env, scope));
        }
        number(env, sum)
    }
}

/// `passLoop(fn, value, n)`: calls `fn(value)` n times.
extern "C" fn pass_loop(env: napi_env, info: napi_callback_info) -> napi_value {
    // SAFETY: Node-API called this with the environment and the info of this very call; every handle is used inside
    // the scope that made it.
    unsafe {
        let [function, value, count] = arguments(env, info);
        let mut receiver = null_mut();
        ok(napi_get_undefined(env, &mut receiver));
        for _ in 0..int(env, count) {
            let mut scope = null_mut();
            ok(napi_open_handle_scope(env, &mut scope));
            let mut result = null_mut();
            ok(napi_call_function(env, receiver, function, 1, &value, &mut result));
            ok(napi_close_handle_scope(env, scope));
        }
        receiver
    }
}

/// # Safety
/// `env` must be the environment of the running callback and `value` one of its live values.
unsafe fn string(env: napi_env, value: napi_value) -> String {
    let mut length = 0;
    // SAFETY: the caller vouches for both handles; without a buffer this is the length alone.
    ok(unsafe { napi_get_value_string_utf8(env, value, null_mut(), 0, &mut length) });
    let mut bytes = vec![0; length + 1];
    // SAFETY: the caller vouches for both handles; the buffer has room for the text and the zero behind it.
    ok(unsafe { napi_get_value_string_utf8(env, value, bytes.as_mut_ptr().cast(), bytes.len(), &mut length) });
    bytes.truncate(length);
    String::from_utf8(bytes).expect("Node-API gives UTF-8")
}

/// `wasiCalls(directory, what, n)`: the calls that an export of the guest makes, n times.
extern "C" fn wasi_calls(env: napi_env, info: napi_callback_info) -> napi_value {
    // SAFETY: Node-API called this with the environment and the info of this very call.
    unsafe {
        let [directory, what, count] = arguments(env, info);
        let (directory, what, count) = (string(env, directory), string(env, what), int(env, count));
        calls::call(directory.as_ref(), &what, count.cast_unsigned()).expect("the files of the benchmark are there");
        number(env, count)
    }
}

/// # Safety
/// `env` must be the environment being set up and `exports` its exports object.
unsafe fn define(env: napi_env, exports: napi_value, name: &CStr, callback: napi_callback) {
    let length = name.to_bytes().len() as isize;
    let mut function = null_mut();
    // SAFETY: the caller vouches for the handles, and `name` ends in a zero.
    unsafe {
        ok(napi_create_function(
            env,
            name.as_ptr(),
            length,
            callback,
            null_mut(),
            &mut function,
        ));
        ok(napi_set_named_property(env, exports, name.as_ptr(), function));
    }
}

/// The entry point that Node looks up.
// SAFETY: the symbol is the one Node-API asks for, with its signature; no other crate of this library defines it.
#[unsafe(no_mangle)]
extern "C" fn napi_register_module_v1(env: napi_env, exports: napi_value) -> napi_value {
    // SAFETY: Node calls this once per environment, with its handles.
    unsafe {
        define(env, exports, c"identity", Some(identity));
        define(env, exports, c"add", Some(add));
        define(env, exports, c"sumOfEight", Some(sum_of_eight));
        define(env, exports, c"addBigInts", Some(add_big_ints));
        define(env, exports, c"swap", Some(swap));
        define(env, exports, c"callLoop", Some(call_loop));
        define(env, exports, c"passLoop", Some(pass_loop));
        define(env, exports, c"wasiCalls", Some(wasi_calls));
    }
    exports
}
