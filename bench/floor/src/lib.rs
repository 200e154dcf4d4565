//! The floor under Wasmport's calls: what Node-API alone costs for the same values, with nothing of ours around it.
//! `add(a, b)` is the least an exported function can be; `callLoop(fn, n)` is the least a host can do to call an import.

use napi_sys::{
    Status, napi_call_function, napi_callback, napi_callback_info, napi_close_handle_scope, napi_create_function,
    napi_create_int32, napi_env, napi_get_cb_info, napi_get_undefined, napi_get_value_int32, napi_open_handle_scope,
    napi_set_named_property, napi_status, napi_value,
};
use std::ffi::CStr;
use std::ptr::null_mut;

/// Stops the benchmark: a failed call would make every figure after it meaningless.
fn ok(status: napi_status) {
    assert_eq!(status, Status::napi_ok, "a Node-API call of the floor failed");
}

/// Two arguments of the current callback.
///
/// # Safety
/// `env` and `info` must be those of the running callback.
unsafe fn two_arguments(env: napi_env, info: napi_callback_info) -> [napi_value; 2] {
    let mut argc = 2;
    let mut argv = [null_mut(); 2];
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

/// `add(a, b)`: `(i32, i32) -> i32`.
extern "C" fn add(env: napi_env, info: napi_callback_info) -> napi_value {
    // SAFETY: Node-API called this with the environment and the info of this very call.
    unsafe {
        let [a, b] = two_arguments(env, info);
        number(env, int(env, a).wrapping_add(int(env, b)))
    }
}

/// `callLoop(fn, n)`: calls `fn(i)` n times and returns the sum of what it returned.
extern "C" fn call_loop(env: napi_env, info: napi_callback_info) -> napi_value {
    // SAFETY: Node-API called this with the environment and the info of this very call; every handle is used inside
    // the scope that made it.
    unsafe {
        let [function, count] = two_arguments(env, info);
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
        define(env, exports, c"add", Some(add));
        define(env, exports, c"callLoop", Some(call_loop));
    }
    exports
}
