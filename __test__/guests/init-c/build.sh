#!/usr/bin/env bash
# Builds guest.wasm with Zig's clang: pip install ziglang==0.17.1
set -euo pipefail
cd "$(dirname "$0")"

python3 -m ziglang cc -target wasm32-freestanding -Os -s -std=c11 -Wall -Wextra -nostdlib -Wl,--no-entry \
  -I ../../../crates/init-section/include -o guest.wasm guest.c
chmod 644 guest.wasm
