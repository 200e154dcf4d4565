// Reading and writing files, their size, times and places on disk.
#include "check.h"
#include <string.h>

#define CHUNK(text) {(const uint8_t *)text, strlen(text)}
#define WRITE_CHUNKS(first, second) (__wasi_ciovec_t[]){CHUNK(first), CHUNK(""), CHUNK(second)}

static void check_writing(void) {
  __wasi_fd_t fd = create("f-write", ""), fixed = open_file("f-write", 0, READ_ONLY, 0);
  __wasi_size_t written = 99;
  __wasi_filesize_t at;

  OK(fd_write, fd, WRITE_CHUNKS("some ", "text"), 3, &written);
  HOLDS("fd_write: all chunks", written == 9 && contains("f-write", "some text"));
  OK(fd_write, fd, WRITE_CHUNKS(", ", "more"), 3, &written);
  OK(fd_write, fd, WRITE_CHUNKS("", ""), 0, &written);
  HOLDS("fd_write: goes on where it was", written == 0 && contains("f-write", "some text, more"));
  FAILS(BADF, fd_write, CLOSED, WRITE_CHUNKS("a", "b"), 3, &written);
  REFUSED(fd_write, fixed, WRITE_CHUNKS("a", "b"), 3, &written);
  REFUSED(fd_write, ROOT, WRITE_CHUNKS("a", "b"), 3, &written);

  OK(fd_pwrite, fd, WRITE_CHUNKS("T", "E"), 3, 5, &written);
  OK(fd_tell, fd, &at);
  HOLDS("fd_pwrite: there and without moving", written == 2 && at == 15 && contains("f-write", "some TExt, more"));
  FAILS(BADF, fd_pwrite, CLOSED, WRITE_CHUNKS("a", "b"), 3, 0, &written);
  REFUSED(fd_pwrite, fixed, WRITE_CHUNKS("a", "b"), 3, 0, &written);
  HOLDS("fd_write, fd_pwrite: nothing where it was refused", contains("f-write", "some TExt, more"));
  __wasi_fd_close(fixed);
  __wasi_fd_close(fd);

  fd = open_file("f-write", 0, READ_WRITE, __WASI_FDFLAGS_APPEND);
  OK(fd_write, fd, WRITE_CHUNKS("!", "!"), 3, &written);
  HOLDS("fd_write: at the end of a file that was opened so", contains("f-write", "some TExt, more!!"));
  __wasi_fd_close(fd);
}

static void check_reading(void) {
  __wasi_fd_t fd = create("f-read", "0123456789"), blind = open_file("f-read", 0, RIGHT(FD_WRITE), 0);
  char first[4] = "", second[16] = "";
  __wasi_iovec_t chunks[] = {{(uint8_t *)first, 3}, {(uint8_t *)first, 0}, {(uint8_t *)second, 15}};
  __wasi_size_t length = 99;
  __wasi_filesize_t at;

  OK(fd_read, fd, chunks, 3, &length);
  HOLDS("fd_read: into all chunks", length == 10 && strcmp(first, "012") == 0 && strcmp(second, "3456789") == 0);
  OK(fd_read, fd, chunks, 3, &length);
  HOLDS("fd_read: nothing at the end", length == 0);
  FAILS(BADF, fd_read, CLOSED, chunks, 3, &length);
  REFUSED(fd_read, blind, chunks, 3, &length);
  REFUSED(fd_read, ROOT, chunks, 3, &length);

  OK(fd_pread, fd, chunks, 1, 6, &length);
  OK(fd_tell, fd, &at);
  HOLDS("fd_pread: from there and without moving", length == 3 && strcmp(first, "678") == 0 && at == 10);
  OK(fd_pread, fd, chunks, 1, 1 << 20, &length);
  HOLDS("fd_pread: nothing behind the end", length == 0);
  FAILS(BADF, fd_pread, CLOSED, chunks, 1, 0, &length);
  REFUSED(fd_pread, blind, chunks, 1, 0, &length);
  __wasi_fd_close(blind);
  __wasi_fd_close(fd);
}

static void check_seeking(void) {
  __wasi_fd_t fd = create("f-seek", "0123456789");
  __wasi_filesize_t at = 99;

  OK(fd_seek, fd, 4, __WASI_WHENCE_SET, &at);
  HOLDS("fd_seek: from the beginning", at == 4);
  OK(fd_seek, fd, -1, __WASI_WHENCE_CUR, &at);
  HOLDS("fd_seek: from where it is", at == 3);
  OK(fd_seek, fd, -2, __WASI_WHENCE_END, &at);
  HOLDS("fd_seek: from the end", at == 8);
  OK(fd_seek, fd, 5, __WASI_WHENCE_END, &at);
  HOLDS("fd_seek: behind the end", at == 15);
  FAILS(INVAL, fd_seek, fd, -1, __WASI_WHENCE_SET, &at);
  FAILS(INVAL, fd_seek, fd, 0, 3, &at);
  FAILS(BADF, fd_seek, CLOSED, 0, __WASI_WHENCE_SET, &at);
  OK(fd_tell, fd, &at);
  HOLDS("fd_tell: where the last that succeeded went", at == 15);
  FAILS(BADF, fd_tell, CLOSED, &at);
  __wasi_fd_close(fd);
}

