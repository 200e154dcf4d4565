// Arguments, variables, clocks, random numbers, and what becomes of a pointer that points nowhere.
#include "check.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// What the host gives to the checks.
static const char *const ARGS[] = {"functions", "all", "zwei wörter", ""};
static const char *const ENV[] = {"A=1", "EMPTY=", "NAME=x=y z"};

static bool same(uint8_t **found, size_t count, const char *const *expected) {
  for (size_t n = 0; n < count; n++) {
    if (strcmp((char *)found[n], expected[n]) != 0) return false;
  }
  return true;
}

static size_t total(size_t count, const char *const *strings) {
  size_t bytes = 0;
  for (size_t n = 0; n < count; n++) bytes += strlen(strings[n]) + 1;
  return bytes;
}

static void check_strings(int argc) {
  __wasi_size_t count = 0, length = 0;
  uint8_t *pointers[8], bytes[256];
  const size_t args = sizeof ARGS / sizeof *ARGS, vars = sizeof ENV / sizeof *ENV;
  OK(args_sizes_get, &count, &length);
  HOLDS("args_sizes_get counts", count == args && count == (unsigned)argc && length == total(args, ARGS));
  OK(args_get, pointers, bytes);
  HOLDS("args_get gives all", same(pointers, args, ARGS));
  OK(environ_sizes_get, &count, &length);
  HOLDS("environ_sizes_get counts", count == vars && length == total(vars, ENV));
  OK(environ_get, pointers, bytes);
  HOLDS("environ_get gives all, in order", same(pointers, vars, ENV));
}

static void check_clocks(void) {
  static const __wasi_clockid_t clocks[] = {
      __WASI_CLOCKID_REALTIME, __WASI_CLOCKID_MONOTONIC, __WASI_CLOCKID_PROCESS_CPUTIME_ID, __WASI_CLOCKID_THREAD_CPUTIME_ID};
  for (size_t n = 0; n < sizeof clocks / sizeof *clocks; n++) {
    __wasi_timestamp_t first = 0, second = 0;
    OK(clock_res_get, clocks[n], &first);
    HOLDS("clock_res_get is between a nanosecond and a second", first > 0 && first < 1000000000);
    OK(clock_time_get, clocks[n], 1, &first);
    for (volatile int spin = 0; spin < 1000000; spin++) {}
    OK(clock_time_get, clocks[n], 1, &second);
    HOLDS("clock_time_get goes on", second > first);
  }
  HOLDS("clock_time_get is in this age", now(__WASI_CLOCKID_REALTIME) / 1000000000 > 1700000000);
  __wasi_timestamp_t time;
  FAILS(INVAL, clock_res_get, 9, &time);
  FAILS(INVAL, clock_time_get, 9, 1, &time);
}

static void check_random(void) {
  uint8_t first[64] = {0}, second[64] = {0};
  OK(random_get, first, sizeof first);
  OK(random_get, second, sizeof second);
  HOLDS("random_get is not the same twice", memcmp(first, second, sizeof first) != 0);
  memset(second, 7, sizeof second);
  OK(random_get, second, 0);
  OK(random_get, second + 1, 3);
  HOLDS("random_get writes where it was told", second[0] == 7 && second[4] == 7 && second[63] == 7);
}

void check_process(int argc) {
  check_strings(argc);
  check_clocks();
  check_random();
  passed("sched_yield", __wasi_sched_yield());
}

// A call with a pointer out of memory, which does not return.
int fault(const char *function) {
  void *nowhere = (void *)0xfffffff0;
  __wasi_size_t size;
  __wasi_iovec_t read = {nowhere, 8};
  __wasi_ciovec_t write = {nowhere, 8};
#define CALL(name, ...) if (strcmp(function, #name) == 0) return 100 + __wasi_##name(__VA_ARGS__)
  CALL(args_get, nowhere, nowhere);
  CALL(args_sizes_get, nowhere, &size);
  CALL(environ_get, nowhere, nowhere);
  CALL(environ_sizes_get, &size, nowhere);
  CALL(clock_res_get, __WASI_CLOCKID_MONOTONIC, nowhere);
  CALL(clock_time_get, __WASI_CLOCKID_MONOTONIC, 1, nowhere);
  CALL(random_get, nowhere, 32);
  CALL(fd_fdstat_get, STDOUT, nowhere);
  CALL(fd_filestat_get, STDOUT, nowhere);
  CALL(fd_prestat_get, ROOT, nowhere);
  CALL(fd_prestat_dir_name, ROOT, nowhere, 1);
  CALL(fd_read, STDIN, &read, 1, &size);
  CALL(fd_write, STDOUT, &write, 1, &size);
  CALL(fd_readdir, ROOT, nowhere, 64, 0, &size);
  CALL(path_filestat_get, ROOT, 0, ".", nowhere);
  CALL(path_open, ROOT, 0, ".", 0, RIGHT(FD_READ), 0, 0, nowhere);
  CALL(poll_oneoff, nowhere, nowhere, 1, &size);
#undef CALL
  return 99;
}

// What a run with clocks and random numbers of its own prints.
int show_clocks(void) {
  printf("realtime %llu\n", now(__WASI_CLOCKID_REALTIME));
  printf("monotonic %llu\n", now(__WASI_CLOCKID_MONOTONIC));
  for (int n = 0; n < 3; n++) {
    uint8_t bytes[8 + 4 * n];
    __wasi_random_get(bytes, sizeof bytes);
    for (size_t at = 0; at < sizeof bytes; at++) printf("%02x", bytes[at]);
    printf("\n");
  }
  return 0;
}
