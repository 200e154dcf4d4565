// What a descriptor is and may, its number, and the names of the preopens.
#include "check.h"
#include <string.h>

static void check_fdstat(void) {
  __wasi_fdstat_t status;
  __wasi_fd_t fd = create("d-stat", "0123456789");
  __wasi_ciovec_t chunk = {(const uint8_t *)"end", 3};
  __wasi_filesize_t at;
  __wasi_size_t written;

  OK(fd_fdstat_get, fd, &status);
  HOLDS("fd_fdstat_get: a regular file without flags",
        status.fs_filetype == __WASI_FILETYPE_REGULAR_FILE && status.fs_flags == 0);
  HOLDS("fd_fdstat_get: it can be read and written",
        (status.fs_rights_base & RIGHT(FD_READ)) && (status.fs_rights_base & RIGHT(FD_WRITE)));
  OK(fd_fdstat_get, ROOT, &status);
  HOLDS("fd_fdstat_get: a directory", status.fs_filetype == __WASI_FILETYPE_DIRECTORY);
  HOLDS("fd_fdstat_get: files can be opened there",
        (status.fs_rights_base & RIGHT(PATH_OPEN)) && (status.fs_rights_inheriting & RIGHT(FD_READ)));
  FAILS(BADF, fd_fdstat_get, CLOSED, &status);

  OK(fd_fdstat_set_flags, fd, __WASI_FDFLAGS_APPEND);
  __wasi_fd_fdstat_get(fd, &status);
  HOLDS("fd_fdstat_set_flags: they are seen", status.fs_flags == __WASI_FDFLAGS_APPEND);
  __wasi_fd_seek(fd, 0, __WASI_WHENCE_SET, &at);
  __wasi_fd_write(fd, &chunk, 1, &written);
  HOLDS("fd_fdstat_set_flags: it is written at the end", contains("d-stat", "0123456789end"));
  OK(fd_fdstat_set_flags, fd, 0);
  __wasi_fd_seek(fd, 0, __WASI_WHENCE_SET, &at);
  __wasi_fd_write(fd, &chunk, 1, &written);
  HOLDS("fd_fdstat_set_flags: and where it was again", contains("d-stat", "end3456789end"));
  FAILS(INVAL, fd_fdstat_set_flags, fd, 1 << 9);
  FAILS(BADF, fd_fdstat_set_flags, CLOSED, 0);

  __wasi_fd_fdstat_get(fd, &status);
  OK(fd_fdstat_set_rights, fd, status.fs_rights_base, status.fs_rights_inheriting);
  OK(fd_fdstat_set_rights, fd, status.fs_rights_base & ~RIGHT(FD_WRITE), 0);
  FAILS(NOTCAPABLE, fd_write, fd, &chunk, 1, &written);
  FAILS(NOTCAPABLE, fd_fdstat_set_rights, fd, status.fs_rights_base, 0);
  __wasi_fd_fdstat_get(fd, &status);
  HOLDS("fd_fdstat_set_rights: only they are gone",
        !(status.fs_rights_base & RIGHT(FD_WRITE)) && (status.fs_rights_base & RIGHT(FD_READ)));
  HOLDS("fd_fdstat_set_rights: nothing was written", contains("d-stat", "end3456789end"));
  FAILS(BADF, fd_fdstat_set_rights, CLOSED, 0, 0);
  __wasi_fd_close(fd);
}

static void check_numbers(void) {
  __wasi_fd_t first = create("d-first", "first"), second = create("d-second", "second");
  char byte;
  __wasi_iovec_t chunk = {(uint8_t *)&byte, 1};
  __wasi_size_t length;

  OK(fd_close, first);
  FAILS(BADF, fd_close, first);
  FAILS(BADF, fd_close, CLOSED);
  HOLDS("path_open takes the lowest number", open_file("d-first", 0, READ_ONLY, 0) == first);

  OK(fd_renumber, second, second);
  OK(fd_renumber, second, first);
  FAILS(BADF, fd_close, second);
  __wasi_fd_pread(first, &chunk, 1, 0, &length);
  HOLDS("fd_renumber: it is the other file", length == 1 && byte == 's');
  FAILS(BADF, fd_renumber, CLOSED, first);
  FAILS(BADF, fd_renumber, first, CLOSED);
  __wasi_fd_close(first);
}

static void check_preopens(void) {
  __wasi_prestat_t preopen;
  char name[16];
  __wasi_fd_t fd = create("d-file", "");

  OK(fd_prestat_get, ROOT, &preopen);
  HOLDS("fd_prestat_get: a directory with a name of one letter",
        preopen.tag == __WASI_PREOPENTYPE_DIR && preopen.u.dir.pr_name_len == 1);
  OK(fd_prestat_dir_name, ROOT, (uint8_t *)name, 1);
  HOLDS("fd_prestat_dir_name: /", name[0] == '/');
  OK(fd_prestat_get, READONLY, &preopen);
  OK(fd_prestat_dir_name, READONLY, (uint8_t *)name, preopen.u.dir.pr_name_len);
  HOLDS("fd_prestat_dir_name: /ro", preopen.u.dir.pr_name_len == 3 && memcmp(name, "/ro", 3) == 0);
  FAILS(NAMETOOLONG, fd_prestat_dir_name, READONLY, (uint8_t *)name, 2);
  FAILS(BADF, fd_prestat_get, CLOSED, &preopen);
  FAILS(BADF, fd_prestat_dir_name, CLOSED, (uint8_t *)name, sizeof name);
  REFUSED(fd_prestat_get, fd, &preopen);
  REFUSED(fd_prestat_dir_name, fd, (uint8_t *)name, sizeof name);
  __wasi_fd_close(fd);
}

void check_descriptors(void) {
  check_fdstat();
  check_numbers();
  check_preopens();
}
