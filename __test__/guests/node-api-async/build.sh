#!/usr/bin/env bash
# Builds the guest with threads. wasi-libc for threads comes with Rust 1.95, the compiler with zig, the headers with npm's
# node-api-headers:
#   rustup target add wasm32-wasip1-threads; pip install ziglang==0.17.1
set -euo pipefail
cd "$(dirname "$0")"

libc="$(rustc --print sysroot)/lib/rustlib/wasm32-wasip1-threads/lib/self-contained"
object="$(mktemp)"
trap 'rm "$object"' EXIT

python3 -m ziglang cc -target wasm32-wasi -matomics -mbulk-memory -pthread -Os -Wall -Wextra -Werror -DNAPI_VERSION=9 \
  -I ../../../node_modules/node-api-headers/include -c -o "$object" threads.c
python3 -m ziglang wasm-ld -s --shared-memory --import-memory --export-memory --max-memory=67108864 --allow-undefined \
  --entry=_initialize --export=wasi_thread_start --export=malloc --export=free --export-table \
  --export=napi_register_wasm_v1 --export=node_api_module_get_api_version_v1 \
  -o threads.wasm "$libc/crt1-reactor.o" "$object" -L"$libc" -lc "$libc"/../libcompiler_builtins-*.rlib
chmod 644 threads.wasm
