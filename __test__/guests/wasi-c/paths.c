// The functions that take paths.
#include "check.h"
#include <string.h>

#define FOLLOW __WASI_LOOKUPFLAGS_SYMLINK_FOLLOW

static __wasi_fd_t opened;
#define OPEN(path, oflags, rights) ROOT, FOLLOW, path, oflags, rights, 0, 0, &opened

static void check_open(void) {
  __wasi_fd_t file = create("p-file", "content");
  __wasi_path_create_directory(ROOT, "p-dir");
  OK(path_open, OPEN("p-file", 0, READ_ONLY));
  HOLDS("path_open: a new descriptor", opened > file);
  __wasi_fd_close(opened);
  OK(path_open, OPEN("./p-dir/../p-file", 0, READ_WRITE));
  __wasi_fd_close(opened);
  OK(path_open, OPEN("p-new", __WASI_OFLAGS_CREAT | __WASI_OFLAGS_EXCL, READ_WRITE));
  __wasi_fd_close(opened);
  FAILS(EXIST, path_open, OPEN("p-new", __WASI_OFLAGS_CREAT | __WASI_OFLAGS_EXCL, READ_WRITE));
  OK(path_open, OPEN("p-file", __WASI_OFLAGS_TRUNC, READ_WRITE));
  __wasi_fd_close(opened);
  HOLDS("path_open: truncates", contains("p-file", ""));
  OK(path_open, ROOT, 0, "p-dir", __WASI_OFLAGS_DIRECTORY, RIGHT(PATH_OPEN) | RIGHT(PATH_CREATE_FILE), READ_WRITE, 0, &opened);
  __wasi_fd_t below;
  OK(path_open, opened, 0, "below", __WASI_OFLAGS_CREAT, READ_WRITE, 0, 0, &below);
  __wasi_fd_close(below);
  __wasi_fd_close(opened);
  HOLDS("path_open: in a directory that was opened", contains("p-dir/below", ""));
  FAILS(NOENT, path_open, OPEN("p-missing", 0, READ_ONLY));
  FAILS(NOENT, path_open, OPEN("", 0, READ_ONLY));
  FAILS(NOENT, path_open, OPEN("p-missing/p-new", __WASI_OFLAGS_CREAT, READ_WRITE));
  FAILS(NOTDIR, path_open, OPEN("p-file", __WASI_OFLAGS_DIRECTORY, READ_ONLY));
  FAILS(NOTDIR, path_open, OPEN("p-file/below", 0, READ_ONLY));
  FAILS(NOTDIR, path_open, file, FOLLOW, "p-file", 0, READ_ONLY, 0, 0, &opened);
  FAILS(ISDIR, path_open, OPEN("p-dir", 0, READ_WRITE));
  FAILS(PERM, path_open, OPEN("../p-file", 0, READ_ONLY));
  FAILS(PERM, path_open, OPEN("/p-file", 0, READ_ONLY));
  FAILS(BADF, path_open, CLOSED, FOLLOW, "p-file", 0, READ_ONLY, 0, 0, &opened);
  OK(path_open, READONLY, FOLLOW, "fixed", 0, READ_ONLY, 0, 0, &opened);
  __wasi_fd_close(opened);
  REFUSED(path_open, READONLY, FOLLOW, "fixed", 0, READ_WRITE, 0, 0, &opened);
  REFUSED(path_open, READONLY, FOLLOW, "new", __WASI_OFLAGS_CREAT, READ_WRITE, 0, 0, &opened);
  OK(path_unlink_file, ROOT, "p-dir/below");
  OK(path_unlink_file, ROOT, "p-new");
  __wasi_fd_close(file);
}