static void check_status(void) {
  __wasi_fd_t fd = create("f-status", "0123456789"), fixed = open_file("f-status", 0, READ_ONLY, 0);
  __wasi_filestat_t status, root;
  const __wasi_timestamp_t second = 1000000000;

  OK(fd_filestat_get, fd, &status);
  HOLDS("fd_filestat_get: a file",
        status.filetype == __WASI_FILETYPE_REGULAR_FILE && status.size == 10 && status.nlink == 1 && status.ino != 0);
  HOLDS("fd_filestat_get: its times are set",
        status.mtim / second > 1700000000 && status.ctim / second > 1700000000 && status.atim / second > 1700000000);
  OK(fd_filestat_get, ROOT, &root);
  HOLDS("fd_filestat_get: a directory on the same device",
        root.filetype == __WASI_FILETYPE_DIRECTORY && root.dev == status.dev && root.ino != status.ino);
  FAILS(BADF, fd_filestat_get, CLOSED, &status);

  OK(fd_filestat_set_size, fd, 4);
  HOLDS("fd_filestat_set_size: less", contains("f-status", "0123"));
  OK(fd_filestat_set_size, fd, 6);
  __wasi_fd_filestat_get(fd, &status);
  HOLDS("fd_filestat_set_size: more", status.size == 6);
  FAILS(BADF, fd_filestat_set_size, CLOSED, 0);
  REFUSED(fd_filestat_set_size, fixed, 0);
  REFUSED(fd_filestat_set_size, ROOT, 0);

  OK(fd_filestat_set_times, fd, 5 * second + 1000, 7 * second, __WASI_FSTFLAGS_ATIM | __WASI_FSTFLAGS_MTIM);
  __wasi_fd_filestat_get(fd, &status);
  HOLDS("fd_filestat_set_times: as told", status.atim == 5 * second + 1000 && status.mtim == 7 * second);
  OK(fd_filestat_set_times, fd, 0, 0, __WASI_FSTFLAGS_MTIM_NOW);
  __wasi_fd_filestat_get(fd, &status);
  HOLDS("fd_filestat_set_times: one to now, the other is kept",
        status.atim == 5 * second + 1000 && status.mtim / second > 1700000000);
  FAILS(INVAL, fd_filestat_set_times, fd, 0, 0, __WASI_FSTFLAGS_ATIM | __WASI_FSTFLAGS_ATIM_NOW);
  FAILS(INVAL, fd_filestat_set_times, fd, 0, 0, __WASI_FSTFLAGS_MTIM | __WASI_FSTFLAGS_MTIM_NOW);
  OK(fd_filestat_set_times, ROOT, 0, 9 * second, __WASI_FSTFLAGS_MTIM);
  __wasi_fd_filestat_get(ROOT, &root);
  HOLDS("fd_filestat_set_times: of a preopen", root.mtim == 9 * second);
  FAILS(BADF, fd_filestat_set_times, CLOSED, 0, 0, __WASI_FSTFLAGS_MTIM_NOW);
  __wasi_fd_close(fixed);
  __wasi_fd_close(fd);
}

static void check_disk(void) {
  __wasi_fd_t fd = create("f-disk", "0123"), fixed = open_file("f-disk", 0, READ_ONLY, 0);
  __wasi_filestat_t status;

  OK(fd_advise, fd, 0, 4, __WASI_ADVICE_SEQUENTIAL);
  OK(fd_advise, fd, 0, 0, __WASI_ADVICE_DONTNEED);
  FAILS(INVAL, fd_advise, fd, 0, 4, 9);
  FAILS(BADF, fd_advise, CLOSED, 0, 4, __WASI_ADVICE_NORMAL);

  OK(fd_allocate, fd, 0, 100);
  __wasi_fd_filestat_get(fd, &status);
  HOLDS("fd_allocate: as large as that", status.size == 100);
  OK(fd_allocate, fd, 50, 10);
  __wasi_fd_filestat_get(fd, &status);
  HOLDS("fd_allocate: never smaller", status.size == 100);
  FAILS(INVAL, fd_allocate, fd, 0, 0);
  FAILS(BADF, fd_allocate, CLOSED, 0, 1);
  REFUSED(fd_allocate, fixed, 0, 200);

  OK(fd_datasync, fd);
  OK(fd_datasync, ROOT);
  FAILS(BADF, fd_datasync, CLOSED);
  OK(fd_sync, fd);
  OK(fd_sync, ROOT);
  FAILS(BADF, fd_sync, CLOSED);
  __wasi_fd_close(fixed);
  __wasi_fd_close(fd);
}

void check_files(void) {
  check_writing();
  check_reading();
  check_seeking();
  check_status();
  check_disk();
}
