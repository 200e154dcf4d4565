// The same by the functions of libc: what programs in C call.
#include "check.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static void check_streams(void) {
  char line[32] = "";
  FILE *file = fopen("/libc", "w+");
  HOLDS("fopen", file != NULL);
  HOLDS("fprintf", fprintf(file, "first\nsecond\n") == 13 && fflush(file) == 0);
  HOLDS("fseek, ftell", fseek(file, 6, SEEK_SET) == 0 && ftell(file) == 6);
  HOLDS("fgets",
        fgets(line, sizeof line, file) && strcmp(line, "second\n") == 0 && !fgets(line, sizeof line, file) && feof(file));
  HOLDS("fclose", fclose(file) == 0);
  HOLDS("fopen: ENOENT", !fopen("/missing", "r") && errno == ENOENT);
  HOLDS("fopen: nothing outside", !fopen("/../etc/passwd", "r"));
  HOLDS("fopen: read-only", !fopen("/ro/fixed", "w") && fopen("/ro/fixed", "r"));
  HOLDS("fgets of the input",
        fgets(line, sizeof line, stdin) && strcmp(line, "a line\n") == 0 && !fgets(line, sizeof line, stdin));
  HOLDS("getenv", strcmp(getenv("NAME"), "x=y z") == 0 && !getenv("MISSING"));
}

static void check_files_of_libc(void) {
  struct stat status;
  char target[8] = "";
  HOLDS("mkdir, stat", mkdir("/libc-dir", 0777) == 0 && stat("/libc-dir", &status) == 0 && S_ISDIR(status.st_mode));
  HOLDS("mkdir: EEXIST", mkdir("/libc-dir", 0777) == -1 && errno == EEXIST);
  HOLDS("rename", rename("/libc", "/libc-dir/moved") == 0 && access("/libc", F_OK) == -1 && errno == ENOENT);
  HOLDS("symlink, readlink",
        symlink("moved", "/libc-dir/link") == 0 && readlink("/libc-dir/link", target, sizeof target) == 5 &&
        memcmp(target, "moved", 5) == 0);
  HOLDS("lstat", lstat("/libc-dir/link", &status) == 0 && S_ISLNK(status.st_mode));
  HOLDS("link",
        link("/libc-dir/moved", "/libc-dir/hard") == 0 && stat("/libc-dir/hard", &status) == 0 && status.st_nlink == 2);
  struct timespec times[] = {{5, 0}, {7, 500}};
  HOLDS("utimensat",
        utimensat(AT_FDCWD, "/libc-dir/link", times, 0) == 0 && stat("/libc-dir/moved", &status) == 0 &&
        status.st_mtim.tv_sec == 7 && status.st_mtim.tv_nsec == 500);
  int fd = open("/libc-dir/hard", O_RDWR | O_APPEND);
  HOLDS("ftruncate, write, pread",
        fd >= 0 && ftruncate(fd, 5) == 0 && write(fd, "!", 1) == 1 && pread(fd, target, 3, 3) == 3 &&
        memcmp(target, "st!", 3) == 0);
  HOLDS("fcntl", (fcntl(fd, F_GETFL) & O_APPEND) && fcntl(fd, F_SETFL, 0) == 0 && !(fcntl(fd, F_GETFL) & O_APPEND));
  HOLDS("posix_fallocate, posix_fadvise, fsync",
        posix_fallocate(fd, 0, 64) == 0 && posix_fadvise(fd, 0, 0, POSIX_FADV_RANDOM) == 0 && fsync(fd) == 0 &&
        fstat(fd, &status) == 0 && status.st_size == 64);
  HOLDS("close", close(fd) == 0 && close(fd) == -1 && errno == EBADF);

  int count = 0;
  DIR *dir = opendir("/libc-dir");
  while (readdir(dir)) count++;
  rewinddir(dir);
  HOLDS("readdir, rewinddir", count == 5 && readdir(dir) && closedir(dir) == 0);
  HOLDS("unlink, rmdir",
        rmdir("/libc-dir") == -1 && errno == ENOTEMPTY && unlink("/libc-dir/moved") == 0 && unlink("/libc-dir/hard") == 0 &&
        unlink("/libc-dir/link") == 0 && rmdir("/libc-dir") == 0);
}

void check_libc(void) {
  check_streams();
  check_files_of_libc();
  struct timespec before, after, pause = {0, 20000000};
  clock_gettime(CLOCK_MONOTONIC, &before);
  HOLDS("nanosleep", nanosleep(&pause, NULL) == 0);
  clock_gettime(CLOCK_MONOTONIC, &after);
  HOLDS("clock_gettime", (after.tv_sec - before.tv_sec) * 1000000000 + after.tv_nsec - before.tv_nsec >= pause.tv_nsec);
  struct pollfd output = {.fd = STDOUT, .events = POLLOUT};
  HOLDS("poll", poll(&output, 1, 10000) == 1 && output.revents == POLLOUT);
  unsigned bytes[4] = {0};
  HOLDS("getentropy", getentropy(bytes, sizeof bytes) == 0 && (bytes[0] | bytes[1] | bytes[2]));
  HOLDS("sched_yield", sched_yield() == 0);
}

// Relative paths begin at `.`, where the host has given it; the shell's variable says what that is.
int show_cwd(void) {
  char text[64] = "";
  FILE *file = fopen("here", "r");
  if (!file || !fgets(text, sizeof text, file)) {
    perror("here");
    return 1;
  }
  printf("PWD is %s, here is %s\n", getenv("PWD"), text);
  return 0;
}

// The standard streams are files that can be sought in.
int seek_stdio(void) {
  struct stat status;
  char text[8] = "";
  if (fstat(STDIN, &status) == -1 || !S_ISREG(status.st_mode) || lseek(STDIN, -3, SEEK_END) == -1) return 1;
  if (read(STDIN, text, 3) != 3 || write(STDOUT, text, 3) != 3) return 2;
  if (lseek(STDOUT, 0, SEEK_SET) != 0 || write(STDOUT, "X", 1) != 1) return 3;
  return (int)status.st_size;
}
