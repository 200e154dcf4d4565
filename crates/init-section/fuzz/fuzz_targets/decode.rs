//! Any bytes as a binary, and as the content of an `init` section.

#![no_main]

#[path = "../properties.rs"]
mod properties;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    properties::binary(bytes);
    properties::section(bytes, 0);
});
