#include "check.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int failures = 0;

void passed(const char *name, __wasi_errno_t found) {
  if (found == __WASI_ERRNO_SUCCESS) {
    printf("%s ok\n", name);
  } else {
    failures++;
    printf("%s FAILED with %d\n", name, found);
  }
}

void failed(const char *name, const char *how, __wasi_errno_t expected, __wasi_errno_t found) {
  printf("%s ", name);
  for (; *how; how++) putchar(tolower(*how));
  printf(" %d", expected);
  if (found != expected) {
    failures++;
    printf(" FAILED, it was %d", found);
  }
  putchar('\n');
}

void refused(const char *name, __wasi_errno_t found) {
  if (found == __WASI_ERRNO_SUCCESS) failures++;
  printf("%s %s\n", name, found == __WASI_ERRNO_SUCCESS ? "FAILED, it was not refused" : "refused");
}

void holds(const char *what, bool found) {
  if (!found) failures++;
  printf("%s%s\n", what, found ? "" : ": FAILED");
}

static void need(const char *what, __wasi_errno_t found) {
  if (found == __WASI_ERRNO_SUCCESS) return;
  printf("%s FAILED with %d, so there is nothing to check\n", what, found);
  exit(100);
}

__wasi_fd_t open_file(const char *path, __wasi_oflags_t oflags, __wasi_rights_t rights, __wasi_fdflags_t flags) {
  __wasi_fd_t fd = CLOSED;
  need(path, __wasi_path_open(ROOT, __WASI_LOOKUPFLAGS_SYMLINK_FOLLOW, path, oflags, rights, 0, flags, &fd));
  return fd;
}

__wasi_fd_t create(const char *path, const char *content) {
  __wasi_fd_t fd = open_file(path, __WASI_OFLAGS_CREAT | __WASI_OFLAGS_TRUNC, READ_WRITE, 0);
  __wasi_ciovec_t chunk = {(const uint8_t *)content, strlen(content)};
  __wasi_size_t written;
  need(path, __wasi_fd_pwrite(fd, &chunk, 1, 0, &written));
  return fd;
}

bool contains(const char *path, const char *content) {
  char bytes[256];
  __wasi_iovec_t chunk = {(uint8_t *)bytes, sizeof bytes};
  __wasi_size_t length;
  __wasi_fd_t fd = open_file(path, 0, READ_ONLY, 0);
  need(path, __wasi_fd_pread(fd, &chunk, 1, 0, &length));
  need(path, __wasi_fd_close(fd));
  return length == strlen(content) && memcmp(bytes, content, length) == 0;
}

uint64_t now(__wasi_clockid_t clock) {
  __wasi_timestamp_t time = 0;
  need("clock_time_get", __wasi_clock_time_get(clock, 1, &time));
  return time;
}
