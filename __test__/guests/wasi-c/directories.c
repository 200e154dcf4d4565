// fd_readdir: all entries, once each, in buffers of any size.
#include "check.h"
#include <stdio.h>
#include <string.h>

enum { FILES = 40 };

static unsigned kinds[16];

// Counts the entries by their type, from a cookie on, and says which cookie comes first behind `stop` of them.
static unsigned list(__wasi_fd_t fd, size_t size, __wasi_dircookie_t cookie, unsigned stop, __wasi_dircookie_t *next) {
  uint8_t buffer[4096];
  unsigned count = 0;
  memset(kinds, 0, sizeof kinds);
  for (;;) {
    __wasi_size_t used = 0;
    if (__wasi_fd_readdir(fd, buffer, size, cookie, &used) != 0) return 0;
    size_t at = 0;
    __wasi_dirent_t entry;
    while (at + sizeof entry <= used) {
      memcpy(&entry, buffer + at, sizeof entry);
      at += sizeof entry + entry.d_namlen;
      if (at > used) break;
      cookie = entry.d_next;
      kinds[entry.d_type]++;
      count++;
      if (next && count == stop) {
        *next = cookie;
        return count;
      }
    }
    // A buffer that is not filled is the last one.
    if (used < size) return count;
  }
}

void check_directories(void) {
  OK(path_create_directory, ROOT, "many");
  OK(path_create_directory, ROOT, "many/below");
  OK(path_symlink, "below", ROOT, "many/link");
  char name[32];
  for (int n = 0; n < FILES; n++) {
    snprintf(name, sizeof name, "many/file-%d", n);
    __wasi_fd_close(create(name, ""));
  }

  __wasi_fd_t fd = open_file("many", __WASI_OFLAGS_DIRECTORY, RIGHT(FD_READDIR), 0), file = create("d-none", "");
  uint8_t buffer[256];
  __wasi_size_t used = 0;
  __wasi_dircookie_t cookie = 0;
  // Beside them `.` and `..`.
  const unsigned all = FILES + 4;
  OK(fd_readdir, fd, buffer, sizeof buffer, 0, &used);
  HOLDS("fd_readdir: fills the buffer", used == sizeof buffer);
  HOLDS("fd_readdir: all at once", list(fd, 4096, 0, 0, NULL) == all);
  HOLDS("fd_readdir: their types",
        kinds[__WASI_FILETYPE_REGULAR_FILE] == FILES && kinds[__WASI_FILETYPE_DIRECTORY] == 3 &&
        kinds[__WASI_FILETYPE_SYMBOLIC_LINK] == 1);
  HOLDS("fd_readdir: one or two at a time", list(fd, 64, 0, 0, NULL) == all);
  list(fd, 4096, 0, 10, &cookie);
  HOLDS("fd_readdir: from a cookie on", list(fd, 4096, cookie, 0, NULL) == all - 10);
  __wasi_fd_close(create("many/new", ""));
  HOLDS("fd_readdir: from the beginning again, with what is new", list(fd, 4096, 0, 0, NULL) == all + 1);
  OK(fd_readdir, fd, buffer, 0, 0, &used);
  HOLDS("fd_readdir: nothing into no buffer", used == 0);
  HOLDS("fd_readdir: of a preopen", list(READONLY, 4096, 0, 0, NULL) == 3 && kinds[__WASI_FILETYPE_REGULAR_FILE] == 1);
  FAILS(NOTDIR, fd_readdir, file, buffer, sizeof buffer, 0, &used);
  FAILS(BADF, fd_readdir, CLOSED, buffer, sizeof buffer, 0, &used);
  __wasi_fd_close(file);

  FAILS(NOTEMPTY, path_remove_directory, ROOT, "many");
  for (int n = 0; n < FILES; n++) {
    snprintf(name, sizeof name, "many/file-%d", n);
    __wasi_path_unlink_file(ROOT, name);
  }
  OK(path_unlink_file, ROOT, "many/new");
  OK(path_unlink_file, ROOT, "many/link");
  OK(path_remove_directory, ROOT, "many/below");
  OK(path_remove_directory, ROOT, "many");
  __wasi_fd_close(fd);
}
