#!/usr/bin/env bash
# Builds guest.wasm: rustup target add wasm32-unknown-unknown
set -euo pipefail
cd "$(dirname "$0")"

export CARGO_TARGET_DIR=../../../target/guests
cargo build --release --locked --target wasm32-unknown-unknown
install -m 644 "$CARGO_TARGET_DIR/wasm32-unknown-unknown/release/guest.wasm" guest.wasm
