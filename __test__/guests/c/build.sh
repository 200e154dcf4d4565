#!/usr/bin/env bash
# Builds the C and C++ guests that are committed as .wasm, with two generations of toolchain:
# - zig, which has a recent clang and wasi-libc in it: pip install ziglang==0.17.1
# - clang 14 with the wasi-libc of Debian 12: apt-get install clang lld wasi-libc libclang-rt-14-dev-wasm32 \
#   libc++-14-dev-wasm32 libc++abi-14-dev-wasm32
set -euo pipefail
cd "$(dirname "$0")"

zig() { python3 -m ziglang "$1" -target wasm32-wasi -Os -s "${@:2}"; }
debian() { "$1" --target=wasm32-wasi -Os -fno-exceptions -Wl,--strip-all "${@:2}"; }

# Commands: the recent _start constructs, of the older one's time the linker wraps every export.
zig cc -o multi.wasm multi.c
zig cc -Wl,--export=__wasm_call_ctors -o multi-exported.wasm multi.c
debian clang -o multi-wrapped.wasm multi.c
zig cc -nostdlib -o unstable.wasm unstable.c

# Reactors.
zig c++ -fno-exceptions -mexec-model=reactor -o objects-reactor.wasm objects.cpp
for name in argc haskell itk wizer; do zig cc -mexec-model=reactor -o $name.wasm $name.c; done

# Neither, as nobody's start files are linked.
debian clang++ -nostartfiles -Wl,--no-entry -DLEGACY -o objects-legacy.wasm objects.cpp
debian clang++ -nostartfiles -Wl,--no-entry,--export=__wasm_call_ctors,--export=__wasm_call_dtors \
  -o objects-ctors.wasm objects.cpp
debian clang -nostartfiles -Wl,--no-entry -o multi-library.wasm multi.c
for name in bare both; do zig cc -nostdlib -Wl,--no-entry -o $name.wasm $name.c; done
zig cc -nostdlib -o wapc.wasm wapc.c
zig cc -nostdlib -matomics -mbulk-memory -Wl,--no-entry,--import-memory,--shared-memory,--max-memory=67108864 \
  -o shared.wasm shared.c

# A library for dynamic linking.
zig cc -nostdlib -shared -fPIC -fvisibility=hidden -Wl,--export=__wasm_call_ctors -o side.wasm side.c

chmod 644 ./*.wasm
