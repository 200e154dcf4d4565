#!/usr/bin/env bash
# Builds the guest with the clang in Zig: pip install ziglang==0.17.1
set -euo pipefail
cd "$(dirname "$0")"

python3 -m ziglang cc -target wasm32-wasi -mexec-model=reactor -Os -s -Wl,--export-table -o addon.wasm addon.c
chmod 644 addon.wasm
