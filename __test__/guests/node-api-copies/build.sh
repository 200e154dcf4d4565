#!/usr/bin/env bash
# Builds the guest with the clang in Zig: pip install ziglang==0.17.1. The headers are those of npm's node-api-headers.
# Once with a memory of its own, and once with one that threads could share.
set -euo pipefail
cd "$(dirname "$0")"

build() {
  python3 -m ziglang cc -target wasm32-wasi -mexec-model=reactor -Os -s -Wall -Wextra -Werror \
    -DNAPI_VERSION=9 -I ../../../node_modules/node-api-headers/include \
    -Wl,--import-symbols -Wl,--export-table -Wl,--export=malloc -Wl,--export=free \
    -Wl,--export=napi_register_wasm_v1 -o "$@" copies.c
  chmod 644 "$1"
}

build copies.wasm
build copies-shared.wasm -mcpu=generic+atomics+bulk_memory -Wl,--shared-memory -Wl,--import-memory -Wl,--max-memory=268435456
