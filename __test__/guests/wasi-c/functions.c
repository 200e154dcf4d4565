// A command that checks the functions of WASI preview 1 and exits with the number of checks that failed. Its first argument says
// which of them; `all` those that need no one on the other side.
#include "check.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

// libc has none.
__attribute__((import_module("wasi_snapshot_preview1"), import_name("proc_raise"))) __wasi_errno_t proc_raise(int signal);

static int all(int argc) {
  check_process(argc);
  check_descriptors();
  check_files();
  check_directories();
  check_paths();
  check_poll();
  check_no_sockets();
  check_libc();
  printf("%d failures\n", failures);
  return failures;
}

static int sleep_for(const char *seconds) {
  uint64_t before = now(__WASI_CLOCKID_MONOTONIC), real = now(__WASI_CLOCKID_REALTIME);
  nanosleep(&(struct timespec){atoi(seconds), 0}, NULL);
  printf("%llu %llu\n", (now(__WASI_CLOCKID_MONOTONIC) - before) / 1000000, (now(__WASI_CLOCKID_REALTIME) - real) / 1000000);
  return 0;
}

int main(int argc, char **argv) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  const char *what = argc > 1 ? argv[1] : "";
  const char *value = argc > 2 ? argv[2] : "";
#define DOES(name) (strcmp(what, name) == 0)
  if (DOES("all")) return all(argc);
  if (DOES("serve")) return serve();
  if (DOES("fault")) return fault(value);
  if (DOES("exit")) __wasi_proc_exit(atoi(value));
  if (DOES("raise")) return proc_raise(atoi(value));
  if (DOES("clocks")) return show_clocks();
  if (DOES("sleep")) return sleep_for(value);
  if (DOES("cwd")) return show_cwd();
  if (DOES("seek")) return seek_stdio();
  return 98;
}