static void check_links(void) {
  char target[16] = "";
  __wasi_size_t length = 99;
  __wasi_filestat_t status;
  __wasi_fd_t file = create("l-file", "content");

  OK(path_symlink, "l-file", ROOT, "l-link");
  FAILS(EXIST, path_symlink, "l-file", ROOT, "l-link");
  FAILS(NOENT, path_symlink, "l-file", ROOT, "l-missing/link");
  FAILS(BADF, path_symlink, "l-file", CLOSED, "l-other");
  FAILS(NOTDIR, path_symlink, "l-file", file, "l-other");
  REFUSED(path_symlink, "fixed", READONLY, "l-other");
  OK(path_readlink, ROOT, "l-link", (uint8_t *)target, sizeof target, &length);
  HOLDS("path_readlink: its text", length == 6 && strcmp(target, "l-file") == 0);
  OK(path_readlink, ROOT, "l-link", (uint8_t *)target, 3, &length);
  HOLDS("path_readlink: as much as there is room", length == 3);
  FAILS(INVAL, path_readlink, ROOT, "l-file", (uint8_t *)target, sizeof target, &length);
  FAILS(NOENT, path_readlink, ROOT, "l-missing", (uint8_t *)target, sizeof target, &length);
  FAILS(BADF, path_readlink, CLOSED, "l-link", (uint8_t *)target, sizeof target, &length);
  OK(path_open, OPEN("l-link", 0, READ_ONLY));
  __wasi_fd_close(opened);
  FAILS(LOOP, path_open, ROOT, 0, "l-link", 0, READ_ONLY, 0, 0, &opened);
  OK(path_symlink, "l-self", ROOT, "l-self");
  FAILS(LOOP, path_open, OPEN("l-self", 0, READ_ONLY));
  FAILS(LOOP, path_filestat_get, ROOT, FOLLOW, "l-self", &status);

  OK(path_link, ROOT, 0, "l-file", ROOT, "l-hard");
  __wasi_path_filestat_get(ROOT, 0, "l-hard", &status);
  HOLDS("path_link: one file with two names", status.nlink == 2 && contains("l-hard", "content"));
  FAILS(EXIST, path_link, ROOT, 0, "l-file", ROOT, "l-hard");
  FAILS(NOENT, path_link, ROOT, 0, "l-missing", ROOT, "l-other");
  FAILS(NOENT, path_link, ROOT, 0, "l-file", ROOT, "l-missing/link");
  FAILS(PERM, path_link, ROOT, 0, "p-dir", ROOT, "l-other");
  FAILS(BADF, path_link, CLOSED, 0, "l-file", ROOT, "l-other");
  FAILS(BADF, path_link, ROOT, 0, "l-file", CLOSED, "l-other");
  REFUSED(path_link, ROOT, 0, "l-file", READONLY, "l-other");

  OK(path_unlink_file, ROOT, "l-link");
  OK(path_unlink_file, ROOT, "l-self");
  OK(path_unlink_file, ROOT, "l-hard");
  HOLDS("path_unlink_file: of a link, not of what it leads to", contains("l-file", "content"));
  __wasi_fd_close(file);
}

static void check_status(void) {
  const __wasi_timestamp_t second = 1000000000;
  const __wasi_fstflags_t both = __WASI_FSTFLAGS_ATIM | __WASI_FSTFLAGS_MTIM;
  __wasi_filestat_t status, link;
  __wasi_fd_t file = create("s-file", "content");
  __wasi_path_symlink("s-file", ROOT, "s-link");

  OK(path_filestat_get, ROOT, FOLLOW, "s-link", &status);
  HOLDS("path_filestat_get: the file behind a link", status.filetype == __WASI_FILETYPE_REGULAR_FILE && status.size == 7);
  OK(path_filestat_get, ROOT, 0, "s-link", &link);
  HOLDS("path_filestat_get: the link itself", link.filetype == __WASI_FILETYPE_SYMBOLIC_LINK && link.ino != status.ino);
  OK(path_filestat_get, ROOT, 0, "p-dir", &status);
  HOLDS("path_filestat_get: a directory", status.filetype == __WASI_FILETYPE_DIRECTORY);
  OK(path_filestat_get, ROOT, 0, ".", &status);
  FAILS(NOENT, path_filestat_get, ROOT, 0, "s-missing", &status);
  FAILS(NOTDIR, path_filestat_get, ROOT, 0, "s-file/below", &status);
  FAILS(NOTDIR, path_filestat_get, file, 0, "s-file", &status);
  FAILS(PERM, path_filestat_get, ROOT, FOLLOW, "..", &status);
  FAILS(BADF, path_filestat_get, CLOSED, 0, "s-file", &status);

  OK(path_filestat_set_times, ROOT, FOLLOW, "s-link", 3 * second, 4 * second, both);
  __wasi_path_filestat_get(ROOT, 0, "s-file", &status);
  __wasi_path_filestat_get(ROOT, 0, "s-link", &link);
  HOLDS("path_filestat_set_times: of the file behind a link",
        status.atim == 3 * second && status.mtim == 4 * second && link.mtim > 5 * second);
  OK(path_filestat_set_times, ROOT, 0, "s-link", 5 * second, 6 * second, both);
  __wasi_path_filestat_get(ROOT, 0, "s-file", &status);
  __wasi_path_filestat_get(ROOT, 0, "s-link", &link);
  HOLDS("path_filestat_set_times: of the link itself", status.mtim == 4 * second && link.mtim == 6 * second);
  FAILS(INVAL, path_filestat_set_times, ROOT, 0, "s-file", 0, 0, __WASI_FSTFLAGS_MTIM | __WASI_FSTFLAGS_MTIM_NOW);
  FAILS(NOENT, path_filestat_set_times, ROOT, 0, "s-missing", 0, 0, both);
  FAILS(BADF, path_filestat_set_times, CLOSED, 0, "s-file", 0, 0, both);
  REFUSED(path_filestat_set_times, READONLY, 0, "fixed", 0, 0, both);
  __wasi_path_unlink_file(ROOT, "s-link");
  __wasi_fd_close(file);
}

