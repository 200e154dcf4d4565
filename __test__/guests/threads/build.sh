#!/usr/bin/env bash
# Builds the guests with threads. wasi-libc for threads comes with Rust 1.95, headers and compiler with zig:
#   rustup target add wasm32-wasip1-threads; pip install ziglang==0.17.1
set -euo pipefail
cd "$(dirname "$0")"

libc="$(rustc --print sysroot)/lib/rustlib/wasm32-wasip1-threads/lib/self-contained"
objects="$(mktemp -d)"
trap 'rm -r "$objects"' EXIT

cc() { # cc START-FILE NAME
  python3 -m ziglang cc -target wasm32-wasi -matomics -mbulk-memory -pthread -Os -c -o "$objects/$2.o" "$2.c"
  python3 -m ziglang wasm-ld -s --shared-memory --import-memory --export-memory --max-memory=67108864 \
    --export=wasi_thread_start "${@:3}" -o "$2.wasm" "$libc/$1" "$objects/$2.o" -L"$libc" -lc "$libc"/../libcompiler_builtins-*.rlib
}

cc crt1-command.o program
cc crt1-reactor.o library --entry=_initialize

rustc --edition 2024 --target wasm32-wasip1-threads -C opt-level=z -C lto=fat -C panic=abort -C strip=symbols \
  -C link-arg=--max-memory=67108864 -o channel.wasm channel.rs
chmod 644 ./*.wasm
