//! Prepares the link of the addon and tells it which Wasmtime it embeds.

use std::fs;

fn main() {
    napi_build::setup();
    println!("cargo::rerun-if-changed=Cargo.lock");
    println!("cargo::rustc-env=WASMTIME_VERSION={}", locked_version("wasmtime"));
}

/// The version of a package in Cargo.lock.
fn locked_version(name: &str) -> String {
    let lock = fs::read_to_string("Cargo.lock").expect("Cargo.lock lies beside build.rs");
    let mut lines = lock.lines().skip_while(|line| *line != format!("name = \"{name}\""));
    let version = lines.nth(1).and_then(|line| line.strip_prefix("version = \""));
    version
        .expect("Cargo.lock names the package")
        .trim_end_matches('"')
        .to_owned()
}
