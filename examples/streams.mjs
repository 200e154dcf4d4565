// Run a program as a child process is run: its streams are streams of Node, and the event loop does not wait for it.
import { run } from 'wasmport'

const esbuild = import.meta.resolve('@esbuild/wasi-preview1/esbuild.wasm')

const running = run(esbuild, { args: ['esbuild', '--loader=ts'], stdin: 'pipe', stdout: 'pipe' })
running.stdin.end('export const add = (first: number, second: number): number => first + second')
for await (const chunk of running.stdout) process.stdout.write(chunk)

const { exitCode, signal } = await running
console.log(exitCode, signal)