static void check_changes(void) {
  __wasi_fd_t file = create("c-file", "content");
  OK(path_create_directory, ROOT, "c-dir");
  FAILS(EXIST, path_create_directory, ROOT, "c-dir");
  FAILS(EXIST, path_create_directory, ROOT, "c-file");
  FAILS(NOENT, path_create_directory, ROOT, "c-missing/dir");
  FAILS(NOTDIR, path_create_directory, ROOT, "c-file/dir");
  FAILS(NOTDIR, path_create_directory, file, "dir");
  FAILS(PERM, path_create_directory, ROOT, "../c-dir");
  FAILS(BADF, path_create_directory, CLOSED, "c-dir");
  REFUSED(path_create_directory, READONLY, "dir");

  OK(path_rename, ROOT, "c-file", ROOT, "c-dir/moved");
  HOLDS("path_rename: it is there", contains("c-dir/moved", "content"));
  FAILS(NOENT, path_rename, ROOT, "c-file", ROOT, "c-other");
  __wasi_fd_close(create("c-old", "old"));
  OK(path_rename, ROOT, "c-dir/moved", ROOT, "c-old");
  HOLDS("path_rename: over another", contains("c-old", "content"));
  FAILS(ISDIR, path_rename, ROOT, "c-old", ROOT, "c-dir");
  FAILS(NOTDIR, path_rename, ROOT, "c-dir", ROOT, "c-old");
  FAILS(INVAL, path_rename, ROOT, "c-dir", ROOT, "c-dir/below");
  FAILS(BADF, path_rename, CLOSED, "c-old", ROOT, "c-other");
  FAILS(BADF, path_rename, ROOT, "c-old", CLOSED, "c-other");
  REFUSED(path_rename, ROOT, "c-old", READONLY, "other");
  REFUSED(path_rename, READONLY, "fixed", ROOT, "c-other");

  OK(path_unlink_file, ROOT, "c-old");
  FAILS(NOENT, path_unlink_file, ROOT, "c-old");
  FAILS(ISDIR, path_unlink_file, ROOT, "c-dir");
  FAILS(BADF, path_unlink_file, CLOSED, "c-old");
  REFUSED(path_unlink_file, READONLY, "fixed");
  OK(path_remove_directory, ROOT, "c-dir");
  FAILS(NOENT, path_remove_directory, ROOT, "c-dir");
  FAILS(NOTDIR, path_remove_directory, ROOT, "p-file");
  FAILS(BADF, path_remove_directory, CLOSED, "c-dir");
  __wasi_fd_close(file);
}

void check_paths(void) {
  check_open();
  check_links();
  check_status();
  check_changes();
}
