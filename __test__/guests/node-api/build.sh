#!/usr/bin/env bash
# Builds the guests with the clang in Zig: pip install ziglang==0.17.1. The headers are those of npm's node-api-headers.
set -euo pipefail
cd "$(dirname "$0")"

for source in "${@:-*.c}"; do
  for file in $source; do
    python3 -m ziglang cc -target wasm32-wasi -mexec-model=reactor -Os -s -Wall -Wextra -Werror \
      -DNAPI_VERSION=9 -I ../../../node_modules/node-api-headers/include \
      -Wl,--import-symbols -Wl,--export-table -Wl,--export=malloc -Wl,--export=free \
      -Wl,--export=napi_register_wasm_v1 -Wl,--export=node_api_module_get_api_version_v1 \
      -o "${file%.c}.wasm" "$file"
    chmod 644 "${file%.c}.wasm"
  done
done
