//! Node-API for guests: addons that were compiled to WebAssembly, with no driver code.
//!
//! Each function that a guest imports is carried out on Node's own Node-API, over handles of 32 bits. One file holds what
//! one chapter of Node's documentation has; [`functions`] lists the chapters. What is common to all, the check of the
//! environment, the pending exception and the last error, is in `function.rs`. Nothing that a guest passes is trusted:
//! a handle, pointer, length or callback that it made up is answered with a status, or ends it with a trap.
//!
//! <https://nodejs.org/api/n-api.html>
#![allow(unsafe_code)]

mod abstract_operations;
mod addon;
mod array_buffers;
mod async_context;
mod async_work;
mod buffers;
mod call;
mod callback_scope;
mod callbacks;
mod cleanup_hooks;
mod copies;
mod create_values;
mod descriptors;
mod emnapi;
mod entry;
mod environment;
mod error_handling;
mod event_loop;
mod failure;
mod file_url;
mod function;
mod functions;
mod guest_bytes;
mod guest_data;
mod handle_scopes;
mod handles;
mod kept_bytes;
mod key;
mod last_error;
mod linear;
mod loans;
mod memory_management;
mod miscellaneous;
mod object_wrap;
mod promises;
mod properties;
mod read_values;
mod references;
mod registration;
mod script;
mod shared;
mod spans;
mod state;
mod tag;
mod teardown;
mod text;
mod threadsafe_calls;
mod threadsafe_functions;
mod version;
mod work_queue;

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

pub use addon::Addon;
pub use function::Function;
pub use shared::Shared;

/// The modules that Node-API is imported from, all alike: the headers say `napi`, Rust and Emscripten `env`, and emnapi
/// has its own functions in `emnapi`.
const MODULES: [&str; 3] = ["napi", "env", "emnapi"];

/// The chapters, in the order of Node's documentation.
const CHAPTERS: &[&[Function]] = &[
    environment::FUNCTIONS,
    error_handling::FUNCTIONS,
    handle_scopes::FUNCTIONS,
    references::FUNCTIONS,
    cleanup_hooks::FUNCTIONS,
    create_values::FUNCTIONS,
    array_buffers::FUNCTIONS,
    buffers::FUNCTIONS,
    read_values::FUNCTIONS,
    abstract_operations::FUNCTIONS,
    properties::FUNCTIONS,
    functions::FUNCTIONS,
    object_wrap::FUNCTIONS,
    async_work::FUNCTIONS,
    async_context::FUNCTIONS,
    version::FUNCTIONS,
    memory_management::FUNCTIONS,
    promises::FUNCTIONS,
    script::FUNCTIONS,
    event_loop::FUNCTIONS,
    threadsafe_functions::FUNCTIONS,
    miscellaneous::FUNCTIONS,
];

/// The function that an import is, if it is of Node-API.
pub fn function(module: &str, name: &str) -> Option<&'static Function> {
    static BY_NAME: LazyLock<FxHashMap<&str, &Function>> =
        LazyLock::new(|| all().map(|function| (function.name, function)).collect());
    match MODULES.contains(&module) {
        true => BY_NAME.get(name).copied(),
        false => None,
    }
}

/// Says of the import of an addon that nobody provides that it looks like one of ours; none if it does not.
pub fn unknown(name: &str) -> Option<String> {
    if name.starts_with("napi_") || name.starts_with("node_api_") {
        return Some(format!(
            "nothing: Node-API up to version {} has no such function",
            registration::NODE_API_VERSION
        ));
    }
    let private = ["emnapi_", "_emnapi_", "_v8_"];
    private.iter().any(|start| name.starts_with(start)).then(|| {
        format!(
            "nothing: it is a private function of emnapi that what its versions {} link into a guest does not need",
            emnapi::VERSIONS
        )
    })
}

/// The functions of the API.
pub fn api() -> impl Iterator<Item = &'static Function> {
    CHAPTERS.iter().flat_map(|chapter| *chapter)
}

/// Every function that there is.
fn all() -> impl Iterator<Item = &'static Function> {
    api().chain(emnapi::PARTS.iter().flat_map(|part| *part))
}
