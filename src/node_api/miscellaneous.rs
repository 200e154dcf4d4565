//! Miscellaneous utilities; with them the two functions that have no environment: fatal errors, and the registration of
//! old.
//!
//! <https://nodejs.org/api/n-api.html#miscellaneous-utilities>

use wasmtime::bail;

use super::call::{AUTO_LENGTH, Call, Ptr};
use super::failure::Outcome;
use super::file_url::file_url;
use super::function::{Function, functions};
use super::shared::Anywhere;

pub const FUNCTIONS: &[Function] = functions! {
    api node_api_get_module_file_name(Ptr);
    any_thread napi_fatal_error(Ptr, u32, Ptr, u32);
    any_thread napi_module_register(Ptr);
};

/// How much of a text is told of a fatal error.
const MOST_OF_TEXT: u32 = 4096;

/// The URL of the file, and an empty name where the addon was loaded from bytes.
fn node_api_get_module_file_name(call: &Call<'_>, result: Ptr) -> Outcome {
    call.out::<u32>(result)?;
    let mut url = file_url(&call.addon.file).into_bytes();
    url.push(0);
    let kept = &call.addon.state.file_name;
    let address = kept.address(call, url.len(), |_| url)?;
    call.write(result, address)
}

/// A native addon takes the process with it; this one is ended alone, and whoever called it gets the error.
fn napi_fatal_error(
    call: &mut Anywhere<'_, '_>,
    location: Ptr,
    location_length: u32,
    message: Ptr,
    message_length: u32,
) -> wasmtime::Result<()> {
    let message = text(call, message, message_length);
    match text(call, location, location_length).as_str() {
        "" => bail!("the addon called napi_fatal_error: {message}"),
        location => bail!("the addon called napi_fatal_error at {location}: {message}"),
    }
}

/// What a native addon calls while it is loaded, before there is an environment. A guest is not found that way.
fn napi_module_register(_: &mut Anywhere<'_, '_>, _: Ptr) -> wasmtime::Result<()> {
    bail!(
        "the addon registers by napi_module_register, which a WebAssembly module cannot; let it export \
         napi_register_wasm_v1, as the macros NAPI_MODULE and NAPI_MODULE_INIT of node_api.h do"
    )
}

/// A text for people, as much of it as there is.
fn text(call: &mut Anywhere<'_, '_>, from: Ptr, length: u32) -> String {
    let wanted = match length {
        _ if from.is_null() => 0,
        AUTO_LENGTH => MOST_OF_TEXT,
        length => length.min(MOST_OF_TEXT),
    };
    let bytes: Vec<u8> = (0..wanted)
        .map_while(|at| call.read(from.add(at)).ok().filter(|byte| *byte != 0))
        .collect();
    String::from_utf8_lossy(&bytes).into_owned()
}
