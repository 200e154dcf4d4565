// A command that checks what WASI preview 0 has in another way than preview 1: the order of whence, the status of a file, the
// subscriptions; and some of what is the same. No libc is made for it any more, so there is none here. It exits with the number
// of checks that failed.
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define IMPORT(name, ...) __attribute__((import_module("wasi_unstable"), import_name(#name))) int name(__VA_ARGS__)

typedef struct { const void *bytes; uint32_t length; } Chunk;

typedef struct {
  uint64_t device, inode;
  uint8_t type;
  uint32_t links;
  uint64_t size, accessed, modified, changed;
} Status;

typedef struct {
  uint64_t userdata;
  uint8_t type;
  union {
    struct { uint64_t identifier; uint32_t clock; uint64_t timeout, precision; uint16_t flags; } timer;
    uint32_t file;
  };
} Subscription;

typedef struct { uint64_t userdata; uint16_t error; uint8_t type; uint64_t bytes; uint16_t flags; } Event;

_Static_assert(sizeof(Status) == 56 && sizeof(Subscription) == 56 && sizeof(Event) == 32, "as preview 0 has them");

enum { CUR, END, SET };
enum { CLOCK, READ, WRITE };
enum { CREATE = 1, TRUNCATE = 8 };
enum { BADF = 8, INVAL = 28, NOENT = 44 };
enum { STDIN, STDOUT, ROOT = 3, CLOSED = 99 };
enum { REGULAR = 4, DIRECTORY = 3 };
enum { MONOTONIC = 1 };
// To read, seek, tell, write, and get the status.
enum { RIGHTS = 1 << 1 | 1 << 2 | 1 << 5 | 1 << 6 | 1 << 21 };

IMPORT(args_sizes_get, uint32_t *, uint32_t *);
IMPORT(args_get, char **, char *);
IMPORT(clock_time_get, uint32_t, uint64_t, uint64_t *);
IMPORT(fd_close, uint32_t);
IMPORT(fd_filestat_get, uint32_t, Status *);
IMPORT(fd_pread, uint32_t, const Chunk *, uint32_t, uint64_t, uint32_t *);
IMPORT(fd_read, uint32_t, const Chunk *, uint32_t, uint32_t *);
IMPORT(fd_seek, uint32_t, int64_t, uint32_t, uint64_t *);
IMPORT(fd_tell, uint32_t, uint64_t *);
IMPORT(fd_write, uint32_t, const Chunk *, uint32_t, uint32_t *);
IMPORT(path_filestat_get, uint32_t, uint32_t, const char *, uint32_t, Status *);
IMPORT(path_link, uint32_t, uint32_t, const char *, uint32_t, uint32_t, const char *, uint32_t);
IMPORT(path_open, uint32_t, uint32_t, const char *, uint32_t, uint32_t, uint64_t, uint64_t, uint32_t, uint32_t *);
IMPORT(path_unlink_file, uint32_t, const char *, uint32_t);
IMPORT(poll_oneoff, const Subscription *, Event *, uint32_t, uint32_t *);
IMPORT(random_get, void *, uint32_t);
__attribute__((import_module("wasi_unstable"), import_name("proc_exit"))) _Noreturn void proc_exit(int code);

static int failures = 0;

static uint32_t length_of(const char *text) {
  uint32_t length = 0;
  while (text[length]) length++;
  return length;
}

#define PATH(text) text, sizeof text - 1

static void holds(const char *what, bool found) {
  uint32_t written;
  Chunk chunks[] = {{what, length_of(what)}, {": FAILED\n", 9}};
  if (found) chunks[1] = (Chunk){"\n", 1};
  if (!found) failures++;
  fd_write(STDOUT, chunks, 2, &written);
}

static void check_file(void) {
  uint32_t fd = CLOSED, length = 0;
  uint64_t at = 99;
  char bytes[8] = "";
  Chunk content = {"0123456789", 10}, room = {bytes, sizeof bytes};
  Status status = {0};
  // What the structure ends before is not written: beside it is a canary.
  struct { Status status; uint64_t after; } framed = {{0}, 0x1234567890abcdef};

  holds("path_open", path_open(ROOT, 0, PATH("preview0"), CREATE | TRUNCATE, RIGHTS, 0, 0, &fd) == 0);
  holds("path_open: there is none", path_open(ROOT, 0, PATH("missing"), 0, RIGHTS, 0, 0, &length) == NOENT);
  holds("fd_write", fd_write(fd, &content, 1, &length) == 0 && length == 10);
  holds("fd_seek: SET is the last", fd_seek(fd, 2, SET, &at) == 0 && at == 2);
  holds("fd_seek: CUR is the first", fd_seek(fd, 3, CUR, &at) == 0 && at == 5);
  holds("fd_seek: END is between", fd_seek(fd, -1, END, &at) == 0 && at == 9);
  holds("fd_seek: there is no fourth", fd_seek(fd, 0, 3, &at) == INVAL);
  holds("fd_seek: not before the beginning", fd_seek(fd, -1, SET, &at) == INVAL);
  holds("fd_seek: nowhere", fd_seek(CLOSED, 0, SET, &at) == BADF);
  holds("fd_tell", fd_tell(fd, &at) == 0 && at == 9);
  holds("fd_read", fd_read(fd, &room, 1, &length) == 0 && length == 1 && bytes[0] == '9');
  holds("fd_pread", fd_pread(fd, &room, 1, 4, &length) == 0 && length == 6 && bytes[0] == '4');
  holds("fd_read: nowhere", fd_read(CLOSED, &room, 1, &length) == BADF);
  holds("fd_write: nowhere", fd_write(CLOSED, &content, 1, &length) == BADF);

  holds("fd_filestat_get",
        fd_filestat_get(fd, &status) == 0 && status.type == REGULAR && status.links == 1 && status.size == 10);
  holds("fd_filestat_get: times", status.modified > 1700000000000000000 && status.changed > 1700000000000000000);
  holds("path_link", path_link(ROOT, 0, PATH("preview0"), ROOT, PATH("preview0-link")) == 0);
  holds("path_filestat_get",
        path_filestat_get(ROOT, 0, PATH("preview0-link"), &framed.status) == 0 && framed.status.links == 2 &&
        framed.status.inode == status.inode);
  holds("path_filestat_get: writes 56 bytes", framed.after == 0x1234567890abcdef);
  holds("path_filestat_get: a directory", path_filestat_get(ROOT, 0, PATH("."), &status) == 0 && status.type == DIRECTORY);
  holds("fd_filestat_get: nowhere", fd_filestat_get(CLOSED, &status) == BADF);
  holds("path_unlink_file",
        path_unlink_file(ROOT, PATH("preview0-link")) == 0 && path_unlink_file(ROOT, PATH("preview0")) == 0);
  holds("fd_close", fd_close(fd) == 0 && fd_close(fd) == BADF);
}

static void check_poll(void) {
  const uint64_t ms = 1000000;
  Event events[4];
  uint32_t count = 0;
  uint64_t before = 0, after = 0;
  Subscription sleep = {.userdata = 5, .type = CLOCK, .timer = {.identifier = 77, .clock = MONOTONIC, .timeout = 20 * ms}};
  clock_time_get(MONOTONIC, 1, &before);
  holds("poll_oneoff: a time",
        poll_oneoff(&sleep, events, 1, &count) == 0 && count == 1 && events[0].userdata == 5 && events[0].type == CLOCK &&
        events[0].error == 0);
  clock_time_get(MONOTONIC, 1, &after);
  holds("clock_time_get", after - before >= 20 * ms);
  clock_time_get(MONOTONIC, 1, &before);
  sleep.timer.timeout = before + 20 * ms;
  sleep.timer.flags = 1;
  holds("poll_oneoff: an instant", poll_oneoff(&sleep, events, 1, &count) == 0 && count == 1);
  clock_time_get(MONOTONIC, 1, &after);
  holds("poll_oneoff: not before", after >= before + 20 * ms);

  Subscription several[] = {
      {.userdata = 1, .type = CLOCK, .timer = {.clock = MONOTONIC, .timeout = 60000 * ms}},
      {.userdata = 2, .type = READ, .file = STDIN},
      {.userdata = 3, .type = WRITE, .file = STDOUT},
      {.userdata = 4, .type = READ, .file = CLOSED},
  };
  holds("poll_oneoff: several", poll_oneoff(several, events, 4, &count) == 0 && count == 3);
  bool all = true;
  for (uint32_t n = 0; n < count && n < 4; n++) {
    uint64_t userdata = events[n].userdata;
    all &= userdata >= 2 && events[n].error == (userdata == 4 ? BADF : 0) && events[n].type == (userdata == 3 ? WRITE : READ);
  }
  holds("poll_oneoff: what has become of each", all);
}

__attribute__((export_name("_start"))) void _start(void) {
  uint32_t count = 0, length = 0;
  char *args[8], bytes[64] = "", line[8] = "";
  holds("args_sizes_get", args_sizes_get(&count, &length) == 0 && count == 2 && length == 13);
  holds("args_get", args_get(args, bytes) == 0 && args[1] == args[0] + 9 && args[1][2] == 'e');
  check_file();
  check_poll();
  Chunk room = {line, sizeof line};
  holds("fd_read: the input", fd_read(STDIN, &room, 1, &length) == 0 && length == 7 && line[6] == '\n');
  uint64_t random[2] = {0, 0};
  holds("random_get", random_get(random, sizeof random) == 0 && random[0] != random[1]);
  proc_exit(failures);
}
