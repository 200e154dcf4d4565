#!/usr/bin/env bash
# Builds the guests that are committed as .wasm. Zig has clang and wasi-libc in it: pip install ziglang==0.15.1
set -euo pipefail
cd "$(dirname "$0")"

cc() { python3 -m ziglang cc -target wasm32-wasi -Os -s "$@"; }

cc -o command.wasm command.c
cc -mexec-model=reactor -o reactor.wasm reactor.c
