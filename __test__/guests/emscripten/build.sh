#!/usr/bin/env bash
# Builds the guests with Emscripten 3.1.6: apt-get install emscripten on Debian 12.
set -euo pipefail
cd "$(dirname "$0")"

standalone() { emcc -Os -sSTANDALONE_WASM "$@"; }

standalone -o command.wasm command.c
standalone --no-entry -o library.wasm library.c
# The same, which tells its host when its memory grows.
standalone --no-entry -sALLOW_MEMORY_GROWTH -o growing.wasm library.c
chmod 644 ./*.wasm
