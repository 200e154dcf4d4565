// What the benchmark of WASI measures: each export makes one call, or one group of calls, `count` times, by the
// functions of WASI themselves. It works in the directory that is descriptor 3; bench/rows/wasi.mjs makes its files.
#include <wasi/api.h>

#define EXPORT(name) __attribute__((export_name(#name))) name

enum { DIRECTORY = 3, BLOCK = 65536 };

static uint8_t block[BLOCK];
static __wasi_fd_t source, target, many;
static __wasi_size_t size;
static __wasi_filesize_t at;
static __wasi_filestat_t filestat;
static __wasi_timestamp_t time;

static void check(int errno) {
  if (errno) __builtin_trap();
}

static __wasi_fd_t open(const char *path, int flags, __wasi_rights_t rights) {
  __wasi_fd_t file;
  check(__wasi_path_open(DIRECTORY, 0, path, flags, rights, rights, 0, &file));
  return file;
}

static void rewind(__wasi_fd_t file) { check(__wasi_fd_seek(file, 0, __WASI_WHENCE_SET, &at)); }

static int read(int length) {
  __wasi_iovec_t buffer = {block, length};
  check(__wasi_fd_read(source, &buffer, 1, &size));
  return size;
}

static void write(int length) {
  __wasi_ciovec_t buffer = {block, length};
  check(__wasi_fd_write(target, &buffer, 1, &size));
  if (size != length) __builtin_trap();
}

void EXPORT(prepare)(void) {
  const __wasi_rights_t common = __WASI_RIGHTS_FD_SEEK | __WASI_RIGHTS_FD_FILESTAT_GET;
  source = open("source", 0, __WASI_RIGHTS_FD_READ | common);
  target = open("target", __WASI_OFLAGS_CREAT, __WASI_RIGHTS_FD_WRITE | common);
  many = open("many", __WASI_OFLAGS_DIRECTORY, __WASI_RIGHTS_FD_READDIR);
}

// The files keep their size: both begin anew now and then.
static void writes(int count, int length) {
  for (int i = 0; i < count; i++) {
    if (i % 1024 == 0) rewind(target);
    write(length);
  }
}

static void reads(int count, int length) {
  for (int i = 0; i < count; i++) {
    if (i % 1024 == 0) rewind(source);
    if (read(length) != length) __builtin_trap();
  }
}

void EXPORT(fd_write_64)(int count) { writes(count, 64); }
void EXPORT(fd_write_64k)(int count) { writes(count, BLOCK); }
void EXPORT(fd_read_64)(int count) { reads(count, 64); }
void EXPORT(fd_read_64k)(int count) { reads(count, BLOCK); }

void EXPORT(open_stat_close)(int count) {
  while (count--) {
    __wasi_fd_t file = open("source", 0, __WASI_RIGHTS_FD_READ | __WASI_RIGHTS_FD_FILESTAT_GET);
    check(__wasi_fd_filestat_get(file, &filestat));
    check(__wasi_fd_close(file));
  }
}

void EXPORT(path_filestat_get)(int count) {
  while (count--) check(__wasi_path_filestat_get(DIRECTORY, __WASI_LOOKUPFLAGS_SYMLINK_FOLLOW, "source", &filestat));
}

void EXPORT(fd_readdir_100)(int count) {
  while (count--) {
    check(__wasi_fd_readdir(many, block, BLOCK, __WASI_DIRCOOKIE_START, &size));
    if (size < 100 * sizeof(__wasi_dirent_t)) __builtin_trap();
  }
}

void EXPORT(clock_time_get)(int count) {
  while (count--) check(__wasi_clock_time_get(__WASI_CLOCKID_MONOTONIC, 0, &time));
}

void EXPORT(random_get_16)(int count) {
  while (count--) check(__wasi_random_get(block, 16));
}

void EXPORT(copy_100mb)(int count) {
  while (count--) {
    rewind(source);
    rewind(target);
    for (int length; (length = read(BLOCK));) write(length);
  }
}
