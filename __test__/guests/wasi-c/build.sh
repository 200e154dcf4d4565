#!/usr/bin/env bash
# Builds the guests that are committed as .wasm. Zig has clang and wasi-libc in it: pip install ziglang==0.17.1
set -euo pipefail
cd "$(dirname "$0")"

# Where a result is not looked at, what follows shows how it went.
zig() { python3 -m ziglang cc -target wasm32-wasi -Os -s -Wall -Werror -Wno-unused-result "$@"; }

zig -o functions.wasm functions.c check.c process.c descriptors.c files.c directories.c paths.c poll.c sockets.c libc.c
zig -nostdlib -fno-builtin -o preview0.wasm preview0.c

chmod 644 ./*.wasm
