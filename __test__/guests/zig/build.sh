#!/usr/bin/env bash
# Builds the Zig guests that are committed as .wasm: pip install ziglang==0.17.1
set -euo pipefail
cd "$(dirname "$0")"

zig() { python3 -m ziglang build-exe -target wasm32-wasi -O ReleaseSmall -fstrip "$@"; }

zig -femit-bin=command.wasm command.zig
zig -mexec-model=reactor -rdynamic -femit-bin=reactor.wasm reactor.zig
zig -fno-entry -rdynamic -femit-bin=bare.wasm bare.zig

chmod 644 ./*.wasm
