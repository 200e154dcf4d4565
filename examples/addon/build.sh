#!/usr/bin/env bash
# Compiles the addon with the clang in Zig (pip install ziglang==0.17.1) and the headers of npm's node-api-headers.
set -euo pipefail
cd "$(dirname "$0")"

python3 -m ziglang cc -target wasm32-wasi -mexec-model=reactor -O2 -s \
  -I "$(node -p "require('node-api-headers').include_dir")" \
  -Wl,--import-symbols -Wl,--export-table -Wl,--export=malloc -Wl,--export=free \
  -Wl,--export=napi_register_wasm_v1 -Wl,--export=node_api_module_get_api_version_v1 \
  -o words.wasm words.c
chmod 644 words.wasm
