#!/usr/bin/env bash
# Builds the guest. Zig has clang and wasi-libc in it: pip install ziglang==0.15.1
set -euo pipefail
cd "$(dirname "$0")"

python3 -m ziglang cc -target wasm32-wasi -Os -s -mexec-model=reactor -o guest.wasm guest.c
chmod 644 guest.wasm
