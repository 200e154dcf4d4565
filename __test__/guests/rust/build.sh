#!/usr/bin/env bash
# Builds the guests with Rust 1.95: rustup target add wasm32-wasip1
set -euo pipefail
cd "$(dirname "$0")"

build() { rustc --edition 2024 --target wasm32-wasip1 -C opt-level=z -C lto=fat -C panic=abort -C strip=symbols "$@"; }

build -o command.wasm command.rs
build --crate-type cdylib -o library.wasm library.rs
chmod 644 ./*.wasm
