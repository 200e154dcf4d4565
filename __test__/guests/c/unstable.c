// A command of WASI preview 0, which no libc is made for any more. What it calls differs from preview 1 in name alone.
typedef struct { const char *bytes; unsigned length; } Chunk;

__attribute__((import_module("wasi_unstable"), import_name("fd_write")))
int fd_write(int file, const Chunk *chunks, unsigned count, unsigned *written);
__attribute__((import_module("wasi_unstable"), import_name("proc_exit"))) _Noreturn void proc_exit(int code);

__attribute__((export_name("_start"))) void _start(void) {
  Chunk chunk = {"preview 0\n", 10};
  unsigned written;
  proc_exit(fd_write(1, &chunk, 1, &written) ? 1 : 7);
}
